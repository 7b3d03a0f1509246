//! The SSH client and OpenSSH's own server with somebody in between who spoils what the server
//! says, at every stage: key exchange, login, command, output.

use std::{net::Ipv4Addr, rc::Rc, time::Duration};

use smol::{
    LocalExecutor, future,
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use wanctl::{
    control::{
        failure::FailureKind::{Garbage, HostKey, Reset, Timeout},
        time::Span,
    },
    os::clock,
    router::{
        error::RouterError,
        op::Reply,
        settings::{Host, SshSettings},
        ssh::SshClient,
    },
};

use super::{
    equal::settings,
    talk::{read_tree, run_within, tree_reply},
};
use crate::running::sshd::Sshd;

const DEADLINE: Span = Span::from_secs(2);

/// What is allowed on top on a busy machine.
const SLACK: Span = Span::from_secs(5);

/// Distance of the places that are spoilt, in bytes from the server's first; a whole operation
/// takes it 3 to 4 kB.
const STEP: usize = 307;
const STEPS: usize = 13;

/// What happens to the byte at a place of what the server says, and to all after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harm {
    /// It is another one.
    Changed,
    /// Random ones come before it.
    Pushed,
    /// They never come.
    Held,
    /// The connection ends before it.
    Cut,
}

/// Passes the first connection on to `port`, with this harm; gives the port to connect to.
async fn between(
    executor: &Rc<LocalExecutor<'static>>,
    port: u16,
    harm: Harm,
    place: usize,
) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let own = listener.local_addr().unwrap().port();
    let passing = async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let up = smol::io::copy(client.clone(), server.clone());
        // Either side may hang up.
        future::or(async { drop(up.await) }, spoil(server, client, harm, place)).await;
    };
    executor.spawn(passing).detach();
    own
}

async fn spoil(mut server: TcpStream, mut client: TcpStream, harm: Harm, place: usize) {
    let (mut bytes, mut passed) = (vec![0; 512], 0);
    while let Ok(count @ 1..) = server.read(&mut bytes).await {
        let mut portion = bytes[..count].to_vec();
        if (passed..passed + count).contains(&place) {
            let at = place - passed;
            match harm {
                Harm::Changed => portion[at] ^= 0x55,
                Harm::Pushed => drop(portion.splice(at..at, [0x5a; 40])),
                Harm::Held | Harm::Cut => portion.truncate(at),
            }
        }
        passed += count;
        if client.write_all(&portion).await.is_err() {
            return;
        }
        if passed > place {
            match harm {
                Harm::Changed | Harm::Pushed => {}
                Harm::Held => future::pending().await,
                Harm::Cut => return,
            }
        }
    }
}

async fn operation(
    executor: &Rc<LocalExecutor<'static>>,
    clean: &SshSettings,
    harm: Harm,
    place: usize,
) -> Result<Reply, RouterError> {
    let host = Host::Address(Ipv4Addr::LOCALHOST.into());
    let port = between(executor, clean.port, harm, place).await;
    let settings = SshSettings { host, port, timeout: DEADLINE, ..clean.clone() };
    let start = clock::now();
    let result = SshClient::new(&settings).unwrap().perform(&read_tree("WAN-Download")).await;
    let took = clock::now().since(start);
    assert!(took < DEADLINE + SLACK, "{harm:?} at {place} took {took:?}");
    result
}

/// How many of the operations with this harm failed; all others must give the right reply.
fn failures(harm: Harm) -> usize {
    run_within(Duration::from_mins(3), async |executor: &Rc<LocalExecutor<'static>>| {
        let sshd = Sshd::start(executor, settings());
        let clean = sshd.settings();
        let mut failures = 0;
        for place in (0..STEPS).map(|step| step * STEP) {
            match operation(executor, &clean, harm, place).await {
                Ok(reply) => assert_eq!(reply, tree_reply(900_000_000), "{harm:?} at {place}"),
                Err(error) => {
                    let expected = matches!(error.kind, Garbage | Reset | Timeout | HostKey);
                    assert!(expected, "{harm:?} at {place}: {error}");
                    let panicked = error.detail.contains("broke down");
                    assert!(!panicked, "{harm:?} at {place}: {error}");
                    failures += 1;
                }
            }
        }
        failures
    })
}

#[test]
fn a_byte_that_was_changed_never_gives_another_reply() {
    assert!(failures(Harm::Changed) >= 8);
}

#[test]
fn bytes_pushed_in_never_give_another_reply() {
    assert!(failures(Harm::Pushed) >= 8);
}

#[test]
fn a_server_that_falls_silent_at_any_stage_is_given_up_at_the_deadline() {
    assert!(failures(Harm::Held) >= 8);
}

#[test]
fn a_connection_cut_at_any_stage_gives_no_half_reply() {
    assert!(failures(Harm::Cut) >= 8);
}
