use super::{Classic, Settings};
use crate::control::{
    baseline::{self, Baseline},
    ladder::{self, Floors, Raise},
    law::{Cause, Observation, Scale},
    saved::{Freshness, SavedWan},
    time::Span,
    units::{PerDirection, Rate, Ratio, Rtt},
    zone::{Thresholds, Zone},
};

fn ms(value: f64) -> Rtt {
    Rtt::from_ms(value).unwrap()
}

fn mbit(value: u64) -> Rate {
    Rate::from_bps(value * 1_000_000).unwrap()
}

fn floors(green: u64, yellow: u64, soft_red: u64, red: u64) -> Floors {
    Floors { green: mbit(green), yellow: mbit(yellow), soft_red: mbit(soft_red), red: mbit(red) }
}

/// The settings of the published test vector.
fn settings() -> Settings {
    Settings {
        interval: Span::from_millis(50),
        baseline: baseline::Settings {
            initial: Some(ms(25.0)),
            time_constant: Span::from_millis(2_500),
            load_time_constant: Span::from_millis(250),
            freeze: ms(3.0),
            min: ms(1.0),
            max: ms(500.0),
        },
        spike: None,
        thresholds: PerDirection {
            download: Thresholds { yellow: ms(15.0), soft_red: Some(ms(45.0)), red: ms(80.0) },
            upload: Thresholds { yellow: ms(15.0), soft_red: None, red: ms(45.0) },
        },
        ladders: PerDirection {
            download: ladder::Settings {
                ceiling: mbit(500),
                floors: floors(100, 75, 50, 25),
                step_up: mbit(5),
                factor_red: Ratio::from_ppm(850_000),
                factor_yellow: Ratio::from_ppm(960_000),
                green_required: 5,
            },
            upload: ladder::Settings {
                ceiling: mbit(50),
                floors: floors(10, 10, 10, 10),
                step_up: mbit(1),
                factor_red: Ratio::from_ppm(900_000),
                factor_yellow: Ratio::from_ppm(940_000),
                green_required: 5,
            },
        },
    }
}

const FREE: PerDirection<Raise> = PerDirection::both(Raise::Free);

fn round(value: f64, samples: &[Rtt]) -> Observation<'_> {
    let every = Span::from_millis(50);
    Observation { value: ms(value), samples, scale: Scale::Icmp, every, raises: FREE }
}

fn observe(law: &mut Classic, rtt: f64) -> Option<crate::control::law::Decision> {
    law.observe(&round(rtt, &[ms(rtt)]))
}

fn observe_own(law: &mut Classic, rtt: f64) -> Option<crate::control::law::Decision> {
    law.observe(&Observation { scale: Scale::Own, ..round(rtt, &[]) })
}

#[test]
fn the_published_test_vector_gives_the_same_rates_to_the_bit() {
    let mut law = Classic::new(settings());
    let vector = [
        (25.0, 25.0, 500_000_000, 50_000_000),
        (125.0, 45.0, 480_000_000, 47_000_000),
        (125.0, 61.0, 460_800_000, 44_180_000),
        (125.0, 73.8, 460_800_000, 39_762_000),
        (225.0, 104.04, 460_800_000, 35_785_800),
        (225.0, 128.232, 391_680_000, 32_207_220),
        (225.0, 147.5856, 332_928_000, 28_986_498),
    ];
    for (rtt, load, download, upload) in vector {
        let decision = observe(&mut law, rtt).unwrap();
        // The vector's loads are decimal; binary fractions miss them by less than this.
        assert!((decision.load.ms() - load).abs() < 1e-12, "{} {load}", decision.load.ms());
        assert_eq!(decision.baseline, ms(25.0));
        assert_eq!(decision.verdicts.download.rate.bps(), download);
        assert_eq!(decision.verdicts.upload.rate.bps(), upload);
    }
}

#[test]
fn a_spike_makes_both_directions_red_whatever_the_delay_says() {
    let mut law = Classic::new(Settings { spike: Some(ms(5.0)), ..settings() });
    observe(&mut law, 25.0).unwrap();
    let samples = [ms(60.0), ms(60.0), ms(25.0)];
    let decision = law.observe(&round(60.0, &samples)).unwrap();
    assert!(decision.delta < 15.0);
    for verdict in [decision.verdicts.download, decision.verdicts.upload] {
        assert_eq!((verdict.zone, verdict.cause), (Zone::Red, Cause::Spike));
    }
    assert_eq!(law.rates(), PerDirection { download: mbit(425), upload: mbit(45) });
}

#[test]
fn nothing_is_decided_before_the_baseline_is_learnt() {
    let mut unknown = settings();
    unknown.baseline.initial = None;
    let mut law = Classic::new(unknown);
    for _ in 0..40 {
        assert_eq!(observe(&mut law, 30.0), None);
    }
    let decision = observe(&mut law, 30.0).unwrap();
    assert_eq!(decision.baseline, ms(30.0));
    assert_eq!(decision.verdicts.download.rate, mbit(500));
}

fn saved(download: u64, baseline: f64) -> SavedWan {
    SavedWan {
        rates: PerDirection { download: mbit(download), upload: mbit(30) },
        streaks: PerDirection { download: 2, upload: 9 },
        baseline: ms(baseline),
        load: ms(baseline),
        confirmed: PerDirection { download: None, upload: None },
    }
}

#[test]
fn saved_values_are_taken_back_only_within_todays_bounds() {
    let mut law = Classic::new(settings());
    law.restore(&saved(200, 40.0), Freshness::Fresh);
    assert_eq!(law.rates(), PerDirection { download: mbit(200), upload: mbit(30) });
    assert_eq!(law.streaks(), PerDirection { download: 2, upload: 5 });
    assert_eq!(law.means().map(Baseline::baseline), Some(ms(40.0)));

    let mut law = Classic::new(settings());
    law.restore(&saved(501, 501.0), Freshness::Fresh);
    assert_eq!(law.rates(), PerDirection { download: mbit(500), upload: mbit(30) });
    assert_eq!(law.means().map(Baseline::baseline), Some(ms(25.0)));
}

#[test]
fn an_old_baseline_is_learnt_anew_but_the_rates_are_kept() {
    let mut unknown = settings();
    unknown.baseline.initial = None;
    let mut law = Classic::new(unknown);
    law.restore(&saved(200, 40.0), Freshness::Old);
    assert_eq!(law.rates().download, mbit(200));
    assert_eq!(law.means(), None);
}

#[test]
fn after_a_silence_the_first_round_is_no_spike_and_a_streak_begins_anew() {
    let mut law = Classic::new(Settings { spike: Some(ms(5.0)), ..settings() });
    for _ in 0..9 {
        observe(&mut law, 25.0).unwrap();
    }
    law.interrupt();
    assert_eq!(law.streaks(), PerDirection::both(0));
    let samples = [ms(60.0), ms(60.0)];
    let decision = law.observe(&round(60.0, &samples)).unwrap();
    assert_eq!(decision.verdicts.download.cause, Cause::Delay);
    assert_eq!(law.rates(), PerDirection { download: mbit(500), upload: mbit(50) });
}

#[test]
fn limits_in_force_are_adopted_where_they_are_valid() {
    let mut law = Classic::new(settings());
    law.adopt(PerDirection { download: Some(mbit(90)), upload: None });
    assert_eq!(law.rates(), PerDirection { download: mbit(90), upload: mbit(50) });
    law.adopt(PerDirection { download: Some(mbit(5)), upload: Some(mbit(20)) });
    assert_eq!(law.rates(), PerDirection { download: mbit(90), upload: mbit(20) });
}

#[test]
fn another_source_has_means_of_its_own_and_leaves_those_of_the_reflectors_alone() {
    let mut law = Classic::new(settings());
    assert_eq!(observe_own(&mut law, 60.0), None, "nobody stands in yet");
    law.learn_own(Span::from_millis(200));
    for _ in 0..10 {
        assert_eq!(observe_own(&mut law, 60.0), None);
    }
    let decision = observe_own(&mut law, 60.0).unwrap();
    assert_eq!((decision.baseline, decision.load), (ms(60.0), ms(60.0)));
    let decision = observe_own(&mut law, 160.0).unwrap();
    assert!((decision.delta - 20.0).abs() < 1e-9, "a value moves the load as a round does");
    let icmp = law.means().unwrap();
    assert_eq!((icmp.baseline(), icmp.load()), (ms(25.0), ms(25.0)));
    law.learn_own(Span::from_millis(200));
    assert_eq!(observe_own(&mut law, 90.0), None, "the next one learns anew");
}

#[test]
fn a_stand_in_that_was_met_on_a_loaded_line_is_known_as_soon_as_the_load_falls() {
    let mut law = Classic::new(settings());
    law.learn_own(Span::from_millis(200));
    (0..10).for_each(|_| assert_eq!(observe_own(&mut law, 180.0), None));
    for _ in 0..30 {
        observe_own(&mut law, 30.0).unwrap();
    }
    let decision = observe_own(&mut law, 80.0).unwrap();
    assert!((decision.baseline.ms() - 30.0).abs() < 0.5, "{decision:?}");
    assert!(decision.delta > 9.0, "{decision:?}");
}

/// 2.5 s at one value per 50 ms and 2.5 s at one per 200 ms are the same time.
#[test]
fn the_baseline_of_another_source_follows_in_its_configured_time() {
    let mut law = Classic::new(settings());
    law.learn_own(Span::from_millis(200));
    (0..10).for_each(|_| assert_eq!(observe_own(&mut law, 60.0), None));
    observe_own(&mut law, 61.0).unwrap();
    let moved = law.means_on(Scale::Own).unwrap().baseline().above(ms(60.0));
    assert!((moved - 0.08).abs() < 1e-9, "{moved}");
}
