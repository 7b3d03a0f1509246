//! Typical lines to start from.
//! Promises: round numbers, chosen to be plausible for the kind of line, not measured on one.
//! Knows nothing of how the line is computed.

use super::settings::{Jitter, LaneSettings, LinkSettings, Reflector, Wander};
use crate::{
    control::{
        time::{Instant, Span},
        units::{PerDirection, Rate, Ratio},
    },
    sim::schedule::Schedule,
};

/// Capacity in Mbit/s, and how long the provider's queue takes to drain at that.
fn lane(megabits: u64, buffer: Span) -> LaneSettings {
    let rate = Rate::from_bps(megabits.saturating_mul(1_000_000));
    LaneSettings {
        capacity: Schedule::constant(rate.unwrap_or(Rate::MIN)),
        wander: None,
        buffer: megabits.saturating_mul(buffer.as_micros()) / 8,
        unrest: Ratio::from_ppm(0),
    }
}

/// A line without noise, with three reflectors at different distances.
fn line(base_rtt: Span, lanes: PerDirection<LaneSettings>) -> LinkSettings {
    LinkSettings {
        start: Instant::from_micros(0),
        lanes,
        base_rtt: Schedule::constant(base_rtt),
        jitter: Jitter::None,
        loss: Ratio::from_ppm(0),
        reflectors: [0, 1_000, 3_000].map(|us| Reflector::at(Span::from_micros(us))).into(),
        outages: Vec::new(),
        no_echoes: Vec::new(),
        targets: Vec::new(),
        no_gateway: Vec::new(),
        lossy: Vec::new(),
        unsteady: Vec::new(),
        loads: Vec::new(),
    }
}

impl LinkSettings {
    /// A line that does nothing by chance: no jitter, loss, drift or unrest. 100 Mbit/s down with
    /// a queue of 100 ms (1.25 MB), 20 Mbit/s up with 200 ms (500 kB), base 20 ms.
    pub fn quiet() -> Self {
        let download = lane(100, Span::from_millis(100));
        let upload = lane(20, Span::from_millis(200));
        line(Span::from_millis(20), PerDirection { download, upload })
    }

    /// Cable: 500 Mbit/s down with a queue of 150 ms (9.4 MB), 50 Mbit/s up with 250 ms (1.6 MB,
    /// the buffer control target that DOCSIS 3.1 modems ship with), base 22 ms, bell-shaped jitter
    /// of 1 ms, capacity drifting by up to 12 % (down) and 8 % (up) over minutes, 0.02 % loss.
    pub fn cable() -> Self {
        let mut download = lane(500, Span::from_millis(150));
        download.wander = Some(wander(120_000, 60));
        download.unrest = Ratio::from_ppm(20_000);
        let mut upload = lane(50, Span::from_millis(250));
        upload.wander = Some(wander(80_000, 60));
        upload.unrest = Ratio::from_ppm(10_000);
        let mut line = line(Span::from_millis(22), PerDirection { download, upload });
        line.jitter = Jitter::HalfNormal(Span::from_millis(1));
        line.loss = Ratio::from_ppm(200);
        line
    }

    /// VDSL: 50 Mbit/s down with a queue of 150 ms (940 kB), 10 Mbit/s up with 400 ms (500 kB),
    /// base 14 ms, even jitter of up to 0.5 ms, no drift, 0.01 % loss.
    pub fn dsl() -> Self {
        let mut download = lane(50, Span::from_millis(150));
        download.unrest = Ratio::from_ppm(10_000);
        let mut upload = lane(10, Span::from_millis(400));
        upload.unrest = Ratio::from_ppm(10_000);
        let mut line = line(Span::from_millis(14), PerDirection { download, upload });
        line.jitter = Jitter::Uniform(Span::from_micros(500));
        line.loss = Ratio::from_ppm(100);
        line
    }

    /// LTE: 40 Mbit/s down and 15 Mbit/s up, both with queues of 1 s (5 MB, 1.9 MB), base 45 ms,
    /// bell-shaped jitter of 6 ms, capacity drifting by up to 60 % within seconds, 0.2 % loss.
    pub fn lte() -> Self {
        let mut download = lane(40, Span::from_secs(1));
        download.wander = Some(wander(600_000, 5));
        download.unrest = Ratio::from_ppm(30_000);
        let mut upload = lane(15, Span::from_secs(1));
        upload.wander = Some(wander(600_000, 5));
        upload.unrest = Ratio::from_ppm(20_000);
        let mut line = line(Span::from_millis(45), PerDirection { download, upload });
        line.jitter = Jitter::HalfNormal(Span::from_millis(6));
        line.loss = Ratio::from_ppm(2_000);
        line
    }
}

const fn wander(depth_ppm: u32, period_seconds: u64) -> Wander {
    Wander { depth: Ratio::from_ppm(depth_ppm), period: Span::from_secs(period_seconds) }
}
