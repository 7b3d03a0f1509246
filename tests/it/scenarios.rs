//! What goes wrong in the field, in virtual time: routers, queues, boards.

mod adaptive;
mod base;
mod counts;
mod deep;
mod ends;
mod fallback;
mod field;
mod interval;
mod late;
mod log;
mod oneway;
mod pace;
mod queues;
mod reflectors;
mod reload;
mod routers;
mod slow;
mod types;

use wanctl::{
    control::{
        event::{Event, Request, RouterNews, WanNews, What},
        queue::QueueSlot,
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate},
        wan::{RouterId, WanId},
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Window,
        world::World,
    },
};

use crate::support::settings::at;

const DOWN: QueueSlot = QueueSlot::One(Direction::Download);
const UP: QueueSlot = QueueSlot::One(Direction::Upload);

fn window(from_ms: u64, to_ms: u64) -> Window {
    Window { from: at(from_ms), to: at(to_ms) }
}

const FOR_EVER: u64 = u64::MAX / 2_000;

fn run(world: &mut World, to_ms: u64) {
    world.run_until(at(to_ms), |_| ()).unwrap();
}

/// A cable line whose downloads and uploads alternate by the minute, for `minutes`.
fn busy(minutes: u64) -> LinkSettings {
    (0..minutes).fold(LinkSettings::cable(), |line, minute| {
        let direction = if minute % 2 == 0 { Direction::Download } else { Direction::Upload };
        line.with_load(direction, window(minute * 60_000, minute * 60_000 + 50_000), Demand::Greedy)
    })
}

fn limits(world: &World, wan: usize) -> PerDirection<Option<Rate>> {
    PerDirection {
        download: world.limit(wan, Direction::Download),
        upload: world.limit(wan, Direction::Upload),
    }
}

fn of_routers(events: &[Event]) -> Vec<RouterNews> {
    let news = events.iter().map(|event| match event.what {
        What::Router(_, news) => Some(news),
        What::Wan(..) | What::Steering(..) => None,
    });
    news.flatten().collect()
}

fn of_wan(events: &[Event], id: u8) -> Vec<WanNews> {
    let news = events.iter().map(|event| match event.what {
        What::Wan(wan, news) => (wan == WanId(id)).then_some(news),
        What::Router(..) | What::Steering(..) => None,
    });
    news.flatten().collect()
}

/// How many of the requests a rule picks.
fn count(requests: &[(Instant, RouterId, Request)], picks: fn(Request) -> bool) -> usize {
    requests.iter().filter(|(_, _, request)| picks(*request)).count()
}

/// Where the router's limit is within a twentieth of the wanted rate.
fn near(world: &mut World, wan: usize) -> PerDirection<bool> {
    let wanted = world.engine().wans()[wan].wanted();
    limits(world, wan).zip(wanted).map(|(limit, wanted)| {
        limit.is_some_and(|limit| limit.distance(wanted) <= wanted.bps() / 20)
    })
}

/// Whether they meet in each direction at some point of the next seconds (the longest spacing);
/// wanted rates may move on after it.
fn converges(world: &mut World, wan: usize) -> bool {
    let mut met = near(world, wan);
    let until = world.now() + Span::from_secs(11);
    let watch = |world: &mut World| {
        met = met.zip(near(world, wan)).map(|(before, now)| before || now);
    };
    world.run_until(until, watch).unwrap();
    met.download && met.upload
}
