//! The real binary while REST swallows everything and SSH is used: during a try of REST, in a reload,
//! and when it is told to end around a try.

use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;
use wanctl::{
    control::{time::Span, units::PerDirection},
    os::clock,
    sim::routeros::RouterSettings,
};

use super::bed::{Bed, Options, PATIENCE};
use crate::running::{
    canary::is_crowded,
    proxy::Mischief,
    rows::{say, side_by_side},
    sshd::{KeyKind, Sshd},
    stops::{let_pass, whole},
    turn::turn,
    wait::{now, seconds, within},
};

/// Limits for the end that no decision leads to.
const EXIT: [(&str, &str); 2] = [("download_on_exit", "123M"), ("upload_on_exit", "17M")];
const EXIT_BPS: PerDirection<Option<u64>> =
    PerDirection { download: Some(123_000_000), upload: Some(17_000_000) };

const BOUNDS_BPS: PerDirection<(u64, u64)> =
    PerDirection { download: (100_000_000, 1_000_000_000), upload: (10_000_000, 200_000_000) };

/// Something is to be written every second for two minutes.
const SLOWLY: [(&str, &str); 2] = [("download_step_up", "0.3M"), ("upload_ceiling", "900M")];

/// With this deadline of REST, which has swallowed everything for so long that SSH is used.
fn over_ssh(rest_timeout: &str, wan: &[(&str, &str)]) -> Bed {
    let options = Options { router: &[("rest_timeout", rest_timeout)], wan, held: None };
    let bed = Bed::start_before(KeyKind::Ed25519, options);
    bed.follows("rest");
    bed.rest.set(Some(Mischief::StallAfter(0)));
    let left = within(seconds(60), || (bed.said("failed twice") == 1).then_some(()));
    assert!(left.is_some(), "{:#?}", bed.daemon.lines());
    bed.follows("ssh");
    bed
}

/// Waits until REST is tried again within a second or so.
fn until_a_try(bed: &Bed) {
    bed.daemon.until_within(seconds(50), "about to try", |health| {
        health.routers[0].failover.as_ref().is_some_and(|failover| failover.next_try_seconds <= 1)
    });
}

/// The longest time between two writes that the router took, until REST is not to be tried for long.
fn longest_gap(bed: &Bed) -> Span {
    let (mut last, mut longest) = (now(), Span::ZERO);
    let over = within(seconds(30), || {
        if !bed.router.model().take_accepted().is_empty() {
            last = now();
        }
        longest = longest.max(now().since(last));
        let health = bed.daemon.health()?;
        let failover = health.routers[0].failover.as_ref()?;
        (failover.next_try_seconds > 10).then_some(())
    });
    assert!(over.is_some(), "the try never ends: {:#?}", bed.daemon.health());
    longest
}

/// A request over REST is given up after eight seconds, and the router rests for three after that.
#[test]
fn over_ssh_control_goes_on_during_a_try_of_rest_and_after_a_reload() {
    let _turn = turn();
    let bed = over_ssh("8s", &SLOWLY);
    until_a_try(&bed);
    let gap = longest_gap(&bed);
    assert!(gap < seconds(6), "no write for {} ms: {:#?}", gap.as_millis(), bed.daemon.lines());
    let reload = |rest_timeout| {
        let router = &[("rest_timeout", rest_timeout), ("ssh_timeout", "6s")];
        bed.reload_with(Options { router, wan: &SLOWLY, held: None });
    };
    reload("8s");
    bed.daemon.line("reload: applied: router home changed");
    let again = bed.follows("ssh");
    assert!(again < seconds(14), "{} ms: {:#?}", again.as_millis(), bed.daemon.lines());
    assert_eq!(bed.said("failed twice"), 1, "{:#?}", bed.daemon.lines());
    // What a reload mends is used at once.
    bed.rest.set(None);
    bed.rest.cut();
    reload("7s");
    bed.daemon.line("REST works again");
    bed.follows("rest");
    let text = "the longest time without a write in a try";
    say(&format!(
        "{text}: {} ms; SSH again {} ms after a reload",
        gap.as_millis(),
        again.as_millis()
    ));
    bed.stops_cleanly();
}

/// No REST at all.
const SSH_ALONE: [(&str, &str); 2] = [("transport", "ssh"), ("fallback", "none")];

/// Tells it to end after `wait`: it does with zero, in time, and leaves nothing. Gives what it said.
fn ends(bed: &mut Bed, wait: Span) -> String {
    let_pass(wait);
    let requests = bed.router.log().requests();
    bed.daemon.signal(if wait.as_millis().is_multiple_of(2) {
        libc::SIGTERM
    } else {
        libc::SIGINT
    });
    let ended = bed.daemon.ended(PATIENCE);
    let lines = bed.daemon.lines().join("\n");
    let told = format!("signal after {} ms; it said\n{lines}", wait.as_millis());
    assert_eq!(ended.status.code(), Some(0), "{told}");
    assert!(ended.after <= seconds(5), "took {} ms: {told}", ended.after.as_millis());
    assert_eq!(bed.router.log().requests(), requests, "nothing more over REST: {told}");
    whole(&bed.scratch.join("state"), &told);
    let closed = within(PATIENCE, || bed.sshd.ask(Sshd::is_all_closed).then_some(()));
    assert!(closed.is_some(), "a session is left: {told}");
    say(&format!("stopped after {} ms: {} ms", wait.as_millis(), ended.after.as_millis()));
    told
}

/// One daemon that is told to end around a try; whether both limits for the end were set. If not, it
/// has said that the router did not answer in time.
fn stopped(seed: u64) -> bool {
    let mut random = Rng::with_seed(seed);
    let mut bed = over_ssh("2s", &EXIT);
    until_a_try(&bed);
    // Before the try, in it, or in what follows it.
    let told = ends(&mut bed, Span::from_millis(random.u64(0..4_000)));
    let set = bed.router.limits(&RouterSettings::home_tree()) == EXIT_BPS;
    let slow = told.contains("a router did not answer in time");
    assert!(set || slow, "seed {seed}, {told}");
    set
}

#[test]
fn a_stop_around_a_try_of_rest_sets_both_limits_over_ssh_in_time() {
    let _turn = turn();
    let seed = clock::unix_now();
    let seeds: Vec<u64> = (seed..seed + 6).collect();
    let late = AtomicUsize::new(0);
    side_by_side(&seeds, 3, |seed| {
        let set = stopped(*seed);
        late.fetch_add(usize::from(!set), Ordering::Relaxed);
        format!("{seed}: {}", if set { "both limits were set" } else { "the machine was too slow" })
    });
    // Where others crowd the machine two commands over SSH may take longer than an end may.
    let most = if is_crowded() { seeds.len() / 2 } else { 0 };
    let late = late.into_inner();
    assert!(late <= most, "{late} of {} were too slow", seeds.len());
}

#[test]
fn a_stop_while_neither_rest_nor_ssh_works_ends_in_time() {
    let _turn = turn();
    let rows = [Mischief::StallAfter(0), Mischief::Refuse, Mischief::ResetAfter(0)];
    side_by_side(&rows, rows.len(), |mischief| {
        let mut bed = over_ssh("2s", &EXIT);
        bed.ssh.set(Some(*mischief));
        let told = ends(&mut bed, Span::from_millis(fastrand::u64(..8_000)));
        let fine = bed.router.limits(&RouterSettings::home_tree()).zip(BOUNDS_BPS);
        let fine = fine.map(|(limit, (least, most))| limit >= Some(least) && limit <= Some(most));
        assert!(fine.download && fine.upload, "{mischief:?}: {fine:?}, {told}");
        format!("{mischief:?}: ended")
    });
}

/// The router lets it wait for what it tells of itself, and it is told to end.
#[test]
fn a_stop_gives_up_what_it_waits_for_over_ssh_without_another_login() {
    let _turn = turn();
    let held = Some("/system/resource");
    let options = Options { router: &SSH_ALONE, wan: &EXIT, held };
    let mut bed = Bed::start_before(KeyKind::Ed25519, options);
    let asked = within(PATIENCE, || (bed.sshd.ask(Sshd::held) == 1).then_some(()));
    assert!(asked.is_some(), "{:#?}", bed.daemon.lines());
    let told = ends(&mut bed, Span::ZERO);
    let (connections, logins) = bed.sshd.ask(|sshd| (sshd.connections(), sshd.logins()));
    assert_eq!((connections, logins), (1, 1), "{told}");
    let set = bed.router.limits(&RouterSettings::home_tree()) == EXIT_BPS;
    assert!(set || (is_crowded() && told.contains("did not answer in time")), "{told}");
    say(&format!("both limits {} set", if set { "were" } else { "could not be" }));
}

/// Another host key, from the start or after a while: nobody logs in there, for the end neither.
#[test]
fn a_stop_before_a_server_with_another_host_key_ends_in_time_and_says_nothing_about_the_user() {
    let _turn = turn();
    side_by_side(&[KeyKind::Rsa, KeyKind::Ed25519], 2, |first| {
        let options = Options { router: &SSH_ALONE, wan: &EXIT, held: None };
        let mut bed = Bed::start_before(*first, options);
        if *first == KeyKind::Ed25519 {
            bed.follows("ssh");
            bed.sshd.ask(|sshd| {
                sshd.use_host_key(KeyKind::Rsa);
                sshd.kill();
            });
        }
        bed.daemon.until("a stranger", |health| {
            health.routers[0].last_failure.as_deref() == Some("host-key")
        });
        let before = bed.router.limits(&RouterSettings::home_tree());
        let counts = |sshd: &Sshd| (sshd.logins(), sshd.commands());
        let known = bed.sshd.ask(move |sshd| (counts(sshd), sshd.log().len()));
        let from = now();
        let told = ends(&mut bed, Span::from_millis(fastrand::u64(..1_000)));
        let took = now().since(from);
        assert!(took < seconds(4), "{} ms: {told}", took.as_millis());
        assert_eq!(bed.router.limits(&RouterSettings::home_tree()), before, "{told}");
        let (after, log) = bed.sshd.ask(move |sshd| (counts(sshd), sshd.log()));
        assert_eq!(after, known.0, "{told}");
        let since = &log[known.1..];
        for word in ["Accepted", "Failed", "publickey", "user"] {
            assert!(!since.contains(word), "{word}: {since}");
        }
        format!("{first:?}: {} connections", bed.sshd.ask(Sshd::connections))
    });
}
