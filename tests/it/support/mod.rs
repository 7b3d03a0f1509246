//! What several tests need.

pub mod alloc;
pub mod settings;
