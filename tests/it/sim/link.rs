//! The simulated line obeys the physics it promises.

use wanctl::{
    control::{
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate, Ratio},
    },
    sim::{
        link::{Demand, Jitter, Link, LinkSettings, Reflector, Wander},
        schedule::{Schedule, Window},
    },
};

const CYCLE: Span = Span::from_millis(50);

fn at(millis: u64) -> Instant {
    Instant::from_micros(0) + Span::from_millis(millis)
}

fn mbit(rate: u64) -> Rate {
    Rate::from_bps(rate * 1_000_000).unwrap()
}

fn limits(download: u64, upload: u64) -> PerDirection<Option<Rate>> {
    PerDirection { download: Some(mbit(download)), upload: Some(mbit(upload)) }
}

const UNLIMITED: PerDirection<Option<Rate>> = PerDirection { download: None, upload: None };

fn greedy(direction: Direction) -> LinkSettings {
    LinkSettings::quiet().with_load(direction, Window::ALWAYS, Demand::Greedy)
}

/// Advances in cycles of 50 ms and returns the delays of the echoes, in ms.
fn run(link: &mut Link, until: Instant, limits: PerDirection<Option<Rate>>) -> Vec<Option<f64>> {
    let mut delays = Vec::new();
    while link.now() < until {
        link.advance(link.now() + CYCLE, limits);
        let echo = link.echo(link.now(), 0);
        delays.push(echo.map(|rtt| f64::from(u32::try_from(rtt.as_micros()).unwrap()) / 1e3));
    }
    delays
}

#[track_caller]
fn assert_between<T: PartialOrd + Copy + std::fmt::Debug>(value: T, low: T, high: T) {
    assert!(low <= value && value <= high, "{value:?} is not within {low:?} and {high:?}");
}

#[test]
fn an_idle_line_answers_after_exactly_its_base_delay() {
    let mut link = Link::new(LinkSettings::quiet(), 1);
    for delay in run(&mut link, at(5_000), UNLIMITED) {
        assert_eq!(delay, Some(20.0));
    }
    assert_eq!(link.echo(at(5_000), 1), Some(Span::from_millis(21)));
    assert_eq!(link.echo(at(5_000), 2), Some(Span::from_millis(23)));
    assert_eq!(link.echo(at(5_000), 200), Some(Span::from_millis(20)));
    assert_eq!(link.stats().download.delivered, 0);
}

#[test]
fn jitter_stays_above_the_base_and_within_its_bounds() {
    let bounds = [
        (Jitter::Uniform(Span::from_millis(4)), 4.0, 2.0),
        // The mean of a half-normal distribution is 0.8 of its deviation.
        (Jitter::HalfNormal(Span::from_millis(2)), 7.0, 1.6),
    ];
    for (jitter, most, mean) in bounds {
        let mut settings = LinkSettings::quiet();
        settings.jitter = jitter;
        let delays = run(&mut Link::new(settings, 3), at(200_000), UNLIMITED);
        let extra: Vec<f64> = delays.into_iter().map(|delay| delay.unwrap() - 20.0).collect();
        assert!(extra.iter().all(|extra| (0.0..=most).contains(extra)));
        let average = extra.iter().sum::<f64>() / 4_000.0;
        assert_between(average, mean * 0.95, mean * 1.05);
    }
}

#[test]
fn a_download_faster_than_the_line_fills_the_providers_queue_to_its_size() {
    for limits in [UNLIMITED, limits(150, 20)] {
        let mut link = Link::new(greedy(Direction::Download), 1);
        run(&mut link, at(10_000), limits);
        let download = link.stats().download;
        // 1.25 MB at 100 Mbit/s are 100 ms.
        assert_between(download.queue_delay, Span::from_millis(97), Span::from_millis(100));
        assert_between(
            link.echo(at(10_000), 0),
            Some(Span::from_millis(117)),
            Some(Span::from_millis(121)),
        );
        assert!(download.dropped_by_provider > 0);
        assert_between(download.rate, 99_000_000, 100_000_000);
        assert_eq!(link.stats().upload.queue_delay, Span::ZERO);
    }
}

#[test]
fn a_shaper_below_the_capacity_drains_the_queue_within_seconds_and_keeps_it_empty() {
    let mut link = Link::new(greedy(Direction::Download), 1);
    run(&mut link, at(10_000), limits(120, 20));
    // 100 ms of queue drain at a tenth of the capacity: a second, after the senders have adapted.
    let delays = run(&mut link, at(20_000), limits(90, 20));
    let settled = delays.iter().position(|delay| delay.unwrap_or(f64::MAX) < 22.0).unwrap();
    assert_between(settled, 20, 50);
    assert!(delays[settled..].iter().all(|delay| delay.unwrap() < 22.0));
    assert_between(link.stats().download.rate, 88_000_000, 90_001_000);
}

#[test]
fn an_upload_shaper_acts_at_once_a_download_shaper_after_the_senders_have_noticed() {
    let queues = |direction| {
        let mut link = Link::new(greedy(direction), 1);
        run(&mut link, at(10_000), UNLIMITED);
        let before = link.stats().of(direction).queued;
        run(&mut link, at(10_100), PerDirection::both(Some(mbit(10))));
        (before, before - link.stats().of(direction).queued)
    };
    // Upload: 20 Mbit/s leave, 10 arrive from the first moment on: 125 kB less after 100 ms.
    let (_, gone) = queues(Direction::Upload);
    assert_between(gone, 122_000, 128_000);
    // Download: 90 Mbit/s fewer would make 1125 kB, but it takes the senders 180 ms to adapt.
    let (_, gone) = queues(Direction::Download);
    assert_between(gone, 150_000, 450_000);
}

#[test]
fn the_delays_of_both_directions_add_up() {
    let settings =
        greedy(Direction::Download).with_load(Direction::Upload, Window::ALWAYS, Demand::Greedy);
    let mut link = Link::new(settings, 1);
    let delays = run(&mut link, at(20_000), UNLIMITED);
    let last = delays.into_iter().rev().flatten().next().unwrap();
    assert_between(last, 20.0 + 97.0 + 195.0, 20.0 + 100.0 + 200.0);
}

#[test]
fn no_more_is_delivered_than_capacity_and_shaper_allow() {
    for (limit, least, most) in [(None, 99, 100), (Some(mbit(60)), 59, 60)] {
        let mut link = Link::new(greedy(Direction::Download), 1);
        run(&mut link, at(100_000), PerDirection { download: limit, upload: limit });
        let delivered = link.stats().download.delivered;
        // Mbit/s times 100 s over 8 bits.
        assert_between(delivered, least * 12_500_000, most * 12_500_000);
    }
}

#[test]
fn a_fixed_load_gets_what_it_asks_for_and_leaves_no_queue() {
    let load = Demand::Fixed(mbit(30));
    let settings = LinkSettings::quiet().with_load(
        Direction::Download,
        Window { from: at(1_000), to: at(11_000) },
        load,
    );
    let mut link = Link::new(settings, 1);
    run(&mut link, at(20_000), limits(90, 18));
    // 30 Mbit/s for 10 s, give or take the round trips in which the senders start and stop.
    assert_between(link.stats().download.delivered, 37_300_000, 37_700_000);
    assert_eq!(link.stats().download.dropped_by_provider, 0);
    assert_eq!(link.stats().download.dropped_by_router, 0);
}

#[test]
fn a_busy_shaper_delays_a_packet_by_one_or_two_others() {
    let mut settings = LinkSettings::quiet();
    settings.loads.clear();
    let mut link =
        Link::new(settings.with_load(Direction::Upload, Window::ALWAYS, Demand::Greedy), 1);
    let delays = run(&mut link, at(10_000), limits(90, 2));
    // 1514 bytes at 2 Mbit/s take 6 ms.
    for delay in &delays[100..] {
        assert_between(delay.unwrap(), 20.0 + 6.0, 20.0 + 12.2);
    }
}

#[test]
fn echoes_get_lost_at_about_the_given_rate() {
    let mut settings = LinkSettings::quiet();
    settings.loss = Ratio::from_ppm(50_000);
    let delays = run(&mut Link::new(settings, 9), at(1_000_000), UNLIMITED);
    let lost = delays.iter().filter(|delay| delay.is_none()).count();
    // 1000 of 20000 expected; the deviation is 31.
    assert_between(lost, 880, 1_120);
}

#[test]
fn a_full_queue_drops_echoes_too() {
    let mut link = Link::new(greedy(Direction::Download), 1);
    let delays = run(&mut link, at(500_000), UNLIMITED);
    let lost = delays.iter().filter(|delay| delay.is_none()).count();
    // One to two per cent of 10000.
    assert_between(lost, 100, 200);
}

#[test]
fn a_path_step_shows_in_the_next_echo() {
    let mut settings = LinkSettings::quiet();
    settings.base_rtt = settings.base_rtt.then(at(1_000), Span::from_millis(60));
    let delays = run(&mut Link::new(settings, 1), at(2_000), UNLIMITED);
    assert!(delays[..19].iter().all(|delay| *delay == Some(20.0)));
    assert!(delays[19..].iter().all(|delay| *delay == Some(60.0)));
}

#[test]
fn an_outage_stops_everything_and_forgets_the_queue() {
    let window = Window { from: at(5_000), to: at(8_000) };
    let mut link = Link::new(greedy(Direction::Download).with_outage(window), 1);
    run(&mut link, at(5_000), UNLIMITED);
    let before = link.stats().download.delivered;
    let during = run(&mut link, at(7_950), UNLIMITED);
    assert!(during.iter().all(Option::is_none));
    assert_eq!(link.stats().download.delivered, before);
    assert_eq!(link.stats().download.queued, 0);
    let after = run(&mut link, at(8_100), UNLIMITED);
    assert_between(after[2].unwrap(), 20.0, 40.0);
    run(&mut link, at(12_000), UNLIMITED);
    assert!(link.stats().download.delivered > before);
}

#[test]
fn capacity_follows_its_schedule() {
    let mut settings = greedy(Direction::Download);
    settings.lanes.download.capacity = Schedule::constant(mbit(100)).then(at(10_000), mbit(50));
    let mut link = Link::new(settings, 1);
    run(&mut link, at(10_000), UNLIMITED);
    run(&mut link, at(20_000), UNLIMITED);
    assert_between(link.stats().download.rate, 49_000_000, 50_100_000);
    // The same 1.25 MB now take twice the time.
    let delay = link.stats().download.queue_delay;
    assert_between(delay, Span::from_millis(195), Span::from_millis(200));
}

#[test]
fn a_drifting_capacity_stays_within_its_depth_and_moves_slowly() {
    let mut settings = greedy(Direction::Download);
    settings.lanes.download.wander =
        Some(Wander { depth: Ratio::from_ppm(400_000), period: Span::from_secs(10) });
    settings.lanes.download.buffer = 100_000;
    let mut link = Link::new(settings, 5);
    run(&mut link, at(10_000), UNLIMITED);
    let mut rates = Vec::new();
    for second in 11..400 {
        run(&mut link, at(second * 1_000), UNLIMITED);
        rates.push(link.stats().download.rate);
    }
    assert!(rates.iter().all(|rate| (59_500_000..=100_000_000).contains(rate)));
    assert!(rates.iter().min().unwrap() < &68_000_000);
    assert!(rates.iter().max().unwrap() > &92_000_000);
    for pair in rates.windows(2) {
        assert!(pair[0].abs_diff(pair[1]) < 5_000_000, "{pair:?}");
    }
}

#[test]
fn unrest_makes_a_download_shaper_close_to_the_capacity_queue_now_and_then() {
    let worst = |unrest| {
        let mut settings = greedy(Direction::Download);
        settings.lanes.download.unrest = Ratio::from_ppm(unrest);
        let delays = run(&mut Link::new(settings, 2), at(60_000), limits(98, 20));
        delays.into_iter().skip(40).flatten().fold(0.0, f64::max)
    };
    assert_between(worst(0), 20.0, 21.0);
    assert_between(worst(100_000), 21.0, 60.0);
}

#[test]
fn reflectors_die_and_lie_within_their_windows_only() {
    let mut settings = LinkSettings::quiet();
    let mut dead = Reflector::at(Span::ZERO);
    dead.dead.push(Window { from: at(1_000), to: at(2_000) });
    let mut liar = Reflector::at(Span::ZERO);
    liar.lying.push(Window { from: at(1_000), to: at(2_000) });
    settings.reflectors = vec![dead, liar];
    let link = Link::new(settings, 1);
    let answers = |reflector| [999, 1_000, 1_999, 2_000].map(|ms| link.echo(at(ms), reflector));
    let honest = Some(Span::from_millis(20));
    let lie = Some(Span::from_micros(500));
    assert_eq!(answers(0), [honest, None, None, honest]);
    assert_eq!(answers(1), [honest, lie, lie, honest]);
}

/// Everything visible of an hour on a busy LTE line, as bits.
fn history(seed: u64, cycle: Span) -> Vec<u64> {
    let settings = LinkSettings::lte()
        .with_load(Direction::Download, Window::ALWAYS, Demand::Greedy)
        .with_load(Direction::Upload, Window::lasting(at(7_777), CYCLE.times(100)), Demand::Greedy);
    let mut link = Link::new(settings, seed);
    let mut history = Vec::new();
    for second in 1..600 {
        while link.now() < at(second * 1_000) {
            link.advance(link.now() + cycle, limits(25 + second % 20, 12));
        }
        let stats = link.stats();
        history.extend((0..3).map(|n| link.echo(link.now(), n).map_or(0, Span::as_micros)));
        history.extend([stats.download.delivered, stats.upload.delivered, stats.download.queued]);
    }
    history
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_does_not() {
    assert_eq!(history(1, CYCLE), history(1, CYCLE));
    assert_ne!(history(1, CYCLE), history(2, CYCLE));
}

#[test]
fn how_often_the_line_is_advanced_does_not_matter_on_the_grid() {
    assert_eq!(history(1, CYCLE), history(1, Span::from_millis(10)));
}

#[test]
fn a_cycle_of_fifty_milliseconds_costs_five_steps() {
    let mut link = Link::new(greedy(Direction::Download), 1);
    run(&mut link, at(60_000), UNLIMITED);
    assert_eq!(link.steps(), 6_000);
    link.advance(at(30_000), UNLIMITED);
    assert_eq!((link.steps(), link.now()), (6_000, at(60_000)));
}

#[test]
fn every_preset_bloats_under_load_and_is_calm_with_a_modest_shaper() {
    for (name, settings, modest) in [
        ("cable", LinkSettings::cable(), limits(400, 40)),
        ("dsl", LinkSettings::dsl(), limits(45, 9)),
        ("lte", LinkSettings::lte(), limits(14, 5)),
    ] {
        let base = f64::from(u32::try_from(settings.base_rtt.at(at(0)).as_millis()).unwrap());
        let busy = Direction::BOTH.into_iter().fold(settings, |settings, direction| {
            settings.with_load(direction, Window::ALWAYS, Demand::Greedy)
        });
        let median = |limits| {
            let delays = run(&mut Link::new(busy.clone(), 4), at(60_000), limits);
            let mut delays: Vec<f64> = delays.into_iter().skip(600).flatten().collect();
            delays.sort_by(f64::total_cmp);
            delays[delays.len() / 2] - base
        };
        assert_between((name, median(UNLIMITED)), (name, 200.0), (name, 4_000.0));
        assert_between((name, median(modest)), (name, 0.0), (name, 15.0));
    }
}
