//! What was asked of the server.
//! Promises: keeps the last requests, never more than [`RequestLog::CAPACITY`].
//! Knows nothing of bodies or passwords.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{control::time::Instant, sim::routeros::Fate};

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// When it was read completely.
    pub at: Instant,
    /// `GET`, `PATCH`, …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The status of the answer; 0 without one.
    pub status: u16,
    /// What its sender got to see.
    pub fate: Fate,
}

/// The requests of a server, shared with it.
#[derive(Clone, Debug, Default)]
pub struct RequestLog(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    last: VecDeque<Logged>,
    requests: u64,
    connections: u64,
}

impl RequestLog {
    /// How many requests are kept; older ones are forgotten. Enough for minutes of a daemon that
    /// writes several times a second.
    pub const CAPACITY: usize = 4_096;

    /// The last requests, oldest first.
    pub fn last(&self) -> Vec<Logged> {
        self.entries().last.iter().cloned().collect()
    }

    /// How many requests there were in all.
    pub fn requests(&self) -> u64 {
        self.entries().requests
    }

    /// How many connections were accepted in all.
    pub fn connections(&self) -> u64 {
        self.entries().connections
    }

    pub(super) fn connected(&self) {
        let mut entries = self.entries();
        entries.connections = entries.connections.saturating_add(1);
    }

    pub(super) fn push(&self, request: Logged) {
        let mut entries = self.entries();
        entries.requests = entries.requests.saturating_add(1);
        if entries.last.len() >= Self::CAPACITY {
            entries.last.pop_front();
        }
        entries.last.push_back(request);
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Logged, RequestLog};
    use crate::{control::time::Instant, sim::routeros::Fate};

    #[test]
    fn the_oldest_requests_are_forgotten_first() {
        let log = RequestLog::default();
        let kept = u64::try_from(RequestLog::CAPACITY).unwrap();
        for n in 0..kept + 5 {
            log.push(Logged {
                at: Instant::from_micros(n),
                method: "GET".to_owned(),
                target: "/".to_owned(),
                status: 200,
                fate: Fate::Answer,
            });
        }
        assert_eq!(log.requests(), kept + 5);
        assert_eq!(log.last().len(), RequestLog::CAPACITY);
        assert_eq!(log.last().first().unwrap().at, Instant::from_micros(5));
    }
}
