//! What the tasks and the loop say to each other.

use std::rc::Rc;

use smol::channel::Sender;

use super::{router::Clients, survey::Survey};
use crate::{
    config::Config,
    control::{
        event::{Request, Ticket},
        failover::Route,
        fallback::Outcome,
        wan::WanId,
    },
    observe::health::Health,
    router::{error::RouterError, op::Reply, settings::Queues},
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
    /// The configuration shall be read again.
    Reload,
    /// It was.
    Prepared(Box<Prepared>),
    /// The daemon shall end; said again: at once.
    Stop,
}

/// Which TCP target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) wan: WanId,
    pub(super) target: u8,
    /// In which configuration.
    pub(super) generation: u32,
}

/// What came of a connect to a TCP target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connected {
    pub(super) place: Place,
    pub(super) number: u32,
    pub(super) outcome: Outcome,
}

/// A request of the core and its ticket, for the task of a router.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) ticket: Ticket,
    pub(super) request: Request,
    pub(super) route: Route,
    pub(super) purpose: Purpose,
    /// The queues of the WAN that it is about; `None`: it is about the router or a rule.
    pub(super) queues: Option<Rc<Queues>>,
    /// The comment of the rule that it is about.
    pub(super) rule: Option<Rc<str>>,
    /// If it is about the router: the queues of all WANs behind it.
    pub(super) surveyed: Vec<Rc<Queues>>,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Control takes this way.
    Control,
    /// Control takes another way, and would take this one if it works.
    Try,
}

/// A task of a router. Never used again, so that what a task leaves behind is not taken for the
/// word of its successor at the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AccessId(pub(super) u32);

/// What came of a job.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) access: AccessId,
    pub(super) ticket: Ticket,
    pub(super) reply: Result<Reply, RouterError>,
    /// With the facts about a router.
    pub(super) survey: Option<Box<Survey>>,
}

/// What came of reading the configuration again.
#[derive(Debug)]
pub(super) enum Prepared {
    /// A configuration that can be run.
    Ready {
        config: Config,
        /// What ought to be said.
        warnings: Vec<String>,
        /// One per router.
        clients: Vec<Clients>,
    },
    /// It cannot be used, for these reasons.
    Useless(Vec<String>),
}
