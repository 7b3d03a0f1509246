//! What the table comes to, against what is promised. Nothing here is typed: a sentence says what
//! the numbers say.

use std::fmt::Write as _;

use crate::{
    grid::{Cell, Grid, median},
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
    /// Where its 95th percentile is more than a tenth above.
    loses_delay: Vec<Pair>,
    /// Where it carries less by more than a tenth.
    loses_rate: Vec<Pair>,
}

/// The adaptive law and another one in one place: delays in ms and shares carried, its own first.
#[derive(Clone, Copy)]
struct Pair {
    line: &'static str,
    load: Load,
    delays: (f64, f64),
    shares: Option<(f64, f64)>,
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

impl Pair {
    fn new(grid: &Grid, (line, load): (&'static str, Load), other: Law) -> Self {
        let cells = (grid.cell(line, load, Law::Adaptive), grid.cell(line, load, other));
        let share = |cell: &Cell| cell.maybe(|score| score.retained);
        let delays = (cells.0.of(p95), cells.1.of(p95));
        Self { line, load, delays, shares: share(cells.0).zip(share(cells.1)) }
    }

    fn is_longer(&self) -> bool {
        longer(self.delays.0, self.delays.1)
    }

    fn is_slower(&self) -> bool {
        self.shares.is_some_and(|(own, other)| own * 1.1 < other)
    }
}

impl Beside {
    fn new(grid: &Grid, other: Law) -> Self {
        let sum = |law| all(grid, law, |score| score.writes).iter().sum::<f64>();
        let middle = |law| median(all(grid, law, p95));
        let pairs: Vec<_> = grid.places().map(|place| Pair::new(grid, place, other)).collect();
        let delays = pairs.iter().map(|pair| pair.delays);
        let queued = delays.filter(|(own, other)| own.max(*other) >= NOTHING);
        let shares = pairs.iter().filter_map(|pair| pair.shares);
        let sums = shares.fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
        let which = |bad: fn(&Pair) -> bool| pairs.iter().filter(|own| bad(own)).copied().collect();
        Self {
            delay: middle(Law::Adaptive) / middle(other),
            delays: median(queued.map(|(own, other)| own / other.max(0.1)).collect()),
            carried: sums.0 / sums.1,
            writes: sum(Law::Adaptive) / sum(other),
            loses_delay: which(Pair::is_longer),
            loses_rate: which(Pair::is_slower),
        }
    }

    fn write(&self, text: &mut String, name: &str) {
        let Self { delay, delays, carried, writes, .. } = self;
        let _ = writeln!(
            text,
            "beside {name:8} p95 of added delay {delay:.2} of its median ({delays:.2} in the median \
             place); carries {carried:.3} of it on full lines; writes {writes:.2} of its number"
        );
        for (what, places) in
            [("a longer delay", &self.loses_delay), ("less carried", &self.loses_rate)]
        {
            let _ = writeln!(text, "  {what} by more than a tenth in {} places", places.len());
            for pair in places {
                pair.write(text);
            }
        }
    }
}

impl Pair {
    fn write(&self, text: &mut String) {
        let Self { line, load, delays: (own, other), shares } = self;
        let load = load.word();
        let _ = write!(text, "    {line:8} {load:10} {own:6.1} ms against {other:6.1}");
        if let Some((own, other)) = shares.map(|(own, other)| (own * 100.0, other * 100.0)) {
            let _ = write!(text, ", carrying {own:5.1} % against {other:5.1} %");
        }
        text.push('\n');
    }
}

/// How far the answer of a law reaches where it should not, and how soon it is over.
fn manners(text: &mut String, grid: &Grid, law: Law) {
    let scores = |load: Load| {
        let cells = grid.lines.iter().map(move |line| grid.cell(line.name, load, law));
        cells.flat_map(|cell| &cell.scores)
    };
    let cuts: u64 = scores(Load::Path).map(|score| score.late_cuts).sum();
    let spill = |load| scores(load).filter_map(|score| score.spill).sum::<u64>();
    let _ = write!(
        text,
        "{:9} | {cuts:9} | {:11} {:11} |",
        law.word(),
        spill(Load::Upload),
        spill(Load::Download)
    );
    for (load, value) in MANNERS {
        let mut times: Vec<f64> = scores(load).filter_map(value).collect();
        times.sort_by(f64::total_cmp);
        let soon = times.iter().filter(|seconds| **seconds <= 15.0).count();
        let all = times.len();
        let _ = write!(text, " {:4.0} s, {soon:3} of {all:3} in 15 s |", median(times));
    }
    text.push('\n');
}

type Time = fn(&Score) -> Option<f64>;

/// What is to be over soon.
const MANNERS: [(Load, Time); 4] = [
    (Load::BusyPath, |score| score.rate_back),
    (Load::Reflectors, |score| score.rate_back),
    (Load::Step, |score| score.rate_back),
    (Load::Step, |score| score.delay_gone),
];

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
    text.push_str(
        "\nlaw       | +40 ms on an idle | moves of the unused | rate back after +40 ms   | rate \
         back: reflectors die | rate back: line is whole | delay gone: line halves\n          | \
         line: cuts | download    upload  |                          |                            \
         |                          |\n",
    );
    for law in LAWS.into_iter().filter(|law| law.moves()) {
        manners(&mut text, grid, law);
    }
    let summary = Summary::new(grid);
    text.push_str("\nadaptive\n");
    summary.classic.write(&mut text, "classic");
    summary.bash.write(&mut text, "bash");
    let _ = writeln!(text, "cuts on idle lines: {:.1} per day", summary.idle_per_day());
    text
}
