//! Every option missing, of a wrong type, out of range, unknown; and files that are none: the real
//! binary says so, ends with 78 in bounded time, and neither panics nor tells the password.

use std::{fs, path::Path, process::Command};

use crate::running::{
    config::{TREE, globals, section},
    daemon::WANCTL,
    router::PASSWORD,
    scratch::Scratch,
    wait::{now, seconds},
};

/// Options that a configuration can do without.
const OPTIONAL: [&str; 9] = [
    "listen",
    "state_dir",
    "log_level",
    "tls_ca",
    "rest_timeout",
    "baseline_initial",
    "interval",
    "tcp_target",
    "write_budget",
];

const WAN: [(&str, &str); 8] = [
    ("reflector", "127.0.0.1"),
    ("download_ceiling", "400M"),
    ("download_floor", "100M"),
    ("upload_ceiling", "40M"),
    ("upload_floor", "10M"),
    ("baseline_initial", "10ms"),
    ("interval", "50ms"),
    ("write_budget", "600"),
];

/// A good configuration.
fn good(scratch: &Scratch) -> String {
    let password = scratch.write("password", PASSWORD.as_bytes());
    let authority = scratch.write("ca.pem", b"a certificate");
    let router = section(
        "router",
        "home",
        &[
            ("url", "https://127.0.0.1:1"),
            ("username", "wanctl"),
            ("password_file", password.to_str().unwrap()),
            ("tls_ca", authority.to_str().unwrap()),
            ("rest_timeout", "1s"),
        ],
    );
    globals(scratch, "info") + &router + &section("wan", "cable", &[&TREE[..], &WAN].concat())
}

/// Exit code and everything that a command said about this file.
fn ask(command: &str, config: &Path) -> (Option<i32>, String) {
    let start = now();
    let output = Command::new(WANCTL).args([command, "-c"]).arg(config).output().unwrap();
    let took = now().since(start);
    let bytes = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(took < seconds(5), "{command} took {} ms: {text}", took.as_millis());
    assert!(!text.contains("panicked") && !text.contains(PASSWORD), "{text}");
    assert!(text.len() < 64 * 1024, "{} bytes", text.len());
    (output.status.code(), text)
}

/// Both commands refuse it, and say where.
fn is_refused(what: &str, config: &Path, words: &str) {
    for command in ["check", "run"] {
        let (code, text) = ask(command, config);
        assert_eq!(code, Some(78), "{command}, {what}: {text}");
        assert!(text.contains(words), "{command}, {what}: '{words}' is not in {text}");
    }
}

#[test]
fn every_option_that_is_missing_or_wrong_or_unknown_ends_it_with_78_and_is_named() {
    let scratch = Scratch::new();
    let good = good(&scratch);
    let write = |text: &str| scratch.write("wanctl.conf", text.as_bytes());
    assert_eq!(ask("check", &write(&good)).0, Some(0));
    let options = good.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let kind = words.next().filter(|word| ["option", "list"].contains(word))?;
        Some((line, kind, words.next()?))
    });
    let mut tried = 0;
    for (line, kind, option) in options {
        let with = |value: &str| good.replace(line, &format!("\t{kind} {option} '{value}'"));
        if OPTIONAL.contains(&option) {
            assert_eq!(ask("check", &write(&good.replace(line, ""))).0, Some(0), "{option}");
        } else {
            is_refused(option, &write(&good.replace(line, "")), option);
        }
        // No option takes a control character; most take neither a word nor such a number.
        let lines = "two\u{7}bells";
        is_refused(option, &write(&with(lines)), option);
        let is_text = ["username", "download_queue", "upload_queue"].contains(&option);
        let values: &[&str] = if is_text { &[""] } else { &["banana", "-1", "99999999999G", ""] };
        for value in values {
            is_refused(option, &write(&with(value)), option);
        }
        tried += 1;
    }
    assert_eq!(tried, 19);
    for (unknown, words) in [
        (good.replace("download_ceiling", "download_cieling"), "download_ceiling"),
        (good.replace("config wan ", "config wann "), "wann"),
        (format!("{good}\noption\n"), "option"),
        (format!("{good}\nconfig wan 'cable'\n"), "cable"),
    ] {
        is_refused(words, &write(&unknown), words);
    }
}

#[test]
fn files_that_are_no_configuration_end_it_with_78_and_in_bounded_time() {
    let scratch = Scratch::new();
    let huge = "config wan 'x'\n\toption a 'b'\n".repeat(1_000_000);
    let binary: Vec<u8> = (0..=255).cycle().take(60_000).collect();
    let mistakes = "config nonsense\n".repeat(3_000);
    for (name, content) in [
        ("huge", huge.as_bytes()),
        ("binary", &binary),
        ("mistakes", mistakes.as_bytes()),
        ("empty", b""),
        ("nul", b"config wan 'x'\0\n"),
    ] {
        is_refused(name, &scratch.write(name, content), name);
    }
    fs::create_dir(scratch.join("directory")).unwrap();
    for path in ["directory", "missing"] {
        is_refused(path, &scratch.join(path), path);
    }
    for device in ["/dev/zero", "/dev/null"] {
        is_refused(device, Path::new(device), device);
    }
}
