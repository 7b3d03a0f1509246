//! The adaptive law in cycles that are longer than the default ones: the same line is seen in fewer
//! values.

use fastrand::Rng;
use wanctl::{
    control::{
        time::Span,
        units::{Direction, PerDirection, Rate, Ratio},
        wan,
    },
    sim::{
        link::{Demand, Jitter, LinkSettings},
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, limits, window};
use crate::support::settings::{at, mbit, wan};

/// In ms; the last one is the longest that the configuration allows.
const INTERVALS: [u64; 5] = [50, 100, 200, 500, 2_000];
/// Cuts that half an hour of a line may cost that has no queue: each is made good within seconds.
const MOST: usize = 5;
const BEGIN_MS: u64 = 20_000;
/// Of each run, from its begin on.
const LASTS_MS: u64 = 1_800_000;

/// A line and what it carries in Mbit/s.
type Known = ((u64, u64), LinkSettings);

fn dsl() -> Known {
    ((50, 10), LinkSettings::dsl())
}

/// Whoever waits for a lost reply skips a cycle.
fn lossy() -> Known {
    let (carries, line) = dsl();
    (carries, LinkSettings { loss: Ratio::from_ppm(20_000), ..line })
}

/// The arena's cable line: 38 ms of jitter.
fn jittery() -> Known {
    let line =
        LinkSettings { jitter: Jitter::Uniform(Span::from_millis(38)), ..LinkSettings::cable() };
    ((500, 50), line)
}

fn settings((download, upload): (u64, u64), interval: u64) -> wan::Settings {
    let mut settings = wan(download * 11 / 10, upload * 11 / 10);
    settings.law.interval = Span::from_millis(interval);
    settings
}

fn world(((down, up), line): Known, interval: u64, seed: u64) -> World {
    let wans = vec![(settings((down, up), interval), line)];
    World::new(wans, vec![RouterSettings::healthy()], seed)
}

fn loaded(line: LinkSettings, demands: PerDirection<Demand>) -> LinkSettings {
    Direction::BOTH.into_iter().fold(line, |line, direction| {
        line.with_load(direction, window(BEGIN_MS, FOR_EVER), *demands.of(direction))
    })
}

/// Of what the line carries, in percent: there is no queue.
fn calm(((down, up), line): Known, percent: u64) -> Known {
    let share = |all: u64| Rate::from_bps(mbit(all).bps() * percent / 100).map(Demand::Fixed);
    let Some((download, upload)) = share(down).zip(share(up)) else { return ((down, up), line) };
    ((down, up), loaded(line, PerDirection { download, upload }))
}

fn full((carries, line): Known) -> Known {
    (carries, loaded(line, PerDirection::both(Demand::Greedy)))
}

/// One round in twenty in the mean, and never two after each other, takes 60 ms longer with all reflectors.
fn with_odd_rounds((carries, line): Known, interval: u64, seed: u64) -> Known {
    let mut random = Rng::with_seed(seed);
    let usual = line.base_rtt.at(at(0));
    let mut base_rtt = Schedule::constant(usual);
    let mut round = BEGIN_MS / interval;
    while round * interval < BEGIN_MS + LASTS_MS {
        round += random.u64(2..=38);
        let odd = round * interval;
        let longer = usual + Span::from_millis(60);
        base_rtt = base_rtt.then(at(odd - 5), longer).then(at(odd + 15), usual);
    }
    (carries, LinkSettings { base_rtt, ..line })
}

/// How often a limit became lower, and what was carried in the mean in kbit/s, of both directions.
fn cuts_and_carried(mut world: World) -> (usize, u64) {
    let mut before = limits(&world, 0);
    let mut cuts = 0;
    let watch = |world: &mut World| {
        let now = limits(world, 0);
        let is_cut = before.zip(now).map(|(before, now)| now < before);
        cuts += usize::from(is_cut.download) + usize::from(is_cut.upload);
        before = now;
    };
    world.run_until(at(BEGIN_MS + LASTS_MS), watch).unwrap();
    let stats = world.link(0).unwrap().stats();
    let bytes = stats.download.delivered + stats.upload.delivered;
    (cuts, bytes * 8 / LASTS_MS)
}

#[test]
fn rounds_that_are_odd_cut_nothing_however_long_the_cycles() {
    for interval in INTERVALS {
        for (percent, known) in
            [(0, dsl()), (30, dsl()), (85, dsl()), (85, lossy()), (85, jittery())]
        {
            let ((down, up), _) = known;
            let line = with_odd_rounds(calm(known, percent), interval, interval);
            let (cuts, carried) = cuts_and_carried(world(line, interval, 1));
            let place = format!("{interval} ms, {percent} % of {down}");
            assert!(cuts <= MOST, "{place}: {cuts} cuts, {carried} kbit/s");
            let wanted = (down + up) * 10 * percent;
            assert!(carried * 100 >= wanted * 99, "{place}: {carried} of {wanted} kbit/s");
        }
    }
}

#[test]
fn nor_does_jitter() {
    for interval in INTERVALS {
        for percent in [0, 85] {
            let (cuts, _) = cuts_and_carried(world(calm(jittery(), percent), interval, 2));
            assert!(
                cuts <= if percent == 0 { 0 } else { MOST },
                "{interval} ms, {percent} %: {cuts}"
            );
        }
    }
}

/// In twenty minutes: the delay in ms that is exceeded in one look of twenty, and how much of the line is carried, in percent.
fn delay_and_carried(((down, up), line): Known, interval: u64, seed: u64) -> (u64, u64) {
    let mut world = world(full(((down, up), line)), interval, seed);
    let delay = |look: u64| {
        world.run_until(at(BEGIN_MS + look * 50), |_| ()).unwrap();
        let PerDirection { download, upload } = world.link(0).unwrap().stats();
        (download.queue_delay + upload.queue_delay).as_millis()
    };
    let mut delays: Vec<u64> = (1..=24_000).map(delay).collect();
    delays.sort_unstable();
    let stats = world.link(0).unwrap().stats();
    let bytes = stats.download.delivered + stats.upload.delivered;
    (delays[delays.len() * 95 / 100], bytes * 8 / 1_200 / 10_000 / (down + up))
}

/// A queue is seen in the second round that it is in, and grows until then; where cycles are longer than
/// buffers, these are full.
#[test]
fn a_full_line_has_a_delay_of_a_third_of_a_cycle_at_most_and_is_used() {
    let mut wrong = Vec::new();
    for interval in INTERVALS {
        for (name, known) in [("dsl", dsl()), ("cable", jittery())] {
            let seeds = (3..6).map(|seed| delay_and_carried(known.clone(), interval, seed));
            let (delays, carried): (Vec<u64>, Vec<u64>) = seeds.unzip();
            let mean = |values: &[u64]| values.iter().sum::<u64>() / 3;
            let (delay, carried) = (mean(&delays), mean(&carried));
            let most = (interval / 3).clamp(35, 300);
            let place = format!("{interval} ms, {name}: {delay} ms, {carried} %");
            println!("{place}");
            if delay > most || carried < 80 {
                wrong.push(place);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
