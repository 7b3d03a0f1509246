//! The soak: the real daemon for a long time, with faults of router and line that switch every few
//! seconds at random, and everything that must hold looked at all the time.
//!
//! `cargo test --release --test soak -- --nocapture`
//!
//! Needs what the bed needs (root and tools, see `tests/bed`). `WANCTL_SOAK_SECONDS` says how long
//! (3600), `WANCTL_SOAK_SEED` which faults in which order; the seed of a run is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../bed/line.rs"]
mod line;
#[allow(dead_code, reason = "the bed uses more of it")]
#[path = "../bed/needs.rs"]
mod needs;
#[allow(dead_code, reason = "the bed uses more of it")]
#[path = "../bed/net.rs"]
mod net;
mod report;
#[path = "../support/mod.rs"]
mod support;
mod watch;
mod weather;

use std::{env, path::PathBuf};

use fastrand::Rng;
use wanctl::{
    control::time::{Instant, Span},
    os::{clock, lock::Lock},
};

use self::{
    line::{Line, REFLECTORS},
    needs::announce,
    report::{Report, Usage},
    support::{
        canary::{Canary, Sung, with_canary},
        config::{TREE, globals, section},
        daemon::{Daemon, WANCTL, run},
        faults::{Fault, Site},
        load::Load,
        router::{Router, home},
        scratch::Scratch,
        stops::{let_pass, names, state},
        wait::{now, seconds},
    },
    watch::{Watch, is_reachable, is_settled},
    weather::Weather,
};

/// After a fault the router is reached again within this: the longest back-off (5 s and a quarter),
/// one request that times out, and what a busy machine adds.
const REACHED_WITHIN: Span = seconds(10);

/// After that the rates climb from floor to ceiling within seconds; what somebody else changed
/// is found within a minute.
const SETTLED_WITHIN: Span = seconds(90);

/// The end, whatever the router suffers from.
const ENDED_WITHIN: Span = seconds(5);

/// Between two looks.
const LOOK: Span = Span::from_millis(100);

/// Each law in turn.
const LAWS: [&str; 2] = ["adaptive", "classic"];

/// So many episodes are one law's turn; a reload brings the next.
const TURN: usize = 3;

/// After a line that was bad for a moment there is something to write, and soon nothing more, so that the
/// next fault can begin; by the classic law from floor to ceiling in thirty cycles.
const RATES: [(&str, &str); 8] = [
    ("download_ceiling", "400M"),
    ("download_floor", "100M"),
    ("download_step_up", "10M"),
    ("upload_ceiling", "40M"),
    ("upload_floor", "10M"),
    ("upload_step_up", "1M"),
    ("baseline_initial", "1ms"),
    ("write_budget", "7200"),
];

fn number(variable: &str, default: u64) -> u64 {
    let text = env::var(variable).ok();
    text.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text}")))
}

fn config(scratch: &Scratch, site: &Site, law: &str) -> PathBuf {
    let reflectors = REFLECTORS.map(|address| ("reflector", address));
    let options = [&TREE[..], &RATES, &reflectors, &[("law", law)]].concat();
    let wan = section("wan", "cable", &options);
    let router = site.router.section_at(site.proxy.address(), "home", scratch);
    let text = globals(scratch, "info") + &router + &wan;
    scratch.write("wanctl.conf", text.as_bytes())
}

#[test]
fn it_outlives_faults_that_switch_every_few_seconds() {
    let Some(line) = Line::new() else { return };
    let length = seconds(number("WANCTL_SOAK_SECONDS", 3_600));
    let seed = number("WANCTL_SOAK_SEED", clock::unix_now());
    announce(&format!("\nsoak of {} s, WANCTL_SOAK_SEED={seed}", length.as_secs()));
    let wrong = line.inside(|| with_canary(|canary| soak(&line, length, seed, canary)));
    assert!(wrong.is_empty(), "{} things were wrong, the first: {:#?}", wrong.len(), wrong);
}

struct Soak<'a> {
    line: &'a Line,
    scratch: &'a Scratch,
    site: Site,
    watch: Watch,
    random: Rng,
    report: Report,
}

fn soak(line: &Line, length: Span, seed: u64, canary: &Canary) -> Vec<String> {
    let (scratch, site) = (Scratch::in_memory(), Site::new(Router::start(home())));
    let config = config(&scratch, &site, LAWS[0]);
    let mut daemon = Daemon::spawn(run(WANCTL.as_ref(), &config));
    daemon.wait_for_status();
    daemon.until("settled", |health| is_settled(&site, health));
    let warm_up = seconds(120).min(length.part(1, 10));
    // The queues are full, so that the rates move with the weather.
    let _load = Load::of(site.router.shared());
    let report = Report::new(now(), warm_up, daemon.pid());
    let random = Rng::with_seed(seed);
    let mut soak =
        Soak { line, scratch: &scratch, site, watch: Watch::new(daemon), random, report };
    let mut deck = Vec::new();
    // However short it is, the last law's turn begins.
    while now().since(soak.report.start) < length || soak.report.episodes <= TURN * (LAWS.len() - 1)
    {
        if soak.report.episodes.is_multiple_of(TURN) {
            soak.turn();
        } else {
            if deck.is_empty() {
                deck = Fault::ALL.map(Some).to_vec();
                // Times in which the line alone is bad.
                deck.extend([None; 5]);
                soak.random.shuffle(&mut deck);
            }
            let fault = deck.pop().flatten();
            let weather = soak.weather(fault);
            soak.episode(fault, weather, 1_500);
        }
        soak.minute(&canary.sung());
    }
    soak.stop();
    let Soak { mut watch, report, .. } = soak;
    "the whole".clone_into(&mut watch.place);
    let canary = canary.sung();
    let all = [report.grown(), watch.too_many_missed(&canary), watch.idle_law()];
    for wrong in all.into_iter().flatten() {
        watch.wrong(&wrong);
    }
    report.tell(&watch, &canary, seed);
    watch.wrong
}

impl Soak<'_> {
    /// The next law, and for the beginning something to write while the router is well: what its
    /// other episodes are is left to chance, and in all of them there may be nothing to do.
    fn turn(&mut self) {
        let turn = self.report.episodes / TURN;
        if turn > 0 {
            config(self.scratch, &self.site, LAWS[turn % LAWS.len()]);
            self.watch.daemon.signal(libc::SIGHUP);
        }
        self.episode(None, Weather::Restless, 3_000);
    }

    /// Some seconds of a fault, `at_least` so many ms, and what comes after it.
    fn episode(&mut self, fault: Option<Fault>, weather: Weather, at_least: u64) {
        let lasts = Span::from_millis(self.random.u64(at_least..6_500));
        self.report.episodes += 1;
        self.watch.place = format!(
            "episode {} ({fault:?}, {weather:?}, {} ms)",
            self.report.episodes,
            lasts.as_millis()
        );
        let told = self.watch.told;
        self.suffer(fault, weather, lasts);
        self.recover(fault);
        self.judge_lines(fault, told);
        self.rest();
    }

    /// While the router is ill there mostly is something to write to it, else nobody would notice.
    fn weather(&mut self, fault: Option<Fault>) -> Weather {
        let any = Weather::ALL[self.random.usize(..Weather::ALL.len())];
        match fault {
            Some(fault) if fault.meddles() || self.random.u8(..4) > 0 => Weather::Restless,
            Some(_) | None => any,
        }
    }

    fn suffer(&mut self, fault: Option<Fault>, weather: Weather, lasts: Span) {
        // The weather first: so there is something to write.
        weather.begin(self.line);
        let start = now();
        if let Some(fault) = fault {
            self.site.begin(fault);
        }
        while now().since(start) < lasts {
            if let Some(fault) = fault {
                self.site.go_on(fault, now().since(start));
            }
            weather.go_on(self.line, now().since(start));
            self.watch.look(&self.site, fault);
            let_pass(LOOK);
        }
        // Half of the time the router comes back while the weather still is bad.
        if self.random.bool() {
            weather.end(self.line);
            let_pass(Span::from_millis(self.random.u64(..500)));
            self.end(fault);
        } else {
            self.end(fault);
            let_pass(Span::from_millis(self.random.u64(..500)));
            weather.end(self.line);
        }
    }

    fn end(&mut self, fault: Option<Fault>) {
        if let Some(fault) = fault {
            self.site.end(fault);
        }
    }

    fn recover(&mut self, fault: Option<Fault>) {
        let start = now();
        let mut reached: Option<Instant> = None;
        loop {
            // What was meddled with may be found late.
            let health = self.watch.look(&self.site, fault.filter(|fault| fault.meddles()));
            let passed = now().since(start);
            if health.as_ref().is_some_and(is_reachable) && reached.is_none() {
                reached = Some(now());
                self.report.reached.add(passed);
            }
            if reached.is_none() && passed > REACHED_WITHIN {
                self.watch.wrong("the router is not reached again");
                reached = Some(now());
            }
            if health.is_some_and(|health| is_settled(&self.site, &health)) {
                return self.report.times_of(fault).add(passed);
            }
            if passed > SETTLED_WITHIN {
                let last = self.watch.last_lines();
                return self.watch.wrong(&format!("never settled; last lines:\n{last}"));
            }
            let_pass(LOOK);
        }
    }

    /// Every outage has its end, and there is at most one, except while it comes and goes.
    fn judge_lines(&mut self, fault: Option<Fault>, before: watch::Told) {
        self.watch.read_lines();
        let told = self.watch.told;
        let (lost, back) = (told.lost - before.lost, told.back - before.back);
        self.report.outages += lost;
        if lost != back || (lost > 1 && fault != Some(Fault::Flaps)) {
            self.watch.wrong(&format!("{lost} times lost, {back} times back"));
        }
        // Of silences close to each other only the first is told, and an end once it lasts.
        if told.silent.checked_sub(told.heard).is_none_or(|open| open > 1) {
            let watch::Told { silent, heard, .. } = told;
            self.watch.wrong(&format!("{silent} times silent, {heard} times heard again"));
        }
    }

    /// A while in which all is well.
    fn rest(&mut self) {
        let (start, lasts) = (now(), Span::from_millis(self.random.u64(..2_000)));
        while now().since(start) < lasts {
            self.watch.look(&self.site, None);
            let_pass(LOOK);
        }
    }

    fn minute(&mut self, canary: &Sung) {
        if self.report.is_due(now()) {
            let usage = Usage::of(&self.watch.daemon);
            self.report.note(usage, now(), &self.watch, canary);
        }
    }

    /// The end comes in the middle of a fault.
    fn stop(&mut self) {
        let fault = Fault::ALL[self.random.usize(..Fault::ALL.len())];
        self.watch.place = format!("the end ({fault:?})");
        self.report.usage_at_end(Usage::of(&self.watch.daemon), now());
        self.site.begin(fault);
        let_pass(Span::from_millis(self.random.u64(..1_500)));
        self.watch.daemon.signal(libc::SIGTERM);
        let ended = self.watch.daemon.ended(seconds(20));
        self.report.end = ended.after;
        self.watch.read_lines();
        if ended.status.code() != Some(0) || ended.after > ENDED_WITHIN {
            let took = ended.after.as_millis();
            self.watch.wrong(&format!("{} after {took} ms", ended.status));
        }
        let dir = self.scratch.join("state");
        let left = names(&dir);
        if left != ["lock", "state.json"] || state(&dir).is_none() {
            self.watch.wrong(&format!("it leaves {left:?}"));
        }
        if let Err(held) = Lock::acquire(&dir) {
            self.watch.wrong(&held.to_string());
        }
    }
}
