//! What the tasks and the loop say to each other.

use smol::channel::Sender;

use crate::{
    control::{
        event::{Request, Ticket},
        wan::RouterId,
    },
    observe::health::Health,
    router::{error::RouterError, op::Reply},
};

/// Something that happened outside the core.
#[derive(Debug)]
pub(super) enum Input {
    /// A router task is done.
    Done(Done),
    /// A client wants the health.
    Health(Sender<Box<Health>>),
    /// The daemon shall end; said again: at once.
    Stop,
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
