//! Access to RouterOS: the closed list of operations, and REST to carry it.

pub mod settings;
