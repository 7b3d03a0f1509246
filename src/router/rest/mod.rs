//! Operations carried by RouterOS REST, without a connection: requests out, answers in.
//! Promises: an [`Exchange`] ends after at most six requests, and repeats a write only for an id
//! that the router refused; what it replies was read from the router after the write.
//! Knows nothing of sockets, time or logins.

mod answer;
mod ids;
mod records;
mod refusal;
mod request;
mod wire;

pub use self::{
    ids::{Id, Ids},
    request::{Method, RESOURCE_PROPERTIES, Request},
};

use self::{
    answer::{Record, Written},
    refusal::Refusal,
};
use super::{
    error::{Doing, RouterError},
    op::{NewLimit, Op, QueueRef, Reply},
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
    Write(NewLimit<'a>, Via, Id),
}

/// What is read, and what for.
#[derive(Clone, Copy, Debug)]
enum Read<'a> {
    Resource,
    Queue(QueueRef<'a>),
    /// The id, for a write.
    Id(NewLimit<'a>, Via),
    /// The limit, after a write that was answered without the record.
    Limit(NewLimit<'a>),
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
            Op::ReadQueue(queue) => Step::Read(Read::Queue(queue)),
            Op::SetLimit(limit) => match ids.of(limit.queue()) {
                Some(id) => Step::Write(limit, Via::Patch, id.clone()),
                None => Step::Read(Read::Id(limit, Via::Patch)),
            },
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
            Step::Read(Read::Queue(queue)) if self.properties == Properties::All => {
                Request::find_all(*queue)
            }
            Step::Read(Read::Queue(queue)) => Request::find(*queue),
            Step::Read(Read::Id(limit, _) | Read::Limit(limit)) => Request::find(limit.queue()),
            Step::Write(limit, Via::Patch, id) => Request::patch(id, limit),
            Step::Write(limit, Via::Set, id) => Request::set(id, limit),
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
            (Step::Write(limit, ..), Ok(())) => self.written(*limit, body, ids),
            (Step::Write(limit, via, _), Err(refusal)) => {
                self.refused(*limit, *via, refusal, ids).map(|()| None)
            }
        }
    }

    fn read(
        &mut self,
        read: Read<'a>,
        body: &[u8],
        ids: &mut Ids,
    ) -> Result<Option<Reply>, RouterError> {
        match read {
            Read::Resource => {
                answer::resource(body, self.doing).map(|facts| Some(Reply::Resource(facts)))
            }
            Read::Queue(queue) => {
                let record = self.found(queue, body, ids)?;
                Ok(Some(Reply::Queue(record.state)))
            }
            Read::Limit(limit) => {
                let record = self.found(limit.queue(), body, ids)?;
                Ok(Some(Reply::Limit(record.state.limit)))
            }
            Read::Id(limit, via) => {
                let record = self.found(limit.queue(), body, ids)?;
                let id = record.id.ok_or_else(|| answer::missing(".id", self.doing))?;
                self.fresh = true;
                self.step = Step::Write(limit, via, id);
                Ok(None)
            }
        }
    }

    /// The one record of that name. Its id is remembered; when the name is gone or ambiguous, so
    /// is what was remembered.
    fn found(
        &self,
        queue: QueueRef<'a>,
        body: &[u8],
        ids: &mut Ids,
    ) -> Result<Record, RouterError> {
        ids.forget(queue);
        let record = answer::found(body, queue, self.doing)?;
        if let Some(id) = &record.id {
            ids.remember(queue, id.clone());
        }
        Ok(record)
    }

    fn written(
        &mut self,
        limit: NewLimit<'a>,
        body: &[u8],
        ids: &mut Ids,
    ) -> Result<Option<Reply>, RouterError> {
        let queue = limit.queue();
        match answer::written(body, queue, self.doing)? {
            Written::Record(record) => Ok(Some(Reply::Limit(record.state.limit))),
            Written::Silent => {
                self.step = Step::Read(Read::Limit(limit));
                Ok(None)
            }
            Written::Stranger(name) => {
                // All ids are suspect: the router has numbered its queues anew.
                ids.clear();
                let detail = format_args!("the id of {queue} now is that of \"{name}\", changed");
                Err(RouterError::rest(FailureKind::NotFound, self.doing, detail))
            }
        }
    }

    /// Looks the id up again where that can help, else hands the error on.
    fn refused(
        &mut self,
        limit: NewLimit<'a>,
        via: Via,
        refusal: Refusal,
        ids: &mut Ids,
    ) -> Result<(), RouterError> {
        match (refusal, via) {
            (Refusal::StaleId(_), Via::Patch) if !self.fresh => {
                ids.forget(limit.queue());
                self.step = Step::Read(Read::Id(limit, Via::Patch));
                Ok(())
            }
            (Refusal::StaleId(error), _) => {
                ids.forget(limit.queue());
                Err(error)
            }
            (Refusal::BadIdentifier(_), Via::Patch) => {
                self.step = Step::Read(Read::Id(limit, Via::Set));
                Ok(())
            }
            (refusal, _) => Err(refusal.into_error()),
        }
    }
}
