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

use super::driver::SLACK;
use crate::running::{
    config::{CLIMBING, TREE, globals, section},
    daemon::{Daemon, PATIENCE, WANCTL, run},
    router::{Router, home},
    rows::say,
    scratch::Scratch,
    stops::{leave_rates, let_pass},
    turn::turn,
    wait::{now, seconds, within},
};

/// The rates reach these, in Mbit/s, ten seconds after the start: then nothing is to be written.
const CEILINGS: PerDirection<u64> = PerDirection { download: 300, upload: 40 };
const LEFT: (u64, u64) = (200, 20);

/// A queue with a write that was given up is read every five seconds; mending takes a write more.
const SOON: Span = Span::from_millis(6_200);

/// What was still on the way when both ceilings were reached is over.
const QUIET: Span = seconds(3);

/// A router that carries the first write out that comes from now on, but not yet; its queue and limit.
fn swallows(router: &Router) -> (Direction, Rate) {
    let tree = RouterSettings::home_tree();
    let before = {
        let mut model = router.model();
        model.take_accepted();
        model.force(Some(Down::AnswerLost));
        model.limits(&tree)
    };
    let swallowed = within(PATIENCE, || {
        let mut model = router.model();
        let Accepted { name, value, .. } = model.take_accepted().into_iter().next()?;
        model.force(None);
        let direction =
            Direction::BOTH.into_iter().find(|direction| tree.name(*direction) == name)?;
        let old = (*before.of(direction)).expect("it has a limit");
        model.set_limit(&tree, direction, old).unwrap();
        Some((direction, Rate::from_bps(value.parse().unwrap()).unwrap()))
    });
    swallowed.expect("nothing is written")
}

#[test]
fn a_write_that_the_router_carries_out_when_nobody_expects_it_does_not_stand_for_long() {
    let _turn = turn();
    let (scratch, router) = (Scratch::in_memory(), Router::start(home()));
    leave_rates(&scratch, "state", LEFT, clock::unix_now());
    let ceilings = [("download_ceiling", "300M"), ("upload_ceiling", "40M")];
    let others = CLIMBING.iter().filter(|(name, _)| !name.ends_with("_ceiling")).copied();
    let options: Vec<_> = others.chain(ceilings).chain(TREE).collect();
    let text = globals(&scratch, "info")
        + &router.section("home", &scratch)
        + &section("wan", "cable", &options);
    let config = scratch.write("wanctl.conf", text.as_bytes());
    let mut daemon = Daemon::spawn(run(WANCTL.as_ref(), &config));
    daemon.wait_for_status();
    daemon.until("writing", |health| health.wans[0].download.confirmed_bps > Some(200_000_000));
    let (direction, late) = swallows(&router);
    let wanted = CEILINGS.map(|ceiling| Some(ceiling * 1_000_000));
    let tree = RouterSettings::home_tree();
    let settled = |limit| within(limit, || (router.limits(&tree) == wanted).then_some(()));
    assert!(settled(PATIENCE).is_some(), "{:#?}", daemon.lines());
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
