//! The adaptive law on simulated lines: what it moves, when, and what it leaves alone.

use wanctl::{
    control::{
        event::{Request, WanNews},
        failure::FailureKind,
        ladder::Floors,
        queue::Limit,
        rule::Choice,
        saved::Freshness,
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate},
        wan::{self, WanId},
    },
    sim::{
        link::{Demand, Jitter, LinkSettings},
        schedule::Schedule,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, count, limits, of_wan, run, window};
use crate::support::settings::{adaptive, at, left, mbit, wan};

/// A quiet line of 100 and 20 Mbit/s whose ceilings are a tenth too high.
fn settings() -> wan::Settings {
    adaptive(&wan(110, 22))
}

fn loaded(line: LinkSettings, directions: &[Direction]) -> LinkSettings {
    let greedy = |line: LinkSettings, direction: &Direction| {
        line.with_load(*direction, window(5_000, FOR_EVER), Demand::Greedy)
    };
    directions.iter().fold(line, greedy)
}

fn world(line: LinkSettings) -> World {
    World::new(vec![(settings(), line)], vec![RouterSettings::healthy()], 1)
}

/// Each limit of a direction in force from now on, and since when.
fn moves(world: &mut World, to_ms: u64, direction: Direction) -> Vec<(Instant, Rate)> {
    let mut moves: Vec<(Instant, Rate)> = Vec::new();
    let watch = |world: &mut World| {
        let limit = world.limit(0, direction);
        if let Some(limit) =
            limit.filter(|limit| moves.last().is_none_or(|(_, last)| last != limit))
        {
            moves.push((world.now(), limit));
        }
    };
    world.run_until(at(to_ms), watch).unwrap();
    moves
}

fn cuts(moves: &[(Instant, Rate)]) -> Vec<Instant> {
    let cut = |pair: &[(Instant, Rate)]| (pair[1].1 < pair[0].1).then_some(pair[1].0);
    moves.windows(2).filter_map(cut).collect()
}

/// 40 ms more from that moment on.
fn longer_path(line: LinkSettings, from_ms: u64) -> LinkSettings {
    let longer = line.base_rtt.at(at(0)) + Span::from_millis(40);
    let base_rtt = line.base_rtt.clone().then(at(from_ms), longer);
    LinkSettings { base_rtt, ..line }
}

#[test]
fn a_longer_path_on_an_idle_line_costs_no_cut_and_is_told_within_seconds() {
    for seed in 0..10 {
        let line = longer_path(LinkSettings::cable(), 60_000);
        let settings = adaptive(&wan(550, 55));
        let mut world = World::new(vec![(settings, line)], vec![RouterSettings::healthy()], seed);
        run(&mut world, 59_000);
        let before = limits(&world, 0);
        let _ = world.take_events();
        run(&mut world, 64_000);
        let told = of_wan(&world.take_events(), 0);
        let mut paths = Vec::new();
        for news in &told {
            if let WanNews::PathChanged(change, _) = news {
                paths.push(change.after.above(change.before));
            }
        }
        assert_eq!(paths.len(), 1, "seed {seed}: {told:?}");
        assert!((35.0..45.0).contains(&paths[0]), "seed {seed}: {paths:?}");
        run(&mut world, 600_000);
        assert_eq!(limits(&world, 0), before, "seed {seed}");
    }
}

#[test]
fn a_longer_path_under_load_costs_the_rate_for_fifteen_seconds_at_most() {
    for (seed, directions) in [
        (0, &[Direction::Download][..]),
        (1, &[Direction::Upload]),
        (2, &[Direction::Download, Direction::Upload]),
    ] {
        let line = longer_path(loaded(LinkSettings::dsl(), directions), 120_000);
        let settings = adaptive(&wan(55, 11));
        let mut world = World::new(vec![(settings, line)], vec![RouterSettings::healthy()], seed);
        let usual = means(&mut world, 105_000, 119_900);
        let before = limits(&world, 0);
        let mut lowest = before;
        let watch = |world: &mut World| lowest = limits(world, 0).zip(lowest).map(least);
        world.run_until(at(124_000), watch).unwrap();
        let later = means(&mut world, 135_000, 150_000);
        let told = of_wan(&world.take_events(), 0);
        assert!(told.iter().any(|news| matches!(news, WanNews::PathChanged(..))), "{directions:?}");
        for direction in directions {
            let (usual, later) = (usual.of(*direction), later.of(*direction));
            assert!(later.is_back_at(usual), "{directions:?}: {usual:?} -> {later:?}");
            let rate = |rates: &PerDirection<Option<Rate>>| rates.of(*direction).unwrap().bps();
            assert!(
                rate(&lowest) * 5 >= rate(&before) * 2,
                "{directions:?}: {lowest:?}, {before:?}"
            );
        }
    }
}

/// Floors as the README has them, 30 % of ceilings that are twice what the line carries now: the first cut
/// ends at the floor, where nothing can be tried any more.
#[test]
fn nor_for_longer_where_the_floor_is_near() {
    for direction in Direction::BOTH {
        let mut line = longer_path(loaded(LinkSettings::dsl(), &[direction]), 120_000);
        let carries = PerDirection { download: mbit(27), upload: mbit(6) };
        line.lanes.of_mut(direction).capacity = Schedule::constant(*carries.of(direction));
        let mut settings = wan(50, 10);
        settings.law.ladders.download.floors = floors(mbit(15));
        settings.law.ladders.upload.floors = floors(mbit(3));
        let wans = vec![(adaptive(&settings), line)];
        let mut world = World::new(wans, vec![RouterSettings::healthy()], 3);
        let usual = means(&mut world, 105_000, 119_900);
        let later = means(&mut world, 135_000, 150_000);
        let (usual, later) = (usual.of(direction), later.of(direction));
        assert!(later.is_back_at(usual), "{direction:?}: {usual:?} -> {later:?}");
    }
}

fn floors(rate: Rate) -> Floors {
    Floors { green: rate, yellow: rate, soft_red: rate, red: rate }
}

/// Both directions full on a line with much jitter.
fn jittery(seed: u64, change: impl Fn(LinkSettings) -> LinkSettings) -> World {
    let mut line = loaded(LinkSettings::cable(), &Direction::BOTH);
    line.jitter = Jitter::Uniform(Span::from_millis(38));
    let wans = vec![(adaptive(&wan(550, 55)), change(line))];
    World::new(wans, vec![RouterSettings::healthy()], seed)
}

/// Those directions of a hundred lines with much jitter whose rate is less after two minutes than before.
fn are_less(change: impl Fn(LinkSettings) -> LinkSettings) -> Vec<(u64, Direction, Mean, Mean)> {
    let mut less = Vec::new();
    for seed in 0..100 {
        let mut world = jittery(seed, &change);
        let usual = means(&mut world, 105_000, 119_900);
        let later = means(&mut world, 135_000, 150_000);
        for direction in Direction::BOTH {
            let (usual, later) = (*usual.of(direction), *later.of(direction));
            if !later.is_back_at(&usual) {
                less.push((seed, direction, usual, later));
            }
        }
    }
    less
}

#[test]
fn nor_does_one_on_a_line_whose_jitter_looks_like_a_queue_that_drains() {
    let (less, by_jitter) = (are_less(|line| longer_path(line, 120_000)), are_less(|line| line));
    // One in fifty is within what the seeds make of it.
    assert!(by_jitter.len() <= 14, "{by_jitter:?}");
    assert!(less.len() <= by_jitter.len() + 4, "{less:?}, by the jitter alone {by_jitter:?}");
}

/// What it fell to while the path was not known is made good at once.
#[test]
fn there_too_the_rate_has_been_back_within_fifteen_seconds() {
    let mut missed = Vec::new();
    for seed in 0..100 {
        let mut world = jittery(seed, |line| longer_path(line, 120_000));
        run(&mut world, 119_900);
        let before = limits(&world, 0);
        run(&mut world, 124_000);
        let mut best = PerDirection::both(None);
        let watch = |world: &mut World| best = limits(world, 0).zip(best).map(|(a, b)| a.max(b));
        world.run_until(at(135_000), watch).unwrap();
        for direction in Direction::BOTH {
            let rate = |rates: &PerDirection<Option<Rate>>| rates.of(direction).unwrap().bps();
            if rate(&best) * 10 < rate(&before) * 9 {
                missed.push((seed, direction, rate(&before), rate(&best)));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

/// What a direction had for some seconds, in kbit/s on average.
#[derive(Clone, Copy, Debug)]
struct Mean {
    limit: u64,
    carried: u64,
}

impl Mean {
    /// At least nine tenths of that.
    const fn is_back_at(&self, usual: &Self) -> bool {
        self.limit * 10 >= usual.limit * 9 && self.carried * 10 >= usual.carried * 9
    }
}

fn means(world: &mut World, from_ms: u64, to_ms: u64) -> PerDirection<Mean> {
    let delivered = |world: &World| world.link(0).unwrap().stats().map(|own| own.delivered);
    run(world, from_ms);
    let before = delivered(world);
    let mut sums = PerDirection::both(0);
    for millis in (from_ms..to_ms).step_by(50) {
        run(world, millis);
        let limits = limits(world, 0).map(|limit| limit.unwrap().bps());
        sums = sums.zip(limits).map(|(sum, limit)| sum + limit);
    }
    run(world, to_ms);
    let times = (to_ms - from_ms).div_ceil(50);
    delivered(world).zip(before).zip(sums).map(|((after, before), sum)| Mean {
        limit: sum / times / 1_000,
        carried: (after - before) * 8 / (to_ms - from_ms),
    })
}

fn least((one, other): (Option<Rate>, Option<Rate>)) -> Option<Rate> {
    one.min(other)
}

#[test]
fn congestion_of_one_direction_leaves_the_limit_of_the_other_untouched() {
    for congested in Direction::BOTH {
        let other = congested.other();
        let mut world = world(loaded(LinkSettings::quiet(), &[congested]));
        run(&mut world, 4_000);
        let mut own = Vec::new();
        let mut others = Vec::new();
        let watch = |world: &mut World| {
            own.extend(world.limit(0, congested));
            others.extend(world.limit(0, other));
        };
        world.run_until(at(120_000), watch).unwrap();
        assert!(others.iter().all(|limit| *limit == others[0]), "{congested:?}");
        let (line, ceiling) = match congested {
            Direction::Download => (100_000_000, mbit(110)),
            Direction::Upload => (20_000_000, mbit(22)),
        };
        assert_eq!(own[0], ceiling);
        let last = own[own.len() - 1].bps();
        assert!((line * 80 / 100..=line * 106 / 100).contains(&last), "{congested:?}: {last}");
    }
}

#[test]
fn while_both_are_loaded_only_the_one_whose_queue_it_is_is_cut() {
    for congested in Direction::BOTH {
        let mut line = loaded(LinkSettings::quiet(), &Direction::BOTH);
        // Twice of what the other's ceiling lets through.
        let (other, spare) = match congested {
            Direction::Download => (Direction::Upload, 44),
            Direction::Upload => (Direction::Download, 220),
        };
        line.lanes.of_mut(other).capacity = Schedule::constant(mbit(spare));
        let mut world = world(line);
        // Until it is known what the line carries, both are cut.
        run(&mut world, 60_000);
        let others = moves(&mut world, 180_000, other);
        let cut = cuts(&others).len();
        let own = moves(&mut world, 300_000, congested);
        assert!(cut <= 1, "{congested:?}: {others:?}");
        assert!(!cuts(&own).is_empty(), "{congested:?}: {own:?}");
    }
}

#[test]
fn cuts_are_a_feedback_time_apart() {
    // The line loses two thirds at once: more than one cut can take.
    let mut line = loaded(LinkSettings::quiet(), &[Direction::Download]);
    line.lanes.download.capacity = Schedule::constant(mbit(100)).then(at(60_000), mbit(33));
    let mut world = world(line);
    run(&mut world, 59_900);
    let moves = moves(&mut world, 70_000, Direction::Download);
    let cuts = cuts(&moves);
    assert!((2..=6).contains(&cuts.len()), "{moves:?}");
    // The window of 225 ms and two round trips of the 20 ms of the line.
    let least = Span::from_millis(265);
    for pair in cuts.windows(2) {
        assert!(pair[1].since(pair[0]) >= least, "{moves:?}");
    }
    let (_, end) = moves[moves.len() - 1];
    assert!(end > mbit(24) && end < mbit(36), "{end:?}");
}

#[test]
fn a_line_that_carries_the_same_each_time_is_tried_less_and_less_often() {
    let mut world = world(loaded(LinkSettings::quiet(), &[Direction::Upload]));
    let early = moves(&mut world, 120_000, Direction::Upload).len();
    run(&mut world, 600_000);
    let late = moves(&mut world, 720_000, Direction::Upload);
    assert!(late.len() < early && (1..=12).contains(&late.len()), "{early}, then {late:?}");
    for (_, rate) in late {
        assert!(rate > mbit(17) && rate < mbit(22), "{rate:?}");
    }
}

#[test]
fn without_a_known_load_the_classic_rules_cut_and_nothing_rises() {
    let counted = |request| matches!(request, Request::Count(..));
    let mut router = RouterSettings::healthy();
    router.refusals.push((window(60_000, 100_000), counted, FailureKind::Timeout));
    let mut line = loaded(LinkSettings::quiet(), &[Direction::Download]);
    // For 20 s it carries less than the limit lets through.
    line.lanes.download.capacity =
        Schedule::constant(mbit(100)).then(at(70_000), mbit(60)).then(at(90_000), mbit(100));
    let mut world = World::new(vec![(settings(), line)], vec![router], 1);
    run(&mut world, 66_000);
    let _ = world.take_requests();
    let before = moves(&mut world, 70_000, Direction::Download);
    let blind = moves(&mut world, 99_000, Direction::Download);
    for pair in [&before[..], &blind].concat().windows(2) {
        assert!(pair[1].1 <= pair[0].1, "the load is not known: {before:?}, {blind:?}");
    }
    let (_, high) = before[before.len() - 1];
    let (_, low) = blind[blind.len() - 1];
    assert!(high > mbit(80) && low < mbit(60), "{high:?} -> {low:?}: a queue is cut for");
    assert!(count(&world.take_requests(), counted) > 2, "it is asked all the same");
    let moved = moves(&mut world, 180_000, Direction::Download);
    assert!(moved.windows(2).any(|pair| pair[1].1 > pair[0].1), "known again: {moved:?}");
}

/// The classic rules cut both directions then, whoever the queue is of.
#[test]
fn what_a_blind_moment_took_of_an_unused_direction_it_has_again_soon() {
    for full in Direction::BOTH {
        let unused = full.other();
        let mut line = loaded(LinkSettings::quiet(), &[full]);
        let carries = match full {
            Direction::Download => Schedule::constant(mbit(100)).then(at(60_000), mbit(40)),
            Direction::Upload => Schedule::constant(mbit(20)).then(at(60_000), mbit(8)),
        };
        line.lanes.of_mut(full).capacity = carries;
        let mut router = RouterSettings::healthy();
        router.failures.push((window(59_500, 64_000), FailureKind::Timeout));
        let mut world = World::new(vec![(settings(), line)], vec![router], 1);
        run(&mut world, 59_000);
        let before = world.limit(0, unused).unwrap();
        let moved = moves(&mut world, 80_000, unused);
        let lowest = moved.iter().map(|(_, rate)| *rate).min().unwrap();
        assert!(lowest.bps() * 10 < before.bps() * 9, "{full:?}: else there is nothing to be seen");
        assert_eq!(world.limit(0, unused), Some(before), "{full:?}: {moved:?}");
    }
}

/// After an outage of more than a minute what the router has is gone on from, whatever was wanted before.
#[test]
fn a_limit_that_is_adopted_is_kept_while_nobody_uses_the_line() {
    let mut router = RouterSettings::healthy();
    router.failures.push((window(60_000, 130_000), FailureKind::Timeout));
    let mut world = World::new(vec![(settings(), LinkSettings::quiet())], vec![router], 1);
    run(&mut world, 100_000);
    world.meddle(0, PerDirection { download: Some(mbit(60)), upload: Some(mbit(22)) });
    run(&mut world, 140_000);
    assert_eq!(world.limit(0, Direction::Download), Some(mbit(60)));
    run(&mut world, 300_000);
    assert_eq!(world.limit(0, Direction::Download), Some(mbit(60)));
}

/// A start on a board that is quicker than its router, with the rates of the last run.
#[test]
fn at_the_start_nothing_rises_before_the_load_is_known() {
    let counted = |request| matches!(request, Request::Count(..));
    let rates = PerDirection { download: mbit(40), upload: mbit(8) };
    let saved = left(rates);
    let mut away = RouterSettings { initial: rates.map(Some), ..RouterSettings::healthy() };
    let mut mute = away.clone();
    away.failures.push((window(0, 20_000), FailureKind::Timeout));
    mute.refusals.push((window(0, 20_000), counted, FailureKind::Timeout));
    for router in [away, mute] {
        let mut world = World::new(vec![(settings(), LinkSettings::quiet())], vec![router], 1);
        world.engine().restore(WanId(0), &saved, Freshness::Fresh);
        let watch = |world: &mut World| assert_eq!(world.engine().wans()[0].wanted(), rates);
        // Nor later, as long as nobody uses the line.
        world.run_until(at(300_000), watch).unwrap();
        assert_eq!(limits(&world, 0), rates.map(Some));
    }
}

#[test]
fn who_wants_few_requests_has_a_law_that_works_all_the_same() {
    let counted = |request| matches!(request, Request::Count(..));
    let asked_and_rates = |counts_every| {
        let mut settings = settings();
        if let Choice::Adaptive(law) = &mut settings.choice {
            law.counts_every = counts_every;
        }
        let line = loaded(LinkSettings::quiet(), &[Direction::Download]);
        let mut world = World::new(vec![(settings, line)], vec![RouterSettings::healthy()], 1);
        run(&mut world, 60_000);
        let _ = world.take_requests();
        let moved = moves(&mut world, 120_000, Direction::Download);
        let rates: Vec<Rate> = moved.into_iter().map(|(_, rate)| rate).collect();
        (count(&world.take_requests(), counted), rates)
    };
    let (usual, _) = asked_and_rates(Span::from_millis(200));
    let (few, rates) = asked_and_rates(Span::from_secs(1));
    assert!(few <= 2 * 61 && few * 3 < usual, "{few} of {usual}");
    let carried = |rate: &Rate| (mbit(80)..=mbit(110)).contains(rate);
    assert!(!rates.is_empty() && rates.iter().all(carried), "{rates:?}");
}

/// Less than a tenth of the limit passes then, as on an idle line.
#[test]
fn a_line_that_collapses_under_load_is_cut_and_is_no_longer_path() {
    for congested in Direction::BOTH {
        let mut line = loaded(LinkSettings::quiet(), &[congested]);
        let (carries, left, floor) = match congested {
            Direction::Download => (100, 6, mbit(11)),
            Direction::Upload => (20, 1, mbit(2)),
        };
        let queue = line.lanes.of_mut(congested);
        queue.capacity = Schedule::constant(mbit(carries)).then(at(60_000), mbit(left));
        // 200 ms of that.
        queue.buffer = left * 25_000;
        let mut world = world(line);
        run(&mut world, 59_000);
        let _ = world.take_events();
        run(&mut world, 66_000);
        let told = of_wan(&world.take_events(), 0);
        let limit = world.limit(0, congested).unwrap();
        assert!(limit <= floor.max(mbit(left * 2)), "{congested:?}: {limit:?}, {told:?}");
        assert!(!told.iter().any(|news| matches!(news, WanNews::PathChanged(..))), "{told:?}");
    }
}

#[test]
fn counters_that_begin_anew_are_no_idle_line() {
    let mut world = world(loaded(LinkSettings::quiet(), &[Direction::Upload]));
    run(&mut world, 60_000);
    let before = world.limit(0, Direction::Upload).unwrap();
    for second in 60..90 {
        run(&mut world, second * 1_000);
        world.recount(0);
    }
    let after = world.limit(0, Direction::Upload).unwrap();
    assert!(after >= before.scaled(wanctl::control::units::Ratio::from_ppm(800_000)), "{after:?}");
    assert!(after <= mbit(21), "{after:?}: nothing shows that more is carried");
    let told = of_wan(&world.take_events(), 0);
    assert!(!told.iter().any(|news| matches!(news, WanNews::PathChanged(..))), "{told:?}");
}

#[test]
fn a_pair_of_limits_is_written_as_one() {
    let mut settings = settings();
    settings.layout = wanctl::control::applier::Layout::Pair;
    let line = loaded(LinkSettings::quiet(), &[Direction::Upload]);
    let mut world = World::new(vec![(settings, line)], vec![RouterSettings::healthy()], 1);
    run(&mut world, 60_000);
    let mut pairs = Vec::new();
    for (_, _, request) in world.take_requests() {
        if let Request::Write(_, _, Limit::Pair(rates)) = request {
            pairs.push(rates);
        }
    }
    assert!(pairs.len() >= 2);
    assert!(pairs.iter().all(|rates| rates.download == pairs[0].download), "{pairs:?}");
    assert!(pairs.iter().any(|rates| rates.upload < mbit(20)), "{pairs:?}");
}
