//! Which transport fails when, in virtual time: for each kind of failure and several seeds the limits
//! converge, the transport changes once for each cause, and a router never works for two at a time.

use wanctl::{
    control::{
        event::{Event, Request, RouterNews, What},
        failover::{
            Fallback,
            Route::{self, Fallback as Other, Preferred},
            Turn,
        },
        failure::FailureKind,
        time::{Instant, Span},
        units::{Direction, PerDirection},
        wan::Settings,
    },
    sim::{
        link::{Demand, LinkSettings},
        schedule::Window,
        world::{RouterSettings, World},
    },
};

use super::take_routed;
use crate::support::settings::{LAWS, at};

/// When which transport fails, in seconds.
type Failing = (u64, u64, Route);

const SEEDS: u64 = 4;
/// All that a transport can do wrong as a whole.
const KINDS: [FailureKind; 7] = [
    FailureKind::Refused,
    FailureKind::Timeout,
    FailureKind::Reset,
    FailureKind::Tls,
    FailureKind::HostKey,
    FailureKind::Dns,
    FailureKind::Garbage,
];
/// Increases are this far apart while the budget lasts.
const SPACING: Span = Span::from_secs(1);
/// Each queue read and written, the facts, and a try: a round trip of 20 ms for each.
const TRIPS: Span = Span::from_millis(20 * 7);

/// What was seen.
#[derive(Debug, Default)]
struct Seen {
    turns: Vec<(Instant, Turn)>,
    lost: usize,
    back: usize,
    requests: Vec<(Instant, Route, Request)>,
}

/// From and to these seconds.
fn window(from: u64, to: u64) -> Window {
    Window { from: at(from * 1_000), to: at(to * 1_000) }
}

/// A line on which there is something to write every second, by the classic law.
fn line(seconds: u64) -> LinkSettings {
    let window =
        |from: u64, lasts: u64| Window { from: at(from * 1_000), to: at((from + lasts) * 1_000) };
    (0..seconds / 12).fold(LinkSettings::cable(), |line, turn| {
        let line = line.with_load(Direction::Download, window(turn * 12, 5), Demand::Greedy);
        line.with_load(Direction::Upload, window(turn * 12 + 6, 5), Demand::Greedy)
    })
}

/// Each law has half of the seeds.
fn world(failing: &[Failing], kind: FailureKind, seconds: u64, seed: u64) -> World {
    let mut router = RouterSettings { fallback: Fallback::Present, ..RouterSettings::healthy() };
    router.ways.extend(failing.iter().map(|(from, to, route)| (window(*from, *to), *route, kind)));
    let (_, wan) = LAWS[usize::from(seed.is_multiple_of(2))];
    let settings = Settings { write_budget: 7_200, ..wan(520, 52) };
    World::new(vec![(settings, line(seconds))], vec![router], seed)
}

/// Whether the router has what is wanted, but for what a rate rises by until the next increase.
fn near(world: &mut World) -> PerDirection<bool> {
    let wan = &world.engine().wans()[0];
    let (wanted, ladders) = (wan.wanted(), wan.settings().law.ladders);
    let limits = PerDirection {
        download: world.limit(0, Direction::Download),
        upload: world.limit(0, Direction::Upload),
    };
    limits.zip(wanted).zip(ladders).map(|((limit, wanted), ladder)| {
        let (Some(limit), ahead) = (limit, ladder.step_up.bps() * 21) else { return false };
        limit.bps() <= wanted.bps() / 100 * 101 && wanted.bps() <= limit.bps() + ahead
    })
}

/// Plays it to the end. Whenever the router answers again, or the transport has changed, its limits
/// meet those wanted within a spacing and the round trips.
fn play(failing: &[Failing], kind: FailureKind, seconds: u64, seed: u64) -> Seen {
    let mut world = world(failing, kind, seconds, seed);
    let mut story = Seen::default();
    let mut due: Option<(Instant, PerDirection<bool>)> = None;
    let watch = |world: &mut World| {
        let (now, events) = (world.now(), world.take_events());
        for Event { at, what } in events {
            let What::Router(_, news) = what else { continue };
            match news {
                RouterNews::Turned(turn) => story.turns.push((at, turn)),
                RouterNews::Lost(_) => {
                    story.lost += 1;
                    due = None;
                }
                RouterNews::Back { failures: 0, .. } | RouterNews::StillLost { .. } => {}
                RouterNews::Back { .. } => story.back += 1,
            }
            let answers = matches!(news, RouterNews::Back { .. });
            if answers || matches!(news, RouterNews::Turned(Turn::Back { .. })) {
                due = Some((at + SPACING + TRIPS, PerDirection::both(false)));
            }
        }
        let requests = take_routed(world);
        let fails = |(asked, route, _): &(Instant, Route, Request)| {
            failing
                .iter()
                .any(|(from, to, own)| own == route && window(*from, *to).contains(*asked))
        };
        // What comes next waits for that.
        due = due.filter(|_| !requests.iter().any(fails));
        story.requests.extend(requests);
        if let Some((by, met)) = due {
            let met = met.zip(near(world)).map(|(before, now)| before || now);
            assert!(now <= by || met.download && met.upload, "{kind:?} {seed}: {met:?} at {now:?}");
            due = (now <= by).then_some((by, met));
        }
    };
    world.run_until(at(seconds * 1_000), watch).unwrap();
    assert_eq!(world.overlaps(0), 0, "{kind:?} {seed}: two requests at a time");
    assert_eq!(world.engine().wans()[0].cycles().missed, 0);
    hold_to_ways(&story);
    story
}

/// All requests take the transport in use, but for tries, which read a queue; and the turns
/// alternate.
fn hold_to_ways(seen: &Seen) {
    let mut in_use = Preferred;
    for (_, turn) in &seen.turns {
        let expected = if matches!(turn, Turn::Away { .. }) { Preferred } else { Other };
        assert_eq!(in_use, expected, "{:?}", seen.turns);
        in_use = if expected == Preferred { Other } else { Preferred };
    }
    for (asked, route, request) in &seen.requests {
        let turned = |by: &&(Instant, Turn)| by.0 <= *asked;
        let last = seen.turns.iter().rfind(turned);
        let away = last.is_some_and(|(_, turn)| matches!(turn, Turn::Away { .. }));
        let is_try = away && *route == Preferred;
        assert!(
            !is_try || matches!(request, Request::Read(..)),
            "a try at {asked:?} asks {request:?}"
        );
        assert!(away || *route == Preferred, "{request:?} at {asked:?} without a cause");
    }
    // What the old transport did or did not do is read before the next write.
    for (turned, _) in &seen.turns {
        let after = seen.requests.iter().filter(|(asked, ..)| asked >= turned);
        let mut queues = after.filter(|(.., request)| *request != Request::Facts);
        let first = queues.next();
        assert!(!matches!(first, Some((.., Request::Write(..)))), "{first:?} after {turned:?}");
    }
}

fn seconds(at: Instant) -> u64 {
    at.since(Instant::default()).as_secs()
}

/// Each row for each kind and seed.
fn each(failing: &[Failing], length: u64, judge: impl Fn(&Seen, FailureKind)) {
    for kind in KINDS {
        for seed in 0..SEEDS {
            judge(&play(failing, kind, length, seed), kind);
        }
    }
}

#[test]
fn the_other_transport_stands_in_and_the_preferred_one_is_taken_back_at_the_next_try() {
    // Tries 30, 90, 210 and 450 s after it was left; one that times out is known 2 s later.
    for (until, first_try) in [(80, 30), (140, 90), (200, 210), (300, 450)] {
        each(&[(60, until, Preferred)], 560, |seen, kind| {
            let [(left, Turn::Away { kind: told, wait }), (back, Turn::Back { away })] =
                seen.turns[..]
            else {
                panic!("{kind:?}: {:?}", seen.turns)
            };
            assert_eq!((told, wait), (kind, Span::from_secs(30)));
            // Something is written every second, and two time-outs have a pause in between.
            assert!((60..75).contains(&seconds(left)), "{kind:?}: {left:?}");
            assert_eq!(away, back.since(left));
            let late = away.as_secs() - first_try;
            assert!(late <= 7, "{kind:?}: after {} s", away.as_secs());
            // Garbage alone is no proof that the router has gone.
            let outages = usize::from(kind != FailureKind::Garbage);
            assert_eq!((seen.lost, seen.back), (outages, outages), "{kind:?}");
        });
    }
}

#[test]
fn a_transport_that_is_not_in_use_may_fail_unnoticed() {
    each(&[(0, 300, Other)], 300, |seen, kind| {
        assert_eq!((&seen.turns[..], seen.lost), (&[][..], 0), "{kind:?}");
        assert!(seen.requests.iter().all(|(_, route, _)| *route == Preferred));
    });
}

/// Whichever works first is used; the router is lost once.
#[test]
fn while_both_fail_the_router_is_lost_once_and_the_first_that_answers_is_used() {
    for (preferred_until, other_until, turns) in [(400, 160, 1), (160, 400, 2), (160, 160, 1)] {
        let failing = [(60, preferred_until, Preferred), (60, other_until, Other)];
        each(&failing, 190, |seen, kind| {
            // Where both come back at the same time, either may be the first.
            let enough = seen.turns.len() == turns || preferred_until == other_until;
            assert!(enough && seen.turns.len() <= 2, "{kind:?}: {:?}", seen.turns);
            if kind != FailureKind::Garbage {
                assert_eq!((seen.lost, seen.back), (1, 1), "{kind:?}");
            }
            let last = seen.requests.last().unwrap();
            assert!(seconds(last.0) >= 180, "asked again: {last:?}");
        });
    }
}

/// The back-off holds for both together: no request storm.
#[test]
fn while_both_fail_the_attempts_follow_one_back_off() {
    let failing = [(60, 400, Preferred), (60, 400, Other)];
    each(&failing, 400, |seen, kind| {
        let late = seen.requests.iter().filter(|(asked, ..)| seconds(*asked) >= 100);
        let late: Vec<_> = late.collect();
        if kind == FailureKind::Garbage {
            return;
        }
        for pair in late.windows(2) {
            let apart = pair[1].0.since(pair[0].0);
            assert!(apart >= Span::from_millis(3_750), "{kind:?}: {pair:?}");
            assert!(apart <= Span::from_millis(8_300), "{kind:?}: {pair:?}");
        }
        let of = |wanted| late.iter().filter(|(_, route, _)| *route == wanted).count();
        assert!(of(Preferred) >= 12 && of(Other) >= 24, "{} {}", of(Preferred), of(Other));
        assert_eq!(seen.turns.len(), 1);
    });
}

#[test]
fn a_transport_that_comes_and_goes_every_second_changes_it_ever_less_often() {
    let failing: Vec<Failing> = (30..930).map(|turn| (turn * 2, turn * 2 + 1, Preferred)).collect();
    each(&failing, 1_860, |seen, kind| {
        // In half an hour: waits of 30, 60, 120, 240 and then 300 s, there and back each. A time-out
        // and the rest after it take five seconds, so that the next request finds it well.
        let least = usize::from(kind != FailureKind::Timeout);
        assert!((least..=18).contains(&seen.turns.len()), "{kind:?}: {:?}", seen.turns);
    });
}

#[test]
fn whichever_fails_and_however_they_overlap_the_limits_follow() {
    for seed in 0..60 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut draw = || {
            let from = rng.u64(20..240);
            let route = if rng.bool() { Preferred } else { Other };
            (from, from + rng.u64(1..90), route)
        };
        let failing: Vec<Failing> = (0..4).map(|_| draw()).collect();
        let kind = KINDS[usize::try_from(seed).unwrap() % KINDS.len()];
        let seen = play(&failing, kind, 700, seed);
        // One change for each cause: leaving once for each failure, and returning from it.
        let causes = failing.iter().filter(|(_, _, route)| *route == Preferred).count();
        assert!(seen.turns.len() <= 2 * causes, "{failing:?}: {:?}", seen.turns);
        assert!(seen.lost <= failing.len() * 2 && seen.back == seen.lost, "{failing:?}");
    }
}
