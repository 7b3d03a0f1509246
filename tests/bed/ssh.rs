//! A login by password at OpenSSH's own server, which takes an account with a password: the test
//! gives the user that runs it one, in a mount namespace that only the server sees.

use std::{process::Command, rc::Rc, time::Duration};

use smol::{LocalExecutor, Timer, future};
use wanctl::{
    control::failure::FailureKind,
    router::{
        op::{Op, Reply},
        settings::{Secret, SshLogin, SshSettings},
        ssh::SshClient,
    },
};

use crate::{
    needs::{Wish, check},
    support::{
        router::home,
        scratch::Scratch,
        sshd::{Sshd, me},
    },
};

const PASSWORD: &str = "open sesame";

/// No test takes this long unless something hangs.
const HANGS: Duration = Duration::from_mins(1);

/// Runs the server where `/etc/shadow` is another file.
const ELSEWHERE: &str = "mount --bind \"$0\" /etc/shadow && exec /usr/sbin/sshd \"$@\"";

/// The password as the system keeps it.
fn hashed() -> String {
    let script = "print crypt($ARGV[0], '$6$saltsalt$')";
    let told = Command::new("perl").args(["-e", script, PASSWORD]).output();
    String::from_utf8(told.expect("perl is missing: apt install perl-base").stdout).unwrap()
}

fn sshd(executor: &Rc<LocalExecutor<'static>>) -> Sshd {
    let scratch = Scratch::new();
    let line = format!("{}:{}:19000:0:99999:7:::\n", me(), hashed());
    let shadow = scratch.write("shadow", line.as_bytes());
    let program = ["unshare", "-m", "/bin/sh", "-c", ELSEWHERE, shadow.to_str().unwrap()];
    let program = program.map(str::to_owned).into();
    Sshd::start_by(executor, home(), program, scratch)
}

#[test]
fn the_right_password_logs_in_and_a_wrong_one_is_offered_once() {
    if check() == Wish::Skip {
        return;
    }
    let executor = Rc::new(LocalExecutor::new());
    let hung = async {
        Timer::after(HANGS).await;
        panic!("the test hangs");
    };
    smol::block_on(executor.run(future::or(log_in(&executor), hung)));
}

async fn log_in(executor: &Rc<LocalExecutor<'static>>) {
    let sshd = sshd(executor);
    let with = |password: &str| {
        let login = SshLogin::Password(Secret::new(password.to_owned()));
        SshClient::new(&SshSettings { login, ..sshd.settings() }).unwrap()
    };
    let reply = with(PASSWORD).perform(&Op::ReadResource).await;
    assert!(matches!(reply, Ok(Reply::Resource(_))), "{reply:?} {}", sshd.log());
    let error = with("wrong").perform(&Op::ReadResource).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Auth);
    sshd.all_closed().await;
    let log = sshd.log();
    assert_eq!(log.matches("Accepted password").count(), 1, "{log}");
    assert_eq!(log.matches("Failed password").count(), 1, "{log}");
}
