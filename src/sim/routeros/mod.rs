//! A model of a RouterOS 7 router as REST and the console show it: queues, queue types, facts about
//! the device, users, and the ways in which it fails.
//! Promises: the same settings, seed and calls give the same answers; their keys, values and words
//! are those of the captured ones in `golden/rest`. Knows nothing of sockets, and no clock.
//!
//! What it leaves out answers honestly that it is not there: other menus do not exist, and records
//! are neither added nor removed over REST (501), since nothing may ask for that.

mod access;
mod console;
mod counters;
mod fate;
mod item;
mod json;
mod menus;
mod mutation;
mod properties;
mod query;
mod record;
mod refusal;
mod rest;
mod settings;
mod shown;
mod state;
mod target;
mod value;

pub use console::Printed;
pub use counters::Traffic;
pub use fate::{Canned, Fate};
pub use mutation::Mutation;
pub use refusal::{Refusal, reason};
pub use rest::{Request, Response};
pub use settings::{Down, ItemSettings, Menu, Rights, RouterSettings, Shaper, User};
pub use state::{Accepted, Admission, RouterOs, Work};
