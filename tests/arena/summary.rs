//! What the table comes to, against what is promised. Nothing here is typed: a sentence says what
//! the numbers say.

use std::fmt::Write as _;

use crate::{
    grid::{Grid, median},
    laws::{LAWS, Law},
    loads::Load,
    score::Score,
};

/// Less than this of a queue, in ms, is none.
const NOTHING: f64 = 1.0;

/// The numbers by which the adaptive law is judged.
pub struct Summary {
    pub classic: Beside,
    pub bash: Beside,
    /// Cuts and hours on idle lines.
    pub idle: (u64, u64),
}

/// The adaptive law beside another one.
pub struct Beside {
    /// The median of its 95th percentiles over that of the other.
    pub delay: f64,
    /// The median of what the two are to each other, where one of them has a queue.
    pub delays: f64,
    /// What it carries of what the other one carries, in the mean of full lines.
    pub carried: f64,
    /// Its writes over all lines and loads over the other's.
    pub writes: f64,
    /// Where its 95th percentile is more than a tenth above: line, load, both values.
    pub loses_delay: Vec<(&'static str, Load, f64, f64)>,
    /// Where it carries less by more than a tenth: line, load, both shares.
    pub loses_rate: Vec<(&'static str, Load, f64, f64)>,
}

pub fn p95(score: &Score) -> f64 {
    score.p95
}

/// Whether one delay is worse than another one by more than a tenth.
pub fn longer(own: f64, other: f64) -> bool {
    own > other * 1.1 && own > other + NOTHING
}

impl Summary {
    pub fn new(grid: &Grid) -> Self {
        let idle = grid.idle.iter().filter(|((_, law), _)| *law == Law::Adaptive);
        Self {
            classic: Beside::new(grid, Law::Classic),
            bash: Beside::new(grid, Law::Bash),
            idle: idle.fold((0, 0), |sum, (_, own)| (sum.0 + own.0, sum.1 + own.1)),
        }
    }

    pub fn idle_per_day(&self) -> f64 {
        self.idle.0 as f64 * 24.0 / self.idle.1 as f64
    }
}

/// All values of a law, place by place.
fn all(grid: &Grid, law: Law, value: fn(&Score) -> f64) -> Vec<f64> {
    grid.places().map(|(line, load)| grid.cell(line, load, law).of(value)).collect()
}

fn shares(grid: &Grid, law: Law) -> Vec<(&'static str, Load, f64)> {
    let share = |(line, load)| {
        let share = grid.cell(line, load, law).maybe(|score| score.retained);
        share.map(|share| (line, load, share))
    };
    grid.places().filter_map(share).collect()
}

impl Beside {
    fn new(grid: &Grid, other: Law) -> Self {
        let sum = |law| all(grid, law, |score| score.writes).iter().sum::<f64>();
        let middle = |law| median(all(grid, law, p95));
        let pairs: Vec<_> = grid
            .places()
            .map(|(line, load)| {
                let of = |law| grid.cell(line, load, law).of(p95);
                (line, load, of(Law::Adaptive), of(other))
            })
            .collect();
        let queued = pairs.iter().filter(|(.., own, other)| own.max(*other) >= NOTHING);
        let carried: Vec<_> = shares(grid, Law::Adaptive)
            .into_iter()
            .zip(shares(grid, other))
            .map(|((line, load, own), (.., other))| (line, load, own, other))
            .collect();
        let mean = |part: fn(&(&str, Load, f64, f64)) -> f64| carried.iter().map(part).sum::<f64>();
        Self {
            delay: middle(Law::Adaptive) / middle(other),
            delays: median(queued.map(|(.., own, other)| own / other.max(0.1)).collect()),
            carried: mean(|(.., own, _)| *own) / mean(|(.., other)| *other),
            writes: sum(Law::Adaptive) / sum(other),
            loses_delay: pairs
                .into_iter()
                .filter(|(.., own, other)| longer(*own, *other))
                .collect(),
            loses_rate: carried.into_iter().filter(|(.., own, other)| own * 1.1 < *other).collect(),
        }
    }

    fn write(&self, text: &mut String, name: &str) {
        let Self { delay, delays, carried, writes, .. } = self;
        let _ = writeln!(
            text,
            "beside {name:8} p95 of added delay {delay:.2} of its median ({delays:.2} in the median \
             place); carries {carried:.3} of it on full lines; writes {writes:.2} of its number"
        );
        for (what, unit, factor, places) in [
            ("longer delay", "ms", 1.0, &self.loses_delay),
            ("less carried", "%", 100.0, &self.loses_rate),
        ] {
            let _ = writeln!(text, "  {what} by more than a tenth in {} places", places.len());
            for (line, load, own, other) in places {
                let (own, other) = (own * factor, other * factor);
                let load = load.word();
                let _ =
                    writeln!(text, "    {line:8} {load:10} {own:7.1} {unit} against {other:.1}");
            }
        }
    }
}

/// Each law over everything, then the adaptive one beside the others.
pub fn text(grid: &Grid) -> String {
    let mut text = String::from(
        "law       | median p50    p95    p99, ms | full lines carry (worst) | writes/h requests/h \
         | cuts/day on idle lines\n",
    );
    for law in LAWS {
        let middle = |value| median(all(grid, law, value));
        let shares: Vec<f64> = shares(grid, law).into_iter().map(|(.., share)| share).collect();
        let idle = grid.idle.iter().filter(|((_, own), _)| *own == law);
        let (cuts, hours) = idle.fold((0, 0), |sum, (_, own)| (sum.0 + own.0, sum.1 + own.1));
        let daily =
            (hours > 0).then(|| format!("{:.1} in {hours} h", cuts as f64 * 24.0 / hours as f64));
        let _ = writeln!(
            text,
            "{:9} | {:10.1} {:6.1} {:6.1}     | {:6.1}% ({:.1}%)         | {:8.0} {:10.0} | {}",
            law.word(),
            middle(|score| score.p50),
            middle(p95),
            middle(|score| score.p99),
            shares.iter().sum::<f64>() / shares.len() as f64 * 100.0,
            shares.iter().copied().fold(f64::INFINITY, f64::min) * 100.0,
            middle(|score| score.writes),
            middle(|score| score.requests),
            daily.unwrap_or(String::from("-")),
        );
    }
    let summary = Summary::new(grid);
    text.push_str("\nadaptive\n");
    summary.classic.write(&mut text, "classic");
    summary.bash.write(&mut text, "bash");
    let _ = writeln!(text, "cuts on idle lines: {:.1} per day", summary.idle_per_day());
    text
}
