//! No reflector answers: what stands in for them, what is held, and what is said about it.

use wanctl::{
    control::{
        change::{Change, KeptItems, KeptStandIns, KeptWan, NextRouter, NextWan},
        event::{Request, SignalNews, WanNews},
        fallback::{self, Gateway, Instead},
        law::{Cause, Scale},
        time::Span,
        units::{Direction, PerDirection, Rate},
        wan::{self, RouterId, Signal, WanId},
        zone::Zone,
    },
    sim::{
        link::{Demand, LinkSettings, Reflector},
        schedule::Window,
        world::{RouterSettings, World},
    },
};

use super::{FOR_EVER, busy, converges, count, of_wan, run, window};
use crate::support::settings::{Wan, at, classic, laws, wan};

/// A cable WAN with two TCP targets and a gateway.
fn settings(wan: Wan) -> wan::Settings {
    let fallback = fallback::Settings { targets: 2, gateway: Gateway::Given };
    wan::Settings { fallback, ..wan(520, 52) }
}

/// The same line with TCP targets so many milliseconds behind its end.
fn with_targets(mut line: LinkSettings, extra: [u64; 2]) -> LinkSettings {
    line.targets = extra.map(|ms| Reflector::at(Span::from_millis(ms))).into();
    line
}

fn world(line: LinkSettings, seed: u64) -> World {
    world_of(&settings(wan), line, seed)
}

fn world_of(settings: &wan::Settings, line: LinkSettings, seed: u64) -> World {
    World::new(vec![(*settings, line)], vec![RouterSettings::healthy()], seed)
}

fn signal(world: &mut World) -> Signal {
    world.engine().wans()[0].signal()
}

fn instead(world: &mut World) -> Option<Instead> {
    match signal(world) {
        Signal::Lost { instead, .. } => Some(instead),
        Signal::Learning | Signal::Fresh => None,
    }
}

/// What was told about the signal since this was asked last.
fn told(world: &mut World) -> Vec<SignalNews> {
    let news = of_wan(&world.take_events(), 0);
    let signal = |news| if let WanNews::Signal(news) = news { Some(news) } else { None };
    news.into_iter().filter_map(signal).collect()
}

/// What a line under control was like.
#[derive(Debug)]
struct Run {
    /// What the provider's queues added in ms, at the median and below which 95 % stayed.
    added: [u64; 2],
    /// Bytes downloaded.
    delivered: u64,
    missed: u64,
}

/// Runs from second `from` to second `to`.
fn watched(world: &mut World, from: u64, to: u64) -> Run {
    run(world, from * 1_000);
    let before = world.link(0).unwrap().stats().download.delivered;
    let mut added = Vec::new();
    let watch = |world: &mut World| {
        let PerDirection { download, upload } = world.link(0).unwrap().stats();
        added.push((download.queue_delay + upload.queue_delay).as_millis());
    };
    world.run_until(at(to * 1_000), watch).unwrap();
    added.sort_unstable();
    let percentile = |percent| added[(added.len() - 1) * percent / 100];
    Run {
        added: [percentile(50), percentile(95)],
        delivered: world.link(0).unwrap().stats().download.delivered - before,
        missed: world.engine().wans()[0].cycles().missed,
    }
}

/// Whether each limit is what it was at another time.
fn wanted(world: &mut World) -> PerDirection<Rate> {
    world.engine().wans()[0].wanted()
}

/// The same line measured by ICMP, by TCP alone, and not at all.
fn by_icmp_and_by_tcp(wan: Wan, seed: u64, name: &str) {
    let world = |line, seed| world_of(&settings(wan), line, seed);
    let line = with_targets(busy(10), [4, 9]);
    let mut by_icmp = world(line.clone(), seed);
    let mut by_tcp = world(line.clone().without_echoes(Window::ALWAYS), seed);
    let free = LinkSettings { targets: Vec::new(), ..line.without_echoes(Window::ALWAYS) };
    let mut held = world(free, seed);
    let mut by_delay = world_of(&classic(&settings(wan)), with_targets(busy(10), [4, 9]), seed);
    let [icmp, tcp, held, delay] =
        [&mut by_icmp, &mut by_tcp, &mut held, &mut by_delay].map(|world| watched(world, 60, 600));
    let case = format!("{name}, seed {seed}: icmp {icmp:?}, tcp {tcp:?}, held {held:?}");
    assert!(matches!(instead(&mut by_tcp), Some(Instead::Tcp { scale: Scale::Own, .. })));
    assert!(held.added[1] >= 100, "without control it is a line with bloat: {case}");
    assert!(tcp.added[1] <= 60 && tcp.added[0] <= 15, "{case}");
    assert!(tcp.added[1] * 2 <= held.added[1], "{case}");
    // On a scale of its own the classic rules decide for both, with a quarter of the decisions.
    assert!(tcp.delivered * 100 >= delay.delivered * 60, "{case}, classic {delay:?}");
    assert!(tcp.delivered * 100 <= icmp.delivered * 115, "{case}");
    assert_eq!(tcp.missed, 0, "{case}");
    assert!(converges(&mut by_tcp, 0), "{case}");
    let news = told(&mut by_tcp);
    let own = |news: &SignalNews| {
        matches!(news, SignalNews::Lost(Instead::Tcp { scale: Scale::Own, .. }))
    };
    assert!(own(&news[0]), "{news:?}");
    assert!(matches!(news[1], SignalNews::StandInLearnt { .. }), "{news:?}");
    assert_eq!(news.len(), 2, "{news:?}");
}

#[test]
fn icmp_filtered_from_the_start_is_controlled_by_tcp() {
    for (name, wan) in laws() {
        for seed in 1..4 {
            by_icmp_and_by_tcp(wan, seed, name);
        }
    }
}

/// Minute 0 to 2: idle, offsets are learnt. Then ICMP is filtered for four minutes, and a download
/// runs in the second and third of them.
fn lost_after_learning(extra: [u64; 2]) -> World {
    let line = with_targets(LinkSettings::cable(), extra);
    let line = line.without_echoes(window(120_000, 360_000));
    world(line.with_load(Direction::Download, window(180_000, 300_000), Demand::Greedy), 1)
}

#[test]
fn icmp_lost_after_learning_goes_on_by_the_offset_without_a_jump() {
    for extra in [[4, 9], [70, 140]] {
        let mut world = lost_after_learning(extra);
        run(&mut world, 120_000);
        let before = world.engine().wans()[0].law().means().unwrap().baseline();
        world.take_events();
        let mut deltas: Vec<f64> = Vec::new();
        let watch = |world: &mut World| {
            let wan = &world.engine().wans()[0];
            if let (Signal::Lost { .. }, Some(decision)) = (wan.signal(), wan.decision()) {
                assert_eq!(decision.verdicts.download.zone, Zone::Green);
                deltas.push(decision.delta);
            }
        };
        world.run_until(at(180_000), watch).unwrap();
        assert!(deltas.len() > 1_100, "decided from the second second on: {}", deltas.len());
        let (least, most) = deltas
            .iter()
            .fold((0.0_f64, 0.0_f64), |(least, most), delta| (least.min(*delta), most.max(*delta)));
        assert!(least > -3.0 && most < 5.0, "{extra:?}: {least} to {most}");
        assert_eq!(told(&mut world).len(), 1);
        let scale = |instead| matches!(instead, Some(Instead::Tcp { scale: Scale::Icmp, .. }));
        assert!(scale(instead(&mut world)));
        let after = world.engine().wans()[0].law().means().unwrap().baseline();
        assert!(after.above(before).abs() < 1.5, "{extra:?}: {before:?} {after:?}");
    }
}

#[test]
fn congestion_while_icmp_is_lost_is_seen_and_cured_and_the_return_is_told_once() {
    let mut world = lost_after_learning([4, 9]);
    run(&mut world, 180_000);
    world.take_events();
    let ceiling = wanted(&mut world).download;
    let mut seen = None;
    let watch = |world: &mut World| {
        let zone = world.engine().wans()[0].decision().map(|is| is.verdicts.download.zone);
        if zone.is_some_and(|zone| zone != Zone::Green) && seen.is_none() {
            seen = Some(world.now().since(at(180_000)).as_millis());
        }
    };
    world.run_until(at(190_000), watch).unwrap();
    assert!(seen.is_some_and(|after| after <= 2_000), "{seen:?} ms until it was seen");
    assert!(wanted(&mut world).download < ceiling);
    let loaded = watched(&mut world, 190, 300);
    assert!(loaded.added[0] <= 15 && loaded.added[1] <= 60, "{loaded:?}");
    // 500 Mbit/s less drift; at least half of what that is in 110 s.
    assert!(loaded.delivered >= 500_000_000 / 8 * 110 / 2, "{loaded:?}");
    run(&mut world, 359_000);
    let baseline = world.engine().wans()[0].law().means().unwrap().baseline();
    assert_eq!(told(&mut world), []);
    run(&mut world, 380_000);
    assert_eq!(signal(&mut world), Signal::Fresh);
    let news = told(&mut world);
    let [SignalNews::Back { silence, losses: 1 }] = news[..] else { panic!("{news:?}") };
    assert!((239..=241).contains(&silence.as_secs()), "{silence:?}");
    let after = world.engine().wans()[0].law().means().unwrap().baseline();
    assert!(after.above(baseline).abs() < 1.0, "{baseline:?} {after:?}");
}

/// Raw connect times, 60 ms over those of the reflectors, never enter the ICMP baseline.
#[test]
fn a_target_on_its_own_scale_leaves_the_icmp_means_where_they_were() {
    let line = with_targets(LinkSettings::quiet(), [60, 80]);
    // Too early for any offset.
    let mut world = world(line.without_echoes(window(8_000, 300_000)), 1);
    run(&mut world, 8_900);
    let before = world.engine().wans()[0].law().means().copied().unwrap();
    run(&mut world, 299_000);
    assert!(matches!(instead(&mut world), Some(Instead::Tcp { scale: Scale::Own, .. })));
    let baseline = world.engine().wans()[0].decision().unwrap().baseline;
    assert!((75.0..95.0).contains(&baseline.ms()), "{baseline:?}");
    assert_eq!(world.engine().wans()[0].law().means().copied().unwrap(), before);
    run(&mut world, 301_000);
    let decision = *world.engine().wans()[0].decision().unwrap();
    assert!(decision.delta.abs() < 1.0 && decision.baseline.ms() < 25.0, "{decision:?}");
}

/// The law knows no load then, and cannot go by it.
#[test]
fn without_reflectors_the_router_is_seldom_asked_what_its_queues_count() {
    let counted = |request| matches!(request, Request::Count(..));
    for targets in [&[60, 80][..], &[]] {
        // Too early for any offset.
        let mut line = LinkSettings::quiet().without_echoes(window(8_000, FOR_EVER));
        line.targets = targets.iter().map(|ms| Reflector::at(Span::from_millis(*ms))).collect();
        let mut world = world(line, 1);
        run(&mut world, 120_000);
        let tcp = matches!(instead(&mut world), Some(Instead::Tcp { scale: Scale::Own, .. }));
        assert_eq!(tcp, !targets.is_empty());
        world.take_requests();
        run(&mut world, 420_000);
        let asked = count(&world.take_requests(), counted);
        assert!(asked <= 600, "{targets:?}: {asked} in five minutes");
    }
}

/// The reflectors come back 100 ms further away than they were: a change of path, no spike.
#[test]
fn the_first_round_after_a_stand_in_is_no_spike() {
    let mut line = with_targets(LinkSettings::quiet(), [4, 9]);
    line = line.without_echoes(window(8_000, 60_000));
    line.base_rtt = line.base_rtt.then(at(30_000), Span::from_millis(120));
    let mut world = world(line, 1);
    run(&mut world, 59_900);
    assert!(matches!(instead(&mut world), Some(Instead::Tcp { scale: Scale::Own, .. })));
    let mut first = None;
    let watch = |world: &mut World| {
        let wan = &world.engine().wans()[0];
        if wan.signal() == Signal::Fresh {
            first = first.or(wan.decision().copied());
        }
    };
    world.run_until(at(60_500), watch).unwrap();
    let decision = first.unwrap();
    assert!(decision.delta > 10.0, "{decision:?}");
    assert_eq!(decision.verdicts.download.cause, Cause::Delay);
}

#[test]
fn no_handshake_but_a_gateway_is_held_and_said_so() {
    let line = with_targets(busy(12), [4, 9]).with_outage(window(60_000, 660_000));
    let mut world = world(line, 1);
    run(&mut world, 61_500);
    world.take_events();
    let held = wanted(&mut world);
    run(&mut world, 659_000);
    assert_eq!(instead(&mut world), Some(Instead::Gateway));
    assert_eq!(wanted(&mut world), held);
    assert_eq!(world.engine().wans()[0].decision(), None, "holding is not green");
    assert_eq!(told(&mut world), [SignalNews::Lost(Instead::Gateway)]);
    run(&mut world, 670_000);
    let news = told(&mut world);
    let [SignalNews::Back { silence, losses: 1 }] = news[..] else { panic!("{news:?}") };
    assert!((599..=601).contains(&silence.as_secs()), "{silence:?}");
}

#[test]
fn nothing_at_all_is_one_loud_line_once_it_is_sure() {
    let mut line =
        with_targets(LinkSettings::quiet(), [4, 9]).with_outage(window(60_000, FOR_EVER));
    line.no_gateway.push(Window::ALWAYS);
    let mut world = world(line, 1);
    run(&mut world, 62_500);
    assert_eq!(instead(&mut world), Some(Instead::Nothing));
    assert_eq!(told(&mut world), [], "the first connects may answer yet");
    let held = wanted(&mut world);
    run(&mut world, 63_200);
    assert_eq!(told(&mut world), [SignalNews::Lost(Instead::Nothing)]);
    world.take_connects();
    run(&mut world, 3_600_000);
    assert_eq!(told(&mut world), [], "said once in an hour");
    assert_eq!(wanted(&mut world), held);
    // Both targets answer nothing: at most three are on the way to each, for two seconds.
    let connects = world.take_connects().len();
    assert!((9_000..=10_800).contains(&connects), "{connects}");
}

#[test]
fn icmp_that_flaps_every_two_seconds_fills_no_log() {
    for (targets, no_gateway) in [([4, 9], false), ([4, 9], true)] {
        let mut line = with_targets(busy(12), targets);
        for second in (60..660).step_by(4) {
            line = line.without_echoes(window(second * 1_000, second * 1_000 + 2_000));
        }
        line.no_gateway.extend(no_gateway.then_some(Window::ALWAYS));
        let mut world = world(line, 1);
        run(&mut world, 60_000);
        world.take_events();
        run(&mut world, 660_000);
        let news = told(&mut world);
        assert!((1..=6).contains(&news.len()), "{news:?}");
        run(&mut world, 780_000);
        let news = told(&mut world);
        assert!(
            matches!(news[..], [SignalNews::Shaky { .. } | SignalNews::Back { .. }]),
            "{news:?}"
        );
        assert_eq!(signal(&mut world), Signal::Fresh);
    }
}

#[test]
fn targets_at_wildly_different_distances_make_no_false_red() {
    for (extra, from) in [([1, 150], 0), ([150, 1], 0), ([1, 150], 120_000), ([400, 2], 120_000)] {
        let line = with_targets(LinkSettings::quiet(), extra);
        let line = line.without_echoes(window(from, FOR_EVER));
        let mut world = world(line, 1);
        let mut decided = 0;
        let watch = |world: &mut World| {
            let Some(decision) = world.engine().wans()[0].decision().copied() else { return };
            decided += 1;
            let PerDirection { download, upload } = decision.verdicts;
            assert_eq!([download.zone, upload.zone], [Zone::Green; 2], "{extra:?} {decision:?}");
        };
        world.run_until(at(600_000), watch).unwrap();
        assert!(decided > 9_000, "{extra:?}: {decided}");
        assert!(matches!(instead(&mut world), Some(Instead::Tcp { .. })), "{extra:?}");
    }
}

/// Something next door completes every handshake in 0.2 ms, whatever the line is like.
#[test]
fn a_proxy_next_door_is_not_taken_for_the_line() {
    for from in [0, 120_000] {
        let mut line = with_targets(busy(8), [4, 9]).without_echoes(window(from, FOR_EVER));
        for target in &mut line.targets {
            target.lying = vec![Window::ALWAYS];
            target.lie = Span::from_micros(200);
        }
        let mut both_lie = world(line.clone(), 1);
        run(&mut both_lie, from + 3_000);
        let held = wanted(&mut both_lie);
        run(&mut both_lie, 480_000);
        assert_eq!(instead(&mut both_lie), Some(Instead::Gateway), "from {from}");
        assert_eq!(wanted(&mut both_lie), held);
        line.targets[1].lying.clear();
        let mut one_lies = world(line, 1);
        run(&mut one_lies, 480_000);
        let honest = |is| matches!(is, Some(Instead::Tcp { target: 1, .. }));
        assert!(honest(instead(&mut one_lies)), "from {from}");
        assert!(wanted(&mut one_lies) != held, "from {from}: it is controlled");
    }
}

#[test]
fn while_icmp_works_nothing_but_six_connects_a_minute_is_added() {
    let mut world = world(with_targets(busy(10), [4, 9]), 1);
    run(&mut world, 600_000);
    let connects = world.take_connects();
    assert_eq!(connects.len(), 60);
    let apart = connects.windows(2).map(|pair| pair[1].0.since(pair[0].0).as_secs());
    assert!(apart.into_iter().all(|apart| apart == 10));
    assert_eq!(told(&mut world), []);
}

#[test]
fn the_end_stops_connects_and_echoes() {
    let mut world = world(with_targets(busy(2), [4, 9]).without_echoes(Window::ALWAYS), 1);
    run(&mut world, 60_000);
    assert!(!world.take_connects().is_empty());
    world.engine().on_stop(at(60_000));
    run(&mut world, 90_000);
    assert_eq!(world.take_connects(), []);
}

/// At the same place in the list, so that only the reload tells them apart.
#[test]
fn targets_that_a_reload_put_in_the_place_of_others_are_told() {
    let line = with_targets(LinkSettings::cable(), [4, 9]).without_echoes(Window::ALWAYS);
    let mut world = world(line, 1);
    run(&mut world, 30_000);
    let before = instead(&mut world);
    assert!(matches!(before, Some(Instead::Tcp { scale: Scale::Own, .. })), "{before:?}");
    assert_eq!(told(&mut world).len(), 2);
    let from = KeptWan {
        wan: WanId(0),
        reflectors: [Some(0), Some(1), Some(2)].into_iter().collect(),
        stand_ins: KeptStandIns::Others,
        queues: KeptItems::Same,
    };
    let wans = [NextWan { settings: settings(wan), from: Some(from) }];
    let change = Change {
        wans: &wans,
        routers: &[NextRouter::Kept(RouterId(0))],
        steerings: &[],
        leaving: &[],
    };
    world.engine().reconfigure(&change, at(30_000), 5);
    run(&mut world, 60_000);
    assert_eq!(instead(&mut world), before);
    let news = told(&mut world);
    assert!(
        matches!(news[..], [SignalNews::Now(now), SignalNews::StandInLearnt { .. }]
        if Some(now) == before),
        "{news:?}"
    );
}

#[test]
fn reflectors_that_answer_seconds_late_are_no_reason_to_doubt_the_tcp_times() {
    for (law, wan) in laws() {
        let mut line = with_targets(LinkSettings::cable(), [4, 9]);
        for reflector in &mut line.reflectors {
            reflector.detours.push((window(60_000, FOR_EVER), Span::from_secs(3)));
        }
        let mut world = world_of(&settings(wan), line, 1);
        run(&mut world, 59_000);
        let before = wanted(&mut world);
        run(&mut world, 300_000);
        assert!(matches!(instead(&mut world), Some(Instead::Tcp { .. })), "{law}");
        assert_eq!(wanted(&mut world), before, "{law}: the line is idle");
    }
}
