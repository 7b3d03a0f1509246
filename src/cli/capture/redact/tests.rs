//! Secrets of each kind in each place, in both languages.

use super::{About, Counts, Language, Login, Names, Private, Redactor};

const LOGIN: [Login<'_>; 1] = [Login { username: "bob", password: "open sesame" }];

/// What must never come out, each a secret of another kind.
const PLANTED: [&str; 14] = [
    "hgb09zvsc5v.sn.mynetname.net",
    "alice@example.org",
    "81.2.69.142",
    "8.8.8.8",
    "2a02:810d:1:2::7",
    "64:D1:54:0A:0B:0C",
    "64-d1-54-0a-0b-0c",
    "HGB09ZVSC5V",
    "9FTG-K2LB",
    "mK7yVt3qVJ1xW8a0Zb5cD9eF2gH4iJ6kL8mN0oP1qR0=",
    "Ym9iOm9wZW4gc2VzYW1l",
    "open sesame",
    "bob",
    "-----BEGIN PRIVATE KEY-----",
];

fn redactor(names: Names) -> Redactor {
    Redactor::new(&LOGIN, names, Private::Kept)
}

fn json(names: Names, body: &str) -> String {
    let mut redactor = redactor(names);
    redactor.learn(About::Other, Language::Json, body);
    let text = redactor.redacted(About::Other, Language::Json, body).unwrap();
    assert_eq!(redactor.leaks(Language::Json, &text), [], "{text}");
    text
}

fn console(names: Names, body: &str) -> String {
    let mut redactor = redactor(names);
    redactor.learn(About::Other, Language::Console, body);
    let text = redactor.redacted(About::Other, Language::Console, body).unwrap();
    assert_eq!(redactor.leaks(Language::Console, &text), [], "{text}");
    text
}

const KEYS: [&str; 16] = [
    "name",
    "comment",
    "target",
    "version",
    "board-name",
    "parent",
    "packet-mark",
    "max-limit",
    ".id",
    "rate",
    "build-time",
    "detail",
    "priority",
    "chain",
    "new-key-of-tomorrow",
    "uptime",
];

/// Every letter as an escape of JSON.
fn escaped(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |all, unit| all + &format!("\\u{unit:04x}"))
}

#[test]
fn no_planted_secret_comes_out_of_json_whatever_its_key_and_its_escapes() {
    for names in [Names::Mapped, Names::Kept] {
        for secret in PLANTED {
            let escaped = escaped(secret);
            let shown = [secret, &escaped].map(|shown| [shown.to_owned(), format!("to {shown}/x")]);
            for (key, value) in KEYS
                .iter()
                .flat_map(|key| shown.as_flattened().iter().map(move |value| (key, value)))
            {
                let text = json(names, &format!(r#"[{{"{key}":"{value}"}}]"#));
                assert!(!text.contains(secret), "{key} {value}: {text}");
                assert!(!text.contains(&escaped), "{key} {value}: {text}");
            }
        }
    }
}

/// A secret in a record, with a line break at this place of it.
fn torn(names: Names, secret: &str, cut: usize) {
    let (first, second) = secret.split_at(cut);
    for (open, close) in [("name=\"", "\""), (";;; x ", ""), ("address=", "")] {
        let body = format!(
            "Flags: X - disabled\r\n 0 X {open}{first}\r\n     {second}{close}\r\n     \
             parent=global max-limit=5M\r\n\r\n"
        );
        let text = console(names, &body);
        let joined: String = text.split_whitespace().collect();
        let secret: String = secret.split_whitespace().collect();
        assert!(!joined.contains(&secret), "{names:?} {body}: {text}");
    }
}

#[test]
fn no_planted_secret_comes_out_of_a_console_however_its_lines_break() {
    for names in [Names::Mapped, Names::Kept] {
        for secret in PLANTED {
            (0..secret.len()).for_each(|cut| torn(names, secret, cut));
            let body = format!("  name: {secret}\r\n  version: 7.1 {secret}\r\n{secret}\r\n");
            let text = console(names, &body);
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn a_queue_keeps_its_numbers_and_its_names_are_counted() {
    let body = r#"[{".id":"*1000000","bucket-size":"0.1","burst-time":"0s","bytes":"272000000000","comment":"Bob's line","disabled":"false","max-limit":"500000000","name":"WAN-Download","packet-mark":"wan","parent":"bridge1","priority":"1","queue":"cake-down"},{".id":"*1000001","name":"WAN-Upload","parent":"WAN-Download","queue":"default-small"}]"#;
    let wanted = r#"[{".id":"*1000000","bucket-size":"0.1","burst-time":"0s","bytes":"272000000000","comment":"name1","disabled":"false","max-limit":"500000000","name":"name2","packet-mark":"name3","parent":"name4","priority":"1","queue":"name5"},{".id":"*1000001","name":"name6","parent":"name2","queue":"default-small"}]"#;
    assert_eq!(json(Names::Mapped, body), wanted);
    assert_eq!(json(Names::Kept, body), body);
}

#[test]
fn a_simple_queue_keeps_pairs_and_private_targets() {
    let body = r#"{"max-limit":"20000000/100000000","queue":"up/down","target":"192.168.88.0/24,8.8.8.0/24,2a02::/64","burst-time":"0s/0s"}"#;
    let wanted = r#"{"max-limit":"20000000/100000000","queue":"name1/name2","target":"192.168.88.0/24,192.0.2.1/24,2001:db8::1/64","burst-time":"0s/0s"}"#;
    assert_eq!(json(Names::Mapped, body), wanted);
}

#[test]
fn facts_of_the_device_stay_and_its_serial_and_name_do_not() {
    let body = r#"{"architecture-name":"arm64","board-name":"RB5009UG+S+","build-time":"2026-05-04 09:12:33","cpu":"ARM64","cpu-load":"3","platform":"MikroTik","uptime":"4h12m21s","version":"7.24rc3 (testing)","serial-number":"HGB09ZVSC5V","software-id":"9FTG-K2LB"}"#;
    let text = json(Names::Mapped, body);
    let (facts, secrets) = text.split_once(r#","serial-number""#).unwrap();
    assert_eq!(facts, body.split_once(r#","serial-number""#).unwrap().0);
    assert_eq!(secrets, r#":"serial1","software-id":"serial2"}"#);

    let mut redactor = redactor(Names::Kept);
    let identity = r#"{"name":"Castle"}"#;
    let queue = r#"[{"comment":"to the Castle","name":"q"}]"#;
    redactor.learn(About::Identity, Language::Json, identity);
    let mut redacted = |about, body| redactor.redacted(about, Language::Json, body).unwrap();
    assert_eq!(redacted(About::Identity, identity), r#"{"name":"Router"}"#);
    assert_eq!(redacted(About::Other, queue), r#"[{"comment":"name1","name":"q"}]"#);
}

#[test]
fn errors_stay_as_far_as_routeros_words_them() {
    let body = r#"{"detail":"no such command or directory (no-such-thing)","error":400,"message":"Bad Request"}"#;
    assert_eq!(json(Names::Mapped, body), body);
    let body = r#"{"detail":"login failure for user alice","error":400}"#;
    assert_eq!(json(Names::Mapped, body), r#"{"detail":"name1","error":400}"#);
    for line in ["no such item\r\n", "expected end of command (line 1 column 48)\r\n", "4\r\n"] {
        assert_eq!(console(Names::Mapped, line), line);
    }
}

#[test]
fn unknown_keys_keep_the_class_of_their_value_alone() {
    let body = r#"{"new":"491701234567","newer":"12.5","flag":"true","time":"10m","newest":491,"list":[1,"x"]}"#;
    let wanted = r#"{"new":"000000000000","newer":"00.0","flag":"true","time":"00m","newest":0,"list":[0,"name1"]}"#;
    assert_eq!(json(Names::Mapped, body), wanted);
    assert_eq!(json(Names::Mapped, r#"{"Bob's key":1}"#), r#"{"name1":0}"#);
}

#[test]
fn console_records_keep_columns_and_breaks() {
    let body = "Flags: I - INVALID\r\n2  I name=\"ELMO-EXP2B-LTE1\" parent=lte1 packet-mark=elmo-exp2b-lte1 limit-at=0\r\n     queue=elmo-exp2b-cake priority=8 max-limit=5M burst-limit=0\r\n     burst-threshold=0 burst-time=0s bucket-size=0.1\r\n\r\n";
    let wanted = "Flags: I - INVALID\r\n2  I name=\"name1__________\" parent=n2__ packet-mark=name3__________ limit-at=0\r\n     queue=name4__________ priority=8 max-limit=5M burst-limit=0\r\n     burst-threshold=0 burst-time=0s bucket-size=0.1\r\n\r\n";
    assert_eq!(console(Names::Mapped, body), wanted);
    assert_eq!(console(Names::Kept, body), body);
    let mut redactor = redactor(Names::Mapped);
    redactor.redacted(About::Other, Language::Console, body);
    let counts = Counts { names: 4, stretched: 0, ..Counts::default() };
    assert_eq!(redactor.counts(), counts);
    let body = "0  name=\"a\" target=8.8.8.8/32 parent=none\r\n";
    let wanted = "0  name=\"n5\" target=192.0.2.1/32 parent=none\r\n";
    let redacted = redactor.redacted(About::Other, Language::Console, body);
    assert_eq!(redacted.as_deref(), Some(wanted));
    assert_eq!(redactor.counts().stretched, 2);
}

#[test]
fn console_comments_and_addresses_are_replaced_and_words_of_routeros_stay() {
    let body = "4  ;;; ELMO EXP2B: test packet mark lte1\r\n   chain=prerouting action=mark-packet new-packet-mark=elmo-exp2b-lte1\r\n   passthrough=yes src-address=8.8.4.4 dst-address-type=!local\r\n   in-interface-list=LAN\r\n \r\n";
    let wanted = "4  ;;; name1____________________________\r\n   chain=prerouting action=mark-packet new-packet-mark=name2__________\r\n   passthrough=yes src-address=192.0.2.1 dst-address-type=!local\r\n   in-interface-list=LAN\r\n \r\n";
    assert_eq!(console(Names::Mapped, body), wanted);
}

#[test]
fn a_number_that_is_a_password_as_well_stays_a_number() {
    let login = Login { username: "7", password: "1234" };
    let mut redactor = Redactor::new(&[login], Names::Mapped, Private::Kept);
    let body = r#"{"bytes":"1234","rate":"12345","new-key":"1","priority":"7"}"#;
    let wanted = r#"{"bytes":"0000","rate":"12345","new-key":"key1","priority":"7"}"#;
    redactor.learn(About::Other, Language::Json, body);
    assert_eq!(redactor.redacted(About::Other, Language::Json, body).as_deref(), Some(wanted));
    assert_eq!(redactor.leaks(Language::Json, wanted), []);
}

#[test]
fn captured_outputs_of_the_console_stay_but_for_names() {
    let resource = "                   uptime: 4h12m21s           \r\n                  version: 7.24rc3 (testing)  \r\n              free-memory: 62.4MiB            \r\n            cpu-frequency: 880MHz             \r\n                 cpu-load: 24%                \r\n               board-name: LtAP-2HnD          \r\n                 platform: MikroTik           \r\n\r\n";
    assert_eq!(console(Names::Mapped, resource), resource);
    let mut redactor = redactor(Names::Mapped);
    let identity = "  name: R0000001\r\n\r\n";
    let redacted = redactor.redacted(About::Identity, Language::Console, identity);
    assert_eq!(redacted.unwrap(), "  name: Router__\r\n\r\n");
}

#[test]
fn private_addresses_are_hidden_where_that_is_asked_for() {
    let mut redactor = Redactor::new(&LOGIN, Names::Mapped, Private::Hidden);
    let body = r#"{"target":"192.168.88.0/24","other":"192.168.88.0/24"}"#;
    let wanted = r#"{"target":"192.0.2.1/24","other":"192.0.2.1/24"}"#;
    assert_eq!(redactor.redacted(About::Other, Language::Json, body).as_deref(), Some(wanted));
    assert_eq!(redactor.leaks(Language::Json, body).len(), 1);
}

#[test]
fn the_last_look_finds_what_was_not_redacted() {
    let redactor = redactor(Names::Mapped);
    for secret in PLANTED {
        let body = format!(r#"[{{"comment":"x {secret}"}}]"#);
        assert_eq!(redactor.leaks(Language::Json, &body).len(), 1, "{body}");
        let escaped = escaped(secret);
        let body = format!(r#"[{{"comment":"{escaped}"}}]"#);
        assert_eq!(redactor.leaks(Language::Json, &body).len(), 1, "{body}");
        let (first, second) = secret.split_at(3);
        let body = format!("0  name=\"{first}\r\n   {second}\" parent=x\r\n");
        assert_eq!(redactor.leaks(Language::Console, &body).len(), 1, "{body}");
    }
    for harmless in ["name1", "192.168.88.0/24", "192.0.2.7", "2001:db8::1", "00:00:5E:00:53:01"] {
        let body = format!(r#"{{"name":"{harmless}","bob":"open"}}"#);
        assert_eq!(redactor.leaks(Language::Json, &body), [], "{body}");
    }
}

#[test]
fn what_is_not_json_is_not_shown() {
    let mut redactor = redactor(Names::Kept);
    for body in ["<html>bob</html>", "", "{\"a\":", "[1] bob"] {
        assert_eq!(redactor.redacted(About::Other, Language::Json, body), None);
    }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn text(&mut self, letters: &[&str], most: usize) -> String {
        (0..self.below(most)).map(|_| letters[self.below(letters.len())]).collect()
    }
}

#[test]
fn whatever_a_router_answers_in_json_can_be_shown_after_it_is_redacted() {
    let letters = [
        "0",
        "1",
        "25",
        "255",
        "f",
        "A",
        "B7",
        ":",
        "::",
        ".",
        "-",
        "/",
        ",",
        " ",
        "*",
        "%",
        "@",
        "bob",
        "open sesame",
        "yes",
        "M",
        "bps",
        "name",
        "\\\"",
        "\\n",
        "\\u0031",
        "ü",
        "8.8.8.8",
        "fe80::",
        "64:D1:54:0A:0B:0C",
        "HGB09ZVSC5V",
        "=",
        "none",
    ];
    let mut dice = Dice(1);
    for round in 0..20_000 {
        let key = KEYS[dice.below(KEYS.len())];
        let (first, second) = (dice.text(&letters, 12), dice.text(&letters, 12));
        let body = format!("[{{\"{key}\":\"{first}\",\"name\":\"{second}\"}}]");
        let names = if round % 2 == 0 { Names::Mapped } else { Names::Kept };
        json(names, &body);
    }
}

#[test]
fn nothing_that_a_console_prints_breaks_the_redaction_or_moves_its_lines() {
    let letters = [
        "0",
        "12",
        " ",
        "   ",
        "\r\n",
        "\n",
        "name=",
        "\"",
        "\\",
        ";;;",
        "comment=",
        ": ",
        "x",
        "Flags: ",
        "X",
        "ü",
        "a=b",
        "8.8.8.8",
        "bob",
        "version: ",
        "\r",
        "=",
        "max-limit=5M",
    ];
    let mut dice = Dice(2);
    for _ in 0..20_000 {
        let body = dice.text(&letters, 40);
        let mut redactor = redactor(Names::Mapped);
        redactor.learn(About::Other, Language::Console, &body);
        let text = redactor.redacted(About::Other, Language::Console, &body).unwrap();
        let ends = |text: &str| text.matches('\n').count();
        assert_eq!(ends(&text), ends(&body), "{body:?}: {text:?}");
        assert!(!text.contains("8.8.8.8"), "{body:?}: {text:?}");
        let words: Vec<&str> = text.split(|char: char| !char.is_alphanumeric()).collect();
        assert!(!words.contains(&"bob"), "{body:?}: {text:?}");
    }
}
