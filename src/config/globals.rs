//! The `globals` section.
//! Promises: every global setting has a value, given or default.
//! Must not know of routers and WANs.

use super::{
    Globals,
    section::Reader,
    table,
    what::{Caution, Conflict},
};

/// Reads the section.
pub(super) fn globals(reader: &mut Reader<'_>) -> Option<Globals> {
    let listen = reader.read(&table::LISTEN);
    if let Some(given) = &listen
        && !given.value.ip().is_loopback()
    {
        reader.object(given, Caution::OpenToOthers, "127.0.0.1:9101, and ssh -L from elsewhere");
    }
    let state_dir = reader.read(&table::STATE_DIR);
    let persist_dir = reader.read(&table::PERSIST_DIR);
    let log_level = reader.read(&table::LOG_LEVEL);
    if let (Some(hot), Some(copy)) = (&state_dir, &persist_dir)
        && hot.value == copy.value
    {
        reader.object(copy, Conflict::SameDirectory, "another directory, or none");
    }
    Some(Globals {
        listen: listen?.value,
        state_dir: state_dir?.value,
        persist_dir: persist_dir.map(|given| given.value),
        log_level: log_level?.value,
    })
}
