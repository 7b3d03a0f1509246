//! Questions to one router by one way.
//! Promises: one at a time; none after the contact is lost or the time is up.
//! Knows nothing of what the answers mean.

use crate::{
    control::{
        failure::FailureKind,
        time::{Instant, Span},
    },
    os::clock,
    router::{
        client::Client,
        contract::Differences,
        error::{RouterError, Transport},
        op::{Listed, Listing, Op, Reply, Rule, RuleRef},
        settings::Way,
    },
};

/// Why nothing more is asked.
#[derive(Debug)]
pub(super) enum Lost {
    /// There is no contact: how the last request failed.
    Failed(RouterError),
    /// The router takes too long.
    OutOfTime,
}

impl Lost {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Failed(error) => error.to_string(),
            Self::OutOfTime => "it takes too long to answer; given up".to_owned(),
        }
    }
}

/// What the router answered: a reply, or that it will not.
pub(super) type Answered<T> = Result<Result<T, RouterError>, Lost>;

/// See the module.
pub(super) struct Asker {
    client: Client,
    until: Instant,
}

impl Asker {
    /// Gets ready; nothing is sent yet.
    pub(super) fn open(way: &Way, time: Span) -> Result<Self, Lost> {
        let client = Client::patient(way).map_err(Lost::Failed)?;
        Ok(Self { client, until: clock::now() + time })
    }

    pub(super) const fn transport(&self) -> Transport {
        self.client.transport()
    }

    /// Asks, and looks at the answer's shape.
    pub(super) async fn inspect(
        &mut self,
        op: &Op<'_>,
    ) -> Result<(Result<Reply, RouterError>, Differences), Lost> {
        self.in_time()?;
        let (reply, differences) = self.client.inspect(op).await;
        Ok((answered(reply)?, differences))
    }

    /// Asks for a list.
    pub(super) async fn list(&mut self, listing: Listing<'_>) -> Answered<Listed> {
        let listed = |reply| if let Reply::Listed(listed) = reply { Some(listed) } else { None };
        self.perform(&Op::List(listing), listed).await
    }

    /// Asks how a mangle rule is.
    pub(super) async fn rule(&mut self, rule: RuleRef<'_>) -> Answered<Rule> {
        let rule_of = |reply| if let Reply::Rule(rule) = reply { Some(rule) } else { None };
        self.perform(&Op::ReadRule(rule), rule_of).await
    }

    /// Asks; a reply that `wanted` does not know is one to something else.
    async fn perform<T>(
        &mut self,
        op: &Op<'_>,
        wanted: impl FnOnce(Reply) -> Option<T>,
    ) -> Answered<T> {
        self.in_time()?;
        let reply = answered(self.client.perform(op).await)?;
        let other = || {
            let words = format_args!("a reply to something else");
            RouterError::rest(FailureKind::Garbage, op.into(), words)
        };
        Ok(reply.and_then(|reply| wanted(reply).ok_or_else(other)))
    }

    fn in_time(&self) -> Result<(), Lost> {
        if clock::now() < self.until { Ok(()) } else { Err(Lost::OutOfTime) }
    }
}

/// A login that is good for one menu and not for another is an answer here, and so is nonsense.
fn answered<T>(reply: Result<T, RouterError>) -> Answered<T> {
    use FailureKind::{Auth, Garbage};
    match reply {
        Ok(reply) => Ok(Ok(reply)),
        Err(error) if error.kind.is_answer() || matches!(error.kind, Auth | Garbage) => {
            Ok(Err(error))
        }
        Err(error) => Err(Lost::Failed(error)),
    }
}
