//! What is needed to probe the reflectors of one WAN.
//! Promises: plain values.
//! Knows nothing of configuration files.

use std::net::IpAddr;

/// Where probes go to and leave from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The reflectors, in the order of preference (1 to 8).
    pub reflectors: Vec<IpAddr>,
    /// The local address of the probes; `None`: the system chooses.
    pub source: Option<IpAddr>,
    /// The network device the probes leave by; `None`: the system chooses.
    pub interface: Option<String>,
}
