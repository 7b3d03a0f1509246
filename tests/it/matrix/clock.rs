//! The wall clock is set, by an hour to and fro, while the real binary goes on: nothing that it
//! measures or decides is touched. The clock is set for this program alone.

use wanctl::{
    control::{
        time::{Instant, Span},
        units::Rate,
    },
    observe::health::{Health, Status},
    os::clock,
    store::format::State,
};

use crate::running::{
    canary::{Canary, is_crowded, with_canary},
    config::{CLIMBING, TREE, globals, section},
    daemon::{Daemon, PATIENCE, WANCTL, run},
    router::{Router, home},
    rows::say,
    scratch::Scratch,
    stops::{leave_rates, let_pass, state},
    turn::turn,
    wait::{now, seconds, within},
    wall_clock::WallClock,
};

const HOUR: i64 = 3_600;

/// Where it was left; the ceilings are 1000 and 200.
const LEFT: (u64, u64) = (200, 20);

/// Each setting is looked at for so long.
const CYCLES: u64 = 100;

/// What the law still takes for an idle line; a step that is taken for a round-trip time is 3,600,000.
/// What the machine adds shows in the canary.
const SPIKE_MS: f64 = 15.0;

/// And where others crowd it, in the daemon as well, but not at the same moments.
const CROWD_MS: f64 = 60.0;

struct Scene {
    scratch: Scratch,
    router: Router,
    clock: WallClock,
    daemon: Daemon,
}

impl Scene {
    fn start() -> Self {
        let (scratch, router) = (Scratch::in_memory(), Router::start(home()));
        leave_rates(&scratch, "state", LEFT, clock::unix_now());
        let wan = section("wan", "cable", &[&TREE[..], &CLIMBING].concat());
        let text = globals(&scratch, "info") + &router.section("home", &scratch) + &wan;
        let config = scratch.write("wanctl.conf", text.as_bytes());
        let clock = WallClock::new(&scratch);
        let daemon = Daemon::spawn(clock.before(run(WANCTL.as_ref(), &config)));
        let mut scene = Self { scratch, router, clock, daemon };
        scene.begins();
        scene
    }

    /// The same once more, on the state that the first one left.
    fn starts_again(&mut self) {
        let config = self.scratch.join("wanctl.conf");
        self.daemon = Daemon::spawn(self.clock.before(run(WANCTL.as_ref(), &config)));
        self.begins();
    }

    fn begins(&mut self) {
        self.daemon.wait_for_status();
        self.daemon.line("wan cable: going on from the saved state");
        // The last that is told at a start.
        self.daemon.line("router home: RouterOS");
        self.daemon.until("healthy", |health| {
            health.status == Status::Healthy && health.wans[0].download.confirmed_bps.is_some()
        });
    }

    fn health(&self) -> Health {
        within(PATIENCE, || self.daemon.health()).expect("it tells no health")
    }

    fn state(&self) -> State {
        state(&self.scratch.join("state")).expect("no state is saved")
    }

    /// How far the time in the state is ahead of the true one, in seconds, once that was written anew.
    fn saved_ahead(&self) -> i64 {
        let before = self.state().written_unix;
        let written = within(PATIENCE, || {
            let written = self.state().written_unix;
            (written != before).then_some(written)
        });
        let (written, true_now) = (written.expect("no state is saved any more"), clock::unix_now());
        i64::try_from(written).unwrap() - i64::try_from(true_now).unwrap()
    }

    /// Sets the clock so many seconds ahead, and watches what comes of it.
    fn is_set(&self, ahead: i64, canary: &Canary) {
        let (before, sung, uses) = (self.health(), canary.sung(), self.clock.uses());
        let lines = self.daemon.lines().len();
        self.router.model().take_accepted();
        let from = now();
        self.clock.set_ahead(ahead);
        let mut longest_ms = 0.0_f64;
        let after = loop {
            let health = self.health();
            self.is_untouched(&health, &before);
            longest_ms = longest_ms.max(health.wans[0].delta_ms.unwrap_or_default());
            if health.wans[0].cycles >= before.wans[0].cycles + CYCLES {
                break health;
            }
            let_pass(Span::from_millis(20));
        };
        let sung = canary.sung().since(&sung);
        let rhythm = missed(&before, &after, from);
        assert!(rhythm <= 2 + 3 * sung.missed, "{rhythm} missed: {:#?}", self.daemon.lines());
        let crowd_ms = if is_crowded() { CROWD_MS } else { 0.0 };
        let spike_ms = SPIKE_MS + late_ms(sung.latest) + crowd_ms;
        assert!(longest_ms < spike_ms, "{ahead} s: {longest_ms} ms, {spike_ms} is no surprise");
        let written = self.router.model().take_accepted();
        for queue in ["WAN-Download", "WAN-Upload"] {
            assert!(written.iter().any(|write| write.name == queue), "{ahead} s: {written:?}");
        }
        // Nothing is worth a line.
        assert_eq!(self.daemon.lines().get(lines..).unwrap(), [""; 0], "{ahead} s");
        // The clock was really set, and the program goes by it.
        let saved = self.saved_ahead();
        assert!((saved - ahead).abs() <= 3, "{ahead} s: the state is {saved} s ahead");
        let moved = self.clock.uses();
        assert!(moved.stamps > uses.stamps + 100, "{moved:?} after {uses:?}");
        assert!(moved.looks > uses.looks + 100, "{moved:?} after {uses:?}");
        say(&format!(
            "{ahead} s: {rhythm} missed, delta at most {longest_ms:.1} ms, {} writes, {} stamps",
            written.len(),
            moved.stamps - uses.stamps
        ));
    }

    /// Nothing is wrong, and nothing has changed but the rates.
    fn is_untouched(&self, health: &Health, before: &Health) {
        let (wan, old) = (&health.wans[0], &before.wans[0]);
        let lines = || self.daemon.lines().join("\n");
        assert_eq!(health.status, Status::Healthy, "{health:#?}\n{}", lines());
        assert_eq!((wan.signal.as_str(), wan.source.as_str()), ("fresh", "icmp"), "{}", lines());
        let green = [&wan.download.state, &wan.upload.state].iter().all(|state| *state == "GREEN");
        assert!(green || is_crowded(), "{health:#?}\n{}", lines());
        assert_eq!(wan.replies_forged, old.replies_forged);
        assert_eq!((wan.writes_failed, health.routers[0].consecutive_failures), (0, 0));
        let (baseline, known) = (wan.baseline_ms.unwrap(), old.baseline_ms.unwrap());
        // It goes down to what the line has while that is less than what was left.
        assert!(baseline <= known + 0.5, "{known} ms before, {baseline} ms now: {}", lines());
    }
}

/// Cycles that were due since then and were not there.
fn missed(before: &Health, after: &Health, from: Instant) -> u64 {
    let (before, after) = (&before.wans[0], &after.wans[0]);
    let due = now().since(from).as_millis() / 50;
    let cycles = after.cycles - before.cycles;
    (after.cycles_missed - before.cycles_missed).max((due / 2).saturating_sub(cycles))
}

fn late_ms(late: Span) -> f64 {
    f64::from(u32::try_from(late.as_millis()).unwrap())
}

#[test]
fn when_the_clock_is_set_by_an_hour_nothing_is_measured_or_decided_otherwise() {
    let _turn = turn();
    let mut scene = Scene::start();
    with_canary(|canary| {
        for ahead in [HOUR, -HOUR, 0, HOUR] {
            scene.is_set(ahead, canary);
        }
    });
    let rates = scene.state().wans[0].wan.rates.map(Rate::bps);
    let ended = scene.daemon.stop();
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.after < seconds(3), "{ended:?}");
    let left = scene.state();
    assert!(left.written_unix > clock::unix_now() + 3_000, "{left:?}");
    // What was written then is from the future now: the rates are good, the baseline is a hint.
    scene.clock.set_ahead(0);
    scene.starts_again();
    let health = scene.health();
    let wanted = &health.wans[0];
    assert!(wanted.download.wanted_bps >= rates.download, "{health:#?}");
    assert!(wanted.download.wanted_bps < 990_000_000, "not from the ceiling: {health:#?}");
    assert!(wanted.upload.wanted_bps < 190_000_000, "not from the ceiling: {health:#?}");
    let text = scene.daemon.lines().join("\n");
    assert!(!text.contains("cannot be used"), "{text}");
    with_canary(|canary| scene.is_set(0, canary));
    assert_eq!(scene.daemon.stop().status.code(), Some(0));
}
