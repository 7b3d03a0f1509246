//! All texts of the log: an event of the core in, a line and its level out.
//! Promises: a transition is said at info or above, what repeats with the cycles at debug; the
//! same words as in configuration, status and metrics.
//! Knows the names of WANs, routers and reflectors, and nothing of how lines are written.

mod router;
mod steering;

use std::net::{IpAddr, SocketAddr};

use log::Level;

pub use self::{router::Transports, steering::SteeringNames};
use super::human::{Bits, Both, MaybeBits, Time};
use crate::control::{
    adaptive::PathChange,
    engine::Engine,
    episodes::{Summary, Worth},
    event::{Event, SignalNews, WanNews, What},
    failure::FailureKind,
    fallback::Instead,
    law::{Cause, Scale},
    oneway::Standing,
    queue::{Limit, QueueSlot},
    reflectors::{HealthChange, Why},
    units::{Direction, PerDirection, Rate},
    wan::{RouterId, Signal, Wan, WanId},
    zone::Zone,
};

/// The names behind the core's numbers.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// One entry per WAN.
    pub wans: Vec<WanNames>,
    /// One name per router.
    pub routers: Vec<String>,
    /// The transports of each router.
    pub transports: Vec<Transports>,
    /// One entry per steering.
    pub steerings: Vec<SteeringNames>,
}

/// The names of one WAN.
#[derive(Clone, Debug)]
pub struct WanNames {
    /// Its section in the configuration.
    pub name: String,
    /// Its reflectors.
    pub reflectors: Vec<IpAddr>,
    /// Its TCP targets.
    pub targets: Vec<SocketAddr>,
    /// Its queues on the router; a simple queue is named twice.
    pub queues: PerDirection<String>,
}

impl Names {
    /// The name of a WAN.
    pub fn wan(&self, wan: WanId) -> &str {
        self.wans.get(usize::from(wan.0)).map_or("?", |wan| wan.name.as_str())
    }

    /// The name of a router.
    pub fn router(&self, router: RouterId) -> &str {
        self.routers.get(usize::from(router.0)).map_or("?", String::as_str)
    }

    fn queue(&self, wan: WanId, slot: QueueSlot) -> &str {
        let queues = self.wans.get(usize::from(wan.0)).map(|wan| &wan.queues);
        let direction = match slot {
            QueueSlot::One(direction) => direction,
            QueueSlot::Pair => Direction::Download,
        };
        queues.map_or("?", |queues| queues.of(direction).as_str())
    }

    fn reflector(&self, wan: WanId, index: u8) -> String {
        let reflectors = self.wans.get(usize::from(wan.0)).map(|wan| &wan.reflectors);
        let address = reflectors.and_then(|reflectors| reflectors.get(usize::from(index)));
        address.map_or_else(|| format!("#{index}"), IpAddr::to_string)
    }

    /// A TCP target of a WAN.
    pub fn target(&self, wan: WanId, index: u8) -> String {
        let targets = self.wans.get(usize::from(wan.0)).map(|wan| &wan.targets);
        let address = targets.and_then(|targets| targets.get(usize::from(index)));
        address.map_or_else(|| format!("#{index}"), SocketAddr::to_string)
    }

    /// What answers instead of the reflectors, and what follows.
    fn instead(&self, wan: WanId, instead: Instead) -> String {
        match instead {
            Instead::Tcp { target, scale: Scale::Icmp } => {
                format!("measuring by TCP connects to {}", self.target(wan, target))
            }
            Instead::Tcp { target, scale: Scale::Own } => format!(
                "measuring by TCP connects to {}, with a baseline of their own",
                self.target(wan, target)
            ),
            Instead::Gateway => "the gateway answers, nothing beyond it: rates are held".into(),
            Instead::Nothing => "no-signal: rates are held".into(),
        }
    }

    fn signal(&self, wan: WanId, news: SignalNews) -> (Level, String) {
        match news {
            SignalNews::Lost(instead) => {
                (Level::Warn, format!("no reflector answers; {}", self.instead(wan, instead)))
            }
            SignalNews::Now(instead) => {
                (Level::Warn, format!("still no reflector answers; {}", self.instead(wan, instead)))
            }
            SignalNews::Back { losses: 0, .. } => (Level::Info, "signal is back and stays".into()),
            SignalNews::Back { silence, losses: 1 } => {
                (Level::Info, format!("signal is back after {}", Time(silence)))
            }
            SignalNews::Back { silence, losses } => (
                Level::Info,
                format!("signal is back; it was lost {losses} times, {} in all", Time(silence)),
            ),
            SignalNews::Shaky { silence, losses: 1 } => {
                (Level::Info, format!("no reflector answered once more, for {}", Time(silence)))
            }
            SignalNews::Shaky { silence, losses } => (
                Level::Info,
                format!("no reflector answered {losses} more times, for {} in all", Time(silence)),
            ),
            SignalNews::StandInLearnt { target, baseline } => {
                let (target, baseline) = (self.target(wan, target), baseline.ms());
                let learnt =
                    format!("baseline of TCP connects to {target} learnt: {baseline:.1} ms");
                (Level::Info, learnt + "; control goes on")
            }
        }
    }

    /// The level and text of an event.
    pub fn describe(&self, event: &Event) -> (Level, String) {
        match event.what {
            What::Wan(wan, news) => {
                let (level, text) = self.describe_wan(wan, &news);
                (level, format!("wan {}: {text}", self.wan(wan)))
            }
            What::Router(router, news) => {
                let (level, text) = self.describe_router(router, news);
                (level, format!("router {}: {text}", self.router(router)))
            }
            What::Steering(steering, news) => {
                let (level, text) = self.describe_steering(steering, news);
                (level, format!("steering {}: {text}", self.steering(steering)))
            }
        }
    }

    /// All WANs in one short line: states and wanted rates, download before upload.
    pub fn brief(&self, engine: &Engine) -> String {
        let brief = |wan: &Wan| {
            let PerDirection { download, upload } = wan.wanted().map(Bits);
            let states = match (wan.signal(), wan.decision()) {
                (Signal::Lost { instead: Instead::Gateway | Instead::Nothing, .. }, _) => {
                    "no-signal".to_string()
                }
                (_, None) => "learning".to_string(),
                (_, Some(decision)) => {
                    let zones = decision.verdicts.map(|verdict| verdict.zone.word());
                    format!("{}/{}", zones.download, zones.upload)
                }
            };
            format!("{} {states} {download}/{upload}", self.wan(wan.id()))
        };
        let wans: Vec<String> = engine.wans().iter().map(brief).collect();
        wans.join(", ")
    }

    fn describe_wan(&self, wan: WanId, news: &WanNews) -> (Level, String) {
        let queue = |slot| self.queue(wan, slot);
        match *news {
            WanNews::BaselineLearnt(rtt) => {
                (Level::Info, format!("baseline learnt: {:.1} ms; control begins", rtt.ms()))
            }
            WanNews::PathChanged(ref change, untold) => path(change, untold),
            WanNews::Zone { worth: Worth::Line, .. } => (Level::Info, zone(news)),
            WanNews::Zone { worth: Worth::Detail, .. } => (Level::Debug, zone(news)),
            WanNews::Zones(direction, ref summary) => (Level::Info, zones(direction, summary)),
            WanNews::Signal(news) => self.signal(wan, news),
            WanNews::Reflector(index, change) => reflector(&self.reflector(wan, index), change),
            WanNews::Timestamps(index, how) => timestamps(&self.reflector(wan, index), how),
            WanNews::ProbesBlocked => (Level::Warn, "probes cannot be sent".to_string()),
            WanNews::Foreign { slot, expected, found } => (
                Level::Warn,
                format!(
                    "queue \"{}\" was changed by somebody else ({}; expected {}); writing the \
                     wanted limit again",
                    queue(slot),
                    limit(slot, found),
                    limit(slot, expected)
                ),
            ),
            WanNews::QueueTrouble(slot, kind) => {
                (Level::Error, format!("queue \"{}\": {}", queue(slot), refusal(kind)))
            }
            WanNews::QueueMended(slot, after) => (
                Level::Info,
                format!("queue \"{}\" works again after {}", queue(slot), Time(after)),
            ),
            WanNews::Confirmed(slot, Limit::One(rate)) => {
                (Level::Debug, format!("queue \"{}\" confirmed at {}", queue(slot), Bits(rate)))
            }
            WanNews::Confirmed(slot, Limit::Pair(rates)) => (
                Level::Debug,
                format!("queue \"{}\" confirmed at {}", queue(slot), Both(rates.map(Some))),
            ),
            WanNews::OutOfBounds(slot) => (
                Level::Warn,
                format!(
                    "queue \"{}\" has a limit outside floor and ceiling; replacing it at once",
                    queue(slot)
                ),
            ),
        }
    }
}

/// The limits in the directions that the queue carries.
fn limit(slot: QueueSlot, limits: PerDirection<Option<Rate>>) -> String {
    match slot {
        QueueSlot::One(direction) => MaybeBits(*limits.of(direction)).to_string(),
        QueueSlot::Pair => Both(limits).to_string(),
    }
}

fn zone(news: &WanNews) -> String {
    let WanNews::Zone { direction, from, to, cause, delta, baseline, rate, .. } = *news else {
        return String::new();
    };
    let why = match cause {
        Cause::Delay => format!("delay {delta:+.1} ms over baseline {:.1} ms", baseline.ms()),
        Cause::Spike => format!("delay rose too steeply, now {delta:+.1} ms over baseline"),
    };
    let from = from.map_or("unknown", Zone::word);
    format!("{} {from} -> {}: {why}; rate {}", direction.word(), to.word(), Bits(rate))
}

/// What had no line of its own.
fn zones(direction: Direction, summary: &Summary) -> String {
    let Summary { times, within, worst, delta, now } = *summary;
    let often = match times {
        0 => ",".to_string(),
        1 => format!(" once more in {},", Time(within)),
        times => format!(" {times} more times in {},", Time(within)),
    };
    let (direction, worst, now) = (direction.word(), worst.word(), now.word());
    format!(
        "{direction} not GREEN{often} at worst {worst}, {delta:+.1} ms over baseline; now {now}"
    )
}

/// What follows a refused login.
const LESS_OFTEN: &str = "trying again less and less often, at last once a minute";

fn refusal(kind: FailureKind) -> String {
    match kind {
        FailureKind::NotFound => "the router has no queue of this name; trying again".to_string(),
        FailureKind::Ambiguous => {
            "the router has several queues of this name; trying again".to_string()
        }
        FailureKind::Rejected => "the router refuses; trying again".to_string(),
        FailureKind::Auth => format!("{}; {LESS_OFTEN}", FailureKind::Auth.word()),
        kind @ (FailureKind::Timeout
        | FailureKind::Refused
        | FailureKind::Unreachable
        | FailureKind::Reset
        | FailureKind::Dns
        | FailureKind::Tls
        | FailureKind::HostKey
        | FailureKind::Garbage) => format!("{}; trying again", kind.word()),
    }
}
/// Whether a reflector takes part.
fn reflector(reflector: &str, change: HealthChange) -> (Level, String) {
    match change {
        HealthChange::SetAside(why) => {
            let what = match why {
                Why::Loss => "fails too often",
                Why::Outlier => "strays when the others do not",
            };
            let text = format!("reflector {reflector} {what}; set aside, asked again every second");
            (Level::Warn, text)
        }
        HealthChange::Back(Why::Loss) => {
            (Level::Info, format!("reflector {reflector} answers again"))
        }
        HealthChange::Back(Why::Outlier) => {
            (Level::Info, format!("reflector {reflector} takes part again"))
        }
    }
}

/// Another path, and how often there was another one since that was told.
fn path(change: &PathChange, untold: Option<u16>) -> (Level, String) {
    let PathChange { before, after } = change;
    let level = if untold.is_some() { Level::Info } else { Level::Debug };
    let more = match untold {
        None | Some(0) => String::new(),
        Some(1) => "; once more since that was told".to_string(),
        Some(times) => format!("; {times} more times since that was told"),
    };
    let (before, after) = (before.ms(), after.ms());
    let text = format!(
        "the path has changed: idle round-trip time {after:.1} ms, was {before:.1} ms{more}"
    );
    (level, text)
}

/// Whether a reflector's clock can be used, and what happens otherwise.
fn timestamps(reflector: &str, standing: Standing) -> (Level, String) {
    let why = match standing {
        Standing::Answers | Standing::Tried => {
            let text = format!("reflector {reflector} answers timestamps: each direction is timed");
            return (Level::Info, text);
        }
        Standing::Blocked => {
            return (
                Level::Warn,
                "timestamps cannot be sent, which needs root or CAP_NET_RAW; echoes are used"
                    .to_string(),
            );
        }
        Standing::Silent => "does not answer timestamps",
        Standing::Nonsense => "answers timestamps with times that make no sense",
        Standing::Lost => "no longer answers timestamps",
        Standing::None => "is asked over IPv6, which has no timestamps",
    };
    (Level::Info, format!("reflector {reflector} {why}; echoes are used"))
}
