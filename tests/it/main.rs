//! Black-box tests of the library and the binary.

mod config;
mod os;
mod probe;
mod router;
mod sim;
mod store;
