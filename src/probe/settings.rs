//! What is needed to probe the reflectors of one WAN, and what stands in for them.
//! Promises: plain values.
//! Knows nothing of configuration files.

use std::net::{IpAddr, SocketAddr};

use crate::control::reflectors::ROUND_WIDTH;

/// By what reflectors are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Asked {
    /// By echo.
    #[default]
    Echo,
    /// By timestamp, where they answer those.
    Timestamps,
}

/// Where probes go to and leave from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Settings {
    /// The reflectors, in the order of preference (1 to 8).
    pub reflectors: Vec<IpAddr>,
    /// By what they are asked.
    pub timestamps: Asked,
    /// What is connected to when no reflector answers (0 to 4).
    pub tcp_targets: Vec<SocketAddr>,
    /// Who is asked then whether the line is dead; `None`: nobody.
    pub gateway: Option<IpAddr>,
    /// The local address of the probes; `None`: the system chooses.
    pub source: Option<IpAddr>,
    /// The network device the probes leave by; `None`: the system chooses.
    pub interface: Option<String>,
}

impl Settings {
    /// A number for what a baseline is measured by: the reflectors of a round, in whatever order,
    /// and the way to them. The same on every CPU and in every version, for it is kept in files.
    pub fn measured_by(&self) -> u32 {
        let mut round: Vec<_> = self.reflectors.iter().take(ROUND_WIDTH).collect();
        round.sort();
        let source = self.source.map(|source| source.to_string()).unwrap_or_default();
        let interface = self.interface.as_deref().unwrap_or_default();
        let round: Vec<_> = round.into_iter().map(ToString::to_string).collect();
        let text = format!("{} from {source} by {interface}", round.join(" "));
        // 32-bit FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo).
        let mix = |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        text.bytes().fold(0x811c_9dc5, mix)
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    fn by(reflectors: &[&str], source: Option<&str>, interface: Option<&str>) -> u32 {
        let reflectors = reflectors.iter().map(|address| address.parse().unwrap()).collect();
        let source = source.map(|source| source.parse().unwrap());
        let interface = interface.map(str::to_owned);
        Settings { reflectors, source, interface, ..Settings::default() }.measured_by()
    }

    #[test]
    fn the_order_and_the_spare_ones_do_not_matter_and_all_else_does() {
        let three = by(&["1.1.1.1", "8.8.8.8", "9.9.9.9"], None, None);
        assert_eq!(three, 0x4c5f_e48e, "as in files written before");
        assert_eq!(three, by(&["9.9.9.9", "1.1.1.1", "8.8.8.8", "1.0.0.1"], None, None));
        let others = [
            by(&["1.1.1.1", "8.8.8.8", "1.0.0.1", "9.9.9.9"], None, None),
            by(&["1.1.1.1", "8.8.8.8"], None, None),
            by(&["1.1.1.1", "8.8.8.8", "9.9.9.9"], Some("10.0.0.1"), None),
            by(&["1.1.1.1", "8.8.8.8", "9.9.9.9"], None, Some("wan0")),
        ];
        assert!(!others.contains(&three), "{others:x?}");
    }
}
