//! The SSH client against OpenSSH's own server.

use std::{
    fs,
    process::{Command, Stdio},
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use smol::LocalExecutor;
use wanctl::{
    control::{failure::FailureKind, time::Span},
    os::clock,
    router::{
        error::{Hint, RouterError, Transport},
        http::RestClient,
        op::{Op, Reply},
        settings::{Host, Scheme, Secret, Settings, SshLogin, SshSettings},
        ssh::SshClient,
    },
    sim::{
        https::{RouterServer, Tls},
        routeros::{Canned, Down, RouterOs},
    },
};

use super::{
    equal::{Over, agree, cases, settings},
    talk::{read_tree, run, run_within, set_tree, tree_limit, tree_reply},
};
use crate::running::{
    router::PASSWORD,
    sshd::{KeyKind, Sshd},
};

pub(super) const DOWNLOAD: Op<'_> = read_tree("WAN-Download");

/// Until the kernel knows of no connection to this port any more whose other side has not closed it.
async fn until_told_to_be_over(port: u16) {
    let open = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // The other end, and the state: 01 is established.
        words[2].ends_with(&format!(":{port:04X}")) && words[3] == "01"
    };
    while fs::read_to_string("/proc/net/tcp").unwrap().lines().skip(1).any(open) {
        smol::Timer::after(Duration::from_millis(5)).await;
    }
}

/// A test of a client whose key may log in.
pub(super) fn with_sshd<T>(test: impl AsyncFnOnce(&mut SshClient, &Sshd) -> T) -> T {
    with_settings(|settings| settings, test)
}

fn with_settings<T>(
    change: impl FnOnce(SshSettings) -> SshSettings,
    test: impl AsyncFnOnce(&mut SshClient, &Sshd) -> T,
) -> T {
    run(async |executor: &Rc<LocalExecutor<'static>>| {
        let sshd = Sshd::start(executor, settings());
        let settings = change(sshd.settings());
        test(&mut SshClient::new(&settings).unwrap(), &sshd).await
    })
}

async fn failed(client: &mut SshClient, op: &Op<'_>) -> RouterError {
    let error = client.perform(op).await.unwrap_err();
    assert_eq!(error.transport, Transport::Ssh);
    let text = error.to_string();
    assert!(text.len() > 20 && !text.contains('\n') && !text.contains(PASSWORD), "{text}");
    error
}

#[test]
fn limits_are_read_and_set_over_a_real_connection() {
    with_sshd(async |client, sshd| {
        assert_eq!(client.perform(&DOWNLOAD).await, Ok(tree_reply(900_000_000)));
        let set = set_tree("WAN-Download", 123_456_789);
        assert_eq!(client.perform(&set).await, Ok(tree_limit(123_456_789)));
        assert_eq!(client.perform(&DOWNLOAD).await, Ok(tree_reply(123_456_789)));
        assert_eq!((sshd.connections(), sshd.commands(), sshd.router().writes()), (1, 3, 1));
        assert_eq!(sshd.log().matches("Accepted publickey").count(), 1, "{}", sshd.log());
    });
}

#[test]
fn a_kept_session_outlives_that_the_server_wants_new_keys() {
    with_sshd(async |client, sshd| {
        // With each packet or two; every command has several.
        sshd.renew_keys_often();
        for number in 1..=30 {
            let set = set_tree("WAN-Download", 1_000_000 + number);
            assert_eq!(client.perform(&set).await, Ok(tree_limit(1_000_000 + number)), "{number}");
        }
        assert_eq!((sshd.connections(), sshd.commands()), (1, 30), "{}", sshd.log());
        let exchanges = sshd.log().matches("SSH2_MSG_NEWKEYS received").count();
        assert!(exchanges > 10, "{exchanges}: {}", sshd.log());
    });
}

#[test]
fn the_table_of_cases_gives_equal_replies_over_real_rest_and_real_ssh() {
    run_within(Duration::from_mins(2), async |executor: &Rc<LocalExecutor<'static>>| {
        let sshd = Sshd::start(executor, settings());
        let mut ssh = SshClient::new(&sshd.settings()).unwrap();
        for case in cases() {
            let fresh = |over| {
                let mut router = RouterOs::new(settings(), 1, clock::now());
                (case.prepare)(&mut router, over);
                router
            };
            let model = Arc::new(Mutex::new(fresh(Over::Rest)));
            let (server, serving) =
                RouterServer::bind(RouterServer::LOCAL, model, Tls::Plain, clock::now).unwrap();
            executor.spawn(serving).detach();
            let mut rest = RestClient::new(&Settings {
                scheme: Scheme::Http,
                host: Host::Address(server.address().ip()),
                port: server.address().port(),
                username: case.user.to_owned(),
                password: Secret::new(PASSWORD.to_owned()),
                rest_timeout: Span::from_secs(10),
            })
            .unwrap();
            *sshd.router() = fresh(Over::Console);
            sshd.log_in_as(case.user);
            agree(&case, &rest.perform(&case.op).await, &ssh.perform(&case.op).await);
        }
    });
}

#[test]
fn ed25519_and_rsa_keys_serve_as_host_and_user_keys() {
    for (host, user) in [
        (KeyKind::Ed25519, KeyKind::Rsa),
        (KeyKind::Rsa, KeyKind::Ed25519),
        (KeyKind::Rsa, KeyKind::Rsa),
    ] {
        run(async |executor: &Rc<LocalExecutor<'static>>| {
            let sshd = Sshd::start(executor, settings());
            sshd.use_host_key(host);
            let login = SshLogin::KeyFile(sshd.authorized(user).into());
            let host_key = sshd.fingerprint(host);
            let settings = SshSettings { login, host_key, ..sshd.settings() };
            let mut client = SshClient::new(&settings).unwrap();
            let reply = client.perform(&Op::ReadResource).await;
            assert!(matches!(reply, Ok(Reply::Resource(_))), "{host:?} {user:?}: {reply:?}");
        });
    }
}

#[test]
fn another_host_key_is_refused_with_its_fingerprint_before_anything_is_said_about_the_user() {
    with_settings(
        |settings| SshSettings {
            host_key: wanctl::router::settings::Fingerprint::parse(
                "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
            )
            .unwrap(),
            username: "nobody-must-know".to_owned(),
            ..settings
        },
        async |client, sshd| {
            let error = failed(client, &DOWNLOAD).await;
            assert_eq!((error.kind, error.hint), (FailureKind::HostKey, Some(Hint::PinHostKey)));
            let shown = sshd.fingerprint(KeyKind::Ed25519).to_string();
            assert!(error.detail.contains(&shown), "{error}");
            sshd.all_closed().await;
            let log = sshd.log();
            assert!(log.contains("[preauth]"), "{log}");
            for word in ["nobody-must-know", "user", "Failed", "Accepted", "publickey"] {
                assert!(!log.contains(word), "{word}: {log}");
            }
            assert_eq!(sshd.commands(), 0);
        },
    );
}

#[test]
fn a_host_key_that_changes_is_noticed_at_the_next_connection() {
    with_sshd(async |client, sshd| {
        assert!(client.perform(&DOWNLOAD).await.is_ok());
        client.forget();
        sshd.use_host_key(KeyKind::Rsa);
        let error = failed(client, &DOWNLOAD).await;
        assert_eq!(error.kind, FailureKind::HostKey);
        assert!(error.detail.contains(&sshd.fingerprint(KeyKind::Rsa).to_string()), "{error}");
        sshd.use_host_key(KeyKind::Ed25519);
        assert!(client.perform(&DOWNLOAD).await.is_ok());
    });
}

#[test]
fn a_user_or_key_that_is_not_known_is_an_auth_error_after_one_attempt() {
    with_settings(
        |settings| SshSettings { username: "stranger".to_owned(), ..settings },
        async |client, sshd| {
            let error = failed(client, &DOWNLOAD).await;
            assert_eq!((error.kind, error.hint), (FailureKind::Auth, Some(Hint::AllowSsh)));
            sshd.all_closed().await;
            assert_eq!(sshd.log().matches("Failed publickey").count(), 0, "only asked about");
        },
    );
    run(async |executor: &Rc<LocalExecutor<'static>>| {
        let sshd = Sshd::start(executor, settings());
        let login = SshLogin::KeyFile(sshd.key_file("other", KeyKind::Ed25519).into());
        let settings = SshSettings { login, ..sshd.settings() };
        let error = failed(&mut SshClient::new(&settings).unwrap(), &DOWNLOAD).await;
        assert_eq!(error.kind, FailureKind::Auth);
        let login = SshLogin::Password(Secret::new("wrong".to_owned()));
        let settings = SshSettings { login, ..settings };
        let error = failed(&mut SshClient::new(&settings).unwrap(), &DOWNLOAD).await;
        assert_eq!(error.kind, FailureKind::Auth);
        sshd.all_closed().await;
        assert_eq!(sshd.log().matches("Failed password").count(), 1, "{}", sshd.log());
    });
}

#[test]
fn key_files_that_cannot_be_used_are_refused_with_the_remedy() {
    run(async |executor: &Rc<LocalExecutor<'static>>| {
        let sshd = Sshd::start(executor, settings());
        let refused = |path: std::path::PathBuf| {
            let login = SshLogin::KeyFile(path.into());
            let error = SshClient::new(&SshSettings { login, ..sshd.settings() }).unwrap_err();
            assert_eq!(error.kind, FailureKind::Auth);
            error.detail.as_str().to_owned()
        };
        let key = sshd.key_file("locked", KeyKind::Ed25519);
        let locked = Command::new("ssh-keygen")
            .args(["-q", "-p", "-N", "phrase", "-f"])
            .arg(&key)
            .stdout(Stdio::null())
            .status();
        assert!(locked.unwrap().success());
        assert!(refused(key).contains("passphrase"));
        assert!(refused(sshd.scratch().join("absent")).contains("absent: No such file"));
        let public = sshd.authorized(KeyKind::Ed25519).with_extension("ed25519.pub");
        assert!(refused(public).contains("not a private key"));
    });
}

#[test]
fn a_server_killed_in_the_middle_of_a_command_is_a_reset_and_the_next_operation_reconnects() {
    with_sshd(async |client, sshd| {
        assert!(client.perform(&DOWNLOAD).await.is_ok());
        sshd.router().force(Some(Down::BlackHole));
        let killing = async {
            while sshd.commands() < 2 {
                smol::Timer::after(Duration::from_millis(5)).await;
            }
            sshd.kill();
            std::future::pending().await
        };
        let error = smol::future::or(failed(client, &DOWNLOAD), killing).await;
        assert_eq!(error.kind, FailureKind::Reset, "{error}");
        sshd.router().force(None);
        assert_eq!(client.perform(&DOWNLOAD).await, Ok(tree_reply(900_000_000)));
        assert_eq!(sshd.connections(), 2);
    });
}

#[test]
fn a_session_that_ended_while_idle_is_replaced_without_an_error() {
    with_sshd(async |client, sshd| {
        assert!(client.perform(&DOWNLOAD).await.is_ok());
        sshd.kill();
        sshd.all_closed().await;
        until_told_to_be_over(sshd.settings().port).await;
        assert_eq!(client.perform(&DOWNLOAD).await, Ok(tree_reply(900_000_000)));
        assert_eq!(sshd.connections(), 2);
    });
}

#[test]
fn output_without_end_is_cut_off_and_the_connection_closed() {
    with_sshd(async |client, sshd| {
        let body = "x".repeat(1_000_000);
        let endless = Canned { status: 200, content_type: "", body };
        sshd.router().answer_with(Some(endless));
        let error = failed(client, &DOWNLOAD).await;
        assert_eq!(error.kind, FailureKind::Garbage);
        assert!(error.detail.contains("more than 65536 bytes"), "{error}");
        sshd.all_closed().await;
        sshd.router().answer_with(None);
        assert_eq!(client.perform(&DOWNLOAD).await, Ok(tree_reply(900_000_000)));
    });
}

#[test]
fn output_just_under_the_bound_is_read_to_its_end() {
    with_sshd(async |client, sshd| {
        let body = format!("{}\r\nversion: 7.1\r\n", "x".repeat(65_000));
        sshd.router().answer_with(Some(Canned { status: 200, content_type: "", body }));
        let Ok(Reply::Resource(facts)) = client.perform(&Op::ReadResource).await else {
            panic!("not read");
        };
        assert_eq!(facts.version, "7.1");
    });
}

#[test]
fn a_command_that_hangs_ends_at_the_deadline_and_closes_the_connection() {
    let timeout = Span::from_millis(1_500);
    with_settings(
        |settings| SshSettings { timeout, ..settings },
        async |client, sshd| {
            sshd.router().force(Some(Down::BlackHole));
            let start = clock::now();
            let error = failed(client, &DOWNLOAD).await;
            let took = clock::now().since(start);
            assert_eq!(error.kind, FailureKind::Timeout);
            assert_eq!(error.detail, "1500 ms passed while waiting for the output");
            assert!(took >= timeout && took < Span::from_secs(10), "{took:?}");
            sshd.all_closed().await;
            sshd.router().force(None);
            assert_eq!(client.perform(&DOWNLOAD).await, Ok(tree_reply(900_000_000)));
        },
    );
}

#[test]
fn a_command_that_ends_badly_is_no_success_whatever_it_printed() {
    with_sshd(async |client, sshd| {
        sshd.end_with(3);
        let error = failed(client, &DOWNLOAD).await;
        assert_eq!(error.kind, FailureKind::Rejected);
        assert_eq!(error.detail, "the command ended with status 3");
    });
}

#[test]
fn a_server_that_opens_no_channel_says_so_at_once() {
    with_sshd(async |client, sshd| {
        sshd.open_no_channels();
        let error = failed(client, &DOWNLOAD).await;
        assert_eq!((error.kind, error.hint), (FailureKind::Rejected, Some(Hint::AllowSsh)));
        sshd.use_host_key(KeyKind::Ed25519);
        assert_eq!(client.perform(&DOWNLOAD).await, Ok(tree_reply(900_000_000)));
    });
}

#[test]
fn two_hundred_operations_share_one_login() {
    // Two hundred commands on a machine that does other things as well.
    run_within(Duration::from_mins(3), async |executor: &Rc<LocalExecutor<'static>>| {
        let sshd = Sshd::start(executor, settings());
        let mut client = SshClient::new(&sshd.settings()).unwrap();
        for bits in 1..=200 {
            let set = set_tree("WAN-Upload", bits * 1_000);
            assert_eq!(client.perform(&set).await, Ok(tree_limit(bits * 1_000)));
        }
        assert_eq!((sshd.commands(), sshd.connections()), (200, 1));
        assert_eq!(sshd.log().matches("Accepted publickey").count(), 1);
    });
}
