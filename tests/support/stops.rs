//! A daemon that is told to end at a moment that nobody chose, while its router does well or ill;
//! and what must be true afterwards.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use fastrand::Rng;
use wanctl::{
    control::{
        saved::SavedWan,
        time::Span,
        units::{PerDirection, Rate, Rtt},
    },
    os::{clock, lock::Lock},
    sim::{
        routeros::{Canned, Down, RouterSettings},
        schedule::Schedule,
    },
    store::format::{self, Name, NamedWan, State},
};

use super::{
    config::{TREE, globals, section},
    daemon::{Daemon, PATIENCE, WANCTL, run},
    router::{Router, home, mbit},
    scratch::Scratch,
    wait::{now, seconds, within},
};

/// Rates that rise by a step per cycle, as by the classic law, so that there is something to write
/// every second.
const CLIMBING: [(&str, &str); 7] = [
    ("law", "classic"),
    ("download_ceiling", "400M"),
    ("download_floor", "100M"),
    ("download_step_up", "0.1M"),
    ("upload_ceiling", "40M"),
    ("upload_floor", "10M"),
    ("upload_step_up", "0.1M"),
];

const REFLECTORS: [(&str, &str); 3] =
    [("reflector", "127.0.0.1"), ("reflector", "127.0.0.2"), ("reflector", "127.0.0.3")];

/// Where the daemons here start: rates of an earlier run, in Mbit/s.
pub const LEFT: (u64, u64) = (200, 20);

/// A configuration for rates that rise for minutes, with these lines more in its globals.
pub fn climbing(scratch: &Scratch, router: &Router, more: &str) -> PathBuf {
    let wan = section("wan", "cable", &[&TREE[..], &CLIMBING, &REFLECTORS].concat());
    let globals = globals(scratch, "info");
    let text = format!("{}{more}\n{}{wan}", globals.trim_end(), router.section("home", scratch));
    scratch.write("wanctl.conf", text.as_bytes())
}

/// Leaves a state in this directory as if a daemon had ended with these rates at `written_unix`.
pub fn leave(scratch: &Scratch, dir: &str, written_unix: u64) {
    leave_rates(scratch, dir, LEFT, written_unix);
}

/// The same with these rates in Mbit/s, download and upload.
pub fn leave_rates(scratch: &Scratch, dir: &str, rates: (u64, u64), written_unix: u64) {
    let rates = PerDirection { download: mbit(rates.0), upload: mbit(rates.1) };
    let wan = SavedWan {
        rates,
        streaks: PerDirection::both(0),
        baseline: Rtt::from_ms(1.0).unwrap(),
        load: Rtt::from_ms(1.0).unwrap(),
        confirmed: rates.map(Some),
    };
    let name = Name::new("cable").unwrap();
    let named = NamedWan { name, measured_unix: written_unix, measured_by: None, wan };
    let state = State {
        written_unix,
        wans: [named].into_iter().collect(),
        steerings: heapless::Vec::new(),
    };
    let mut buffer = vec![0; format::MAX_BYTES];
    fs::create_dir_all(scratch.join(dir)).unwrap();
    scratch.write(&format!("{dir}/state.json"), format::encode(&state, &mut buffer).unwrap());
}

/// The state in a directory; `None` without a file, and a failure if it is no whole one.
pub fn state(dir: &Path) -> Option<State> {
    let content = fs::read(dir.join("state.json")).ok()?;
    Some(format::decode(&content).unwrap_or_else(|error| panic!("{error}: {content:?}")))
}

/// The names in a directory.
pub fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Waits until signals no longer end the process by themselves. Before, it has done nothing.
pub fn handles_signals(daemon: &Daemon) {
    let bit = 1_u64 << (libc::SIGTERM - 1);
    let handles = || {
        let text = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).ok()?;
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:"))?.trim();
        (u64::from_str_radix(caught, 16).ok()? & bit != 0).then_some(())
    };
    within(PATIENCE, handles).unwrap();
}

/// What the daemon and its router are doing when the signal comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    Starting,
    Learning,
    Steady,
    WriteInFlight,
    Refused,
    BlackHole,
    Reset,
    AnswerLost,
    AnswerCut,
    AnswerDrips,
    Unauthorized,
    ServerError,
    Garbage,
}

impl Scene {
    pub const ALL: [Self; 13] = [
        Self::Starting,
        Self::Learning,
        Self::Steady,
        Self::WriteInFlight,
        Self::Refused,
        Self::BlackHole,
        Self::Reset,
        Self::AnswerLost,
        Self::AnswerCut,
        Self::AnswerDrips,
        Self::Unauthorized,
        Self::ServerError,
        Self::Garbage,
    ];

    /// Whether what the router holds in the end must be one decision.
    const fn answers(self) -> bool {
        matches!(self, Self::Starting | Self::Learning | Self::Steady | Self::WriteInFlight)
    }

    /// The longest time that the end may take.
    const fn bound(self) -> Span {
        if matches!(self, Self::BlackHole | Self::AnswerLost) { seconds(5) } else { seconds(3) }
    }

    fn router(self) -> RouterSettings {
        let latency = if self == Self::WriteInFlight { 250 } else { 10 };
        let limits = PerDirection { download: mbit(300), upload: mbit(30) };
        let settings = if self == Self::Learning { RouterSettings::home(limits) } else { home() };
        RouterSettings { latency: Schedule::constant(Span::from_millis(latency)), ..settings }
    }

    /// The signal comes within so many milliseconds after the daemon is ready for it.
    const fn within(self) -> u64 {
        if matches!(self, Self::Starting) { 80 } else { 1_300 }
    }

    fn begin(self, router: &Router) {
        let down = match self {
            Self::Refused => Down::Refuse,
            Self::BlackHole => Down::BlackHole,
            Self::Reset => Down::Reset,
            Self::AnswerLost => Down::AnswerLost,
            Self::AnswerCut => Down::AnswerCut,
            Self::AnswerDrips => Down::AnswerDrips,
            Self::Unauthorized => return answer(router, 401, "{\"error\":401}"),
            Self::ServerError => return answer(router, 500, "{\"error\":500}"),
            Self::Garbage => return answer(router, 200, "<html>\0{[[["),
            Self::Starting | Self::Learning | Self::Steady | Self::WriteInFlight => return,
        };
        router.force(Some(down));
    }
}

fn answer(router: &Router, status: u16, body: &str) {
    let canned = Canned { status, content_type: "application/json", body: body.to_owned() };
    router.model().answer_with(Some(canned));
}

/// Lets this time pass: the moment of a signal is meant to be nobody's choice.
pub fn let_pass(span: Span) {
    let from = now();
    while now().since(from) < span {
        let left = Span::from_micros(
            span.as_micros() - now().since(from).as_micros().min(span.as_micros()),
        );
        let step = std::time::Duration::from_micros(left.as_micros().clamp(20, 5_000));
        smol::block_on(smol::Timer::after(step));
    }
}

/// One daemon from its start to its end; says how long the end took.
fn stopped(scene: Scene, signal: i32, seed: u64) -> Span {
    let mut random = Rng::with_seed(seed);
    let (scratch, router) = (Scratch::new(), Router::start(scene.router()));
    let initial = router.limits(&RouterSettings::home_tree());
    if scene != Scene::Learning {
        leave(&scratch, "state", clock::unix_now());
    }
    let config = climbing(&scratch, &router, "");
    let wait = random.u64(0..scene.within() * 1_000);
    // Half of them fall ill while running.
    let well = if random.bool() { random.u64(0..=wait) } else { 0 };
    if well == 0 {
        scene.begin(&router);
    }
    let mut daemon = Daemon::spawn(run(WANCTL.as_ref(), &config));
    handles_signals(&daemon);
    let_pass(Span::from_micros(well));
    scene.begin(&router);
    let_pass(Span::from_micros(wait - well));
    daemon.signal(signal);
    let ended = daemon.ended(PATIENCE);
    let told = format!(
        "{scene:?}, seed {seed}, signal after {wait} µs, ill after {well} µs; it said\n{}",
        daemon.lines().join("\n")
    );
    assert_eq!(ended.status.code(), Some(0), "{told}");
    assert!(ended.after <= scene.bound(), "took {} ms: {told}", ended.after.as_millis());
    whole(&scratch.join("state"), &told);
    let limits = router.limits(&RouterSettings::home_tree());
    let decided = state(&scratch.join("state")).map(|state| state.wans[0].wan.rates);
    match decided {
        Some(rates) if scene.answers() => {
            assert_eq!(limits, rates.map(|rate| Some(rate.bps())), "two decisions: {told}");
        }
        None if scene.answers() => assert_eq!(limits, initial, "nothing was decided: {told}"),
        Some(_) | None => {
            let bounds = PerDirection { download: (100, 400), upload: (10, 40) };
            let fine = |((limit, initial), (least, most)): ((Option<u64>, Option<u64>), _)| {
                let bounded = |limit: u64| (mbit(least).bps()..=mbit(most).bps()).contains(&limit);
                limit == initial || limit.is_some_and(bounded)
            };
            let fine = limits.zip(initial).zip(bounds).map(fine);
            assert!(fine.download && fine.upload, "{limits:?}: {told}");
        }
    }
    ended.after
}

/// What every end leaves: the state, the file of a lock that nobody holds, and nothing more.
pub fn whole(dir: &Path, told: &str) {
    let left = names(dir);
    let ours = ["lock", "state.json"];
    assert!(left.iter().all(|name| ours.contains(&name.as_str())), "{left:?}: {told}");
    if dir.exists() {
        drop(Lock::acquire(dir).unwrap_or_else(|held| panic!("{held}: {told}")));
    }
}

/// The longest end per scene.
pub type Longest = Vec<(Scene, Span)>;

/// Lets so many daemons per scene be stopped, some at the same time, by SIGTERM or SIGINT.
pub fn stop_all(per_scene: usize, at_once: usize, seed: u64) -> Longest {
    let longest = Mutex::new(Scene::ALL.map(|scene| (scene, Span::ZERO)));
    let next = AtomicUsize::new(0);
    let work = || loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= per_scene * Scene::ALL.len() {
            break;
        }
        let place = index % Scene::ALL.len();
        let signal = if index.is_multiple_of(5) { libc::SIGINT } else { libc::SIGTERM };
        let own = seed.wrapping_add(u64::try_from(index).unwrap());
        let after = stopped(Scene::ALL[place], signal, own);
        let mut longest = longest.lock().unwrap();
        longest[place].1 = longest[place].1.max(after);
    };
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(work);
        }
    });
    longest.into_inner().unwrap().to_vec()
}

/// Kills daemons on the same state while they save it, each going on from what the last one left;
/// says how many kills hit a save.
pub fn kill_while_saving(kills: usize, seed: u64) -> usize {
    let mut random = Rng::with_seed(seed);
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    leave(&scratch, "state", clock::unix_now());
    let config = climbing(&scratch, &router, "");
    let dir = scratch.join("state");
    let beside = dir.join(".wanctl-state.json.new");
    let content = || fs::read(dir.join("state.json")).unwrap();
    let mut hits = 0;
    let mut rates: Option<PerDirection<Rate>> = None;
    for _ in 0..kills {
        let before = content();
        let mut daemon = Daemon::spawn(run(WANCTL.as_ref(), &config));
        daemon.line("going on from the saved state");
        let saving = || (beside.exists() || content() != before).then_some(());
        let start = now();
        while saving().is_none() {
            assert!(now().since(start) < PATIENCE, "it never saves");
            let_pass(Span::from_micros(50));
        }
        let_pass(Span::from_micros(random.u64(0..400)));
        daemon.signal(libc::SIGKILL);
        daemon.ended(PATIENCE);
        hits += usize::from(beside.exists());
        let left = state(&dir).unwrap().wans[0].wan.rates;
        // They only rise here: a state from before the last one would show.
        assert!(rates.is_none_or(|rates| rates.download <= left.download), "seed {seed}: {left:?}");
        rates = Some(left);
        assert_eq!(daemon.count(&["cannot be used"]), 0, "{:?}", daemon.lines());
        assert!(!dir.join("state.json.corrupt").exists());
    }
    hits
}
