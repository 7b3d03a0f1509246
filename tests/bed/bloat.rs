//! What the daemon is for: a saturated line without control and with it.

use std::path::PathBuf;

use wanctl::{control::units::Direction, sim::routeros::RouterSettings};

pub(crate) use crate::controlled::start;
use crate::{
    controlled,
    load::{Times, download, ping, server, throughput},
    needs::announce,
    net::Bed,
    shaper::{Change, counted},
    stalls::{self, Verdict},
    support::{
        router::{Router, home},
        scratch::Scratch,
        wait::seconds,
    },
};

/// The ceilings lie above the line, so that only delay tells where the line is.
pub(crate) const RATES: [(&str, &str); 4] = [
    ("download_ceiling", "24M"),
    ("download_floor", "5M"),
    ("upload_ceiling", "6M"),
    ("upload_floor", "2M"),
];

/// The law of whoever chooses none, and the other one.
const LAWS: [(&str, &[(&str, &str)]); 2] = [("adaptive", &[]), ("classic", &[("law", "classic")])];

/// A configuration for the bed's line.
pub(crate) fn config(scratch: &Scratch, router: &Router, level: &str) -> PathBuf {
    controlled::config(scratch, router, level, &RATES)
}

/// One row of the table: added delay in ms, and throughput.
struct Row {
    added: [f64; 2],
    lost: usize,
    throughput: u64,
}

impl Row {
    fn new(idle: &Times, loaded: &Times, throughput: u64) -> Self {
        let added = [50, 95].map(|percent| loaded.percentile(percent) - idle.percentile(50));
        Self { added, lost: loaded.lost(), throughput }
    }

    fn show(&self, name: &str) -> String {
        let [p50, p95] = self.added;
        let mbit = self.throughput / 100_000;
        let (whole, tenths) = (mbit / 10, mbit % 10);
        let lost = self.lost;
        format!("{name:<12} {p50:>9.1} {p95:>9.1} {lost:>7} % {whole:>9}.{tenths} Mbit/s")
    }
}

/// The limits of the download and when they were set.
fn history(changes: &[Change]) -> String {
    let start = changes.first().map(|change| change.at);
    let of = changes.iter().filter(|change| change.direction == Direction::Download);
    let entry = |change: &Change| {
        let after = start.map_or(0, |start| change.at.since(start).as_millis());
        format!("{after}:{}k", change.rate / 1_000)
    };
    of.map(entry).collect::<Vec<_>>().join(" ")
}

/// Delay that is left, and throughput, in percent of what there is without control.
const LEFT: (f64, u64) = (12.0, 70);

/// Pings that may be lost, in percent: short queues drop some.
const LOST: usize = 25;

/// What one run of the comparison showed.
struct Comparison {
    without: Row,
    with: Row,
    changes: Vec<Change>,
    log: String,
}

impl Comparison {
    fn run(bed: &Bed, law: &[(&str, &str)]) -> Self {
        let idle = ping(bed, 2);
        let loading = download(bed, 3, 10);
        ping(bed, 3);
        let loaded = ping(bed, 8);
        let without = Row::new(&idle, &loaded, throughput(loading));
        let scratch = Scratch::new();
        bed.inside("client", || {
            let router = Router::start(home());
            let options = [&RATES[..], law].concat();
            let daemon = start(bed, &controlled::config(&scratch, &router, "info", &options));
            daemon.until_within(seconds(10), "fresh", |health| health.wans[0].signal == "fresh");
            let (with, changes) = counted(bed, &router, || {
                let loading = download(bed, 10, 20);
                ping(bed, 10);
                let loaded = ping(bed, 19);
                Row::new(&idle, &loaded, throughput(loading))
            });
            assert!(router.limits(&RouterSettings::home_tree()).download.is_some());
            Self { without, with, changes, log: daemon.lines().join("\n") }
        })
    }

    fn show(&self, law: &str) -> String {
        format!(
            "\n{law}\nadded delay (ms)   p50       p95   lost pings   throughput\n{}\n{}\n\
             download limits (ms: kbit/s): {}",
            self.without.show("without"),
            self.with.show("with wanctl"),
            history(&self.changes),
        )
    }

    /// What is not as it has to be.
    fn fault(&self) -> Option<&'static str> {
        if self.without.added[1] < 300.0 {
            Some("there is no bloat to control")
        } else if self.without.lost.max(self.with.lost) > LOST {
            Some("too many pings lost")
        } else if self.with.added[1] * 100.0 > self.without.added[1] * LEFT.0 {
            Some("too much delay")
        } else if self.with.throughput * 100 < self.without.throughput * LEFT.1 {
            Some("too little throughput")
        } else {
            None
        }
    }
}

#[test]
fn control_takes_the_delay_of_a_saturated_line_away_and_leaves_its_throughput() {
    for (name, law) in LAWS {
        // What the law before set is a limit still.
        let Some(bed) = Bed::new() else { return };
        let _server = server(&bed);
        stalls::judged(|| {
            let compared = Comparison::run(&bed, law);
            let (shown, fault) = (compared.show(name), compared.fault());
            Verdict { shown, fault, log: compared.log }
        });
    }
}

#[test]
fn the_daemon_ends_within_three_seconds_of_sigterm_while_the_line_is_saturated() {
    let Some(bed) = Bed::new() else { return };
    let _server = server(&bed);
    let scratch = Scratch::new();
    bed.inside("client", || {
        let router = Router::start(home());
        let mut daemon = start(&bed, &config(&scratch, &router, "info"));
        daemon.until("fresh", |health| health.wans[0].signal == "fresh");
        let (ended, _) = counted(&bed, &router, || {
            let _loading = download(&bed, 0, 30);
            // Below the ceiling: the line is full, and writes are on their way.
            daemon.until("lowered", |health| health.wans[0].download.wanted_bps < 24_000_000);
            daemon.signal(libc::SIGTERM);
            daemon.ended(seconds(3))
        });
        let log = daemon.lines().join("\n");
        assert_eq!(ended.status.code(), Some(0), "{log}");
        announce(&format!("\nSIGTERM under load: ended after {} ms", ended.after.as_millis()));
        let limits = router.limits(&RouterSettings::home_tree());
        assert!(limits.download.is_some_and(|limit| (5_000_000..24_000_000).contains(&limit)));
    });
}
