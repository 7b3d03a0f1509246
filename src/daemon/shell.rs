//! The loop: deadline, answer or signal in, actions out.
//! Promises: everything it does between two waits is bounded and does not block, except for the
//! save of a few kilobytes; the end comes in bounded time.

use std::{cell::RefCell, future::poll_fn, net::SocketAddr, rc::Rc, task::Poll};

use log::{debug, info, warn};
use smol::{
    LocalExecutor,
    channel::{self, Receiver, Sender},
    future,
};

use super::{
    alarm,
    connectors::Connectors,
    guard::Guard,
    handle::Handle,
    health::{self, Listener},
    input::{AccessId, Connected, Done, Input},
    names,
    pages::Desk,
    router::{self, Access, Clients},
    source::{Reload, Source},
    state::{Files, Occasion},
};
use crate::{
    config::{Config, SteeringSection, WanSection},
    control::{
        engine::{Engine, FLUSH_FOR},
        failover::Fallback,
        id::SteeringId,
        saved::Freshness,
        time::Instant,
        wan::{self, RouterId, WanId},
    },
    observe::{
        health::{Health, RouterFacts, Shell},
        history::History,
        words::Names,
    },
    os::{clock, lock::Lock},
    probe::prober::{Prober, Received, Wire},
    router::{error::RouterError, op::Reply, settings::Queues},
};

/// Inputs that wait for the loop: an answer per router, some clients, signals.
const MAX_INPUTS: usize = 16;

/// How the daemon ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As asked, with nothing left to do.
    Cleanly,
    /// As asked, but a router did not answer in time, or the end was asked for twice.
    Early,
    /// By itself, at once and without another request: a second daemon has the lock, which could
    /// not be had before.
    Rival,
}

/// The daemon.
pub struct Daemon<W> {
    pub(super) config: Config,
    pub(super) names: Names,
    /// Boxed: it is large, and futures are moved.
    pub(super) engine: Box<Engine>,
    pub(super) probers: Vec<Prober<W>>,
    /// The queues of each WAN.
    pub(super) queues: Vec<Rc<Queues>>,
    /// Steerings that reloads have ended, whose rules are to be switched off. Their places follow
    /// those of the configuration.
    pub(super) leaving: Vec<SteeringSection>,
    /// The comment of each rule that steers, or leaves.
    pub(super) rules: Vec<Rc<str>>,
    /// One per router.
    pub(super) accesses: Vec<Access>,
    /// Accesses opened up to now.
    opened: u32,
    pub(super) connectors: Connectors,
    inputs: Receiver<Input>,
    pub(super) sender: Sender<Input>,
    pub(super) executor: Rc<LocalExecutor<'static>>,
    /// Where the status endpoint is to listen from now on.
    pub(super) moves: Sender<SocketAddr>,
    listens: Receiver<SocketAddr>,
    pub(super) files: Files,
    pub(super) started: Instant,
    pub(super) history: Rc<RefCell<History>>,
    /// What each router told of itself.
    pub(super) facts: Vec<RouterFacts>,
    /// What each told over the transport that it was not asked by last.
    pub(super) others: Vec<RouterFacts>,
    /// Why the last request to each router failed.
    pub(super) errors: Vec<Option<RouterError>>,
    stop_by: Option<Instant>,
    pub(super) guard: Guard,
    pub(super) source: Option<Source<W>>,
    pub(super) reload: Reload,
    /// The lock of the state directory; empty: it could not be had yet. `None`: nobody wants it.
    pub(super) lock: Option<Rc<RefCell<Option<Lock>>>>,
    /// Whether another daemon has that lock.
    pub(super) rival: bool,
}

enum Wake {
    Tick,
    Arrived,
    Input(Input),
}

impl<W: Wire> Daemon<W> {
    /// A daemon for `config` whose probes travel on `wires`, one per WAN. It goes on from the
    /// state that the last run saved.
    ///
    /// # Errors
    /// A router's certificates, key or login cannot be used.
    pub fn new(config: Config, wires: Vec<W>) -> Result<(Self, Vec<Clients>), RouterError> {
        let now = clock::now();
        let settings: Vec<wan::Settings> = config.wans.iter().map(|wan| wan.control).collect();
        let clients: Result<Vec<_>, _> =
            config.routers.iter().map(|router| Clients::new(&router.ways)).collect();
        let clients = clients?;
        let seed = clock::unix_now() ^ now.as_micros().rotate_left(32);
        let probers = wires.into_iter().zip(&config.wans);
        let (sender, inputs) = channel::bounded(MAX_INPUTS);
        let (moves, listens) = channel::bounded(1);
        let names = names::of(&config, &[]);
        let mut daemon = Self {
            history: Rc::new(RefCell::new(History::new(&names, now))),
            names,
            engine: Box::new(Engine::new(&settings, now, seed)),
            probers: probers.map(|(wire, wan)| prober(wire, wan)).collect(),
            queues: router::queues(&config.wans),
            leaving: Vec::new(),
            rules: router::rules(config.steerings.iter()),
            accesses: Vec::new(),
            opened: 0,
            connectors: Connectors::default(),
            inputs,
            sender,
            executor: Rc::new(LocalExecutor::new()),
            moves,
            listens,
            files: Files::new(&config.globals),
            started: now,
            facts: vec![RouterFacts::default(); config.routers.len()],
            others: vec![RouterFacts::default(); config.routers.len()],
            errors: vec![None; config.routers.len()],
            stop_by: None,
            guard: Guard::default(),
            source: None,
            reload: Reload::default(),
            lock: None,
            rival: false,
            config,
        };
        daemon.tell_fallbacks();
        let steerings: Vec<_> = daemon.config.steerings.iter().map(|one| one.control).collect();
        daemon.engine.steer_by(&steerings, now, seed);
        daemon.restore();
        Ok((daemon, clients))
    }

    /// The same daemon, with these to learn that it makes progress.
    #[must_use]
    pub fn guarded_by(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    /// The same daemon, which reads its configuration again from there when asked to.
    #[must_use]
    pub fn reloading(mut self, source: Source<W>) -> Self {
        self.source = Some(source);
        self
    }

    /// The same daemon; while there is no lock in `lock`, it tries to get it before each save.
    #[must_use]
    pub fn locked_by(mut self, lock: Rc<RefCell<Option<Lock>>>) -> Self {
        self.lock = Some(lock);
        self
    }

    /// Reaches this daemon once it runs.
    pub fn handle(&self) -> Handle {
        Handle::to(self.sender.clone())
    }

    /// Tells the core which routers can be reached by another transport too.
    pub(super) fn tell_fallbacks(&mut self) {
        for (router, section) in (0..).map(RouterId).zip(&self.config.routers) {
            let fallback = match section.ways.fallback {
                Some(_) => Fallback::Present,
                None => Fallback::Absent,
            };
            self.engine.set_fallback(router, fallback);
        }
    }

    fn restore(&mut self) {
        for (name, saved, freshness) in self.files.load(self.started) {
            let places = (0..).map(WanId).zip(&self.config.wans);
            let Some((wan, section)) = places.into_iter().find(|(_, wan)| wan.name == name) else {
                continue;
            };
            // By others the idle line may seem longer, and a baseline that is too low never
            // recovers.
            let by_others =
                self.files.measured_by(&name).is_some_and(|by| by != section.probe.measured_by());
            let freshness = if by_others { Freshness::Old } else { freshness };
            self.engine.restore(wan, &saved, freshness);
            info!("wan {name}: going on from the saved state");
        }
        for (name, saved) in self.files.steerings() {
            let places = (0..).map(SteeringId).zip(&self.config.steerings);
            if let Some((id, _)) = places.into_iter().find(|(_, own)| own.name == name) {
                self.engine.restore_steering(id, &saved, self.started);
            }
        }
    }

    /// Runs until it is asked to end.
    pub async fn run(mut self, clients: Vec<Clients>) -> Ended {
        for clients in clients {
            let access = self.open(clients);
            self.accesses.push(access);
        }
        self.connectors.serve(&self.executor, &self.config.wans, &self.sender);
        let listen = self.config.globals.listen;
        let open = health::listen(listen).await;
        let executor = Rc::clone(&self.executor);
        let listener = Listener { open, at: listen, moves: self.listens.clone() };
        let desk = Desk { inputs: self.sender.clone(), history: Rc::clone(&self.history) };
        let status = health::serve(Rc::clone(&executor), listener, desk);
        executor.spawn(status).detach();
        let ended = executor.run(self.turn_until_the_end()).await;
        self.save(Occasion::End);
        info!("ended");
        ended
    }

    /// Begins to serve a router.
    pub(super) fn open(&mut self, clients: Clients) -> Access {
        self.opened = self.opened.wrapping_add(1);
        Access::open(AccessId(self.opened), clients, self.sender.clone(), &self.executor)
    }

    async fn turn_until_the_end(&mut self) -> Ended {
        loop {
            match self.wait().await {
                Wake::Tick => self.tick(),
                Wake::Arrived => self.drain(),
                Wake::Input(input) => self.take(input),
            }
            self.carry_out();
            self.show_progress();
            if let Some(ended) = self.is_over() {
                return ended;
            }
        }
    }

    async fn wait(&mut self) -> Wake {
        let now = clock::now();
        let deadline = self.engine.next_deadline(now);
        let deadline = self.stop_by.map_or(deadline, |stop_by| deadline.min(stop_by));
        let Self { inputs, probers, .. } = self;
        let tick = async {
            alarm::until(deadline).await;
            Wake::Tick
        };
        let input = async {
            match inputs.recv().await {
                Ok(input) => Wake::Input(input),
                // Cannot be: this side holds a sender too.
                Err(_) => future::pending().await,
            }
        };
        let arrived = async {
            any_readable(probers).await;
            Wake::Arrived
        };
        future::or(tick, future::or(input, arrived)).await
    }

    fn tick(&mut self) {
        self.drain();
        let now = clock::now();
        self.engine.on_tick(now);
        self.history.borrow_mut().observe(&self.engine, now);
        if self.files.retry_due(now) {
            self.save(Occasion::Change);
        }
    }

    /// Takes in the replies that have arrived.
    fn drain(&mut self) {
        let now = clock::now();
        let Self { probers, engine, config, .. } = self;
        for ((index, prober), wan) in (0..).map(WanId).zip(probers).zip(&config.wans) {
            let gateway = wan.control.reflectors;
            prober.drain(now, |received| match received {
                Received::Reply { reflector, number, .. }
                | Received::Untimed { reflector, number }
                    if reflector == gateway =>
                {
                    engine.on_gateway(index, number, now);
                }
                Received::Reply { reflector, number, at } => {
                    engine.on_reply(index, reflector, number, at);
                }
                Received::Time { reflector, number, stamps, at } => {
                    engine.on_time(index, reflector, number, stamps, at);
                }
                // It lives, but there is no time to be had from it.
                Received::Untimed { .. } => {}
                Received::Forged => engine.on_forged(index),
            });
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Done(done) => self.on_done(done),
            Input::Connected(Connected { place, number, outcome }) => {
                if self.connectors.knows(place) {
                    let now = clock::now();
                    self.engine.on_connected(place.wan, place.target, number, outcome, now);
                }
            }
            Input::Health(client) => {
                // A client that has gone away needs no answer.
                let _ = client.try_send(Box::new(self.health()));
            }
            Input::Reload => self.begin_reload(),
            Input::Prepared(prepared) => self.end_reload(*prepared),
            // Asked twice: what is not done by now is left.
            Input::Stop if self.stop_by.is_some() => self.stop_by = Some(Instant::default()),
            Input::Stop => self.begin_end(),
        }
    }

    fn on_done(&mut self, Done { access, ticket, reply, survey }: Done) {
        let places = (0..).map(RouterId).zip(&self.accesses);
        let place = places.into_iter().find(|(_, own)| own.id == access);
        // The last word of an access that was closed meanwhile.
        let Some((router, _)) = place else { return };
        let index = usize::from(router.0);
        if let Ok(Reply::Resource(facts)) = &reply {
            self.learn(router, facts, survey.as_deref());
        }
        let answer = match &reply {
            Ok(reply) => Ok(router::answer(reply)),
            Err(error) => {
                debug!("router {}: {error}", self.names.router(router));
                Err(error.kind)
            }
        };
        if let Some(slot) = self.errors.get_mut(index) {
            *slot = reply.err();
        }
        self.engine.on_answer(router, ticket, answer, clock::now());
    }

    fn health(&mut self) -> Health {
        let now = clock::now();
        let shell =
            Shell { names: &self.names, uptime: now.since(self.started), facts: &self.facts };
        Health::of(&mut self.engine, shell, now)
    }

    fn show_progress(&mut self) {
        let Self { guard, engine, names, .. } = self;
        guard.turned(engine, clock::now(), || names.brief(engine));
    }

    fn begin_end(&mut self) {
        info!("stopping");
        let now = clock::now();
        self.guard.stopping(now);
        self.stop_by = Some(now + FLUSH_FOR);
        // What is on the way is closed at once.
        self.connectors = Connectors::default();
        self.save(Occasion::Change);
        self.engine.on_stop(now);
    }

    /// Whether the end has begun.
    pub(super) const fn ends(&self) -> bool {
        self.stop_by.is_some()
    }

    fn is_over(&mut self) -> Option<Ended> {
        if self.rival {
            return Some(Ended::Rival);
        }
        let stop_by = self.stop_by?;
        let now = clock::now();
        if self.engine.is_drained(now) {
            return Some(Ended::Cleanly);
        }
        (now >= stop_by).then(|| {
            warn!("a router did not answer in time; its limits may be from the decision before");
            Ended::Early
        })
    }
}

/// A prober for the reflectors and, after them, the gateway.
pub(super) fn prober<W: Wire>(wire: W, wan: &WanSection) -> Prober<W> {
    let asked: Vec<_> = wan.probe.reflectors.iter().chain(&wan.probe.gateway).copied().collect();
    Prober::new(wire, &asked)
}

/// Resolves when a prober must be drained at once. Where the kernel stamps what it receives, that
/// is never.
async fn any_readable<W: Wire>(probers: &[Prober<W>]) {
    poll_fn(|context| {
        // All of them, so that each wakes.
        let ready = probers.iter().filter(|prober| prober.poll_readable(context).is_ready());
        if ready.count() > 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
