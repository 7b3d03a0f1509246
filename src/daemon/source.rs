//! Where a running daemon's configuration comes from, and how far reading it again is.
//! Promises: plain values.
//! Knows nothing of the daemon.

use std::path::PathBuf;

use crate::{config::WanSection, control::time::Instant};

/// Where a daemon's configuration comes from.
#[derive(Debug)]
pub struct Source<W> {
    /// The file.
    pub path: PathBuf,
    /// Makes the wire of a WAN that is new, or whose reflectors are reached another way.
    pub open: fn(&WanSection, Instant) -> W,
}

/// How far a reload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Reload {
    /// None is under way.
    #[default]
    Idle,
    /// The file is being read.
    Reading,
    /// The same, and was asked for again: it may have changed since.
    ReadingOnce,
}
