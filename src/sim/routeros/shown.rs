//! What the router shows of itself.
//! Promises: the keys are those of captured records. Knows nothing of requests.

use super::{
    item::{Item, Validity},
    record::Record,
    state::RouterOs,
    value::time,
};
use crate::control::time::Instant;

impl RouterOs {
    /// A record of a queue menu. It is invalid while it settles and while its parent is missing.
    pub(super) fn record(&self, item: &Item, now: Instant) -> Record {
        let parent = item.value("parent");
        let known = |name: &str| {
            matches!(name, "global" | "none")
                || self.settings.interfaces.iter().any(|interface| interface == name)
                || self.find(item.menu, name).is_some()
        };
        let settled = now >= item.born + self.settings.settling;
        let valid = settled && parent.is_none_or(known);
        item.record(if valid { Validity::Valid } else { Validity::Invalid })
    }

    /// `/system/identity`
    pub(super) fn identity_record(&self) -> Record {
        Record::new(vec![("name", self.identity.clone())])
    }

    /// `/system/resource`, with the keys that every captured 7.x router shows.
    pub(super) fn resource(&self, now: Instant) -> Record {
        let total = self.sectors_before_boot.saturating_add(self.sectors);
        let text = |value: &str| value.to_owned();
        Record::new(vec![
            ("architecture-name", text("arm64")),
            ("board-name", self.settings.board.clone()),
            ("build-time", text("2026-05-04 09:12:33")),
            ("cpu", text("ARM64")),
            ("cpu-count", text("4")),
            ("cpu-frequency", text("1400")),
            ("cpu-load", text("3")),
            ("free-hdd-space", text("981573632")),
            ("free-memory", text("687116288")),
            ("platform", text("MikroTik")),
            ("total-hdd-space", text("1073741824")),
            ("total-memory", text("1073741824")),
            ("uptime", time(now.since(self.booted))),
            ("version", self.settings.version.clone()),
            ("write-sect-since-reboot", self.sectors.to_string()),
            ("write-sect-total", total.to_string()),
        ])
    }
}
