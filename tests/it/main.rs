//! Black-box tests of the library and the binary.
#![expect(clippy::tests_outside_test_module, reason = "an integration test binary is all tests")]

mod config;
mod os;
mod probe;
mod router;
mod sim;
mod store;
