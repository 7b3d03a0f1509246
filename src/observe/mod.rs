//! What the daemon shows: the wording of its log, and its health as JSON.
//! Promises: one place for all log texts; nothing here changes what the core does.
//! Knows the core's values and nothing of sockets, files or routers.

pub mod health;
pub mod history;
pub mod human;
pub mod metrics;
pub mod words;
