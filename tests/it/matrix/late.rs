//! A write that got no answer in time and that the router carries out all the same, when the queue has
//! long been set to something else: the real binary finds it and mends it.

use wanctl::{
    control::{
        time::Span,
        units::{Direction, PerDirection, Rate},
    },
    os::clock,
    sim::routeros::{Accepted, Down, RouterSettings},
};

use super::driver::{REST_TIMEOUT, SLACK};
use crate::running::{
    config::{CLIMBING, TREE, globals, section},
    daemon::{Daemon, PATIENCE, WANCTL, run},
    router::{Router, home},
    rows::say,
    scratch::Scratch,
    stops::{leave_rates, let_pass},
    turn::turn,
    wait::{look_again_later, now, seconds, within},
};

/// The rates reach these, in Mbit/s, after climbing for twenty seconds: then nothing is to be written.
const CEILINGS: PerDirection<u64> = PerDirection { download: 400, upload: 60 };
const CLIMBED: Span = seconds(60);
const LEFT: (u64, u64) = (200, 20);

/// A queue with a write that was given up is read every five seconds; mending takes a write more.
const SOON: Span = Span::from_millis(6_200);

/// What was still on the way when both ceilings were reached is over.
const QUIET: Span = seconds(3);

/// A write is due each second, unless a reading fails first, which takes as long.
const SWALLOWS: Span = REST_TIMEOUT.times(2);

/// Rates climb for about three seconds of each.
const TRIES: usize = 5;

/// A router that carries the first write out that comes from now on, but not yet; its queue and limit.
/// Where the answer to a reading is swallowed first, nothing is written before the router is back.
fn swallows(router: &Router, daemon: &Daemon) -> (Direction, Rate) {
    for turn in 1..=TRIES {
        if let Some(swallowed) = swallows_a_write(router) {
            say(&format!("swallowed at try {turn}"));
            return swallowed;
        }
        let writes = || router.model().take_accepted().into_iter().next();
        assert!(within(PATIENCE, writes).is_some(), "nothing is written: {:#?}", daemon.lines());
    }
    panic!("no write is swallowed: {:#?}", daemon.lines());
}

fn swallows_a_write(router: &Router) -> Option<(Direction, Rate)> {
    let tree = RouterSettings::home_tree();
    let start = now();
    let before = {
        let mut model = router.model();
        model.take_accepted();
        model.force(Some(Down::AnswerLost));
        model.limits(&tree)
    };
    loop {
        let late = now().since(start) >= SWALLOWS;
        let mut model = router.model();
        let accepted = model.take_accepted().into_iter().next();
        if accepted.is_some() || late {
            model.force(None);
        }
        if let Some(Accepted { name, value, .. }) = accepted {
            let mut directions = Direction::BOTH.into_iter();
            let direction = directions.find(|direction| tree.name(*direction) == name)?;
            let old = (*before.of(direction)).expect("it has a limit");
            model.set_limit(&tree, direction, old).unwrap();
            return Some((direction, Rate::from_bps(value.parse().unwrap()).unwrap()));
        }
        if late {
            return None;
        }
        drop(model);
        look_again_later();
    }
}

#[test]
fn a_write_that_the_router_carries_out_when_nobody_expects_it_does_not_stand_for_long() {
    let _turn = turn();
    let (scratch, router) = (Scratch::in_memory(), Router::start(home()));
    leave_rates(&scratch, "state", LEFT, clock::unix_now());
    let ceilings = [("download_ceiling", "400M"), ("upload_ceiling", "60M")];
    let others = CLIMBING.iter().filter(|(name, _)| !name.ends_with("_ceiling")).copied();
    let options: Vec<_> = others.chain(ceilings).chain(TREE).collect();
    let text = globals(&scratch, "info")
        + &router.section("home", &scratch)
        + &section("wan", "cable", &options);
    let config = scratch.write("wanctl.conf", text.as_bytes());
    let mut daemon = Daemon::spawn(run(WANCTL.as_ref(), &config));
    daemon.wait_for_status();
    // The last that is asked once per connection: no answer to that is to be swallowed.
    daemon.line("router home: RouterOS");
    // What the router had at first is no write of the daemon's.
    let climbs =
        |confirmed| (LEFT.0 * 1_000_000 + 1..=CEILINGS.download * 1_000_000).contains(&confirmed);
    daemon.until("writing", |health| health.wans[0].download.confirmed_bps.is_some_and(climbs));
    let (direction, late) = swallows(&router, &daemon);
    let wanted = CEILINGS.map(|ceiling| Some(ceiling * 1_000_000));
    let tree = RouterSettings::home_tree();
    let settled = |limit| within(limit, || (router.limits(&tree) == wanted).then_some(()));
    assert!(settled(CLIMBED).is_some(), "{:#?}", daemon.lines());
    let_pass(QUIET);
    assert_eq!(router.limits(&tree), wanted, "{:#?}", daemon.lines());
    router.model().set_limit(&tree, direction, late).unwrap();
    let (from, most) = (now(), SOON + SLACK);
    assert!(settled(PATIENCE).is_some(), "{:#?}", daemon.lines());
    let stood = now().since(from);
    let lines = daemon.lines();
    assert!(stood <= most, "{} ms: {lines:#?}", stood.as_millis());
    let foreign = daemon.count(&["somebody"]);
    assert_eq!(foreign, 0, "it was its own: {lines:#?}");
    say(&format!("{late:?} for {direction:?} stood for {} ms", stood.as_millis()));
    assert_eq!(daemon.stop().status.code(), Some(0));
}
