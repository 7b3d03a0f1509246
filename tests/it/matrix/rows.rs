//! The faults, and what the daemon is to make of each.

use wanctl::sim::routeros::Down;

use crate::running::{
    faults::{Certificate, Deed, Fault, Nonsense},
    proxy::Mischief,
};

/// By which law the daemon decides, and so why there is something to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Law {
    /// The one of whoever chose none: the queues are full, and nothing of that is felt.
    Default,
    /// Rates climb without any load.
    Classic,
}

/// A fault and what it is taken for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) fault: Fault,
    pub(super) taken_for: TakenFor,
}

/// What the daemon makes of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakenFor {
    /// The router is lost, for one of these reasons; once, until the fault is over.
    Lost(&'static [&'static str]),
    /// The router answers, but refuses something about both queues, in these words.
    BothRefused(&'static str),
    /// The download queue is refused, in these words; the upload queue goes on.
    OneRefused(&'static str),
    /// Somebody else changed something; it is repaired while the fault lasts.
    Repaired,
    /// It is lost and found again by turns.
    Flapping,
    /// The next regular write replaces what somebody else did before anybody reads it.
    Nothing,
}

const fn row(fault: Fault, taken_for: TakenFor) -> Row {
    Row { fault, taken_for }
}

/// All rows with the classic law, by which there is something to write every second; with the default
/// law those in which the router is gone. It does not know the load then, and holds; what is refused
/// it finds by the regular reads alone, in virtual time (`it/faults`).
pub(super) fn cases() -> impl Iterator<Item = (&'static Row, Law)> {
    let gone = |row: &&Row| match row.taken_for {
        TakenFor::Lost(_) | TakenFor::Flapping => true,
        TakenFor::Repaired => row.fault == Fault::Reboots,
        TakenFor::BothRefused(_) | TakenFor::OneRefused(_) | TakenFor::Nothing => false,
    };
    let by_default = ROWS.iter().filter(gone).map(|row| (row, Law::Default));
    by_default.chain(ROWS.iter().map(|row| (row, Law::Classic)))
}

/// All rows; those that take longest come first.
const ROWS: &[Row] = &[
    row(Fault::Down(Down::BlackHole), TakenFor::Lost(&["timeout"])),
    row(Fault::Way(Mischief::Deaf), TakenFor::Lost(&["timeout"])),
    row(Fault::Down(Down::AnswerLost), TakenFor::Lost(&["timeout"])),
    row(Fault::Down(Down::AnswerCut), TakenFor::Lost(&["reset"])),
    row(Fault::Down(Down::AnswerDrips), TakenFor::Lost(&["timeout"])),
    row(Fault::Way(Mischief::Refuse), TakenFor::Lost(&["refused", "reset"])),
    row(Fault::Way(Mischief::ResetAfter(0)), TakenFor::Lost(&["reset", "tls"])),
    row(Fault::Way(Mischief::ResetAfter(40)), TakenFor::Lost(&["reset", "tls"])),
    row(Fault::Way(Mischief::CloseAfter(40)), TakenFor::Lost(&["reset", "tls"])),
    row(Fault::Way(Mischief::StallAfter(40)), TakenFor::Lost(&["timeout"])),
    row(Fault::Way(Mischief::Drip), TakenFor::Lost(&["timeout"])),
    row(Fault::Way(Mischief::Noise), TakenFor::Lost(&["reset", "tls"])),
    row(Fault::Answers(Nonsense::NotJson), TakenFor::BothRefused("garbage")),
    row(Fault::Answers(Nonsense::OtherShape), TakenFor::BothRefused("garbage")),
    row(Fault::Answers(Nonsense::Huge), TakenFor::BothRefused("garbage")),
    row(Fault::Answers(Nonsense::Html), TakenFor::BothRefused("garbage")),
    row(Fault::Answers(Nonsense::Status(400)), TakenFor::BothRefused("refuses")),
    row(Fault::Answers(Nonsense::Status(401)), TakenFor::BothRefused("auth")),
    row(Fault::Answers(Nonsense::Status(403)), TakenFor::BothRefused("auth")),
    row(Fault::Answers(Nonsense::Status(404)), TakenFor::BothRefused("no queue of this name")),
    row(Fault::Answers(Nonsense::Status(500)), TakenFor::Lost(&["timeout"])),
    row(Fault::Answers(Nonsense::Status(503)), TakenFor::Lost(&["timeout"])),
    row(Fault::Shows(Certificate::OfAnotherAuthority), TakenFor::Lost(&["tls", "reset"])),
    row(Fault::Shows(Certificate::Expired), TakenFor::Lost(&["tls", "reset"])),
    row(Fault::Shows(Certificate::None), TakenFor::Lost(&["tls", "reset"])),
    row(Fault::NoSession, TakenFor::Lost(&["reset", "tls"])),
    row(Fault::Flaps, TakenFor::Flapping),
    row(Fault::Reboots, TakenFor::Repaired),
    row(Fault::Human(Deed::Renames), TakenFor::OneRefused("no queue of this name")),
    row(Fault::Human(Deed::Deletes), TakenFor::OneRefused("no queue of this name")),
    row(Fault::Human(Deed::Duplicates), TakenFor::OneRefused("several queues of this name")),
    row(Fault::Human(Deed::Swaps), TakenFor::Repaired),
    row(Fault::Human(Deed::Limits), TakenFor::Nothing),
    row(Fault::Human(Deed::Unlimits), TakenFor::Nothing),
];
