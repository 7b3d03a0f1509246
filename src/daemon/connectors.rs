//! The tasks of the TCP targets: they connect when the core wants it, and hand the outcome back.
//! Promises: a connect is over within its deadline; nobody waits for it; what
//! is on the way is closed when the connectors are dropped.
//! Knows nothing of what the times are good for.

use log::debug;
use smol::{
    LocalExecutor, Task,
    channel::{self, Receiver, Sender},
};

use super::input::{Connected, Input, Place};
use crate::{
    config::WanSection,
    control::{
        fallback::{MAX_ON_WAY, Outcome},
        wan::WanId,
    },
    probe::tcp::Target,
};

/// The tasks of all targets of all WANs.
#[derive(Debug, Default)]
pub(super) struct Connectors {
    wans: Vec<Vec<Connector>>,
    /// Configurations up to now: an outcome that still waits to be read may be one of the last
    /// configuration's WANs.
    generation: u32,
}

#[derive(Debug)]
struct Connector {
    numbers: Sender<u32>,
    /// As many as connects may be on the way; they end when dropped.
    _tasks: Vec<Task<()>>,
}

impl Connector {
    fn spawn(executor: &LocalExecutor<'static>, target: &Target, report: &Report) -> Self {
        let (numbers, wanted) = channel::bounded(1);
        let task = |_| executor.spawn(serve(target.clone(), wanted.clone(), report.clone()));
        Self { numbers, _tasks: (0..MAX_ON_WAY).map(task).collect() }
    }
}

impl Connectors {
    /// Serves the targets of these WANs from now on, and no others.
    pub(super) fn serve(
        &mut self,
        executor: &LocalExecutor<'static>,
        wans: &[WanSection],
        inputs: &Sender<Input>,
    ) {
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let of_wan = |(wan, section): (u8, &WanSection)| {
            let targets = (0..).zip(Target::all(&section.probe));
            targets
                .map(|(index, target)| {
                    let report = Report {
                        place: Place { wan: WanId(wan), target: index, generation },
                        inputs: inputs.clone(),
                    };
                    Connector::spawn(executor, &target, &report)
                })
                .collect()
        };
        self.wans = (0..).zip(wans).map(of_wan).collect();
    }

    /// Whether this is about a target that is served now.
    pub(super) const fn knows(&self, place: Place) -> bool {
        place.generation == self.generation
    }

    /// Begins a connect; `false` if as many as may be are on the way already.
    pub(super) fn connect(&self, wan: WanId, target: u8, number: u32) -> bool {
        let of_wan = self.wans.get(usize::from(wan.0));
        let connector = of_wan.and_then(|targets| targets.get(usize::from(target)));
        connector.is_some_and(|connector| connector.numbers.try_send(number).is_ok())
    }
}

/// Where the outcomes of a target go.
#[derive(Clone, Debug)]
struct Report {
    place: Place,
    inputs: Sender<Input>,
}

async fn serve(target: Target, wanted: Receiver<u32>, report: Report) {
    let Report { place, inputs } = report;
    while let Ok(number) = wanted.recv().await {
        let outcome = match target.handshake().await {
            Ok(took) => Outcome::Completed(took),
            Err(failure) => {
                debug!("TCP connect to {}: {failure}", target.address());
                Outcome::Failed
            }
        };
        let connected = Connected { place, number, outcome };
        if inputs.send(Input::Connected(connected)).await.is_err() {
            break;
        }
    }
}
