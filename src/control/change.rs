//! Another configuration in the middle of a run: which of the present WANs, routers and steerings
//! go on.
//! Promises: plain values; places that do not exist are taken for `None`.
//! Knows nothing of names: who compares the configurations says what is the same.

use heapless::Vec;

use super::{
    id::{RouterId, SteeringId, WanId},
    reflectors::MAX_REFLECTORS,
    steering::course,
    wan,
};

/// The WANs, routers and steerings from now on, in the order of their new places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change<'a> {
    /// The WANs.
    pub wans: &'a [NextWan],
    /// The routers.
    pub routers: &'a [NextRouter],
    /// The steerings.
    pub steerings: &'a [NextSteering],
    /// Those that end, with a rule that is to be switched off. Their places follow those of the
    /// others.
    pub leaving: &'a [Leaving],
}

/// A WAN from now on.
#[derive(Clone, Debug, PartialEq)]
pub struct NextWan {
    /// Its settings.
    pub settings: wan::Settings,
    /// What it goes on from; `None`: it starts.
    pub from: Option<KeptWan>,
}

/// What a WAN goes on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptWan {
    /// The WAN that it was.
    pub wan: WanId,
    /// For each of its reflectors, the place it had; `None`: it is new, or is now asked by another
    /// way, so that nothing known of it holds.
    pub reflectors: Vec<Option<u8>, MAX_REFLECTORS>,
    /// What is known of those who are asked when no reflector answers.
    pub stand_ins: KeptStandIns,
    /// What is known of its queues.
    pub queues: KeptItems,
}

/// What is known of those who are asked when no reflector answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptStandIns {
    /// They are the same ones at the same places, asked by the same way.
    Same,
    /// They are others.
    Others,
}

/// What is known of items on a router: the queues of a WAN that goes on, or the rule of a steering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptItems {
    /// They are the same ones, by the same access. Where the core sees that this cannot be, they
    /// are others.
    Same,
    /// They are the same ones by another access: read back before the next change of them.
    Doubted,
    /// They are others.
    Others,
}

/// What is known of the transports to a device that is reached by another access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptWays {
    /// They are of the same kinds in the same order: which one works is known as before, but that
    /// the preferred one does not may be over.
    Same,
    /// They are others, or another one is preferred.
    Others,
}

/// A router from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextRouter {
    /// The same one by the same access; what is on the way to it is answered.
    Kept(RouterId),
    /// The same device by another access: what was on the way was given up, and the device may
    /// still be busy with it.
    After(RouterId, KeptWays),
    /// A new one.
    New,
}

/// A steering from now on.
#[derive(Clone, Debug, PartialEq)]
pub struct NextSteering {
    /// Its settings.
    pub settings: course::Settings,
    /// The one between the same two WANs that it goes on from; `None`: it starts.
    pub from: Option<KeptSteering>,
}

/// A steering that ends while the daemon goes on: its rule is brought to where it shall stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The steering that it was, and what is known of its rule.
    pub from: KeptSteering,
    /// The router with the rule, at its place from now on.
    pub router: RouterId,
}

/// What a steering goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptSteering {
    /// The steering that it was.
    pub steering: SteeringId,
    /// What is known of its rule.
    pub rule: KeptItems,
}
