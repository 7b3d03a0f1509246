//! What the tasks and the loop say to each other.

use smol::channel::Sender;

use crate::{
    control::{
        event::{Request, Ticket},
        fallback::Outcome,
        wan::{RouterId, WanId},
    },
    observe::health::Health,
    router::{error::RouterError, op::Reply},
};

/// Something that happened outside the core.
#[derive(Debug)]
pub(super) enum Input {
    /// A router task is done.
    Done(Done),
    /// A connect to a TCP target is over.
    Connected(Connected),
    /// A client wants the health.
    Health(Sender<Box<Health>>),
    /// The daemon shall end; said again: at once.
    Stop,
}

/// What came of a connect to a TCP target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connected {
    pub(super) wan: WanId,
    pub(super) target: u8,
    pub(super) number: u32,
    pub(super) outcome: Outcome,
}

/// A request of the core and its ticket, for the task of a router.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub(super) ticket: Ticket,
    pub(super) request: Request,
}

/// What came of a job.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) router: RouterId,
    pub(super) ticket: Ticket,
    pub(super) reply: Result<Reply, RouterError>,
}
