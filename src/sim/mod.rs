//! The simulated internet line and the simulated RouterOS router.
//!
//! Two pure models, [`link::Link`] and [`routeros::RouterOs`], and one face with sockets,
//! [`https::RouterServer`]. The models know no clock and draw every random number from a seed: the
//! same settings, the same seed and the same calls give the same answers, bit by bit. Tests and
//! replay drive them in virtual time; `wanctl demo` and the contract tests put the server in front.
//! Nothing here knows the daemon; it may only use the quantities of `control`.

pub mod https;
pub mod link;
mod number;
pub mod routeros;
pub mod schedule;
pub mod world;
