//! Steering sections: what is good, and every mistake with what they refer to.

use wanctl::{
    config::Config,
    control::{
        id::{RouterId, WanId},
        steering::{
            self, Mode,
            course::{Effect, Settings},
            rule::{Foreign, OnExit},
        },
        time::Span,
    },
};

use super::{MINIMAL, read};

/// Lines 14 to 22: a second WAN beside the minimal one.
const OTHER: &str = "\
config wan 'wan2'
	option download_queue 'dl2'
	option upload_queue 'ul2'
	option download_ceiling '50M'
	option download_floor '5M'
	option upload_ceiling '10M'
	option upload_floor '1M'
	list reflector '1.1.1.1'

";

/// Lines 23 to 27.
const STEERING: &str = "\
config steering 'calls'
	option enabled '1'
	option primary 'wan1'
	option alternate 'wan2'
	option comment 'calls: other line'
";

fn good() -> String {
    [MINIMAL, OTHER, STEERING].concat()
}

#[test]
fn the_least_section_has_every_default() {
    let loaded = read(&good()).unwrap();
    assert_eq!(loaded.warnings, []);
    let Config { steerings, .. } = loaded.config;
    let [one] = &steerings[..] else { panic!("{steerings:?}") };
    assert_eq!((one.name.as_str(), one.comment.as_str()), ("calls", "calls: other line"));
    let expected = Settings {
        primary: WanId(0),
        alternate: WanId(1),
        router: RouterId(0),
        law: steering::Settings::usual(),
        foreign: Foreign::Undo,
        effect: Effect::Real,
        on_exit: OnExit::Keep,
    };
    assert_eq!(one.control, expected);
}

#[test]
fn every_option_is_taken() {
    let options = "\
	option router home
	option mode confidence
	option delta 20ms
	option drops 3
	option queue_yellow 20
	option queue_red 100
	option degrade_after 1.5s
	option recover_after 60s
	option hold_down 90s
	option score_degrade 60
	option score_recover 15
	option adopt 1
	option dry_run 1
	option on_exit disable
";
    let Config { steerings, .. } = read(&(good() + options)).unwrap().config;
    let one = steerings[0].control;
    assert_eq!(one.law.mode, Mode::Confidence);
    assert_eq!(one.law.degrade_after, Span::from_millis(1_500));
    assert_eq!((one.law.queue_yellow, one.law.queue_red, one.law.drops), (20, 100, 3));
    assert_eq!((one.law.score_degrade, one.law.score_recover), (60, 15));
    assert_eq!((one.foreign, one.effect), (Foreign::Adopt, Effect::DryRun));
    assert_eq!(one.on_exit, OnExit::Disable);
}

#[test]
fn without_enabled_nothing_is_steered_and_the_section_is_checked_all_the_same() {
    let off = good().replace("\toption enabled '1'\n\toption primary", "\toption primary");
    assert_eq!(read(&off).unwrap().config.steerings, []);
    let findings = read(&off.replace("'wan1'\n\toption alternate", "'wna1'\n\toption alternate"));
    let [finding] = &findings.unwrap_err()[..] else { panic!("not one") };
    assert!(finding.to_string().contains("no section of this name"), "{finding}");
    // It may name what is not enabled, to be enabled together.
    let both_off = off.replace("config wan 'wan2'\n", "config wan 'wan2'\n\toption enabled 0\n");
    assert_eq!(read(&both_off).unwrap().config.wans.len(), 1);
}

/// What replaces what, the line, the option, a part of the text of the one finding.
type Mistake = (&'static str, &'static str, u32, &'static str, &'static str);

#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    ("primary 'wan1'", "primary 'wna1'", 25, "primary", "no section of this name; allowed: wan1, wan2"),
    ("alternate 'wan2'", "alternate 'lte'", 26, "alternate", "no section of this name; allowed: wan1, wan2"),
    ("alternate 'wan2'", "alternate 'wan1'", 26, "alternate", "the same as primary"),
    ("\toption alternate 'wan2'\n", "", 23, "alternate", "the option is missing"),
    ("\toption comment 'calls: other line'\n", "", 23, "comment", "the option is missing"),
    ("'calls: other line'", "''", 27, "comment", "out of range; allowed: 1 to 64 characters"),
    ("config wan 'wan2'\n", "config wan 'wan2'\n\toption enabled 0\n", 27, "alternate", "not enabled"),
    ("'calls: other line'\n", "'calls: other line'\n\toption router 'hom'\n", 28, "router", "no section of this name; allowed: home"),
    ("'calls: other line'\n", "'calls: other line'\n\toption queue_red '9'\n", 28, "queue_red", "below queue_yellow (10)"),
    ("'calls: other line'\n", "'calls: other line'\n\toption score_recover '55'\n", 28, "score_recover", "not below score_degrade (55)"),
    ("'calls: other line'\n", "'calls: other line'\n\toption on_exit 'off'\n", 28, "on_exit", "known words; allowed: keep, disable"),
    ("'calls: other line'\n", "'calls: other line'\n\toption mode 'hysterisis'\n", 28, "mode", "the nearest is hysteresis"),
    ("'calls: other line'\n", "'calls: other line'\n\toption degrade_after '2'\n", 28, "degrade_after", "write 2s"),
    ("\toption download_queue 'dl'\n", "\toption queue_kind type\n\toption download_queue 'dl'\n", 26, "primary", "which counts nothing"),
    ("config steering 'calls'", "config steering", 23, "", "needs a name"),
    ("config steering 'calls'", "config stering 'calls'", 23, "", "nearest is steering"),
    ("\toption enabled '1'", "\toption interval '50ms'\n\toption enabled '1'", 24, "interval", "belongs to a section 'wan'"),
];

#[test]
fn every_mistake_is_found_in_its_line() {
    for (old, new, line, option, words) in MISTAKES {
        assert_eq!(good().matches(old).count(), 1, "{old}");
        let findings = read(&good().replace(old, new)).unwrap_err();
        let [finding] = &findings[..] else { panic!("{new}: {findings:#?}") };
        let shown = finding.to_string();
        assert_eq!(finding.line, Some(*line), "{shown}");
        assert_eq!(finding.option.as_deref().unwrap_or(""), *option, "{shown}");
        assert!(shown.contains(words), "{words} is not in: {shown}");
    }
}

#[test]
fn two_sections_have_neither_the_same_rule_nor_the_same_two_wans() {
    let second = STEERING.replace("'calls'", "'again'");
    let findings = read(&(good() + &second)).unwrap_err();
    let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(findings.len(), 2, "{shown:#?}");
    assert!(shown[0].contains("steering 'calls' steers between the same two"), "{shown:#?}");
    assert!(shown[1].contains("steering 'calls' switches this rule already"), "{shown:#?}");
    // Back and forth by two rules is no mistake, and one that is not enabled claims nothing.
    let back = "config steering 'back'\n\toption enabled 1\n\toption primary 'wan2'\n\
                \toption alternate 'wan1'\n\toption comment 'back'\n";
    assert_eq!(read(&(good() + back)).unwrap().config.steerings.len(), 2);
    assert!(read(&(good() + &second.replace("enabled '1'", "enabled '0'"))).is_ok());
}

#[test]
fn both_wans_must_be_behind_the_router_of_the_rule() {
    let cabin = "config router 'cabin'\n\toption url https://b\n\toption username a\n\
                 \toption password a\n\toption fallback none\n";
    let at = |text: &str, wan: &str, router: &str| {
        let section = format!("config wan '{wan}'\n");
        text.replace(&section, &format!("{section}\toption router {router}\n"))
    };
    let apart = at(&at(&good(), "wan1", "home"), "wan2", "cabin") + cabin;
    let findings = read(&apart).unwrap_err();
    let [finding] = &findings[..] else { panic!("{findings:#?}") };
    assert_eq!(finding.option.as_deref(), Some("alternate"));
    assert!(finding.to_string().contains("not behind the router of the rule (home)"), "{finding}");
    let elsewhere = at(&at(&good(), "wan1", "home"), "wan2", "home") + "\toption router cabin\n";
    let findings = read(&(elsewhere + cabin)).unwrap_err();
    let options: Vec<_> = findings.iter().filter_map(|found| found.option.as_deref()).collect();
    assert_eq!(options, ["primary", "alternate"], "{findings:#?}");
}
