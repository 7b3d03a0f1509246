//! wanctl keeps a MikroTik RouterOS 7 line free of bufferbloat. This is the guided tour.
//!
//! ```text
//!   reflectors ──echo── probe ─┐                                ┌─ router ──REST── RouterOS
//!                              ├── daemon ──(input, now)──> control
//!   signals, clock, files ─ os ┘      <──(actions, events)──    └─ store, observe
//! ```
//!
//! Everything is decided in [`control`], a pure core without clock, allocation or I/O: the daemon
//! tells it what happened and when, drains what it wants done, and comes back at its deadline.
//! That is why hours of operation run in milliseconds in the tests, and why a trace replays bit by
//! bit on every CPU.
//!
//! | Module | What it is | May import |
//! |---|---|---|
//! | [`control`] | the core: law, queues, contact to the routers | nothing |
//! | [`os`] | clock, sockets, signals, lock, watchdog; the only unsafe code | control |
//! | [`probe`] | ICMP echo: rounds out, genuine replies in | control, os |
//! | [`router`] | the closed list of operations, and REST and SSH to carry it | control |
//! | [`store`] | the state file, whole at any moment | control |
//! | [`observe`] | the wording of the log, the health as JSON | control |
//! | [`config`] | UCI text to checked settings | control, settings of probe and router |
//! | [`sim`] | the simulated router and line (feature `sim`) | control |
//! | [`daemon`] | the loop and its tasks | all of the above but sim |
//! | [`cli`] | the sub-commands | all |
//!
//! `tests/it/layering.rs` holds the code to this table.
//!
//! Where to begin: [`control::engine::Engine`] for the whole core at a glance,
//! [`control::rule`] for the laws, [`control::adaptive`] and [`control::classic`], [`control::queue`] for
//! how a limit gets to the router,
//! [`control::steering::course`] for how one WAN helps another, [`daemon::Daemon`] for the loop.

pub mod cli;
pub mod config;
pub mod control;
pub mod daemon;
pub mod observe;
pub mod os;
pub mod probe;
pub mod router;
#[cfg(feature = "sim")]
pub mod sim;
pub mod store;
