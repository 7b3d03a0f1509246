//! What the daemon shows: status, log wording.
