//! The simulated console prints what captured ones print.

use wanctl::{
    control::time::Span,
    sim::routeros::{
        Canned, Down, Fate, ItemSettings, Menu, Rights, RouterOs, RouterSettings, User,
    },
};

use super::support::{at, golden, home, rate, router};

const CAPTURED: &str = "/queue/tree/print detail where name=\"ELMO-EXP2B-LTE1\"";

fn typed(router: &mut RouterOs, line: &str) -> String {
    let printed = router.console(at(10_000), "wanctl", line);
    assert_eq!((printed.fate, printed.delay), (Fate::Answer, Span::ZERO));
    printed.text
}

/// A golden capture with the line ends that the recorder changed, and the line that it trimmed.
fn captured(file: &str) -> String {
    let text = golden(&format!("ssh/7.24rc3/{file}"));
    if text.is_empty() { text } else { format!("{}\r\n", text.replace('\n', "\r\n")) }
}

/// A router with the queue of the captures in the third place.
fn testbench(interface: &str) -> RouterOs {
    let entry = |number: u8, bits| {
        let lower = format!("lte{number}");
        ItemSettings::tree(&format!("ELMO-EXP2B-LTE{number}"), rate(bits))
            .with("parent", &lower)
            .with("packet-mark", &format!("elmo-exp2b-{lower}"))
            .with("queue", "elmo-exp2b-cake")
    };
    let mut settings: RouterSettings = home();
    settings.items =
        vec![ItemSettings::cake("elmo-exp2b-cake"), entry(3, 1), entry(2, 1), entry(1, 5_000_000)];
    settings.interfaces = vec![interface.to_owned()];
    RouterOs::new(settings, 1, at(0))
}

#[test]
fn a_queue_is_printed_byte_by_byte_as_captured() {
    for (interface, file) in
        [("lte1", "queue-tree.print-detail.txt"), ("lte9", "queue-tree.print-detail.invalid.txt")]
    {
        assert_eq!(typed(&mut testbench(interface), CAPTURED), captured(file), "{file}");
    }
    let absent = "/queue/tree/print detail where name=\"absent\"";
    assert_eq!(typed(&mut router(), absent), captured("print-where.no-match.txt"));
}

#[test]
fn the_identity_is_printed_byte_by_byte_as_captured() {
    let mut settings = home();
    settings.identity = "CHR".to_owned();
    let text = typed(&mut RouterOs::new(settings, 1, at(0)), "/system/identity/print");
    let golden = golden("ssh/7.23.1/system-identity.print.bytes.json");
    let json = text.replace('\r', "\\r").replace('\n', "\\n");
    assert_eq!(format!("\"{json}\""), golden.trim_end());
}

/// A value with every digit as `0`, and every run of letters as `a`.
fn shape(value: &str) -> String {
    let class = |char: char| match char {
        '0'..='9' => '0',
        other if other.is_alphabetic() => 'a',
        other => other,
    };
    let mut shape: Vec<char> = value.chars().map(class).collect();
    shape.dedup();
    shape.into_iter().collect()
}

#[test]
fn device_facts_have_the_layout_the_order_and_the_units_of_captured_ones() {
    let text = typed(&mut router(), "/system/resource/print");
    let captured = captured("system-resource.print.txt");
    let pairs = |text: &str| -> Vec<(String, String)> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let pair = |line: &str| {
            let (key, value) = line.split_at(line.find(": ").unwrap());
            (key.to_owned(), value[2..].to_owned())
        };
        lines.map(pair).collect()
    };
    let (ours, theirs) = (pairs(&text), pairs(&captured));
    // Left out by the router that is modelled.
    let theirs: Vec<_> =
        theirs.into_iter().filter(|(key, _)| key.trim() != "minimum-version").collect();
    let keys = |pairs: &[(String, String)]| -> Vec<String> {
        pairs.iter().map(|(key, _)| key.clone()).collect()
    };
    assert_eq!(keys(&ours), keys(&theirs), "with the blanks before them");
    for ((key, value), (_, expected)) in ours.iter().zip(&theirs) {
        let free = matches!(
            key.trim(),
            "uptime" | "version" | "cpu" | "architecture-name" | "board-name" | "free-hdd-space"
        );
        assert!(free || shape(value.trim()) == shape(expected.trim()), "{key}: {value}");
    }
    let width = ours[0].1.len();
    assert!(ours.iter().all(|(_, value)| value.len() == width), "padded: {text}");
    assert!(text.ends_with("\r\n\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']));
}

#[test]
fn errors_have_the_words_of_the_golden_list() {
    let mut settings = home();
    settings.users.push(User {
        name: "reader".to_owned(),
        password: "x".to_owned(),
        rights: Rights::Read,
    });
    let mut router = RouterOs::new(settings, 1, at(0));
    let set =
        |rest: &str| format!("/queue/tree/set [/queue/tree/find name=\"WAN-Download\"] {rest}");
    let texts = golden("ssh/any/error-texts.json");
    for (user, line, error, listed) in [
        (
            "wanctl",
            "/bogus/nope print".to_owned(),
            "syntax error (line 1 column 7)",
            "syntax error (line 1 column 7)",
        ),
        (
            "wanctl",
            "/queue/tree/remove x".to_owned(),
            "bad command name remove (line 1 column 1)",
            "bad command name X (line 1 column N)",
        ),
        (
            "wanctl",
            set("max-limit=5M max-rate=1"),
            "expected end of command (line 1 column 69)",
            "expected end of command (line 1 column 48)",
        ),
        (
            "wanctl",
            set("max-limit=fast"),
            "invalid value for argument max-limit",
            "invalid value for argument address",
        ),
        (
            "wanctl",
            set("queue=absent"),
            "input does not match any value of queue",
            "input does not match any value of value-name",
        ),
        ("reader", set("max-limit=5M"), "not enough permissions (9)", "not enough permissions (9)"),
    ] {
        assert_eq!(router.console(at(0), user, &line).text, format!("{error}\r\n"), "{line}");
        assert!(texts.contains(&format!("\"{listed}\"")), "{listed}");
    }
    assert_eq!(router.writes(), 0);
}

#[test]
fn a_line_that_makes_no_sense_to_its_end_is_not_carried_out_at_all() {
    let set = "/queue/tree/set [/queue/tree/find name=\"WAN-Download\"] max-limit=5M";
    for rest in ["; nonsense", "; :put (", " }", "; :reboot", "; /system/reboot", "; /queue/tree/"]
    {
        let mut router = router();
        let text = typed(&mut router, &format!("{set}{rest}"));
        assert!(text.contains("(line 1 column "), "{text}");
        assert_eq!(router.writes(), 0, "{rest}");
    }
    let mut router = router();
    assert_eq!(typed(&mut router, set), "");
    assert_eq!(router.limits(&RouterSettings::home_tree()).download, Some(rate(5_000_000)));
}

#[test]
fn nothing_in_quotes_is_taken_for_a_command_and_a_bare_dollar_is_no_text() {
    let mut router = router();
    router.edit(Menu::Tree, "WAN-Upload", "name", "a\"; $b [x] \\ ?");
    let print = r#"/queue/tree/print detail where name="a\"; \$b [x] \\ \?""#;
    assert!(typed(&mut router, print).contains(r#"name="a\"; \$b [x] \\ \?""#));
    let bare = typed(&mut router, "/queue/tree/print detail where name=\"$b\"");
    assert_eq!(bare, "syntax error (line 1 column 38)\r\n");
}

#[test]
fn several_queues_flags_and_comments_are_laid_out_together() {
    let mut router = router();
    router.duplicate(at(0), Menu::Tree, "WAN-Download");
    router.edit(Menu::Tree, "WAN-Download", "disabled", "true");
    let text = typed(&mut router, "/queue/tree/print detail where name=\"WAN-Download\"");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines[0], "Flags: X - DISABLED");
    assert_eq!(lines[1], "0  X ;;; wan shaper download");
    assert!(lines[2].starts_with("     name=\"WAN-Download\" parent=bridge1"), "{text}");
    let second = lines.iter().position(|line| line.starts_with("2    ;;; wan")).unwrap();
    assert_eq!(lines[second - 1], " ", "{text}");
    assert!(lines.iter().all(|line| line.len() < 80), "{text}");
}

#[test]
fn the_console_shares_delays_outages_and_waiting_with_rest() {
    let mut settings = home();
    settings.latency = wanctl::sim::schedule::Schedule::constant(Span::from_millis(150));
    let mut router = RouterOs::new(settings, 1, at(0));
    let line = "/system/identity/print";
    assert_eq!(router.console(at(0), "wanctl", line).delay, Span::from_millis(150));
    assert_eq!(router.console(at(0), "wanctl", line).delay, Span::from_millis(300));
    router.force(Some(Down::AnswerLost));
    assert_eq!(router.console(at(1_000), "wanctl", line).fate, Fate::BlackHole);
    router.force(Some(Down::Refuse));
    let refused = router.console(at(2_000), "wanctl", line);
    assert_eq!((refused.fate, refused.text.as_str()), (Fate::Refuse, ""));
    router.force(None);
    router.answer_with(Some(Canned { status: 400, content_type: "", body: "odd".to_owned() }));
    assert_eq!(router.console(at(3_000), "wanctl", line).text, "odd");
    router.answer_with(None);
    assert_eq!(router.console(at(9_000), "nobody", line).text, "not enough permissions (9)\r\n");
}
