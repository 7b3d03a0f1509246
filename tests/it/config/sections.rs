//! Several sections, several mistakes, and what becomes of the rest.

use wanctl::config::what::What;

use super::{MINIMAL, minimal_with, read};

#[test]
fn a_router_that_no_wan_uses_is_a_warning() {
    let text = minimal_with("config wan 'wan1'", "config wan 'wan1'\n\toption router home");
    let text = text
        + "config router 'cabin'\n\toption url https://a\n\toption username a\n\toption password a\n\toption fallback none\n";
    let loaded = read(&text).unwrap();
    assert_eq!(loaded.config.routers.len(), 2);
    let [warning] = &loaded.warnings[..] else { panic!("{:?}", loaded.warnings) };
    assert_eq!((warning.line, warning.section.as_str()), (Some(15), "router 'cabin'"));
    assert!(warning.to_string().starts_with("warning: router 'cabin': no wan uses this router"));
}

/// A further WAN, with queues of its own.
fn another(name: &str) -> String {
    let wan = MINIMAL.split_once("config wan").unwrap().1;
    let wan = format!("config wan{wan}");
    wan.replace("wan1", name)
        .replace("'dl'", &format!("'{name} d'"))
        .replace("'ul'", &format!("'{name} u'"))
}

#[test]
fn two_wans_with_one_queue_on_one_router_are_found() {
    let text = MINIMAL.to_string() + &another("wan2").replace("wan2 u", "dl");
    let findings = read(&text).unwrap_err();
    let [finding] = &findings[..] else { panic!("{findings:#?}") };
    assert_eq!((finding.line, finding.option.as_deref()), (Some(16), Some("upload_queue")));
    assert!(finding.to_string().contains("the queue belongs to wan 'wan1' already"));
}

#[test]
fn a_simple_queue_and_a_queue_tree_entry_may_share_a_name() {
    let simple =
        another("wan2").replace("option upload_queue 'wan2 u'", "option queue_kind simple");
    let simple = simple.replace("option download_queue 'wan2 d'", "option queue 'dl'");
    assert_eq!(read(&(MINIMAL.to_string() + &simple)).unwrap().config.wans.len(), 2);
}

#[test]
fn a_simple_queue_needs_its_one_name_and_no_other() {
    let text = format!("{MINIMAL}\toption queue_kind 'simple'\n");
    let found: Vec<_> = read(&text)
        .unwrap_err()
        .into_iter()
        .map(|finding| (finding.line.unwrap(), finding.option.unwrap(), finding.what.to_string()))
        .collect();
    let beside = "it cannot stand beside queue_kind simple".to_string();
    assert_eq!(
        found,
        [
            (6, "queue".into(), "the option is missing".into()),
            (7, "download_queue".into(), beside.clone()),
            (8, "upload_queue".into(), beside),
        ]
    );
}

#[test]
fn eight_wans_four_routers_and_eight_reflectors_are_the_most() {
    let wans = |count: usize| -> String {
        (2..=count).map(|number| another(&format!("wan{number}"))).collect()
    };
    assert_eq!(read(&(MINIMAL.to_string() + &wans(8))).unwrap().config.wans.len(), 8);
    let findings = read(&(MINIMAL.to_string() + &wans(9))).unwrap_err();
    assert_eq!(findings.len(), 1);
    assert!(findings[0].to_string().contains("wan 'wan9': there are more than 8"));

    let routers = |count: usize| -> String {
        let router = "\toption url https://a\n\toption username a\n\toption password a\n";
        let one = |number| format!("config router 'r{number}'\n{router}");
        (2..=count).map(one).collect()
    };
    let chosen = format!("{MINIMAL}\toption router home\n");
    assert_eq!(read(&(chosen.clone() + &routers(4))).unwrap().config.routers.len(), 4);
    let findings = read(&(chosen + &routers(5))).unwrap_err();
    assert!(findings.iter().any(|f| f.to_string().contains("router 'r5': there are more than 4")));

    let reflectors = |count: usize| -> String {
        let one = |number| format!("\tlist reflector '192.0.2.{number}'\n");
        (2..=count).map(one).collect()
    };
    assert!(read(&(MINIMAL.to_string() + &reflectors(8))).is_ok());
    let findings = read(&(MINIMAL.to_string() + &reflectors(9))).unwrap_err();
    let place = (findings[0].line, findings[0].option.as_deref());
    assert_eq!((findings.len(), place), (1, (Some(21), Some("reflector"))));
    assert!(findings[0].to_string().contains("there are more than 8"));
}

#[test]
fn an_empty_file_lacks_a_router_and_a_wan() {
    for text in ["", "\n\n", "# nothing\n", "package wanctl\n"] {
        let shown: Vec<String> = read(text).unwrap_err().iter().map(ToString::to_string).collect();
        let [router, wan] = &shown[..] else { panic!("{shown:?}") };
        assert!(router.contains("no (enabled) section 'router'; allowed: config router 'NAME'"));
        assert!(wan.contains("no (enabled) section 'wan'; allowed: config wan 'NAME'"));
    }
}

#[test]
fn all_findings_come_at_once_and_by_line() {
    let text = MINIMAL
        .replace("'500M'", "'500'")
        .replace("'wanctl'", "'a:b'")
        .replace("https:", "http:")
        .replace("'1.1.1.1'", "'reflector.example'")
        .replace("upload_floor", "uplod_floor");
    let findings = read(&text).unwrap_err();
    let places: Vec<_> = findings
        .iter()
        .map(|finding| (finding.line.unwrap_or(0), finding.option.as_deref().unwrap_or("")))
        .collect();
    assert_eq!(
        places,
        [
            (2, "url"),
            (3, "username"),
            (6, "upload_floor"),
            (9, "download_ceiling"),
            (12, "uplod_floor"),
            (13, "reflector"),
        ]
    );
}

#[test]
fn a_disabled_wan_is_checked_all_the_same() {
    let text =
        MINIMAL.to_string() + &another("wan2").replace("'500M'", "'500'") + "\toption enabled 0\n";
    let findings = read(&text).unwrap_err();
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].line, findings[0].section.as_str()), (Some(17), "wan 'wan2'"));
}

#[test]
fn a_broken_section_line_is_one_finding_and_no_flood() {
    let findings = read(&minimal_with("config wan 'wan1'", "config wan 'wan1")).unwrap_err();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert!(matches!(findings[0].what, What::Syntax(_)));
}

#[test]
fn a_password_whose_name_was_forgotten_is_not_shown() {
    for line in ["option 'xyzzy-plugh-42'", "option xyzzyplugh", "option xyzzyplugh a b"] {
        let findings =
            read(&MINIMAL.replace("option password 'xyzzy-plugh-42'", line)).unwrap_err();
        let [missing, broken] = &findings[..] else { panic!("{findings:#?}") };
        assert_eq!(missing.option.as_deref(), Some("password_file"));
        assert_eq!((broken.line, broken.option.as_deref()), (Some(4), None));
        assert!(!format!("{findings:?}").contains("xyzzy"), "{findings:#?}");
    }
}
