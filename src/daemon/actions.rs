//! What the core wants done, and what it tells.
//! Promises: bounded by what the core holds; nothing here waits.

use log::{debug, log};

use super::{
    input::Job,
    shell::Daemon,
    state::{Kept, Occasion},
};
use crate::{
    config::WanSection,
    control::{
        event::{Action, Event, RouterNews, WanNews, What},
        failure::FailureKind,
        fallback::Outcome,
        reflectors::MAX_PROBES,
        wan::{RouterId, Wan, WanId},
    },
    os::clock,
    probe::prober::{Probe, Wire},
};

impl<W: Wire> Daemon<W> {
    /// Does what the core wants and says what it tells.
    pub(super) fn carry_out(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Probe { wan, number, reflectors } => self.probe(wan, number, &reflectors),
                Action::Connect { wan, target, number } => self.connect(wan, target, number),
                Action::AskGateway { wan, number } => self.ask_gateway(wan, number),
                Action::Ask { router, ticket, request } => {
                    self.ask(router, Job { ticket, request });
                }
                Action::Save => self.save(Occasion::Change),
            }
        }
        while let Some(event) = self.engine.poll_event() {
            self.say(&event);
        }
    }

    fn ask(&mut self, router: RouterId, job: Job) {
        let jobs = self.jobs.get(usize::from(router.0));
        if jobs.is_none_or(|jobs| jobs.try_send(job).is_err()) {
            // Cannot be: one request per router, and its task lives as long as this.
            let answer = Err(FailureKind::Timeout);
            self.engine.on_answer(router, job.ticket, answer, clock::now());
        }
    }

    fn probe(&mut self, wan: WanId, number: u32, reflectors: &[u8]) {
        let Self { probers, engine, names, .. } = self;
        let Some(prober) = probers.get_mut(usize::from(wan.0)) else { return };
        let round: heapless::Vec<Probe, MAX_PROBES> =
            reflectors.iter().map(|reflector| Probe { reflector: *reflector, number }).collect();
        let now = clock::now();
        prober.send(&round, now, |told| match told {
            Ok(sent) => engine.on_sent(wan, sent.reflector, sent.number, sent.at),
            Err(unsent) => {
                debug!("wan {}: a probe could not be sent: {}", names.wan(wan), unsent.error);
                engine.on_send_failed(wan, now);
            }
        });
    }

    fn connect(&mut self, wan: WanId, target: u8, number: u32) {
        if !self.connectors.connect(wan, target, number) {
            // Those before are not over yet, against all deadlines; or the end has begun.
            self.engine.on_connected(wan, target, number, Outcome::Failed, clock::now());
        }
    }

    /// The gateway has the number after the last reflector's.
    fn ask_gateway(&mut self, wan: WanId, number: u32) {
        let Self { probers, config, .. } = self;
        let place = usize::from(wan.0);
        let (Some(prober), Some(wan)) = (probers.get_mut(place), config.wans.get(place)) else {
            return;
        };
        let reflector = wan.control.reflectors;
        prober.send(&[Probe { reflector, number }], clock::now(), |told| {
            if let Err(unsent) = told {
                debug!("wan {}: the gateway cannot be asked: {}", wan.name, unsent.error);
            }
        });
    }

    /// Says an event; what a router answered or did not is added to its line.
    fn say(&self, event: &Event) {
        let (level, text) = self.names.describe(event);
        let router = match event.what {
            What::Router(router, RouterNews::Lost(_) | RouterNews::StillLost { .. }) => {
                Some(router)
            }
            What::Wan(wan, WanNews::QueueTrouble(..)) => {
                self.config.wans.get(usize::from(wan.0)).map(|wan| wan.control.router)
            }
            What::Wan(..) | What::Router(..) => None,
        };
        let error = router.and_then(|router| self.errors.get(usize::from(router.0))?.as_ref());
        match error {
            Some(error) => log!(level, "{text}: {error}"),
            None => log!(level, "{text}"),
        }
    }

    pub(super) fn save(&mut self, occasion: Occasion) {
        let Self { engine, config, files, .. } = self;
        let saved = |(index, wan): (u8, &WanSection)| {
            let saved = engine.saved(WanId(index))?;
            let measured = engine.wans().get(usize::from(index)).and_then(Wan::measured);
            Some(Kept { name: wan.name.clone(), wan: saved, measured })
        };
        files.save((0..).zip(&config.wans).filter_map(saved), occasion, clock::now());
    }
}
