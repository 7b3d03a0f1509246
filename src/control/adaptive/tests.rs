use super::{Adaptive, Settings, Sight, Tuning};
use crate::control::{
    ladder::Raise,
    pace::Pace,
    time::{Instant, Span},
    units::{Flow, PerDirection, Rate, Rtt},
};

fn mbit(value: u64) -> Rate {
    Rate::from_bps(value * 1_000_000).unwrap()
}

fn ms(value: f64) -> Rtt {
    Rtt::from_ms(value).unwrap()
}

/// What becomes of raises.
#[derive(PartialEq, Eq)]
enum Raises {
    Obeyed,
    /// The router has not got them yet.
    Held,
    /// They could not be written now.
    Rationed,
}

/// A line of 20 ms between 10 and 100 Mbit/s, and a router that obeys at once; raises may be held back.
struct Bench {
    law: Adaptive,
    rates: PerDirection<Rate>,
    in_force: PerDirection<Rate>,
    raises: Raises,
    now: u64,
    /// When what passes was counted last, in ms; `None`: in each cycle.
    counted: Option<u64>,
    paths: u32,
}

impl Bench {
    fn new() -> Self {
        let settings = Settings {
            base: PerDirection::both(None),
            yellow: PerDirection::both(ms(15.0)),
            bounds: PerDirection::both((mbit(10), mbit(100))),
            longest_idle: ms(500.0),
            counts_every: Span::from_millis(200),
            tuning: &Tuning::DEFAULT,
        };
        let rates = PerDirection::both(mbit(80));
        let law = Adaptive::new(settings);
        let raises = Raises::Obeyed;
        Self { law, rates, in_force: rates, raises, now: 0, counted: None, paths: 0 }
    }

    /// So many cycles with this round-trip time and these shares of the limits, in percent.
    fn run(&mut self, cycles: u32, rtt: f64, shares: (u64, u64)) {
        for _ in 0..cycles {
            self.now += 50;
            let flow = |rate: Rate, share: u64| Flow::from_bps(rate.bps() * share / 100);
            self.in_force = match self.raises {
                Raises::Obeyed | Raises::Rationed => self.rates,
                Raises::Held => self.in_force.zip(self.rates).map(|(own, new)| own.min(new)),
            };
            let raise = if self.raises == Raises::Rationed { Raise::Held } else { Raise::Free };
            let outcome = self.law.decide(&Sight {
                ways: None,
                now: Instant::from_micros(self.now * 1_000),
                interval: Span::from_millis(50),
                pace: Pace::Often,
                value: ms(rtt),
                baseline: ms(20.0),
                rates: self.rates,
                flows: PerDirection {
                    download: flow(self.in_force.download, shares.0),
                    upload: flow(self.in_force.upload, shares.1),
                },
                counted: Some(Instant::from_micros(self.counted.unwrap_or(self.now) * 1_000)),
                in_force: self.in_force.map(Some),
                raises: PerDirection::both(raise),
            });
            self.rates = outcome.rates;
            self.paths += u32::from(outcome.path.is_some());
        }
    }
}

#[test]
fn what_was_counted_before_a_delay_came_does_not_make_it_another_path() {
    let mut bench = Bench::new();
    bench.run(100, 20.0, (0, 0));
    bench.counted = Some(bench.now);
    bench.run(50, 60.0, (0, 0));
    assert_eq!(bench.paths, 0, "somebody may have begun since");
    bench.counted = None;
    bench.run(1, 60.0, (0, 0));
    assert_eq!(bench.paths, 1);
}

#[test]
fn only_the_loaded_direction_is_cut() {
    let mut bench = Bench::new();
    bench.run(40, 20.0, (5, 99));
    let before = bench.rates;
    bench.run(10, 60.0, (5, 99));
    assert_eq!(bench.rates.download, before.download);
    assert!(
        bench.rates.upload < before.upload.scaled(crate::control::units::Ratio::from_ppm(970_000))
    );
}

#[test]
fn a_longer_path_on_an_idle_line_costs_no_cut_and_is_learnt_in_seconds() {
    let mut bench = Bench::new();
    bench.run(100, 20.0, (0, 0));
    let before = bench.rates;
    bench.run(100, 60.0, (0, 0));
    assert_eq!(bench.rates, before);
    assert_eq!(bench.paths, 1);
    bench.run(20, 60.0, (99, 99));
    assert!(bench.rates.download >= before.download, "60 ms is the idle line now");
}

#[test]
fn two_cuts_in_vain_blame_the_path_and_give_the_rate_back() {
    let mut bench = Bench::new();
    bench.run(100, 20.0, (0, 0));
    let before = bench.rates;
    let mut cycles = 0;
    while bench.paths == 0 && cycles < 60 {
        bench.run(1, 60.0, (99, 5));
        cycles += 1;
    }
    assert_eq!(bench.paths, 1);
    assert!(bench.rates.download.distance(before.download) <= before.download.bps() / 10);
    bench.run(60 - cycles, 60.0, (99, 5));
    assert_eq!(bench.paths, 1);
    assert!(bench.rates.download.bps() * 10 >= before.download.bps() * 9);
}

#[test]
fn nothing_rises_without_load_or_above_the_ceiling() {
    let mut bench = Bench::new();
    bench.run(400, 20.0, (40, 0));
    assert_eq!(bench.rates, PerDirection::both(mbit(80)));
    bench.run(2_000, 20.0, (99, 0));
    assert_eq!(bench.rates, PerDirection { download: mbit(100), upload: mbit(80) });
}

#[test]
fn a_cut_takes_at_most_half_and_waits_for_its_feedback() {
    let mut bench = Bench::new();
    bench.run(40, 20.0, (99, 0));
    let before = bench.rates.download;
    bench.run(5, 900.0, (20, 0));
    let mut cuts = 0;
    let mut last = bench.rates.download;
    for _ in 0..20 {
        bench.run(1, 900.0, (60, 0));
        if bench.rates.download < last {
            cuts += 1;
            assert!(bench.rates.download.bps() * 2 >= last.bps());
        }
        last = bench.rates.download;
    }
    assert!(cuts <= 1, "{cuts} cuts within 1 s at a round trip of 900 ms");
    assert!(last < before);
}

#[test]
fn a_delay_that_falls_needs_no_second_cut() {
    let mut bench = Bench::new();
    bench.run(40, 20.0, (99, 0));
    let mut last = bench.rates.download;
    let mut cuts = 0;
    // 60 ms that drain within a second.
    for cycle in 0..20_u32 {
        bench.run(1, 80.0 - f64::from(cycle) * 3.0, (99, 0));
        cuts += u32::from(bench.rates.download < last);
        last = bench.rates.download;
    }
    assert_eq!(cuts, 1);
}

#[test]
fn at_the_floor_no_path_is_blamed_for_a_delay_that_stays() {
    let mut bench = Bench::new();
    bench.rates = PerDirection::both(mbit(10));
    // A download of which less passes than may, an upload of which nobody knows.
    for shares in [(80, 0), (0, 99)] {
        bench.run(40, 20.0, shares);
        bench.run(400, 120.0, shares);
        assert_eq!((bench.paths, bench.rates), (0, PerDirection::both(mbit(10))), "{shares:?}");
    }
}

#[test]
fn a_download_that_passes_as_a_whole_at_the_floor_has_no_queue() {
    let mut bench = Bench::new();
    bench.run(40, 20.0, (99, 0));
    bench.rates.download = mbit(10);
    bench.run(400, 120.0, (99, 0));
    assert_eq!(bench.paths, 1);
    assert!(bench.rates.download > mbit(50), "{:?}", bench.rates.download);
}

#[test]
fn a_load_has_a_class_and_an_interrupted_one_is_unknown() {
    use super::Load;
    let mut bench = Bench::new();
    for (share, load) in [(5, Load::Idle), (50, Load::Low), (90, Load::High)] {
        bench.run(1, 20.0, (share, 0));
        let seen = bench.law.seen().download.unwrap();
        assert_eq!((seen.load, seen.base), (load, None), "{share}");
    }
    bench.law.interrupt();
    assert_eq!(bench.law.seen().download, None);
}

#[test]
fn a_new_path_gives_back_what_both_directions_were_cut_for() {
    let mut bench = Bench::new();
    bench.run(100, 20.0, (0, 0));
    let before = bench.rates;
    bench.run(100, 60.0, (99, 99));
    assert_eq!(bench.paths, 1);
    let most = |(now, before): (Rate, Rate)| now.bps() * 10 >= before.bps() * 9;
    let back = bench.rates.zip(before).map(most);
    assert!(back.download && back.upload, "{:?}, {before:?}", bench.rates);
}

#[test]
fn a_delay_that_fell_and_then_stays_is_not_waited_for_for_ever() {
    let mut bench = Bench::new();
    bench.run(100, 20.0, (0, 0));
    // A queue, and a longer path below it.
    bench.run(10, 180.0, (99, 5));
    bench.run(100, 60.0, (99, 5));
    assert_eq!(bench.paths, 1);
}

#[test]
fn both_directions_rise_in_turn() {
    let mut bench = Bench::new();
    bench.rates = PerDirection::both(mbit(20));
    bench.run(160, 20.0, (99, 99));
    assert!(bench.rates.download > mbit(25) && bench.rates.upload > mbit(25), "{:?}", bench.rates);
}

#[test]
fn a_download_that_fills_a_third_of_its_limit_is_cut_if_it_was_not_the_upload() {
    let mut bench = Bench::new();
    bench.run(40, 20.0, (99, 99));
    let before = bench.rates.download;
    bench.run(40, 100.0, (33, 99));
    assert!(bench.rates.download < before, "{:?}", bench.rates);
}

/// What passed is known late: a first queue on an idle line is cut for as if little had passed.
fn cut_for_a_first_burst() -> (Bench, Rate) {
    let mut bench = Bench::new();
    bench.run(200, 20.0, (1, 0));
    let before = bench.rates.download;
    let mut cycles = 0;
    while bench.rates.download == before && cycles < 20 {
        bench.run(1, 80.0, (40, 0));
        cycles += 1;
    }
    let cut = bench.rates.download;
    assert!(cut < before.scaled(crate::control::units::Ratio::from_ppm(750_000)), "{cut:?}");
    (bench, cut)
}

#[test]
fn the_rate_is_back_at_what_passed_while_the_first_queue_stood() {
    let (mut bench, cut) = cut_for_a_first_burst();
    let passes = 75_000_000 * 100 / cut.bps();
    for delay in [80.0, 70.0, 60.0, 50.0] {
        bench.run(1, delay, (passes, 0));
    }
    bench.run(20, 20.0, (99, 0));
    let back = bench.rates.download;
    assert!((mbit(72)..=mbit(75)).contains(&back), "{back:?}");
}

#[test]
fn below_a_knee_that_is_not_known_nothing_waits() {
    let (mut bench, cut) = cut_for_a_first_burst();
    bench.run(100, 20.0, (99, 0));
    assert!(bench.rates.download.bps() * 10 > cut.bps() * 11, "{:?}", bench.rates);
}

#[test]
fn where_a_burst_starts_is_learnt_of_a_queue_that_takes_long_to_drain_too() {
    let mut bench = Bench::new();
    bench.run(200, 20.0, (99, 0));
    let cut = |bench: &Bench| bench.rates.download < mbit(80);
    for _ in 0..20 {
        if !cut(&bench) {
            bench.run(1, 220.0, (99, 0));
        }
    }
    assert!(cut(&bench), "{:?}", bench.rates);
    for cycle in 0..16_u32 {
        bench.run(1, 140.0 - f64::from(cycle) * 2.0, (99, 0));
    }
    bench.run(20, 20.0, (99, 0));
    assert!(bench.law.seen().download.unwrap().base.is_some());
}

#[test]
fn a_raise_that_the_router_has_not_got_yet_holds_no_cut_back() {
    let mut bench = Bench::new();
    bench.run(40, 20.0, (99, 0));
    let before = bench.rates.download;
    bench.raises = Raises::Held;
    bench.run(100, 20.0, (99, 0));
    assert!(bench.rates.download > before);
    bench.run(10, 60.0, (99, 0));
    assert!(bench.rates.download < before, "{:?}", bench.rates);
}

#[test]
fn nothing_rises_that_could_not_be_written() {
    let mut bench = Bench::new();
    bench.raises = Raises::Rationed;
    bench.run(200, 20.0, (99, 99));
    assert_eq!(bench.rates, PerDirection::both(mbit(80)));
    bench.raises = Raises::Obeyed;
    bench.run(1, 20.0, (99, 99));
    assert!(bench.rates.download > mbit(80), "{:?}", bench.rates);
}

#[test]
fn under_load_what_takes_longer_than_any_idle_line_is_no_path() {
    let mut bench = Bench::new();
    bench.run(100, 20.0, (0, 0));
    bench.run(2_000, 700.0, (99, 99));
    assert_eq!(bench.paths, 0);
    assert_eq!(bench.rates, PerDirection::both(mbit(10)), "cut on and on");
    bench.run(200, 700.0, (0, 0));
    assert_eq!(bench.paths, 1, "where nothing passes it is one");
    bench.run(400, 740.0, (99, 99));
    assert_eq!(bench.paths, 2, "and so is what is not twice as long");
}

/// The queue of a raise that the first cut drains too slowly is cut for again; all that was let pass
/// meanwhile passed.
#[test]
fn a_second_cut_for_the_queue_of_a_raise_does_not_teach_that_the_line_carries_less() {
    let mut bench = Bench::new();
    bench.run(60, 20.0, (0, 0));
    let mut good = bench.rates.download;
    while bench.rates.download <= good && bench.now < 20_000 {
        good = bench.rates.download;
        bench.run(1, 20.0, (99, 5));
    }
    let raised = bench.rates.download;
    assert!(raised > good, "{raised:?} after {good:?}");
    bench.run(8, 45.0, (99, 5));
    let first = bench.rates.download;
    bench.run(4, 60.0, (99, 5));
    bench.run(12, 50.0, (99, 5));
    let second = bench.rates.download;
    assert!(second < first && first < raised, "{raised:?}, {first:?}, {second:?}");
    bench.run(20, 20.0, (99, 5));
    let back = bench.rates.download;
    assert!(back.bps() * 100 >= good.bps() * 96, "{back:?} after {good:?}");
}

#[test]
fn an_upload_that_is_full_at_its_floor_is_given_back_what_was_cut_for_a_longer_path() {
    let mut bench = Bench::new();
    bench.run(100, 20.0, (0, 99));
    let before = bench.rates.upload;
    // Where the first cut ends.
    bench.law.settings.bounds.upload.0 = mbit(70);
    bench.run(300, 60.0, (0, 99));
    assert_eq!(bench.paths, 1);
    assert!(bench.rates.upload.bps() * 10 >= before.bps() * 9, "{:?}", bench.rates.upload);
}

#[test]
fn at_the_floor_a_delay_that_goes_up_and_down_is_no_path() {
    let mut bench = Bench::new();
    bench.run(40, 20.0, (0, 99));
    bench.rates.upload = mbit(10);
    for _ in 0..40 {
        bench.run(10, 60.0, (0, 99));
        bench.run(10, 40.0, (0, 99));
    }
    assert_eq!((bench.paths, bench.rates.upload), (0, mbit(10)));
}

/// Nothing was raised there that could be the reason.
#[test]
fn a_queue_at_the_ceiling_is_cut_by_what_is_carried() {
    let mut bench = Bench::new();
    bench.run(2_000, 20.0, (99, 0));
    assert_eq!(bench.rates.download, mbit(100));
    // The line carries 80 by now.
    while bench.rates.download == mbit(100) {
        bench.run(1, 50.0, (80, 0));
    }
    assert_eq!(bench.law.knees().download, Some(mbit(80)));
}
