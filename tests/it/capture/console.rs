//! The SSH side: the questions over OpenSSH's server, and what may be shown of the answers.

use std::rc::Rc;

use smol::LocalExecutor;
use wanctl::{
    cli::capture::{
        gather::{Client, Taken, gather},
        redact::{Login, Names, Private, Redactor},
    },
    router::{capture::ConsoleAsk, ssh::SshClient},
    sim::routeros::ItemSettings,
};

use crate::{
    router::talk::run,
    running::{
        router::{PASSWORD, home, mbit},
        sshd::Sshd,
    },
};

const PLANTED: [&str; 5] =
    ["81.2.69.142", "2a02:810d:1:2::7", "64:D1:54:0A:0B:0C", "HGB09ZVSC5V", PASSWORD];

#[test]
fn the_console_is_recorded_over_ssh_without_a_write_and_gives_nothing_away() {
    run(async |executor: &Rc<LocalExecutor<'static>>| {
        let mut settings = home();
        for secret in PLANTED {
            // Long enough to be wrapped.
            let text = format!("{} \"{secret}\" {}", "long ".repeat(9), "and longer ".repeat(9));
            let queue = ItemSettings::tree(&format!("q {secret}"), mbit(5));
            settings.items.push(queue.with("comment", &text).with("packet-mark", &text));
        }
        let sshd = Sshd::start(executor, settings);
        let mut client = Client::Ssh(Box::new(SshClient::new(&sshd.settings()).unwrap()));
        let taken = gather(&mut client).await.unwrap();
        assert_eq!(taken.len(), ConsoleAsk::ALL.len());
        assert_eq!((sshd.commands(), sshd.router().writes()), (ConsoleAsk::ALL.len(), 0));
        gives_nothing_away(&taken, Names::Mapped);
        gives_nothing_away(&taken, Names::Kept);
        let limit = taken.iter().find(|one| one.ask.file() == "queue-tree.print-detail.txt");
        let body = &limit.unwrap().answer.as_ref().unwrap().body;
        assert!(String::from_utf8_lossy(body).contains("max-limit=900M"));
    });
}

fn gives_nothing_away(taken: &[Taken], names: Names) {
    let login = Login { username: "wanctl", password: PASSWORD };
    let mut redactor = Redactor::new(&[login], names, Private::Kept);
    for one in taken {
        let answer = one.answer.as_ref().unwrap();
        assert!(answer.body.ends_with(b"\r\n") || answer.body.is_empty(), "{answer:?}");
        let body = String::from_utf8_lossy(&answer.body);
        let language = one.ask.language();
        redactor.learn(one.ask.about(), language, &body);
        let text = redactor.redacted(one.ask.about(), language, &body).unwrap();
        assert_eq!(redactor.leaks(language, &text), [], "{text}");
        assert_eq!(text.lines().count(), body.lines().count(), "{text}");
        let left: Vec<_> = PLANTED.iter().filter(|secret| text.contains(**secret)).collect();
        assert!(left.is_empty(), "{names:?} {left:?}: {text}");
    }
    assert!(redactor.counts().names >= 1);
}
