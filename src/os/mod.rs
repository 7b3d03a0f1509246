//! The operating system: clock, sockets, signals, lock. The only place for unsafe code and the clock.
