//! The simulated internet line, [`link::Link`]: a pure model in virtual time.
//! Promises: knows no clock and draws every random number from a seed, so that the same settings,
//! seed and calls give the same answers, bit by bit. Knows nothing of the daemon's parts beyond
//! the quantities of `control`.

pub mod link;
mod number;
pub mod routeros;
pub mod schedule;
