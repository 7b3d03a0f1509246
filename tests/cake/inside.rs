//! One law under one load, on a machine that has CAKE.

use std::fs;

use wanctl::{
    control::{
        time::{Instant, Span},
        units::{Direction, PerDirection},
    },
    sim::{routeros::RouterSettings, schedule::Schedule},
};

use crate::{
    HALVED_AFTER, LOADED,
    beside::beside,
    cell::{Cell, Law, Load, Row},
    controlled,
    flows::{Flows, Pings, servers},
    load::{Times, ping},
    needs::announce,
    net::{Bed, LINE, Queues, UNLIMITED},
    shaper::{Change, counted, device},
    support::{
        canary::with_canary,
        router::{Router, home},
        scratch::Scratch,
        stops::let_pass,
        wait::{now, seconds, within},
    },
    trace,
};

/// Without a line it is the processor that is full, and it shall not take for ever.
const BARE: u32 = 2;
/// How long the router takes to answer, as in the arena.
const LATENCY: Span = Span::from_millis(50);

/// A tenth above what the line carries, and a tenth of that, as in the arena.
const RATES: [(&str, &str); 4] = [
    ("download_ceiling", "22M"),
    ("download_floor", "2.2M"),
    ("upload_ceiling", "5.5M"),
    ("upload_floor", "0.55M"),
];

pub(crate) fn measured(cell: Cell) -> Row {
    let bed = Bed::with(Queues::Cake);
    let _servers = servers(&bed, cell.load);
    let idle = ping(&bed, 2);
    let mut set = None;
    let (loaded, changes) = match cell.law {
        Law::Off => (Loaded::run(&bed, cell.load), Vec::new()),
        Law::Fixed(percent) => {
            set = Some(fix(&bed, percent));
            (Loaded::run(&bed, cell.load), Vec::new())
        }
        Law::Classic | Law::Adaptive => controlled(&bed, cell),
    };
    trace::tell(loaded.begin, &loaded.pings, &changes);
    let row = loaded.row(&idle, &changes);
    Row { lowest: set.unwrap_or(row.lowest), ..row }
}

/// Sets CAKE to a share of the line, for good.
fn fix(bed: &Bed, percent: u64) -> PerDirection<f64> {
    let line = PerDirection { download: LINE.0, upload: LINE.1 };
    let rates = line.map(|rate| rate * percent / 100);
    for direction in Direction::BOTH {
        bed.limit("change", device(direction), *rates.of(direction));
    }
    rates.map(mbit)
}

/// The load while the daemon has control, and all that it changed.
fn controlled(bed: &Bed, cell: Cell) -> (Loaded, Vec<Change>) {
    let scratch = Scratch::new();
    let law = [("law", cell.words().1)];
    bed.inside("client", || {
        let settings = RouterSettings { latency: Schedule::constant(LATENCY), ..home() };
        let router = Router::start(settings);
        let config = controlled::config(&scratch, &router, "info", &[&RATES[..], &law].concat());
        let daemon = controlled::start(bed, &config);
        let (loaded, changes) = counted(bed, &router, || {
            daemon.until("fresh", |health| health.wans[0].signal == "fresh");
            let limits = || router.limits(&RouterSettings::home_tree());
            let set = within(seconds(10), || (limits().download? < 900_000_000).then_some(()));
            assert!(set.is_some(), "no limit was set:\n{}", daemon.lines().join("\n"));
            // The idle line, as both laws get to know it.
            ping(bed, 3);
            Loaded::run(bed, cell.load)
        });
        announce(&daemon.lines().join("\n"));
        (loaded, changes)
    })
}

/// What a load showed.
struct Loaded {
    begin: Instant,
    pings: Pings,
    carried: PerDirection<f64>,
    busy: f64,
    late: Span,
    /// Seconds that are its beginning: a quarter of it.
    settled_after: u32,
}

impl Loaded {
    fn run(bed: &Bed, load: Load) -> Self {
        let lasts = if load == Load::Bare { BARE } else { LOADED };
        if load == Load::Bare {
            for direction in Direction::BOTH {
                bed.line("change", device(direction), UNLIMITED);
            }
        }
        let before = ticks();
        let begin = now();
        let ((pings, carried), late) = with_canary(|canary| {
            let flows = Flows::start(bed, load, lasts);
            let (pings, ()) = beside(|_| step(bed, load), || Pings::send(bed, load, lasts));
            ((pings, flows.carried().map(mbit)), canary.sung().late_at_most(99))
        });
        let after = ticks();
        let busy = 100.0 * (after.0 - before.0) / (after.1 - before.1);
        Self { begin, pings, carried, busy, late, settled_after: lasts / 4 }
    }

    fn row(self, idle: &Times, changes: &[Change]) -> Row {
        let added = |times: &Times, percent| times.percentile(percent) - idle.percentile(50);
        let during = changes.iter().filter(|change| change.at >= self.begin).count();
        let lowest = |direction| {
            let own = changes.iter().filter(|change| change.direction == direction);
            own.map(|change| mbit(change.rate)).fold(f64::INFINITY, f64::min)
        };
        let lowest = PerDirection {
            download: lowest(Direction::Download),
            upload: lowest(Direction::Upload),
        };
        let times = &self.pings.judged;
        let settled = times.after(self.settled_after);
        Row {
            p50: added(times, 50),
            p95: added(times, 95),
            settled: added(&settled, 95),
            lost: f64::from(u32::try_from(times.lost()).unwrap()),
            carried: self.carried,
            writes: f64::from(u32::try_from(during).unwrap()) * 3_600.0 / f64::from(LOADED),
            lowest: lowest.map(|rate| if rate.is_finite() { rate } else { 0.0 }),
            busy: self.busy,
            late: f64::from(u32::try_from(self.late.as_micros()).unwrap()) / 1_000.0,
        }
    }
}

/// Half-way the line becomes half as fast.
fn step(bed: &Bed, load: Load) {
    if load == Load::Step {
        let_pass(seconds(u64::from(HALVED_AFTER)));
        bed.line("change", device(Direction::Download), LINE.0 / 2);
        bed.line("change", device(Direction::Upload), LINE.1 / 2);
    }
}

fn mbit(rate: u64) -> f64 {
    f64::from(u32::try_from(rate).unwrap()) / 1e6
}

/// What the processor has worked, and all the time there was, in the kernel's ticks.
fn ticks() -> (f64, f64) {
    let text = fs::read_to_string("/proc/stat").unwrap();
    let words = text.lines().next().unwrap().split_whitespace().skip(1);
    let ticks: Vec<f64> = words.map(|word| word.parse().unwrap()).collect();
    let all: f64 = ticks.iter().sum();
    // The fourth is idle time, the fifth waiting for disks.
    (all - ticks[3] - ticks[4], all)
}
