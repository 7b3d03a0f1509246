//! The names behind the core's numbers, from the configuration.

use crate::{
    config::{Config, SteeringSection, WanSection},
    control::{id::WanId, units::PerDirection},
    observe::words::{Names, SteeringNames, Transports, WanNames},
    router::settings::{Queues, Way, Ways},
};

/// The names of everything in `config`, and of the steerings that have left it.
pub(crate) fn of(config: &Config, leaving: &[SteeringSection]) -> Names {
    let steerings = config.steerings.iter().chain(leaving);
    Names {
        wans: config.wans.iter().map(of_wan).collect(),
        routers: config.routers.iter().map(|router| router.name.clone()).collect(),
        transports: config.routers.iter().map(|router| of_ways(&router.ways)).collect(),
        steerings: steerings.map(|steering| of_steering(steering, config)).collect(),
    }
}

fn of_steering(steering: &SteeringSection, config: &Config) -> SteeringNames {
    let wan = |wan: WanId| {
        config.wans.get(usize::from(wan.0)).map_or_else(String::new, |wan| wan.name.clone())
    };
    SteeringNames {
        name: steering.name.clone(),
        primary: wan(steering.control.primary),
        alternate: wan(steering.control.alternate),
        comment: steering.comment.clone(),
    }
}

fn of_ways(Ways { preferred, fallback }: &Ways) -> Transports {
    let word = |way: &Way| way.transport().word();
    Transports { preferred: word(preferred), fallback: fallback.as_ref().map(word) }
}

fn of_wan(wan: &WanSection) -> WanNames {
    let queues = match &wan.queues {
        Queues::Tree(names) | Queues::Type(names) => names.clone(),
        Queues::Simple(name) => PerDirection { download: name.clone(), upload: name.clone() },
    };
    WanNames {
        name: wan.name.clone(),
        reflectors: wan.probe.reflectors.clone(),
        targets: wan.probe.tcp_targets.clone(),
        queues,
    }
}
