//! The state of the WANs between two runs.
//! Promises: saving never ends the daemon; what cannot be saved is said once, until it works
//! again; what cannot be read is set aside and said.

use std::path::{Path, PathBuf};

use log::{info, warn};

use crate::{
    config::Globals,
    control::{
        saved::{Freshness, SavedWan},
        time::{Instant, Span},
    },
    os::clock,
    store::{
        atomic::{self, Loaded},
        format::{self, Name, NamedWan, State},
    },
};

const FILE: &str = "state.json";

/// The copy on flash is renewed at most this often, besides at the end.
const PERSIST_EVERY: Span = Span::from_secs(30 * 60);

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

/// Where the state lives.
#[derive(Debug)]
pub(super) struct Files {
    hot: Place,
    flash: Option<Place>,
    flash_saved: Option<Instant>,
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
            flash_saved: None,
            buffer: vec![0; format::MAX_BYTES],
        }
    }

    /// What the last run left, by the name of the WAN; empty if nothing can be used.
    pub(super) fn load(&mut self) -> Vec<(String, SavedWan, Freshness)> {
        let places = core::iter::once(&self.hot).chain(&self.flash);
        let state = places.map(|place| place.dir.as_path()).find_map(read);
        let Some(State { written_unix, wans }) = state else { return Vec::new() };
        // A clock that went back makes the age unknown.
        let age = clock::unix_now().checked_sub(written_unix);
        let freshness = match age {
            Some(..BASELINE_GOOD_FOR) => Freshness::Fresh,
            Some(_) | None => Freshness::Old,
        };
        wans.iter().map(|named| (named.name.as_str().to_owned(), named.wan, freshness)).collect()
    }

    /// Saves the state of these WANs.
    pub(super) fn save(
        &mut self,
        wans: impl Iterator<Item = (String, SavedWan)>,
        occasion: Occasion,
        now: Instant,
    ) {
        let named =
            |(name, wan): (String, SavedWan)| Some(NamedWan { name: Name::new(&name)?, wan });
        let state =
            State { written_unix: clock::unix_now(), wans: wans.filter_map(named).collect() };
        if state.wans.is_empty() {
            return;
        }
        let Ok(content) = format::encode(&state, &mut self.buffer) else {
            // Cannot be: the buffer holds the largest state.
            return;
        };
        self.hot.save(content);
        let due = self.flash_saved.is_none_or(|saved| now.since(saved) >= PERSIST_EVERY);
        if let Some(flash) = self.flash.as_mut().filter(|_| due || occasion == Occasion::End) {
            flash.save(content);
            self.flash_saved = Some(now);
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
}

/// The state in a directory, if there is a good one.
fn read(dir: &Path) -> Option<State> {
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
        Err(error) => error.to_string(),
    };
    let aside = match atomic::set_aside(dir, FILE) {
        Ok(()) => format!("set aside as {FILE}.corrupt"),
        Err(error) => error.to_string(),
    };
    warn!("state: {}/{FILE} cannot be used: {why}; {aside}; starting fresh", dir.display());
    None
}
