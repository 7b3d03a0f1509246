//! Stops and kills at moments that nobody chose. Few of them: the bed has many.

use std::{
    io::{self, Write as _},
    thread,
};

use wanctl::{control::time::Span, os::clock, sim::routeros::Down};

use super::{configured, start, started};
use crate::running::{
    router::{Router, home},
    scratch::Scratch,
    stops::{kill_while_saving, stop_all},
    turn::turn,
    wait::seconds,
};

fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

#[test]
fn a_stop_at_any_moment_ends_it_with_zero_in_time_and_leaves_one_decision() {
    let _turn = turn();
    for (scene, longest) in stop_all(3, 4, clock::unix_now()) {
        say(&format!("{scene:?}: the end took {} ms at most", longest.as_millis()));
    }
}

#[test]
fn a_daemon_killed_while_it_saves_is_followed_by_one_that_goes_on() {
    let _turn = turn();
    let kill = |seed| move || kill_while_saving(8, seed);
    let seed = clock::unix_now();
    let hits: usize = thread::scope(|scope| {
        let chains = [0, 1, 2, 3].map(|chain| scope.spawn(kill(seed + chain)));
        chains.map(|chain| chain.join().unwrap()).iter().sum()
    });
    say(&format!("32 daemons killed while the state was being saved, {hits} before the rename"));
}

#[test]
fn sighup_does_not_end_it() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let mut daemon = started(&configured(&scratch, &router));
    for _ in 0..3 {
        let cycles = daemon.health().unwrap().wans[0].cycles;
        daemon.signal(libc::SIGHUP);
        daemon.until("going on", |health| health.wans[0].cycles > cycles + 5);
    }
    assert_eq!(daemon.stop().status.code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once_whichever_the_two_are() {
    let _turn = turn();
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    router.force(Some(Down::BlackHole));
    let config = configured(&scratch, &router);
    let mut longest = Span::ZERO;
    for first in [libc::SIGTERM, libc::SIGINT] {
        for second in [libc::SIGTERM, libc::SIGINT] {
            let mut daemon = start(&config);
            daemon.until("asking", |health| health.routers[0].requests == 1);
            daemon.signal(first);
            daemon.line("stopping");
            daemon.signal(second);
            let ended = daemon.ended(seconds(5));
            assert_eq!(ended.status.code(), Some(0));
            longest = longest.max(ended.after);
        }
    }
    say(&format!("the second signal ended it within {} ms", longest.as_millis()));
    assert!(longest < Span::from_millis(500), "{} ms", longest.as_millis());
}
