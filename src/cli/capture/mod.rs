//! `wanctl capture`: the answers of the user's own router as golden files.
//! Promises: nothing on the router is changed; nothing is written that could give the user away.

mod json;
pub mod redact;
