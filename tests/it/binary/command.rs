//! What the commands say and how they end.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Command, Stdio},
    time::Duration,
};

use super::{RATES, REFLECTORS, output};
use crate::running::{
    config::{globals, section},
    daemon::WANCTL,
    scratch::Scratch,
};

#[test]
fn version_and_help_are_said_on_standard_output() {
    let version = format!("wanctl {}\n", env!("CARGO_PKG_VERSION"));
    for flag in ["--version", "-V"] {
        assert_eq!(output(&[flag]), (Some(0), version.clone(), String::new()));
    }
    for arguments in [&["--help"][..], &["-h"], &["help"], &[]] {
        let (code, help, complaint) = output(arguments);
        assert_eq!((code, complaint.as_str()), (Some(0), ""));
        for command in ["run", "check", "status", "capture", "replay", "demo"] {
            assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
        }
    }
}

#[test]
fn an_unknown_command_or_flag_ends_with_64_and_names_it() {
    for arguments in [&["start"][..], &["run", "--quick"], &["status", "--at"], &["--nonsense"]] {
        let (code, out, complaint) = output(arguments);
        assert_eq!((code, out.as_str()), (Some(64), ""), "{arguments:?}");
        let named = arguments.last().unwrap();
        assert!(complaint.contains(named) && complaint.contains("--help"), "{complaint}");
    }
    assert_eq!(output(&["status", "--at", "nowhere"]).0, Some(64));
}

#[test]
fn status_without_a_daemon_ends_with_2() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, out, complaint) = output(&["status", "--at", &port.to_string()]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(complaint.contains("no daemon answers"), "{complaint}");
}

#[test]
fn status_does_not_wait_long_for_one_who_answers_byte_by_byte() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = std::thread::Builder::new().spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        // Each read paces the next byte; a client that has gone ends it.
        (0..30).all(|_| {
            let gone = matches!(stream.read(&mut [0; 512]), Ok(0));
            !gone && stream.write_all(b" ").is_ok()
        })
    });
    let (code, out, complaint) = output(&["status", "--at", &address]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(complaint.contains("no whole answer within 2s"), "{complaint}");
    assert!(!server.unwrap().join().unwrap(), "it waited to the end");
}

#[test]
fn a_wrong_configuration_ends_with_78_and_all_its_findings() {
    let scratch = Scratch::new();
    let wan = [&RATES[..], &REFLECTORS, &[("intervall", "50ms"), ("spike", "15")]].concat();
    let text = globals(&scratch, "loud") + &section("wan", "cable", &wan);
    let config = scratch.write("wanctl.conf", text.as_bytes());
    let path = config.display().to_string();
    let line = text.lines().position(|line| line.contains("intervall")).unwrap() + 1;
    let placed = format!("{path}:{line}: error: wan 'cable' option intervall");
    for command in ["run", "check"] {
        let (code, out, complaint) = output(&[command, "-c", &path]);
        assert_eq!(code, Some(78), "{command}");
        let said = out + &complaint;
        for finding in ["loud", &placed, "15ms", "download_queue", "router"] {
            assert!(said.contains(finding), "{command}: {finding}: {said}");
        }
    }
    let (code, out, complaint) = output(&["run", "-c", "/nowhere/wanctl"]);
    assert_eq!(code, Some(78), "{out}{complaint}");
    assert!(complaint.contains("/nowhere/wanctl"), "{complaint}");
}

#[test]
fn a_reader_that_goes_away_is_no_complaint() {
    let mut child = Command::new(WANCTL)
        .args(["check", "--options"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let complaint = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert_eq!(complaint.collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
