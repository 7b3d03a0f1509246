//! The state of the WANs and steerings between two runs.
//! Promises: saving never ends the daemon; what cannot be saved is said once and tried again, until
//! it works again; what was read and cannot be used is set aside and said.

use std::path::{Path, PathBuf};

use log::{info, warn};

use crate::{
    config::Globals,
    control::{
        saved::{Freshness, SavedSteering, SavedWan},
        time::{Instant, Span},
    },
    os::clock,
    store::{
        atomic::{self, Loaded},
        format::{self, Name, NamedSteering, NamedWan, State},
    },
};

const FILE: &str = "state.json";

/// The copy on flash is renewed at most this often, besides at the end.
const PERSIST_EVERY: Span = Span::from_secs(30 * 60);

/// What could not be saved is tried again after this, though nothing changed meanwhile.
const RETRY_EVERY: Span = Span::from_secs(10);

/// A saved baseline says something about the line for this long, in seconds.
const BASELINE_GOOD_FOR: u64 = 86_400;

/// Why the state is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// Something changed.
    Change,
    /// The daemon ends.
    End,
}

/// What is kept of one WAN.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) wan: SavedWan,
    /// When its baseline was measured last; `None`: not in this run, or by others.
    pub(super) measured: Option<Instant>,
    /// By what it is measured now.
    pub(super) by: u32,
}

/// Where the state lives.
#[derive(Debug)]
pub(super) struct Files {
    hot: Place,
    flash: Option<Place>,
    /// When the copy on flash may be renewed.
    flash_due: Instant,
    /// When to try again; `None`: what there was is saved.
    retry: Option<Instant>,
    /// What was loaded or saved last: a baseline that is not measured any more is as old, and by
    /// whom, as is written there.
    left: heapless::Vec<NamedWan, { format::MAX_WANS }>,
    /// What was loaded of the steerings.
    steerings: heapless::Vec<NamedSteering, { format::MAX_STEERINGS }>,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Place {
    dir: PathBuf,
    /// Whether the last attempt failed, and so was said.
    failing: bool,
}

impl Files {
    pub(super) fn new(globals: &Globals) -> Self {
        let place = |dir: &Path| Place { dir: dir.to_owned(), failing: false };
        Self {
            hot: place(&globals.state_dir),
            flash: globals.persist_dir.as_deref().map(place),
            flash_due: Instant::default(),
            retry: None,
            left: heapless::Vec::new(),
            steerings: heapless::Vec::new(),
            buffer: vec![0; format::MAX_BYTES],
        }
    }

    /// What the last run left, by the name of the WAN; empty if nothing can be used.
    pub(super) fn load(&mut self, now: Instant) -> Vec<(String, SavedWan, Freshness)> {
        // Both, so that what a kill left is cleaned in both.
        let hot = self.hot.read();
        let flash = self.flash.as_mut().and_then(Place::read);
        // A daemon that is started again and again must not wear the flash out.
        self.flash_due = match flash.as_ref().and_then(|flash| age(flash.written_unix)) {
            Some(age) => now + Span::from_secs(PERSIST_EVERY.as_secs().saturating_sub(age)),
            None => now,
        };
        let Some(state) = hot.or(flash) else { return Vec::new() };
        self.left.clone_from(&state.wans);
        self.steerings.clone_from(&state.steerings);
        let named = |named: &NamedWan| {
            let freshness = match age(named.measured_unix) {
                Some(..BASELINE_GOOD_FOR) => Freshness::Fresh,
                Some(_) | None => Freshness::Old,
            };
            (named.name.as_str().to_owned(), named.wan, freshness)
        };
        state.wans.iter().map(named).collect()
    }

    /// What the last run left of the steerings, by name, once it was loaded.
    pub(super) fn steerings(&self) -> impl Iterator<Item = (&str, SavedSteering)> {
        let ago = |unix: u64| age(unix).map(Span::from_secs);
        self.steerings.iter().map(move |named| {
            let saved = SavedSteering {
                state: named.state,
                changed_ago: named.changed_unix.and_then(ago),
                steered_ago: named.steered_unix.iter().filter_map(|unix| ago(*unix)).collect(),
            };
            (named.name.as_str(), saved)
        })
    }

    /// By what the baseline of this WAN was measured that was loaded; `None`: nobody knows.
    pub(super) fn measured_by(&self, name: &str) -> Option<u32> {
        self.left.iter().find(|left| left.name.as_str() == name)?.measured_by
    }

    /// Whether to save though nothing changed, because it did not work the last time.
    pub(super) fn retry_due(&self, now: Instant) -> bool {
        self.retry.is_some_and(|retry| now >= retry)
    }

    /// Saves the state of these WANs and steerings.
    pub(super) fn save<'a>(
        &mut self,
        wans: impl Iterator<Item = Kept>,
        steerings: impl Iterator<Item = (&'a str, SavedSteering)>,
        occasion: Occasion,
        now: Instant,
    ) {
        self.retry = None;
        let written_unix = clock::unix_now();
        let named = |Kept { name, wan, measured, by }: Kept| {
            let name = Name::new(&name)?;
            let left = self.left.iter().find(|left| left.name == name);
            let left = left.map(|left| (left.measured_unix, left.measured_by));
            let unix = |at: Instant| written_unix.saturating_sub(now.since(at).as_secs());
            let measured = measured.map(|at| (unix(at), Some(by)));
            // A baseline of the settings is as young as they are.
            let origin = measured.or(left).unwrap_or((written_unix, Some(by)));
            let (measured_unix, measured_by) = origin;
            Some(NamedWan { name, measured_unix, measured_by, wan })
        };
        let steered = |(name, saved): (&str, SavedSteering)| {
            let unix = |ago: Span| written_unix.saturating_sub(ago.as_secs());
            Some(NamedSteering {
                name: Name::new(name)?,
                state: saved.state,
                changed_unix: saved.changed_ago.map(unix),
                steered_unix: saved.steered_ago.iter().map(|ago| unix(*ago)).collect(),
            })
        };
        let state = State {
            written_unix,
            wans: wans.filter_map(named).collect(),
            steerings: steerings.filter_map(steered).collect(),
        };
        if state.wans.is_empty() {
            return;
        }
        self.left.clone_from(&state.wans);
        let Ok(content) = format::encode(&state, &mut self.buffer) else {
            // Cannot be: the buffer holds the largest state.
            return;
        };
        self.hot.save(content);
        self.retry = self.hot.failing.then(|| now + RETRY_EVERY);
        let due = now >= self.flash_due;
        if let Some(flash) = self.flash.as_mut().filter(|_| due || occasion == Occasion::End) {
            flash.save(content);
            self.flash_due = now + PERSIST_EVERY;
        }
    }
}

impl Place {
    fn save(&mut self, content: &[u8]) {
        let saved =
            atomic::make_dir(&self.dir).and_then(|()| atomic::save(&self.dir, FILE, content));
        match saved {
            Ok(()) if self.failing => {
                self.failing = false;
                info!("state: saving to {} works again", self.dir.display());
            }
            Err(error) if !self.failing => {
                self.failing = true;
                warn!(
                    "state: cannot save to {}: {error}; control goes on, a restart will start \
                     from the ceilings",
                    self.dir.display()
                );
            }
            Ok(()) | Err(_) => {}
        }
    }

    /// The state in this place, if there is a good one.
    fn read(&mut self) -> Option<State> {
        let dir = &self.dir;
        if let Ok(1..) = atomic::clean_orphans(dir) {
            info!("state: removed what an interrupted save left in {}", dir.display());
        }
        let why = match atomic::load(dir, FILE) {
            Ok(Loaded::NotThere) => return None,
            Ok(Loaded::Content(content)) => match format::decode(&content) {
                Ok(state) => return Some(state),
                Err(error) => error.to_string(),
            },
            Ok(Loaded::Foreign) => "it is not a state file".to_string(),
            Err(error) => {
                // The file may be good, and readable at the next start.
                warn!("state: {}/{FILE} cannot be read: {error}; starting without", dir.display());
                return None;
            }
        };
        let aside = match atomic::set_aside(dir, FILE) {
            Ok(()) => format!("set aside as {FILE}.corrupt"),
            Err(error) => {
                // Neither can be saved to this place, most likely, and it has been said now.
                self.failing = true;
                error.to_string()
            }
        };
        warn!("state: {}/{FILE} cannot be used: {why}; {aside}", dir.display());
        None
    }
}

/// How long ago that was in seconds; `None`: the clock went back, so nobody knows.
fn age(unix: u64) -> Option<u64> {
    clock::unix_now().checked_sub(unix)
}

#[cfg(test)]
mod tests;
