//! Two transports to one router: which one is used, in virtual time and with the real binary.

mod bed;
mod holds;
mod matrix;
mod real;
mod reload;
mod rules;
mod stops;
mod tries;

use wanctl::{
    control::{
        event::{Event, Request, RouterNews, What},
        failover::{Fallback, Route, Turn},
        time::Instant,
    },
    sim::{
        schedule::Window,
        world::{RouterSettings, World},
    },
};

use crate::support::settings::at;

/// In milliseconds.
const FOR_EVER: u64 = u64::MAX / 2_000;

/// From and to these milliseconds.
fn window(from: u64, to: u64) -> Window {
    Window { from: at(from), to: at(to) }
}

fn two_ways() -> RouterSettings {
    RouterSettings { fallback: Fallback::Present, ..RouterSettings::healthy() }
}

/// The changes of the transport since the events were taken last.
fn turns(world: &mut World) -> Vec<(Instant, Turn)> {
    let turn = |event: &Event| match event.what {
        What::Router(_, RouterNews::Turned(turn)) => Some((event.at, turn)),
        What::Router(..) | What::Wan(..) | What::Steering(..) => None,
    };
    world.take_events().iter().filter_map(turn).collect()
}

/// When the only router was asked what, and by which way, since this was asked last.
fn take_routed(world: &mut World) -> Vec<(Instant, Route, Request)> {
    let routed = world.take_routed().into_iter();
    routed.map(|(asked, _, route, request)| (asked, route, request)).collect()
}
