//! One mistake, one finding: its line, its option, its words.

use wanctl::config::Severity;

use super::{MINIMAL, PASSWORD, minimal_with, read};

/// What replaces what in the minimal configuration (nothing: it is added to the WAN, as line 14),
/// and the line (0: none), option (empty: none) and a part of the text of the one finding.
type Mistake = (&'static str, &'static str, u32, &'static str, &'static str);

fn check(mistakes: &[Mistake], severity: Severity) {
    for (old, new, line, option, words) in mistakes {
        let text = match *old {
            "" => format!("{MINIMAL}\t{new}\n"),
            old => minimal_with(old, new),
        };
        let findings = match read(&text) {
            Ok(loaded) => loaded.warnings,
            Err(findings) => findings,
        };
        let [finding] = &findings[..] else { panic!("{new}: {findings:#?}") };
        let shown = finding.to_string();
        assert_eq!(finding.line.unwrap_or(0), *line, "{shown}");
        assert_eq!(finding.option.as_deref().unwrap_or(""), *option, "{shown}");
        assert_eq!(finding.severity, severity, "{shown}");
        assert!(shown.contains(words), "{words} is not in: {shown}");
        assert!(!shown.contains(PASSWORD), "{shown}");
    }
}

#[test]
fn every_mistake_in_the_text_is_found_in_its_line() {
    check(TEXT, Severity::Error);
}

#[test]
fn every_mistake_with_sections_and_names_is_found() {
    check(NAMES, Severity::Error);
}

#[test]
fn every_missing_option_is_named_with_its_right_form() {
    check(MISSING, Severity::Error);
}

#[test]
fn every_value_of_a_wrong_form_is_refused() {
    check(VALUES, Severity::Error);
}

#[test]
fn every_wrong_url_shows_the_right_form() {
    let form = "allowed: https://HOST, https://HOST:PORT, or the same with http://";
    for url in [
        "192.168.88.1",
        "ftp://192.168.88.1",
        "https://192.168.88.1/",
        "https://192.168.88.1/rest",
        "https://wanctl:xyzzy-plugh-42@192.168.88.1",
        "wanctl:xyzzy-plugh-42@192.168.88.1",
        "https://192.168.88.1:0",
        "https://192.168.88.1:99999",
        "https://192.168.88.256",
        "https://fd00::1",
        "https://",
    ] {
        let findings = read(&minimal_with("https://192.168.88.1", url)).unwrap_err();
        let [finding] = &findings[..] else { panic!("{findings:#?}") };
        let shown = finding.to_string();
        assert_eq!((finding.line, finding.option.as_deref()), (Some(2), Some("url")));
        assert!(shown.contains(form) && !shown.contains(PASSWORD), "{shown}");
    }
}

#[test]
fn every_conflict_between_values_is_found() {
    let four = "\toption download_floor_green '100M'\n\toption download_floor_yellow '75M'\n\
                \toption download_floor_soft_red '50M'\n\toption download_floor_red '25M'\n";
    assert!(read(&minimal_with("\toption download_floor '50M'\n", four)).is_ok());
    check(CONFLICTS, Severity::Error);
}

#[test]
fn what_works_but_ought_to_be_known_is_a_warning() {
    check(CAUTIONS, Severity::Warning);
}

/// Only where the law was chosen by nobody.
#[test]
fn options_of_the_classic_law_are_no_warning_where_the_law_is_named_or_is_the_classic_one() {
    let tuned = format!("{MINIMAL}\toption spike '20ms'\n\toption download_factor_down '0.7'\n");
    assert_eq!(read(&tuned).unwrap().warnings.len(), 1);
    for law in ["law 'classic'", "law 'adaptive'", "queue_kind 'type'"] {
        assert_eq!(read(&format!("{tuned}\toption {law}\n")).unwrap().warnings, [], "{law}");
    }
}

#[rustfmt::skip]
const TEXT: &[Mistake] = &[
    ("config wan", "confg wan", 6, "", "no known word; the nearest is config"),
    ("\toption username", "\toptoin username", 3, "", "the nearest is option"),
    ("\tlist ref", "\tLIST ref", 13, "", "allowed: config, option, list"),
    ("'wanctl'", "'wanctl", 3, "", "the quote ' is not closed"),
    ("'wanctl'", "\"wanctl'", 3, "", "the quote \" is not closed"),
    ("'wanctl'", "wanctl\\", 3, "", "ends in a backslash"),
    ("'wanctl'", "wan#ctl", 3, "", "the character # needs quotes"),
    ("'wanctl'", "wanctl; option x y", 3, "", "the character ; needs quotes"),
    ("'wanctl'", "wan ctl", 3, "", "more words than belong here"),
    ("username 'wanctl'", "username", 3, "", "the line is incomplete"),
    ("'xyzzy-plugh-42'", "xyzzy-plugh-42 x", 4, "", "more words than belong here"),
    ("config wan 'wan1'", "config wan 'wan1' x", 6, "", "allowed: config TYPE 'NAME'"),
    ("config wan 'wan1'", "config wan 'wan-1'", 6, "", "this is not a name"),
    ("", "option spike.max '15ms'", 14, "", "this is not a name"),
    ("config router 'home'", "option a b\nconfig router 'home'", 1, "", "first section"),
];

#[rustfmt::skip]
const NAMES: &[Mistake] = &[
    ("", "config wam 'x'", 14, "", "wam 'x': there is no such section type; the nearest is wan"),
    ("", "config colour", 14, "", "allowed: globals, router, wan, steering"),
    ("", "config globals\nconfig globals", 15, "", "one such section, and it began in line 14"),
    ("", "config globals 'wan1'", 14, "", "the name is taken since line 6"),
    ("config wan 'wan1'", "config wan", 6, "", "needs a name; allowed: config wan 'NAME'"),
    ("config router 'home'", "config router", 1, "", "needs a name"),
    ("config wan 'wan1'", "config wan 'wan1'\n\toption enabled 0", 0, "", "no (enabled) section 'wan'"),
    ("", "option spikes '15ms'", 14, "spikes", "no such option; the nearest is spike"),
    ("", "option uplaod_step_up '1M'", 14, "uplaod_step_up", "nearest is upload_step_up"),
    ("", "option on_exit 'keep'", 14, "on_exit", "nearest is download_on_exit"),
    ("", "option colour 'red'", 14, "colour", "there is no such option; consequence"),
    ("", "option log_level 'info'", 14, "log_level", "belongs to a section 'globals'"),
    ("'wanctl'", "'wanctl'\n\toption interval 50ms", 4, "interval", "belongs to a section 'wan'"),
    ("'wanctl'", "'wanctl'\n\toption ssh_hots x", 4, "ssh_hots", "nearest is ssh_host"),
    ("", "option upload_queue 'x'", 14, "upload_queue", "given in line 8"),
    ("'wanctl'", "'wanctl'\n\toption password x", 5, "password", "given in line 4"),
    ("", "list target_bloat '15ms'", 14, "target_bloat", "takes one value, not a list"),
    ("\tlist ref", "\toption ref", 13, "reflector", "this is a list; allowed: a line 'list reflector"),
];

#[rustfmt::skip]
const MISSING: &[Mistake] = &[
    ("\toption url 'https://192.168.88.1'\n", "", 1, "url", "e.g. https://192.168.88.1"),
    ("\toption username 'wanctl'\n", "", 1, "username", "option is missing"),
    ("\toption password 'xyzzy-plugh-42'\n", "", 1, "password_file", "or password in a config"),
    ("\toption download_queue 'dl'\n", "", 6, "download_queue", "1 to 64 characters"),
    ("\toption upload_queue 'ul'\n", "", 6, "upload_queue", "option is missing"),
    ("\toption download_ceiling '500M'\n", "", 6, "download_ceiling", "1M to 10G, e.g. 500M"),
    ("\toption upload_ceiling '50M'\n", "", 6, "upload_ceiling", "option is missing"),
    ("\toption download_floor '50M'\n", "", 6, "download_floor", "option is missing"),
    ("\toption upload_floor '10M'\n", "", 6, "upload_floor", "option is missing"),
    ("\tlist reflector '1.1.1.1'\n", "", 6, "reflector", "IPv6 address, no name, e.g. 1.1.1.1"),
];

#[rustfmt::skip]
const VALUES: &[Mistake] = &[
    ("'500M'", "'500'", 9, "download_ceiling", "'500': the number needs its unit; allowed: 1M to 10G, e.g. 500M; write 500M"),
    ("'500M'", "'500000000'", 9, "download_ceiling", "write 500M"),
    ("'500M'", "'500m'", 9, "download_ceiling", "this is not a rate"),
    ("'500M'", "'500Mbit'", 9, "download_ceiling", "this is not a rate"),
    ("'500M'", "'-500M'", 9, "download_ceiling", "this is not a rate"),
    ("'500M'", "''", 9, "download_ceiling", "this is not a rate"),
    ("'500M'", "'500.0000001M'", 9, "download_ceiling", "finer than 1 bit/s"),
    ("'500M'", "'99999999999999999999G'", 9, "download_ceiling", "out of range"),
    ("", "option target_bloat '9'", 14, "target_bloat", "write 9ms"),
    ("", "option baseline_time_constant '50'", 14, "baseline_time_constant", "write 50s"),
    ("", "option interval '50 ms'", 14, "interval", "this is not a time"),
    ("", "option interval '50us'", 14, "interval", "20ms to 2s, e.g. 50ms"),
    ("", "option spike '15.0001ms'", 14, "spike", "finer than a microsecond"),
    ("", "option upload_factor_down '85%'", 14, "upload_factor_down", "not a plain decimal number; allowed: 0.1 to 1.0, e.g. 0.90"),
    ("", "option upload_factor_down '0.8500001'", 14, "upload_factor_down", "finer than a millionth"),
    ("", "option download_green_required '5.5'", 14, "download_green_required", "finer than a whole number"),
    ("", "option write_budget '600/h'", 14, "write_budget", "not a whole number"),
    ("", "option enabled 'maybe'", 14, "enabled", "allowed: 0 or 1"),
    ("", "option queue_kind 'tre'", 14, "queue_kind", "none of the known words; the nearest is tree; allowed: tree, simple, type"),
    ("'none'", "telnet", 5, "fallback", "known words; allowed: ssh, rest, none"),
    ("'wanctl'", "'wanctl'\n\toption ssh_host 192.168.88.256", 4, "ssh_host", "not an address or a host name"),
    ("'wanctl'", "'wanctl'\n\toption ssh_port 0", 4, "ssh_port", "out of range; allowed: 1 to 65535"),
    ("'wanctl'", "'wanctl'\n\toption ssh_timeout 30s", 4, "ssh_timeout", "allowed: 1s to 20s"),
    ("'wanctl'", "'wanctl'\n\toption ssh_key id_ed25519", 4, "ssh_key", "not a path from the root"),
    ("'wanctl'", "'wanctl'\n\toption ssh_host_key MD5:16:27", 4, "ssh_host_key", "not the SHA256 fingerprint of a key; allowed: SHA256: and 43 letters, as ssh-keygen -l shows it"),
    ("'wanctl'", "'wanctl'\n\toption transport snmp", 4, "transport", "none of the known words"),
    ("'wanctl'", "'wan:ctl'", 3, "username", "none of them a colon"),
    ("'wanctl'", "''", 3, "username", "out of range"),
    ("'xyzzy-plugh-42'", "''", 4, "password", "option password: this is out of range"),
    ("'xyzzy-plugh-42'", "'xyzzy-plugh-42\t'", 4, "password", "text without such characters"),
    ("'dl'", "'a;b'", 7, "download_queue", "none of them a quote, semicolon"),
    ("'dl'", "'a\u{7}b'", 7, "download_queue", "'a\\u{7}b': this is not text"),
    ("'1.1.1.1'", "'one.one.one.one'", 13, "reflector", "'one.one.one.one': this is not an IP address"),
    ("'1.1.1.1'", "'1.1.1.1 9.9.9.9'", 13, "reflector", "this is not an IP address"),
    ("'1.1.1.1'", "'0.0.0.0'", 13, "reflector", "this is not the address of one host"),
    ("'1.1.1.1'", "'ff02::1'", 13, "reflector", "this is not the address of one host"),
    ("", "list tcp_target '9.9.9.9'", 14, "tcp_target", "this is not an address with a port; allowed: ADDRESS:PORT or [ADDRESS]:PORT, no name; or none, e.g. 1.1.1.1:443"),
    ("", "list tcp_target '0.0.0.0:443'", 14, "tcp_target", "this is not the address of one host"),
    ("", "list tcp_target '9.9.9.9:0'", 14, "tcp_target", "this is out of range"),
    ("", "list tcp_target 'one.one:443'", 14, "tcp_target", "this is not an address with a port"),
    ("", "option gateway '192.168.1.1:80'", 14, "gateway", "this is not an IP address"),
    ("", "option source 'eth1'", 14, "source", "this is not an IP address"),
    ("", "option interface 'a-device-too-lo'\n\toption interface_ x", 15, "interface_", "nearest is interface"),
    ("", "option interface 'a-device-too-lon'", 14, "interface", "1 to 15 printable"),
    ("", "option interface '../eth0'", 14, "interface", "not the name of a network device"),
    ("", "option upload_on_exit 'off'", 14, "upload_on_exit", "keep, or a rate between"),
    ("", "option upload_on_exit '20'", 14, "upload_on_exit", "the number needs its unit"),
    ("", "option upload_on_exit '0M'", 14, "upload_on_exit", "out of range"),
    ("", "config globals\n\toption listen 'localhost:9101'", 15, "listen", "not an address with a port; allowed: ADDRESS:PORT"),
    ("", "config globals\n\toption listen '9101'", 15, "listen", "not an address with a port"),
    ("", "config globals\n\toption state_dir 'run/wanctl'", 15, "state_dir", "not a path from the root"),
    ("", "config globals\n\toption log_level 'warning'", 15, "log_level", "the nearest is warn;"),
];

#[rustfmt::skip]
const CONFLICTS: &[Mistake] = &[
    ("'50M'\n\toption upload_c", "'501M'\n\toption upload_c", 10, "download_floor", "this is above download_ceiling (500M); allowed: at most 500M"),
    ("", "option download_floor_red '51M'", 14, "download_floor_red", "above download_floor (50M)"),
    ("", "option download_floor_soft_red '60M'", 14, "download_floor_soft_red", "above download_floor (50M)"),
    ("", "option upload_floor_yellow '10.000001M'", 14, "upload_floor_yellow", "above upload_floor (10M)"),
    ("", "option upload_floor_green '50.1M'", 14, "upload_floor_green", "above upload_ceiling (50M)"),
    ("\toption upload_floor '10M'", "\toption upload_floor_red '10M'\n\toption upload_floor_green '10M'", 6, "upload_floor_yellow", "option is missing"),
    ("", "option upload_on_exit '51M'", 14, "upload_on_exit", "above upload_ceiling (50M)"),
    ("", "option upload_on_exit '9.9M'", 14, "upload_on_exit", "below upload_floor (10M); allowed: at least 10M"),
    ("", "option download_base '49M'", 14, "download_base", "below download_floor (50M); allowed: at least 50M"),
    ("", "option download_base '501M'", 14, "download_base", "above download_ceiling (500M); allowed: at most 500M"),
    ("", "option upload_base '6.9M'\n\toption upload_floor_red '7M'", 14, "upload_base", "below upload_floor_red (7M)"),
    ("", "option upload_base '51M'", 14, "upload_base", "above upload_ceiling (50M)"),
    ("", "option target_bloat '45ms'", 14, "target_bloat", "not below warn_bloat (45ms); allowed: below 45ms"),
    ("", "option warn_bloat '15ms'", 14, "warn_bloat", "not above target_bloat (15ms); allowed: above 15ms"),
    ("", "option hard_red_bloat '45ms'", 14, "hard_red_bloat", "not above warn_bloat (45ms)"),
    ("", "option baseline_min '500ms'", 14, "baseline_min", "not below baseline_max (500ms)"),
    ("", "option baseline_max '1ms'", 14, "baseline_max", "not above baseline_min (1ms)"),
    ("", "option baseline_initial '5ms'\n\toption baseline_min '6ms'", 14, "baseline_initial", "below baseline_min (6ms)"),
    ("", "option baseline_initial '51ms'\n\toption baseline_max '50ms'", 14, "baseline_initial", "above baseline_max (50ms)"),
    ("", "option load_time_constant '1s'\n\toption baseline_time_constant '1s'", 14, "load_time_constant", "not below baseline_time_constant (1s)"),
    ("", "option law 'adaptive'\n\toption queue_kind 'type'", 14, "law", "queue_kind type, which counts nothing"),
    ("", "option router 'hom'", 14, "router", "no section of this name; allowed: home"),
    ("", "config router 'cabin'\n\toption url https://a\n\toption username a\n\toption password a\n\toption fallback none", 6, "router", "several, and one must be named; allowed: home, cabin"),
    ("'ul'", "'dl'", 8, "upload_queue", "'dl': the queue belongs to wan 'wan1' already"),
    ("", "option queue 'wan1'", 14, "queue", "cannot stand beside queue_kind tree"),
    ("", "option queue_kind type\n\toption queue 'wan1'", 15, "queue", "cannot stand beside queue_kind type"),
    ("", "list reflector '9.9.9.9'\n\tlist reflector '::ffff:1.1.1.1'", 15, "reflector", "the same entry stands in line 13"),
    ("", "option source '2001:db8::1'", 13, "reflector", "one is IPv6"),
    ("", "option source '192.0.2.1'\n\toption gateway 'fe80::1'", 15, "gateway", "one is IPv6"),
    ("", "option source '192.0.2.1'\n\tlist tcp_target '[2001:db8::1]:443'", 15, "tcp_target", "one is IPv6"),
    ("", "list tcp_target '9.9.9.9:853'\n\tlist tcp_target '9.9.9.9:853'", 15, "tcp_target", "the same entry stands in line 14"),
    ("", "list tcp_target '9.9.9.9:853'\n\tlist tcp_target 'none'", 15, "tcp_target", "it cannot stand beside other targets"),
    ("", "config globals\n\toption persist_dir '/var/run/wanctl'", 15, "persist_dir", "same as state_dir"),
    ("", "config globals\n\toption state_dir '/a'\n\toption persist_dir '/a'", 16, "persist_dir", "another directory, or none"),
];

#[rustfmt::skip]
const CAUTIONS: &[Mistake] = &[
    ("https:", "http:", 2, "url", "not encrypted; allowed: https://; consequence: whoever"),
    ("", "config globals\n\toption listen '0.0.0.0:9101'", 15, "listen", "there is no login; allowed: 127.0.0.1:9101"),
    ("", "config globals\n\toption listen '[2001:db8::1]:9101'", 15, "listen", "there is no login"),
    ("'wanctl'", "'wanctl'\n\toption tls_verify 0", 4, "tls_verify", "not verified"),
    ("", "option baseline_freeze 15ms", 14, "baseline_freeze", "not below target_bloat (15ms)"),
    ("", "option load_time_constant 50ms\n\toption interval 60ms", 14, "load_time_constant", "below interval (60ms)"),
    ("", "option spike 20ms", 14, "spike", "the law adaptive, the default, goes by it only while the load is not known; allowed: law classic"),
    ("", "option upload_step_up 1M\n\toption download_step_up 2M", 15, "download_step_up", "law adaptive to leave it at that"),
    ("", "option upload_green_required 2", 14, "upload_green_required", "consequence: it makes no difference as long as"),
    ("", "option law classic\n\toption download_base 100M", 15, "download_base", "the law classic does not go by it; allowed: law adaptive, with queue_kind tree or simple; consequence: it makes no difference"),
    ("", "option upload_base 20M\n\toption law classic\n\toption load_interval 1s", 14, "upload_base", "not go by it"),
    ("", "option load_interval 1s\n\toption law classic", 14, "load_interval", "not go by it"),
    ("", "option queue_kind type\n\toption upload_base 20M", 15, "upload_base", "the law classic does not go by it"),
];
