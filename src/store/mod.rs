//! The state file: format and atomic save.
