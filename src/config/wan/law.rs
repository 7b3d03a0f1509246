//! The control law of a WAN: where the zones begin, how the means follow, how the rates move.
//! Promises: thresholds rise strictly, and the baseline has room between its bounds.
//! Must not know of queues or probes.

use super::{queues::Counts, rates::rates};
use crate::{
    config::{
        section::{Given, Order, Reader},
        table,
        what::{Caution, Conflict},
    },
    control::{
        adaptive,
        applier::OnExit,
        baseline, classic,
        rule::{Choice, Kind},
        time::Span,
        units::{Direction, PerDirection, Rate, Rtt},
        zone::Thresholds,
    },
};

/// What the core needs of the law, and the rates at the end, which share its bounds.
pub(super) struct Law {
    pub(super) settings: classic::Settings,
    pub(super) choice: Choice,
    pub(super) on_exit: PerDirection<OnExit>,
}

/// Reads the options; the choice also goes by what the queues count.
pub(super) fn law(reader: &mut Reader<'_>, counts: Counts) -> Option<Law> {
    let download = rates(reader, Direction::Download);
    let upload = rates(reader, Direction::Upload);
    let target = reader.read(&table::TARGET_BLOAT);
    let thresholds = thresholds(reader, target.as_ref());
    let interval = reader.read(&table::INTERVAL);
    let baseline = baseline(reader, target.as_ref(), interval.as_ref());
    let spike = reader.read(&table::SPIKE);
    let kind = kind(reader, counts);
    let counts_every = reader.read(&table::LOAD_INTERVAL);
    let (download, upload) = (download?, upload?);
    let (spike, counts_every) = (spike?, counts_every?);
    let bases = [&download.base, &upload.base].map(|base| base.as_ref().map(|base| base.with(())));
    let [base_down, base_up] = bases;
    let of_classic = [download.of_classic, upload.of_classic, Some(spike.with(()))];
    mention(reader, kind, of_classic, [base_down, base_up, Some(counts_every.with(()))]);
    let settings = classic::Settings {
        interval: interval?.value,
        baseline: baseline?,
        spike: Some(spike.value),
        thresholds: thresholds?,
        ladders: PerDirection { download: download.settings, upload: upload.settings },
    };
    let on_exit = PerDirection { download: download.on_exit, upload: upload.on_exit };
    let base = PerDirection { download: download.base, upload: upload.base };
    let base = base.map(|base| base.map(|base| base.value));
    let choice = choice(kind.kind(), base, counts_every.value, &settings);
    Some(Law { settings, choice, on_exit })
}

/// Who chose the law.
#[derive(Clone, Copy, PartialEq)]
enum Named {
    /// The file.
    InFile(Kind),
    /// It is the default.
    ByNobody(Kind),
}

impl Named {
    const fn kind(self) -> Kind {
        match self {
            Self::InFile(kind) | Self::ByNobody(kind) => kind,
        }
    }
}

/// The adaptive law, where the load can be known at all.
fn kind(reader: &mut Reader<'_>, counts: Counts) -> Named {
    let given = reader.read(&table::LAW);
    match (given, counts) {
        (None, Counts::Bytes) => Named::ByNobody(Kind::Adaptive),
        (None, Counts::Nothing) => Named::ByNobody(Kind::Classic),
        (Some(given), _) => {
            if (given.value, counts) == (Kind::Adaptive, Counts::Nothing) {
                let other = Conflict::NotWith("queue_kind type, which counts nothing".into());
                reader.object(&given, other, "classic, or queue_kind tree or simple");
            }
            Named::InFile(given.value)
        }
    }
}

/// Options that one law goes by and the other one does not.
type Options = [Option<Given<()>>; 3];

/// Whoever tuned the classic law before it was one of two may want it still; who chose it gets nothing
/// of what is the other one's.
fn mention(reader: &mut Reader<'_>, kind: Named, of_classic: Options, of_adaptive: Options) {
    let (options, caution, right) = match kind {
        Named::InFile(Kind::Adaptive) => return,
        Named::ByNobody(Kind::Adaptive) => {
            let right = "law classic, or law adaptive to leave it at that";
            (of_classic, Caution::OfClassic, right)
        }
        Named::InFile(Kind::Classic) | Named::ByNobody(Kind::Classic) => {
            (of_adaptive, Caution::OfAdaptive, "law adaptive, with queue_kind tree or simple")
        }
    };
    let mut written = options.into_iter().flatten().filter(|given| given.line.is_some());
    if let Some(given) = written.next() {
        reader.object(&given, caution, right);
    }
}

/// The adaptive law has its bounds and threshold from the options of the classic one.
fn choice(
    kind: Kind,
    base: PerDirection<Option<Rate>>,
    counts_every: Span,
    settings: &classic::Settings,
) -> Choice {
    match kind {
        Kind::Classic => Choice::Classic,
        Kind::Adaptive => Choice::Adaptive(adaptive::Settings {
            base,
            yellow: settings.thresholds.map(|thresholds| thresholds.yellow),
            bounds: settings.ladders.map(|ladder| (ladder.floors.red, ladder.ceiling)),
            longest_idle: settings.baseline.max,
            counts_every,
            tuning: &adaptive::Tuning::DEFAULT,
        }),
    }
}

fn thresholds(
    reader: &mut Reader<'_>,
    target: Option<&Given<Rtt>>,
) -> Option<PerDirection<Thresholds>> {
    let warn = reader.read(&table::WARN_BLOAT);
    let hard_red = reader.read(&table::HARD_RED_BLOAT);
    reader.rising(Order::Strict, &[target, warn.as_ref(), hard_red.as_ref()]);
    let (yellow, warn, hard_red) = (target?.value, warn?.value, hard_red?.value);
    Some(PerDirection {
        download: Thresholds { yellow, soft_red: Some(warn), red: hard_red },
        upload: Thresholds { yellow, soft_red: None, red: warn },
    })
}

fn baseline(
    reader: &mut Reader<'_>,
    target: Option<&Given<Rtt>>,
    interval: Option<&Given<Span>>,
) -> Option<baseline::Settings> {
    let initial = reader.read(&table::BASELINE_INITIAL);
    let min = reader.read(&table::BASELINE_MIN);
    let max = reader.read(&table::BASELINE_MAX);
    reader.rising(Order::Strict, &[min.as_ref(), max.as_ref()]);
    if let Some(initial) = &initial {
        reader.within(min.as_ref(), initial, max.as_ref());
    }
    let load = reader.read(&table::LOAD_TIME_CONSTANT);
    let idle = reader.read(&table::BASELINE_TIME_CONSTANT);
    // A baseline as fast as the load would follow it into the queue.
    reader.rising(Order::Strict, &[load.as_ref(), idle.as_ref()]);
    let freeze = reader.read(&table::BASELINE_FREEZE);
    caution(reader, (freeze.as_ref(), target), (load.as_ref(), interval));
    Some(baseline::Settings {
        initial: initial.map(|given| given.value),
        time_constant: idle?.value,
        load_time_constant: load?.value,
        freeze: freeze?.value,
        min: min?.value,
        max: max?.value,
    })
}

type Pair<'a, T> = (Option<&'a Given<T>>, Option<&'a Given<T>>);

/// What can be meant, but probably is not.
fn caution(reader: &mut Reader<'_>, freeze: Pair<'_, Rtt>, load: Pair<'_, Span>) {
    if let (Some(freeze), Some(target)) = freeze
        && freeze.value >= target.value
    {
        let text = target.text.clone().unwrap_or_default();
        let allowed = format!("below {text}");
        reader.object(freeze, Caution::FreezeTooHigh(text), allowed);
    }
    if let (Some(load), Some(interval)) = load
        && load.value < interval.value
    {
        let text = interval.text.clone().unwrap_or_default();
        let allowed = format!("at least {text}");
        reader.object(load, Caution::NoSmoothing(text), allowed);
    }
}
