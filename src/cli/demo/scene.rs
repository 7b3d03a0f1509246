//! What happens in the demo: an evening on a cable line in half a minute.
//! Promises: plain data, all times absolute.
//! Knows nothing of the daemon but the options of its configuration.

use std::path::Path;

use crate::{
    control::{
        time::{Instant, Span},
        units::{Direction, PerDirection, Rate},
    },
    observe::human::Bits,
    sim::{
        link::{Demand, LinkSettings},
        routeros::RouterSettings,
        schedule::{Schedule, Window},
    },
};

/// How long the simulated router thinks about a request, as an RB5009 with TLS does.
const ROUTER_LATENCY: Span = Span::from_millis(30);

/// What the line carries at first, in bit/s.
const DOWNLOAD: u64 = 200_000_000;
const UPLOAD: u64 = 20_000_000;
/// What is left of the download when the neighbours come home.
const EVENING: u64 = 120_000_000;

/// The story.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) start: Instant,
    pub(super) end: Instant,
    pub(super) line: LinkSettings,
    /// The user's ceilings, a little above what the line carries, as users set them.
    pub(super) ceilings: PerDirection<Rate>,
    /// When the big download runs.
    pub(super) download: Window,
}

impl Scene {
    /// The scene of this length, beginning at `start`.
    pub(super) fn starting(start: Instant, seconds: u32) -> Self {
        let length = Span::from_secs(u64::from(seconds));
        let at = |percent| start + length.part(percent, 100);
        let window = |from, to| Window { from: at(from), to: at(to) };
        let rate = |bps| Rate::from_bps(bps).unwrap_or(Rate::MIN);
        let download = window(15, 95);
        let mut line = LinkSettings::cable();
        line.start = start;
        line.lanes.download.capacity = Schedule::constant(rate(DOWNLOAD))
            .then(at(40), rate(EVENING))
            .then(at(75), rate(DOWNLOAD));
        line.lanes.download.buffer = DOWNLOAD / 8 / 3;
        line.lanes.upload.capacity = Schedule::constant(rate(UPLOAD));
        line.lanes.upload.buffer = UPLOAD / 8 / 2;
        let line = line.with_load(Direction::Download, download, Demand::Greedy).with_load(
            Direction::Upload,
            window(60, 70),
            Demand::Greedy,
        );
        let ceilings =
            PerDirection { download: rate(DOWNLOAD / 100 * 105), upload: rate(UPLOAD / 100 * 105) };
        Self { start, end: start + length, line, ceilings, download }
    }

    /// The router.
    pub(super) fn router(&self) -> RouterSettings {
        let latency = Schedule::constant(ROUTER_LATENCY);
        RouterSettings { latency, ..RouterSettings::home(self.ceilings) }
    }

    /// The configuration of the daemon, as a user would write it.
    pub(super) fn config(&self, url: &str, folder: &Path, certificate: &Path) -> String {
        let PerDirection { download, upload } = self.ceilings;
        // Floors as users set them: what the line still carries on a bad evening.
        let worst = |rate: Rate| Bits(Rate::from_bps(rate.bps() / 100 * 45).unwrap_or(Rate::MIN));
        format!(
            "config globals
\toption state_dir '{}'

config router 'simulated'
\toption url '{url}'
\toption username 'wanctl'
\toption password 'secret'
\toption tls_ca '{}'

config wan 'cable'
\tlist reflector '192.0.2.1'
\tlist reflector '192.0.2.2'
\tlist reflector '2001:db8::3'
\tlist tcp_target 'none'
\toption download_queue 'WAN-Download'
\toption download_ceiling '{}'
\toption download_floor '{}'
\toption upload_queue 'WAN-Upload'
\toption upload_ceiling '{}'
\toption upload_floor '{}'
",
            folder.display(),
            certificate.display(),
            Bits(download),
            worst(download),
            Bits(upload),
            worst(upload),
        )
    }
}
