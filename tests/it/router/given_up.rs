//! Operations over SSH that are given up half-way: the session goes on, and what the router prints for
//! them later is nobody's answer.

use std::{rc::Rc, time::Duration};

use fastrand::Rng;
use smol::{LocalExecutor, Timer, future};
use wanctl::{
    control::time::Span,
    os::clock,
    router::{op::Op, ssh::SshClient},
};

use super::{
    equal::settings,
    ssh::{DOWNLOAD, with_sshd},
    talk::{read_tree, run_within, set_tree, tree_limit, tree_reply},
};
use crate::running::sshd::Sshd;

const UPLOAD: Op<'_> = read_tree("WAN-Upload");

/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);

/// Begins the operation and gives it up as soon as this is so.
async fn given_up(client: &mut SshClient, op: &Op<'_>, is_so: impl Fn() -> bool) {
    let early = async {
        panic!("it was over before: {:?}", client.perform(op).await);
    };
    let until = async {
        while !is_so() {
            Timer::after(LOOK).await;
        }
    };
    future::or(until, early).await;
}

/// Gives it up as soon as its answer is held back by the server.
async fn given_up_held(client: &mut SshClient, sshd: &Sshd, op: &Op<'_>) {
    let held = sshd.held();
    given_up(client, op, || sshd.held() > held).await;
}

/// Gives a read of the download up after this, or lets it end if it is quicker.
async fn given_up_after(client: &mut SshClient, wait: Span) {
    let begun = clock::now();
    let over = async {
        assert_eq!(client.perform(&DOWNLOAD).await, Ok(tree_reply(900_000_000)));
    };
    let late = async {
        while clock::now().since(begun) < wait {
            Timer::after(Duration::from_micros(200)).await;
        }
    };
    future::or(over, late).await;
}

/// Each queue has the limit that it was given.
async fn limits_are(client: &mut SshClient, download: u64, upload: u64) {
    assert_eq!(client.perform(&DOWNLOAD).await, Ok(tree_reply(download)));
    assert_eq!(client.perform(&UPLOAD).await, Ok(tree_reply(upload)));
}

#[test]
fn after_an_operation_that_was_given_up_the_next_one_needs_no_login() {
    with_sshd(async |client, sshd| {
        let set = set_tree("WAN-Upload", 11_000_000);
        assert_eq!(client.perform(&set).await, Ok(tree_limit(11_000_000)));
        for _ in 0..6 {
            sshd.hold(Some("WAN-Download"));
            given_up_held(client, sshd, &DOWNLOAD).await;
            assert_eq!(client.perform(&UPLOAD).await, Ok(tree_reply(11_000_000)));
            sshd.hold(None);
            limits_are(client, 900_000_000, 11_000_000).await;
        }
        assert_eq!((sshd.connections(), sshd.logins()), (1, 1), "{}", sshd.log());
    });
}

#[test]
fn more_operations_that_hang_than_a_session_has_room_for_cost_one_login_more() {
    with_sshd(async |client, sshd| {
        let set = set_tree("WAN-Upload", 12_000_000);
        assert_eq!(client.perform(&set).await, Ok(tree_limit(12_000_000)));
        sshd.hold(Some("WAN-Download"));
        for _ in 0..5 {
            given_up_held(client, sshd, &DOWNLOAD).await;
        }
        assert_eq!(client.perform(&UPLOAD).await, Ok(tree_reply(12_000_000)));
        sshd.hold(None);
        limits_are(client, 900_000_000, 12_000_000).await;
        assert_eq!((sshd.connections(), sshd.logins()), (2, 2), "{}", sshd.log());
    });
}

#[test]
fn a_login_that_was_given_up_half_way_goes_on_with_the_next_operation() {
    with_sshd(async |client, sshd| {
        given_up(client, &DOWNLOAD, || sshd.log().contains("Accepted key")).await;
        limits_are(client, 900_000_000, 90_000_000).await;
        assert_eq!((sshd.connections(), sshd.logins()), (1, 1), "{}", sshd.log());
    });
}

/// It may be the connection that has died, without a word.
#[test]
fn a_session_that_was_silent_for_two_seconds_is_not_waited_for_again() {
    with_sshd(async |client, sshd| {
        sshd.hold(Some("WAN-Download"));
        let begun = clock::now();
        let silent = || sshd.held() == 1 && clock::now().since(begun) > Span::from_secs(4);
        given_up(client, &DOWNLOAD, silent).await;
        assert_eq!(client.perform(&UPLOAD).await, Ok(tree_reply(90_000_000)));
        assert_eq!((sshd.connections(), sshd.logins()), (2, 2), "{}", sshd.log());
    });
}

/// While it logs in, while a channel is opened, before and after the command was sent.
#[test]
fn whenever_an_operation_is_given_up_the_next_ones_get_their_own_answers_by_one_login() {
    let seed = clock::unix_now();
    let mut random = Rng::with_seed(seed);
    // A hundred commands on a machine that does other things as well.
    run_within(Duration::from_mins(3), async |executor: &Rc<LocalExecutor<'static>>| {
        let sshd = Sshd::start(executor, settings());
        let mut client = SshClient::new(&sshd.settings()).unwrap();
        let mut first = None;
        for number in 1..=30 {
            let wait = Span::from_micros(random.u64(0..25_000));
            first.get_or_insert(wait);
            given_up_after(&mut client, wait).await;
            let set = set_tree("WAN-Upload", number * 1_000_000);
            let set = client.perform(&set).await;
            assert_eq!(set, Ok(tree_limit(number * 1_000_000)), "seed {seed}, {number}");
            limits_are(&mut client, 900_000_000, number * 1_000_000).await;
        }
        // The first may be given up before its connection is anybody's.
        let early = first.is_some_and(|first| first < Span::from_millis(2));
        let (connections, logins) = (sshd.connections(), sshd.logins());
        assert!(connections == 1 || early && connections == 2, "seed {seed}: {}", sshd.log());
        assert_eq!(logins, 1, "seed {seed}: {}", sshd.log());
    });
}
