//! demo
use super::Exit;
use std::{
    io::{self, Write},
    ops::RangeInclusive,
};
pub(super) const SECONDS: RangeInclusive<u32> = 10..=600;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Live,
    Plain,
    Json,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) seconds: u32,
    pub(super) seed: u64,
    pub(super) form: Form,
}
impl Default for Flags {
    fn default() -> Self {
        Self { seconds: 30, seed: 1, form: Form::Live }
    }
}
pub(super) fn demo(_: &Flags, _: &mut dyn Write) -> io::Result<Exit> {
    Ok(Exit::Ok)
}
