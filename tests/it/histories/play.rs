//! Plays a history in virtual time, and says which promise it breaks.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wanctl::{
    control::time::{Instant, Span},
    sim::{schedule::Window, world::World},
};

use super::{
    fault::{Fault, History, NO_LIMITS, Timed},
    judge::{Breach, Judge},
    scene::Scene,
    story::Story,
};
use crate::support::settings::at;

/// The end comes within this: what may be tried again within two seconds, and one request of two
/// seconds more.
const ENDS_WITHIN: Span = Span::from_millis(4_100);
/// A slow router may be asked so often: one request is on the way, and two WANs have two queues
/// each to be read and written.
const REQUESTS_LEFT: u64 = 9;

/// When the player has to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Meddle(usize),
    Stall(Instant),
    Stop,
}

/// Plays the history to its end.
///
/// # Errors
/// The first promise that was broken.
pub fn play(history: &History) -> Result<Story, Breach> {
    let played = catch_unwind(AssertUnwindSafe(|| play_or_panic(history)));
    played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Err(format!("it panicked: {}", text.unwrap_or_default()))
    })
}

fn play_or_panic(history: &History) -> Result<Story, Breach> {
    let scene = Scene::of(history);
    let mut world = scene.world(history.seed);
    let acts = acts(history);
    let mut judge = Judge::new(history, &scene, &stalls(history));
    for (when, act) in acts {
        run(&mut world, &mut judge, when)?;
        match act {
            Act::Meddle(wan) => world.meddle(wan, NO_LIMITS),
            Act::Stall(to) => {
                judge.stalls(Window { from: when, to });
                world.suspend_until(to);
            }
            Act::Stop => break,
        }
    }
    let now = world.now();
    judge.stops(&mut world)?;
    world.engine().on_stop(now);
    let until = now + ENDS_WITHIN + slowest(history).times(REQUESTS_LEFT);
    drain(&mut world, &mut judge, until)?;
    judge.ended(&mut world)?;
    Ok(judge.story)
}

/// The longest time that a router takes for an answer.
fn slowest(history: &History) -> Span {
    let slow = history.faults.iter().filter_map(|timed| {
        let Fault::Slow(_, ms) = timed.fault else { return None };
        Some(Span::from_millis(ms))
    });
    slow.max().unwrap_or_default()
}

/// In the order of time, none after the stop.
fn acts(history: &History) -> Vec<(Instant, Act)> {
    let act = |timed: &Timed| {
        let Fault::Meddled(wan) = timed.fault else { return None };
        Some((at(timed.from), Act::Meddle(usize::from(wan))))
    };
    let mut acts: Vec<_> = history.faults.iter().filter_map(act).collect();
    acts.extend(stalls(history).into_iter().map(|stall| (stall.from, Act::Stall(stall.to))));
    acts.push((at(history.stop), Act::Stop));
    acts.sort_unstable();
    acts
}

/// When the board does nothing: a stall that begins in another one makes that longer. What is due in
/// the millisecond before is still done.
fn stalls(history: &History) -> Vec<Window> {
    let is = |timed: &&Timed| timed.fault == Fault::Stall && timed.from < history.stop;
    let late = Span::from_micros(10);
    let window = |timed: &Timed| Window { from: at(timed.from) + late, to: at(timed.to()) };
    let mut windows: Vec<_> = history.faults.iter().filter(is).map(window).collect();
    windows.sort_unstable_by_key(|window| window.from);
    let mut stalls: Vec<Window> = Vec::new();
    for window in windows {
        match stalls.last_mut().filter(|last| last.to >= window.from) {
            Some(last) => last.to = last.to.max(window.to),
            None => stalls.push(window),
        }
    }
    stalls
}

fn run(world: &mut World, judge: &mut Judge, to: Instant) -> Result<(), Breach> {
    let mut breach = None;
    let run = world.run_until(to, |world| {
        if breach.is_none() {
            breach = judge.look(world).err();
        }
    });
    run.map_err(|livelock| format!("{livelock:?}"))?;
    breach.map_or(Ok(()), Err)
}

/// Until all is done, in time.
fn drain(world: &mut World, judge: &mut Judge, until: Instant) -> Result<(), Breach> {
    loop {
        let now = world.now();
        if world.engine().is_drained(now) {
            return Ok(());
        }
        if now >= until {
            return Err(format!("not drained at {now:?}"));
        }
        run(world, judge, now + Span::from_millis(10))?;
    }
}
