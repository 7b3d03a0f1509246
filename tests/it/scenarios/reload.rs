//! The core goes on with another configuration.

use wanctl::{
    control::{
        change::{Change, KeptItems, KeptStandIns, KeptWan, KeptWays, NextRouter, NextWan},
        connectivity::Contact,
        engine::{Answer, Engine},
        event::{Action, Request, Ticket},
        failure::FailureKind,
        queue::Found,
        units::Direction,
        wan::{RouterId, Settings, WanId},
    },
    sim::{
        link::LinkSettings,
        world::{RouterSettings, World},
    },
};

use super::{busy, count, limits, near, of_routers, run, window};
use crate::support::settings::{at, mbit, wan};

const KEPT: [NextRouter; 1] = [NextRouter::Kept(RouterId(0))];
const AFTER: [NextRouter; 1] = [NextRouter::After(RouterId(0), KeptWays::Same)];

/// The only WAN goes on with these settings; its reflectors had these places.
fn reload(
    world: &mut World,
    settings: &Settings,
    reflectors: [Option<u8>; 3],
    routers: &[NextRouter],
) {
    let queues = if routers == KEPT { KeptItems::Same } else { KeptItems::Doubted };
    let reflectors = reflectors.into_iter().collect();
    let stand_ins = KeptStandIns::Same;
    let from = KeptWan { wan: WanId(0), reflectors, stand_ins, queues };
    let wans = [NextWan { settings: *settings, from: Some(from) }];
    let now = world.now();
    world.engine().reconfigure(
        &Change { wans: &wans, routers, steerings: &[], leaving: &[] },
        now,
        5,
    );
}

const SAME: [Option<u8>; 3] = [Some(0), Some(1), Some(2)];

fn one(line: LinkSettings) -> World {
    World::new(vec![(wan(500, 50), line)], vec![RouterSettings::healthy()], 1)
}

#[test]
fn a_lower_ceiling_is_on_the_router_within_a_cycle_and_all_else_stays() {
    let mut world = one(LinkSettings::quiet());
    run(&mut world, 30_020);
    let before = world.engine().wans()[0].clone();
    reload(&mut world, &wan(300, 50), SAME, &KEPT);
    run(&mut world, 30_080);
    assert_eq!(world.limit(0, Direction::Download), Some(mbit(300)));
    let after = world.engine().wans()[0].clone();
    assert_eq!(after.cycles().total, before.cycles().total + 1, "the tick of 30,050 ms");
    assert_eq!(after.cycles().missed, 0);
    let moved =
        after.law().means().unwrap().baseline().above(before.law().means().unwrap().baseline());
    assert!(moved.abs() < 0.1, "{moved}");
    assert_eq!(of_routers(&world.take_events()).len(), 1, "connected once");
    run(&mut world, 90_000);
    assert_eq!(world.engine().wans()[0].cycles().total, 90 * 20 + 1);
}

/// Sixty kilometres of fibre more: without new means it would be "yellow" for ever.
#[test]
fn farther_reflectors_are_not_taken_for_a_queue() {
    let mut world = one(LinkSettings::cable());
    run(&mut world, 30_020);
    let rates = world.engine().wans()[0].wanted();
    reload(&mut world, &wan(500, 50), [None, None, None], &KEPT);
    let now = world.now();
    assert!(world.engine().wans()[0].law().means().is_none());
    assert_eq!(world.engine().wans()[0].measured(), None, "not by these");
    assert_eq!(world.engine().wans()[0].next_tick(), at(30_050));
    assert_eq!((world.engine().wans()[0].wanted(), now), (rates, at(30_020)));
    world.take_requests();
    run(&mut world, 31_900);
    assert!(world.engine().wans()[0].law().means().is_none(), "two seconds are needed");
    assert!(world.engine().saved(WanId(0)).is_some(), "the rates are worth keeping");
    run(&mut world, 32_500);
    assert!(world.engine().wans()[0].law().means().is_some());
    assert_eq!(count(&world.take_requests(), |request| matches!(request, Request::Write(..))), 0);
}

#[test]
fn spare_reflectors_and_another_order_cost_no_baseline() {
    let mut world = one(LinkSettings::cable());
    run(&mut world, 30_020);
    reload(&mut world, &wan(500, 50), [Some(2), Some(0), Some(1)], &KEPT);
    assert!(world.engine().wans()[0].law().means().is_some());
    run(&mut world, 30_200);
    assert_eq!(world.engine().wans()[0].unused().forged, 0);
    assert_eq!(world.engine().wans()[0].cycles().missed, 0);
}

#[test]
fn the_device_rests_after_a_request_that_was_given_up() {
    let mut settings = RouterSettings::healthy();
    settings.failures.push((window(30_000, 31_000), FailureKind::Timeout));
    let mut world = World::new(vec![(wan(500, 50), busy(1))], vec![settings], 1);
    run(&mut world, 30_900);
    assert!(world.engine().routers()[0].is_busy(), "it hangs");
    world.take_requests();
    reload(&mut world, &wan(500, 50), SAME, &AFTER);
    run(&mut world, 33_890);
    assert_eq!(world.take_requests().len(), 0);
    run(&mut world, 34_100);
    let requests: Vec<_> =
        world.take_requests().into_iter().map(|(_, _, request)| request).collect();
    assert!(matches!(requests[..2], [Request::Read(..), Request::Read(..)]), "{requests:?}");
}

#[test]
fn an_access_mended_after_a_long_outage_goes_on_from_the_limit_in_force() {
    let mut settings = RouterSettings::healthy();
    settings.failures.push((window(20_000, 200_000), FailureKind::Tls));
    let mut world = World::new(vec![(wan(500, 50), busy(1))], vec![settings], 1);
    run(&mut world, 200_002);
    assert_ne!(world.engine().routers()[0].contact(), Contact::Reachable, "not asked again yet");
    let in_force = limits(&world, 0);
    world.take_requests();
    reload(&mut world, &wan(500, 50), SAME, &AFTER);
    assert_eq!(limits(&world, 0), in_force);
    run(&mut world, 200_004);
    // Asked at once: a certificate that was not trusted is no reason to wait.
    let reads = count(&world.take_requests(), |request| matches!(request, Request::Read(..)));
    assert!(reads >= 1);
    run(&mut world, 200_040);
    let near = near(&mut world, 0);
    assert!(near.download && near.upload, "{in_force:?} {:?}", world.engine().wans()[0].wanted());
}

fn asked(engine: &mut Engine) -> Option<Ticket> {
    std::iter::from_fn(|| engine.poll_action()).find_map(|action| match action {
        Action::Ask { ticket, .. } => Some(ticket),
        Action::Probe { .. }
        | Action::AskTime { .. }
        | Action::Connect { .. }
        | Action::AskGateway { .. }
        | Action::Save => None,
    })
}

/// Both are the first request of their router, at the same place.
#[test]
fn an_answer_of_the_router_before_is_none_of_the_one_after() {
    let mut engine = Engine::new(&[wan(500, 50)], at(0), 1);
    engine.on_tick(at(0));
    let before = asked(&mut engine).unwrap();
    let wans = [NextWan { settings: wan(500, 50), from: None }];
    engine.reconfigure(
        &Change { wans: &wans, routers: &[NextRouter::New], steerings: &[], leaving: &[] },
        at(10),
        2,
    );
    engine.on_tick(at(10));
    let after = asked(&mut engine).unwrap();
    assert_ne!(before, after);
    engine.on_answer(RouterId(0), before, Err(FailureKind::Timeout), at(20));
    assert!(engine.routers()[0].is_busy() && engine.poll_event().is_none());
    engine.on_answer(RouterId(0), after, Ok(Answer::Limit(Found::One(None))), at(20));
    assert_eq!(engine.routers()[0].contact(), Contact::Reachable);
}
