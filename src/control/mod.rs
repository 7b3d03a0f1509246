//! The pure core: it decides; everything else fetches inputs and carries out actions.
//!
//! Built from `core` and `heapless` alone (`tests/core_no_std` compiles these files under
//! `#![no_std]`): no allocation, no lock, no clock, no logging. The caller says what happened and
//! when (`Engine::on_…(input, now)`), drains what to do (`Engine::poll_action`) and comes back no
//! later than `Engine::next_deadline`. The same inputs give the same decisions, bit by bit, on
//! every CPU.

pub mod adaptive;
pub mod applier;
pub mod backoff;
pub mod baseline;
pub mod budget;
pub mod change;
pub mod classic;
pub mod connectivity;
pub mod counts;
pub mod engine;
pub mod episodes;
pub mod event;
pub mod failover;
pub mod failure;
pub mod fallback;
pub mod id;
pub mod ladder;
pub mod law;
pub mod learner;
pub mod lines;
pub mod notice;
pub mod oneway;
pub mod pace;
pub mod queue;
pub mod reflectors;
pub mod rhythm;
pub mod rounds;
pub mod rule;
pub mod saved;
pub mod spike;
pub mod steering;
pub mod tally;
pub mod time;
pub mod units;
pub mod wan;
pub mod zone;
