//! What is measured: one law under one load; and what came of it.

use std::str::FromStr;

use serde_json::{Value, json};
use wanctl::control::units::PerDirection;

/// What decides on CAKE's bandwidth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Law {
    /// Nobody: CAKE is there and shapes nothing.
    Off,
    /// Nobody: so many percent of what the line carries.
    Fixed(u64),
    Classic,
    Adaptive,
}

/// Who uses the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Load {
    /// Nobody shapes, and there is no line: what the emulated processor can carry.
    Bare,
    Download,
    Upload,
    /// Both at the same time.
    Both,
    /// The same, each connection in another class of service: the shape of RRUL.
    Rrul,
    /// A download, and half-way the line carries half as much.
    Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) load: Load,
    pub(crate) law: Law,
}

pub(crate) const LAWS: [(Law, &str); 5] = [
    (Law::Off, "off"),
    (Law::Fixed(70), "fixed70"),
    (Law::Fixed(100), "fixed100"),
    (Law::Classic, "classic"),
    (Law::Adaptive, "adaptive"),
];

const LOADS: [(Load, &str); 6] = [
    (Load::Bare, "bare"),
    (Load::Download, "download"),
    (Load::Upload, "upload"),
    (Load::Both, "both"),
    (Load::Rrul, "rrul"),
    (Load::Step, "step"),
];

impl Cell {
    pub(crate) const BARE: Self = Self { load: Load::Bare, law: Law::Off };

    pub(crate) fn all() -> Vec<Self> {
        let loads = LOADS.iter().map(|(load, _)| *load).filter(|load| *load != Load::Bare);
        let cells = loads.flat_map(|load| LAWS.map(|(law, _)| Self { load, law }));
        [Self::BARE].into_iter().chain(cells).collect()
    }

    pub(crate) fn words(self) -> (&'static str, &'static str) {
        let load = LOADS.iter().find(|(load, _)| *load == self.load).unwrap().1;
        (load, LAWS.iter().find(|(law, _)| *law == self.law).unwrap().1)
    }
}

impl FromStr for Cell {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let nobody = || format!("'{text}' is no load and law");
        let (load, law) = text.split_once(' ').ok_or_else(nobody)?;
        let load = LOADS.iter().find(|(_, word)| *word == load).ok_or_else(nobody)?.0;
        let law = LAWS.iter().find(|(_, word)| *word == law).ok_or_else(nobody)?.0;
        Ok(Self { load, law })
    }
}

/// What came of it. Delays are what pings took longer than on the idle line, in ms; rates Mbit/s.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Row {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    /// The same without the first five seconds.
    pub(crate) settled: f64,
    /// Pings, in percent.
    pub(crate) lost: f64,
    /// What arrived at the receivers of TCP.
    pub(crate) carried: PerDirection<f64>,
    /// Changes of CAKE's bandwidth per hour.
    pub(crate) writes: f64,
    /// The lowest bandwidth of CAKE; zero if it had none.
    pub(crate) lowest: PerDirection<f64>,
    /// How much of the emulated processor it took, in percent.
    pub(crate) busy: f64,
    /// By how much a thread that only sleeps woke up too late in 99 of 100 times, in ms.
    pub(crate) late: f64,
}

impl Row {
    pub(crate) fn to_line(self) -> String {
        json!([
            self.p50,
            self.p95,
            self.settled,
            self.lost,
            self.carried.download,
            self.carried.upload,
            self.writes,
            self.lowest.download,
            self.lowest.upload,
            self.busy,
            self.late,
        ])
        .to_string()
    }

    pub(crate) fn from_line(line: &str) -> Self {
        let values: Vec<Value> = serde_json::from_str(line).unwrap();
        let number = |place: usize| values[place].as_f64().unwrap();
        Self {
            p50: number(0),
            p95: number(1),
            settled: number(2),
            lost: number(3),
            carried: PerDirection { download: number(4), upload: number(5) },
            writes: number(6),
            lowest: PerDirection { download: number(7), upload: number(8) },
            busy: number(9),
            late: number(10),
        }
    }

    /// In both directions.
    pub(crate) fn all_carried(&self) -> f64 {
        self.carried.download + self.carried.upload
    }
}
