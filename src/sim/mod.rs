//! The simulated RouterOS router and link.
