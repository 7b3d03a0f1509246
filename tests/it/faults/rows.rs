//! The rows: what goes wrong, and how it shows.

use wanctl::control::{failover::Route, failure::FailureKind, units::Direction};

use crate::histories::{
    fault::Fault::{
        self, Both, Dead, Flapping, Late, Loss, Lying, Meddled, Path, Queue, Reboot, Router,
        Silence, Slow, Stall, Unheard, Unsteady, Way, Writes,
    },
    story::Story,
};

/// What the users of the line do meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// They use it, so that there is something to write.
    Used,
    /// Nothing: what somebody else changed is found by the regular read of each minute.
    Idle,
}

/// One fault, and how it shows in the story of a history that has it.
#[derive(Clone, Copy)]
pub struct Row {
    pub fault: Fault,
    pub line: Line,
    pub shows: fn(&Story) -> bool,
}

/// The router does not answer: one outage, attempts by the back-off, and decisions that go on.
///
/// In twelve seconds: the waits are at least 75, 150, 300, 600, 1200, 2400 and then 3750 ms, so at
/// most nine attempts, and never fewer than six; each router of two has its own.
fn away(story: &Story) -> bool {
    let per_router = story.failures / story.outages.max(1);
    one_outage(story) && (6..=9).contains(&per_router) && went_on(story)
}

/// Two seconds for each attempt and three of pause: every five seconds. By the time the first one is
/// known to have failed, the rates have fallen.
const fn black_hole(story: &Story) -> bool {
    one_outage(story) && story.failures >= 2 && story.failures <= 3 && story.reds_without_router > 0
}

const fn one_outage(story: &Story) -> bool {
    story.outages == 1 && story.returns == 1
}

/// While the router was away red was decided, and the wanted rates fell.
fn went_on(story: &Story) -> bool {
    let fell = |(at_first, lowest): (_, _)| {
        let both = wanctl::control::units::PerDirection::zip(at_first, lowest);
        let fell = both.map(|(at_first, lowest)| lowest < at_first);
        fell.download && fell.upload
    };
    story.away.is_some_and(fell) && story.reds_without_router > 0
}

/// Two failures, and the other transport is used: the router is away for a moment.
const fn stood_in(story: &Story) -> bool {
    one_outage(story) && story.turns == 1 && story.failures == 2
}

/// The same by both transports: one more attempt than by one, for the other is asked at once.
const fn both_away(story: &Story) -> bool {
    let per_router = story.failures / if story.outages > 0 { story.outages } else { 1 };
    // Where both work again a try of the preferred one may be the first to find it.
    let turned = story.turns == 1 || story.turns == 2;
    one_outage(story) && turned && per_router >= 6 && per_router <= 10
}

/// The router answers, but not about this: told, tried again by the back-off, no outage.
const fn refused(story: &Story) -> bool {
    story.troubles > 0 && story.refusals >= 4 && story.refusals <= 44 && story.outages == 0
}

const fn one_queue(story: &Story) -> bool {
    story.troubles == 1 && story.refusals >= 4 && story.refusals <= 20 && story.outages == 0
}

fn flaps(story: &Story) -> bool {
    story.outages >= 2
        && story.outages <= 6
        && story.outages == story.returns
        && story.failures >= 6
}

fn steady_baseline(story: &Story) -> bool {
    story.baselines.is_some_and(|(low, high)| low > 19.0 && high < 26.0)
}

const NO_FAILURES: fn(&Story) -> bool = |story| story.failures == 0 && story.outages == 0;

/// All rows. What only the transports can tell apart (half answers, slow bytes, other bodies) is
/// one of these kinds here.
pub fn rows() -> Vec<Row> {
    let row = |fault, shows| Row { fault, line: Line::Used, shows };
    let idle = |fault, shows| Row { fault, line: Line::Idle, shows };
    let down = Direction::Download;
    let up = Direction::Upload;
    vec![
        row(Router(0, FailureKind::Refused), away),
        row(Router(0, FailureKind::Unreachable), away),
        row(Router(0, FailureKind::Reset), away),
        row(Router(0, FailureKind::Dns), away),
        row(Router(0, FailureKind::Tls), away),
        row(Router(0, FailureKind::HostKey), away),
        row(Router(0, FailureKind::Timeout), black_hole),
        row(Router(0, FailureKind::Auth), refused),
        row(Router(0, FailureKind::Garbage), refused),
        row(Unheard(0, FailureKind::Timeout), black_hole),
        row(Unheard(0, FailureKind::Reset), away),
        // When nobody uses the line any more and the rates are up again.
        row(Late(0, 28_000), |story| {
            story.landings > 0 && story.outages > 0 && story.outages == story.returns
        }),
        row(Flapping(0, FailureKind::Refused), flaps),
        row(Way(0, Route::Preferred, FailureKind::Refused), stood_in),
        row(Way(0, Route::Preferred, FailureKind::Timeout), stood_in),
        row(Way(0, Route::Preferred, FailureKind::Tls), stood_in),
        row(Way(0, Route::Preferred, FailureKind::HostKey), stood_in),
        row(Way(0, Route::Fallback, FailureKind::Refused), |story| {
            NO_FAILURES(story) && story.turns == 0
        }),
        row(Both(0, FailureKind::Refused), both_away),
        row(Both(0, FailureKind::HostKey), both_away),
        idle(Reboot(0), |story| story.foreign > 0),
        row(Slow(0, 1_500), NO_FAILURES),
        row(Queue(0, down, FailureKind::NotFound), one_queue),
        row(Queue(0, up, FailureKind::Ambiguous), one_queue),
        row(Writes(0, down, FailureKind::Rejected), |story| {
            story.troubles > 0 && story.refusals > 3
        }),
        idle(Meddled(0), |story| NO_FAILURES(story) && story.foreign > 0),
        row(Silence(0), |story| story.silences == 1),
        row(Dead(0, 0), |story| story.set_aside == 2 && story.silences == 0),
        row(Lying(0, 1), |story| steady_baseline(story) && story.silences == 0),
        row(Path(0), |story| (story.red_ticks > 10 || story.paths > 0) && story.silences == 0),
        row(Loss(0), |story| story.silences == 0 && story.set_aside > 0 && steady_baseline(story)),
        row(Unsteady(0), |story| story.red_ticks > 10),
        row(Stall, |story| story.cycles.missed > 200),
    ]
}
