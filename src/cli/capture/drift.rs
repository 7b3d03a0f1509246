//! Redacted answers held against the known shapes.
//! Promises: an answer whose shape is not known is said to be so, and is no difference.
//! Knows nothing of files and connections.

use super::{files::Row, gather::Ask};
use crate::router::{
    capture::{ConsoleAsk, RestAsk},
    contract::{self, Differences, Fault, Form, Grade, Scope, Shape, What},
    error::Transport,
};

/// What an answer must look like.
#[derive(Clone, Copy)]
enum Expected {
    /// Over REST: of this shape, with these keys.
    Records(What, Form, Option<&'static [&'static str]>),
    /// Over REST: an error with this status.
    Refusal(u16),
    /// Over SSH: of this shape.
    Printed(What),
    /// Over SSH: an error.
    Complaint,
    /// No shape is known.
    Unknown,
}

const CHOSEN: &[&str] = &[".id", "name", "max-limit", "disabled", "invalid", "dynamic"];
const PRINTED: &[&str] = &[".id", "name", "max-limit"];

const fn expected(ask: Ask) -> Expected {
    use Expected::{Complaint, Printed, Records, Refusal, Unknown};
    match ask {
        Ask::Rest(ask) => match ask {
            RestAsk::Resource => Records(What::Resource, Form::Record, None),
            RestAsk::Identity => Records(What::Identity, Form::Record, None),
            RestAsk::TreeList | RestAsk::TreeNoMatch => Records(What::QueueTree, Form::List, None),
            RestAsk::TreeChosen => Records(What::QueueTree, Form::List, Some(CHOSEN)),
            RestAsk::TreePrint => Records(What::QueueTree, Form::List, Some(PRINTED)),
            RestAsk::SimpleList => Records(What::QueueSimple, Form::List, None),
            RestAsk::TypeList | RestAsk::TypeCake => Records(What::QueueType, Form::List, None),
            RestAsk::MangleList => Records(What::Mangle, Form::List, None),
            RestAsk::TreeUnknownId => Refusal(404),
            RestAsk::TreeUnknownName | RestAsk::TreeCommand | RestAsk::UnknownMenu => Refusal(400),
            RestAsk::Routerboard
            | RestAsk::TreeStats
            | RestAsk::InterfaceList
            | RestAsk::ServiceList
            | RestAsk::Webserver
            | RestAsk::SshServer => Unknown,
        },
        Ask::Console(ask) => match ask {
            ConsoleAsk::Resource => Printed(What::Resource),
            ConsoleAsk::Identity => Printed(What::Identity),
            ConsoleAsk::Tree | ConsoleAsk::TreeNoMatch => Printed(What::QueueTree),
            ConsoleAsk::TreeStats => Printed(What::QueueTreeStatistics),
            ConsoleAsk::Simple => Printed(What::QueueSimple),
            ConsoleAsk::SimpleStats => Printed(What::QueueSimpleStatistics),
            ConsoleAsk::TypeCake => Printed(What::QueueType),
            ConsoleAsk::Mangle => Printed(What::Mangle),
            ConsoleAsk::UnknownMenu | ConsoleAsk::UnknownProperty | ConsoleAsk::UnknownQueue => {
                Complaint
            }
            ConsoleAsk::Routerboard
            | ConsoleAsk::TreeLimits
            | ConsoleAsk::TreeCount
            | ConsoleAsk::SshServer => Unknown,
        },
    }
}

/// Whether a router may refuse it without anything being wrong: the daemon gets by without.
const fn may_be_refused(ask: Ask) -> bool {
    use ConsoleAsk::{Mangle, SimpleStats, TreeStats, TypeCake};
    matches!(
        ask,
        Ask::Rest(RestAsk::MangleList) | Ask::Console(Mangle | SimpleStats | TreeStats | TypeCake)
    )
}

/// The differences of an answer; `None`: there is no shape to hold it against, or the router
/// refuses what it may.
pub(super) fn differences(row: &Row, body: &str) -> Option<Differences> {
    let ask = row.ask;
    let status = row.status.and_then(|status| u16::try_from(status).ok()).unwrap_or(0);
    match expected(ask) {
        Expected::Unknown => None,
        Expected::Records(..) | Expected::Printed(_)
            if may_be_refused(ask) && is_refusal(ask, status, body) =>
        {
            None
        }
        Expected::Records(what, form, keys) => {
            let shape = Shape::of(Transport::Rest, what)?;
            Some(contract::rest(shape, Scope { form, keys }, status, body.as_bytes()))
        }
        Expected::Refusal(wanted) => {
            Some(contract::refusal_over_rest(wanted, status, body.as_bytes()))
        }
        Expected::Printed(what) => {
            Some(contract::console(Shape::of(Transport::Ssh, what)?, None, body))
        }
        Expected::Complaint => Some(contract::refusal_over_ssh(body)),
    }
}

/// Whether the router refuses in words that are known.
fn is_refusal(ask: Ask, status: u16, body: &str) -> bool {
    match ask {
        Ask::Rest(_) => {
            status == 400 && contract::refusal_over_rest(400, status, body.as_bytes()).is_empty()
        }
        Ask::Console(_) => !body.is_empty() && contract::refusal_over_ssh(body).is_empty(),
    }
}

/// The worst of the differences. Where stand-ins changed the width of values, the layout is not the
/// router's own.
pub(super) fn grade(row: &Row, differences: &Differences) -> Option<Grade> {
    if row.stretched == 0 || differences.more() > 0 {
        return differences.grade();
    }
    let others = differences.iter().filter(|one| !matches!(one.fault, Fault::Layout(_)));
    others.map(|one| one.fault.grade()).max()
}
