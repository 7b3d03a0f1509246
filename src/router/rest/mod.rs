//! Operations carried by RouterOS REST, without a connection: requests out, answers in.
//! Promises: an [`Exchange`] ends after at most six requests, and repeats a write only for an id
//! that the router refused; what it replies was read from the router after the write.
//! Knows nothing of sockets, time or logins.

mod answer;
mod entry;
mod ids;
mod list;
mod records;
mod refusal;
mod request;
mod wire;

pub use self::{
    ids::{Id, Ids},
    request::{Method, RESOURCE_PROPERTIES, Request},
};

use self::{
    entry::{Entry, State, Written},
    refusal::Refusal,
};
use super::{
    error::{Doing, RouterError},
    op::{Listing, Op, QueueRef, Reply},
    target::{Change, Target},
};
use crate::control::failure::FailureKind;

/// One operation under way: send [`Exchange::request`], hand in what came, until there is a reply.
#[derive(Debug)]
pub struct Exchange<'a> {
    doing: Doing,
    step: Step<'a>,
    /// Whether the id in use was read within this exchange. A fresh one that the router does not
    /// know is not looked up again.
    fresh: bool,
    properties: Properties,
}

/// What is asked of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Properties {
    /// What the operation needs.
    Needed,
    /// All that there are.
    All,
}

#[derive(Clone, Debug)]
enum Step<'a> {
    Read(Read<'a>),
    Write(Change<'a>, Via, Id),
}

/// What is read, and what for.
#[derive(Clone, Copy, Debug)]
enum Read<'a> {
    Resource,
    Identity,
    List(Listing<'a>),
    State(Target<'a>),
    Counters(QueueRef<'a>),
    /// The id, for a write.
    Id(Change<'a>, Via),
    /// What became of it, after a write that was answered without the record.
    Outcome(Change<'a>),
}

/// The form of a write.
#[derive(Clone, Copy, Debug)]
enum Via {
    /// `PATCH` on the record, the usual one.
    Patch,
    /// `POST …/set`, for a router that refuses the id in a path.
    Set,
}

impl<'a> Exchange<'a> {
    /// Starts an operation with the ids that are known.
    pub fn new(op: &Op<'a>, ids: &Ids) -> Self {
        let step = match *op {
            Op::ReadResource => Step::Read(Read::Resource),
            Op::ReadIdentity => Step::Read(Read::Identity),
            Op::List(listing) => Step::Read(Read::List(listing)),
            Op::ReadQueue(queue) => Step::Read(Read::State(Target::Queue(queue))),
            Op::ReadStatistics(queue) => Step::Read(Read::Counters(queue)),
            Op::ReadRule(rule) => Step::Read(Read::State(Target::Rule(rule))),
            Op::SetLimit(limit) => match ids.of(limit.queue()) {
                Some(id) => Step::Write(Change::Limit(limit), Via::Patch, id.clone()),
                None => Step::Read(Read::Id(Change::Limit(limit), Via::Patch)),
            },
            // Always looked up: with an id of yesterday another rule would be switched.
            Op::SetRule(rule, state) => Step::Read(Read::Id(Change::Rule(rule, state), Via::Patch)),
        };
        Self { doing: Doing::from(op), step, fresh: false, properties: Properties::Needed }
    }

    /// The same, but a queue that is read is asked for all its properties.
    #[must_use]
    pub fn of_all_properties(self) -> Self {
        Self { properties: Properties::All, ..self }
    }

    /// What is being done, for errors that happen outside.
    pub const fn doing(&self) -> Doing {
        self.doing
    }

    /// The request to send now.
    pub fn request(&self) -> Request {
        match &self.step {
            Step::Read(Read::Resource) => Request::resource(),
            Step::Read(Read::Identity) => Request::identity(),
            Step::Read(Read::List(listing)) => Request::list(*listing),
            Step::Read(Read::State(Target::Queue(queue))) if self.properties == Properties::All => {
                Request::find_all(*queue)
            }
            Step::Read(Read::State(target)) => Request::find(*target),
            Step::Read(Read::Counters(queue)) => Request::counters(*queue),
            Step::Read(Read::Id(change, _) | Read::Outcome(change)) => {
                Request::find(change.target())
            }
            Step::Write(change, Via::Patch, id) => Request::patch(id, *change),
            Step::Write(change, Via::Set, id) => Request::set(id, *change),
        }
    }

    /// Takes the answer to [`Exchange::request`]. `None`: there is another request to send.
    pub fn answer(
        &mut self,
        status: u16,
        body: &[u8],
        ids: &mut Ids,
    ) -> Result<Option<Reply>, RouterError> {
        let checked = refusal::check(status, body, self.doing);
        match (&self.step, checked) {
            (Step::Read(read), Ok(())) => self.read(*read, body, ids),
            (Step::Read(_), Err(refusal)) => Err(refusal.into_error()),
            (Step::Write(change, ..), Ok(())) => self.written(*change, body, ids),
            (Step::Write(change, via, _), Err(refusal)) => {
                self.refused(*change, *via, refusal, ids).map(|()| None)
            }
        }
    }

    fn read(
        &mut self,
        read: Read<'a>,
        body: &[u8],
        ids: &mut Ids,
    ) -> Result<Option<Reply>, RouterError> {
        let doing = self.doing;
        Ok(Some(match read {
            Read::Resource => Reply::Resource(answer::resource(body, doing)?),
            Read::Identity => Reply::Identity(answer::identity(body, doing)?),
            Read::List(listing) => Reply::Listed(list::listed(body, listing, doing)?),
            Read::Counters(queue) => Reply::Statistics(entry::counters(body, queue, doing)?),
            Read::State(target) => match self.found(target, body, ids)?.state {
                State::Queue(state) => Reply::Queue(state),
                State::Rule(rule) => Reply::Rule(rule),
            },
            Read::Outcome(change) => outcome(self.found(change.target(), body, ids)?.state),
            Read::Id(change, via) => {
                let entry = self.found(change.target(), body, ids)?;
                let id = entry.id.ok_or_else(|| answer::missing(".id", doing))?;
                self.fresh = true;
                self.step = Step::Write(change, via, id);
                return Ok(None);
            }
        }))
    }

    /// The one record of the target. The id of a queue is remembered; when the name is gone or
    /// ambiguous, so is what was remembered.
    fn found(&self, target: Target<'a>, body: &[u8], ids: &mut Ids) -> Result<Entry, RouterError> {
        forget(target, ids);
        let entry = entry::found(body, target, self.doing)?;
        if let (Target::Queue(queue), Some(id)) = (target, &entry.id) {
            ids.remember(queue, id.clone());
        }
        Ok(entry)
    }

    fn written(
        &mut self,
        change: Change<'a>,
        body: &[u8],
        ids: &mut Ids,
    ) -> Result<Option<Reply>, RouterError> {
        let target = change.target();
        match entry::written(body, target, self.doing)? {
            Written::Entry(entry) => Ok(Some(outcome(entry.state))),
            Written::Silent => {
                self.step = Step::Read(Read::Outcome(change));
                Ok(None)
            }
            Written::Stranger(name) => {
                // All ids are suspect: the router has numbered its records anew.
                ids.clear();
                let detail = format_args!("the id of {target} now is that of \"{name}\", changed");
                Err(RouterError::rest(FailureKind::NotFound, self.doing, detail))
            }
        }
    }

    /// Looks the id up again where that can help, else hands the error on.
    fn refused(
        &mut self,
        change: Change<'a>,
        via: Via,
        refusal: Refusal,
        ids: &mut Ids,
    ) -> Result<(), RouterError> {
        match (refusal, via) {
            (Refusal::StaleId(_), Via::Patch) if !self.fresh => {
                forget(change.target(), ids);
                self.step = Step::Read(Read::Id(change, Via::Patch));
                Ok(())
            }
            (Refusal::StaleId(error), _) => {
                forget(change.target(), ids);
                Err(error)
            }
            (Refusal::BadIdentifier(_), Via::Patch) => {
                self.step = Step::Read(Read::Id(change, Via::Set));
                Ok(())
            }
            (refusal, _) => Err(refusal.into_error()),
        }
    }
}

/// The reply to a change.
const fn outcome(state: State) -> Reply {
    match state {
        State::Queue(state) => Reply::Limit(state.limit),
        State::Rule(rule) => Reply::Rule(rule),
    }
}

/// Forgets the id of a queue; those of rules are never remembered.
fn forget(target: Target<'_>, ids: &mut Ids) {
    if let Target::Queue(queue) = target {
        ids.forget(queue);
    }
}
