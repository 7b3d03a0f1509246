//! What the core wants done, and what it tells.
//! Promises: bounded by what the core holds; nothing here waits.

use std::rc::Rc;

use log::{Level, debug, error, info, log};

use super::{
    input::{Job, Purpose},
    shell::Daemon,
    state::{Kept, Occasion},
};
use crate::{
    config::WanSection,
    control::{
        event::{Action, Event, Request, RouterNews, SteeringNews, Ticket, WanNews, What},
        failover::{Route, Turn},
        failure::FailureKind,
        fallback::Outcome,
        reflectors::MAX_PROBES,
        steering::rule,
        wan::{RouterId, Wan, WanId},
    },
    os::{
        clock,
        lock::{Lock, LockError},
    },
    probe::prober::{Probe, Wire},
    router::settings::Queues,
    store::atomic,
};

impl<W: Wire> Daemon<W> {
    /// Does what the core wants and says what it tells.
    pub(super) fn carry_out(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Probe { wan, number, reflectors } => self.probe(wan, number, &reflectors),
                Action::AskTime { wan, number, reflectors } => {
                    self.ask_times(wan, number, &reflectors);
                }
                Action::Connect { wan, target, number } => self.connect(wan, target, number),
                Action::AskGateway { wan, number } => self.ask_gateway(wan, number),
                Action::Ask { router, ticket, request, route } => {
                    self.ask(router, ticket, request, route);
                }
                Action::Save => self.save(Occasion::Change),
            }
        }
        while let Some(event) = self.engine.poll_event() {
            self.say(&event);
        }
    }

    fn ask(&mut self, router: RouterId, ticket: Ticket, request: Request, route: Route) {
        let (queues, surveyed) = match request {
            Request::Read(wan, _) | Request::Write(wan, ..) | Request::Count(wan, _) => {
                (self.queues.get(usize::from(wan.0)).map(Rc::clone), Vec::new())
            }
            Request::Facts => (None, self.queues_behind(router)),
            Request::ReadRule(_) | Request::SwitchRule(..) => (None, Vec::new()),
        };
        let rule = match request {
            Request::ReadRule(id) | Request::SwitchRule(id, _) => {
                self.rules.get(usize::from(id.0)).map(Rc::clone)
            }
            Request::Facts | Request::Read(..) | Request::Write(..) | Request::Count(..) => None,
        };
        let access = self.accesses.get(usize::from(router.0));
        let in_use = self.engine.routers().get(usize::from(router.0));
        let in_use = in_use.is_none_or(|known| known.failover().in_use() == route);
        let purpose = if in_use { Purpose::Control } else { Purpose::Try };
        let job = Job { ticket, request, route, purpose, queues, rule, surveyed };
        if access.is_none_or(|access| access.ask(job).is_err()) {
            // Cannot be: one request per router, and its task lives as long as this.
            self.engine.on_answer(router, ticket, Err(FailureKind::Timeout), clock::now());
        }
    }

    fn queues_behind(&self, router: RouterId) -> Vec<Rc<Queues>> {
        let of_router = |(wan, queues): (&WanSection, &Rc<Queues>)| {
            (wan.control.router == router).then(|| Rc::clone(queues))
        };
        self.config.wans.iter().zip(&self.queues).filter_map(of_router).collect()
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

    fn ask_times(&mut self, wan: WanId, number: u32, reflectors: &[u8]) {
        let Self { probers, engine, names, .. } = self;
        let Some(prober) = probers.get_mut(usize::from(wan.0)) else { return };
        let round: heapless::Vec<Probe, MAX_PROBES> =
            reflectors.iter().map(|reflector| Probe { reflector: *reflector, number }).collect();
        prober.ask_times(&round, clock::now(), |told| match told {
            Ok(sent) => engine.on_sent(wan, sent.reflector, sent.number, sent.at),
            Err(unsent) => {
                debug!("wan {}: a timestamp could not be sent: {}", names.wan(wan), unsent.error);
                engine.on_time_unsent(wan, unsent.reflector);
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
            What::Router(
                router,
                RouterNews::Lost(_)
                | RouterNews::StillLost { .. }
                | RouterNews::Turned(Turn::Away { .. }),
            ) => Some(router),
            What::Wan(wan, WanNews::QueueTrouble(..)) => {
                self.config.wans.get(usize::from(wan.0)).map(|wan| wan.control.router)
            }
            What::Steering(id, SteeringNews::Rule(rule::News::Trouble(_))) => {
                let mut steerings = self.config.steerings.iter().chain(&self.leaving);
                steerings.nth(usize::from(id.0)).map(|steering| steering.control.router)
            }
            What::Wan(..) | What::Router(..) | What::Steering(..) => None,
        };
        let error = router.and_then(|router| self.errors.get(usize::from(router.0))?.as_ref());
        let text = match error {
            Some(error) => format!("{text}: {error}"),
            None => text,
        };
        log!(level, "{text}");
        // What repeats with the cycles is in the samples.
        if level <= Level::Info {
            self.history.borrow_mut().tell(event.at, level, &text);
        }
    }

    pub(super) fn save(&mut self, occasion: Occasion) {
        if self.lock_again() == Claim::Lost {
            return;
        }
        let Self { engine, config, files, .. } = self;
        let saved = |(index, wan): (u8, &WanSection)| {
            let saved = engine.saved(WanId(index))?;
            let measured = engine.wans().get(usize::from(index)).and_then(Wan::measured);
            let by = wan.probe.measured_by();
            Some(Kept { name: wan.name.clone(), wan: saved, measured, by })
        };
        let now = clock::now();
        let courses = config.steerings.iter().zip(engine.courses());
        let steerings = courses.map(|(section, course)| (section.name.as_str(), course.saved(now)));
        files.save((0..).zip(&config.wans).filter_map(saved), steerings, occasion, now);
    }

    /// Tries to get the lock that could not be had at the start. Whoever has it meanwhile controls
    /// the same line, and saved a state that is not to be touched.
    fn lock_again(&mut self) -> Claim {
        let Some(lock) = self.lock.as_ref().filter(|lock| lock.borrow().is_none()) else {
            return if self.rival { Claim::Lost } else { Claim::Good };
        };
        let dir = &self.config.globals.state_dir;
        match atomic::make_dir(dir).map(|()| Lock::acquire(dir)) {
            Ok(Ok(own)) => {
                info!("the lock in {} could be had now", dir.display());
                lock.replace(Some(own));
            }
            Ok(Err(running @ LockError::AlreadyRunning { .. })) => {
                if !self.rival {
                    error!("ending: {running} (state_dir {})", dir.display());
                    self.rival = true;
                }
                return Claim::Lost;
            }
            // The save will say what is wrong with the directory.
            Ok(Err(LockError::Io(_))) | Err(_) => {}
        }
        Claim::Good
    }
}

/// Whether the state directory may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// By this daemon, as far as anybody knows.
    Good,
    /// By another one.
    Lost,
}
