//! The tasks of the running daemon.
