//! Two transports to one router: which one is used, in virtual time and with the real binary.

mod matrix;
mod real;
mod rules;
