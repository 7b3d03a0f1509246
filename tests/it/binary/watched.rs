//! `wanctl status --watch` without a terminal.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use wanctl::observe::health::Status;

use super::{configured, started};
use crate::running::{
    daemon::WANCTL,
    router::{Router, home},
    scratch::Scratch,
    wait::{seconds, within},
};

#[test]
fn a_watch_without_a_terminal_is_plain_text_and_a_reader_who_goes_ends_it_quietly() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let daemon = started(&configured(&scratch, &router));
    daemon.until("healthy", |health| health.status == Status::Healthy);
    let address = daemon.address().to_string();
    let mut command = Command::new(WANCTL);
    command.args(["status", "--watch", "--at", &address]);
    let mut watch = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines().map(Result::unwrap);
    let screens: Vec<Vec<String>> =
        (0..3).map(|_| lines.by_ref().take_while(|line| !line.is_empty()).collect()).collect();
    for screen in &screens {
        let text = screen.join("\n");
        assert!(text.is_ascii() && !text.contains('\u{1b}'), "{text}");
        for words in
            ["healthy", "download GREEN 400M, load ", "  delay ", "cable waits for nothing"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
    // The second shows what one second more has brought.
    assert_ne!(screens[0], screens[2]);
    drop(lines);
    let ended = within(seconds(5), || watch.try_wait().unwrap()).unwrap();
    let output = watch.wait_with_output().unwrap();
    assert_eq!((ended.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
