//! The state file: its format, and how it gets on the disk whole.
//! Promises: what is loaded was checked value by value; what is saved is whole at any moment.
//! Knows nothing of when to save or what a baseline is good for.

pub mod atomic;
pub mod format;
