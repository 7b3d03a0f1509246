//! Two transports to one router: which one is used, in virtual time and with the real binary.

mod bed;
mod holds;
mod matrix;
mod real;
mod reload;
mod rules;
mod tries;

use wanctl::{
    control::{event::Request, failover::Route, time::Instant},
    sim::world::World,
};

/// When the only router was asked what, and by which way, since this was asked last.
fn take_routed(world: &mut World) -> Vec<(Instant, Route, Request)> {
    let routed = world.take_routed().into_iter();
    routed.map(|(asked, _, route, request)| (asked, route, request)).collect()
}
