//! What is needed to probe the reflectors of one WAN, and what stands in for them.
//! Promises: plain values.
//! Knows nothing of configuration files.

use std::net::{IpAddr, SocketAddr};

/// Where probes go to and leave from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Settings {
    /// The reflectors, in the order of preference (1 to 8).
    pub reflectors: Vec<IpAddr>,
    /// What is connected to when no reflector answers (0 to 4).
    pub tcp_targets: Vec<SocketAddr>,
    /// Who is asked then whether the line is dead; `None`: nobody.
    pub gateway: Option<IpAddr>,
    /// The local address of the probes; `None`: the system chooses.
    pub source: Option<IpAddr>,
    /// The network device the probes leave by; `None`: the system chooses.
    pub interface: Option<String>,
}
