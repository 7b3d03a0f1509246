//! Who sends what, and the servers of it.
//!
//! The shape of RRUL is flent's: in each direction a TCP connection in each of four classes of service,
//! and pings in three of them.

use std::thread;

use wanctl::control::units::{Direction, PerDirection};

use crate::{
    cell::Load,
    load::{
        Class, Running, Times, downloads, marked, ping, ping_as, serve, server, throughput,
        upload_server, uploads,
    },
    net::Bed,
};

/// TCP connections in each loaded direction.
const CONNECTIONS: u32 = 4;

/// Of RRUL's connections, each of which has a server of its own.
const CLASSES: [Class; 4] = [Class::BE, Class::BK, Class::CS5, Class::EF];

/// Of its pings besides those that are judged.
const BESIDE: [(&str, Class); 2] = [("bk", Class::BK), ("ef", Class::EF)];

/// Where the servers of RRUL listen.
fn ports(direction: Direction) -> impl Iterator<Item = (Class, String)> {
    let first = match direction {
        Direction::Download => 5_211,
        Direction::Upload => 5_221,
    };
    CLASSES.into_iter().zip((first..).map(|port: u16| port.to_string()))
}

/// The servers of a load; they end with this value.
pub(crate) fn servers(bed: &Bed, load: Load) -> Vec<Running> {
    if load != Load::Rrul {
        return vec![server(bed), upload_server(bed)];
    }
    Direction::BOTH.into_iter().flat_map(ports).map(|(_, port)| serve(bed, &port)).collect()
}

/// What sends in each direction.
pub(crate) struct Flows(PerDirection<Vec<Running>>);

impl Flows {
    /// All of a load for so many seconds.
    pub(crate) fn start(bed: &Bed, load: Load, seconds: u32) -> Self {
        let classes = |direction| {
            let all = ports(direction);
            all.map(|(class, port)| marked(bed, (&port, direction), class, seconds)).collect()
        };
        let down = || vec![downloads(bed, CONNECTIONS, seconds)];
        let up = || vec![uploads(bed, CONNECTIONS, seconds)];
        let (download, upload) = match load {
            Load::Rrul => (classes(Direction::Download), classes(Direction::Upload)),
            Load::Upload => (Vec::new(), up()),
            Load::Both => (down(), up()),
            Load::Bare | Load::Download | Load::Step => (down(), Vec::new()),
        };
        Self(PerDirection { download, upload })
    }

    /// Waits for their end; what came in at the receivers, in bit/s.
    pub(crate) fn carried(self) -> PerDirection<u64> {
        self.0.map(|flows| flows.into_iter().map(throughput).sum())
    }
}

/// Pings beside a load: those that are judged, and more of them.
pub(crate) struct Pings {
    pub(crate) judged: Times,
    pub(crate) beside: Vec<(&'static str, Times)>,
}

impl Pings {
    /// For so many seconds.
    pub(crate) fn send(bed: &Bed, load: Load, seconds: u32) -> Self {
        if load != Load::Rrul {
            return Self { judged: ping(bed, seconds), beside: Vec::new() };
        }
        thread::scope(|scope| {
            let own = |(word, class)| (word, scope.spawn(move || ping_as(bed, class, seconds)));
            let beside = BESIDE.map(own);
            let judged = ping(bed, seconds);
            let beside = beside.map(|(word, times)| (word, times.join().unwrap())).into();
            Self { judged, beside }
        })
    }
}
