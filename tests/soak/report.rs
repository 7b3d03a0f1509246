//! The numbers of a soak. Promises: plain counting; nothing here decides whether all is well but
//! the memory's growth.

use wanctl::control::time::{Instant, Span};

use crate::{
    LAWS,
    needs::announce,
    support::{canary::Sung, daemon::Daemon, faults::Fault, wait::seconds},
    watch::Watch,
};

/// The memory may grow by so many percent after the warm-up.
const MAX_GROWTH: u64 = 10;

/// What the daemon has of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Resident memory in kB.
    rss: u64,
    descriptors: usize,
    threads: u64,
}

impl Usage {
    pub(crate) fn of(daemon: &Daemon) -> Self {
        Self {
            rss: daemon.proc_status("VmRSS"),
            descriptors: daemon.descriptors(),
            threads: daemon.proc_status("Threads"),
        }
    }
}

/// How long something took, each time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<Span>);

impl Times {
    pub(crate) fn add(&mut self, time: Span) {
        self.0.push(time);
    }

    fn words(&self) -> String {
        let mut times: Vec<u64> = self.0.iter().map(|time| time.as_millis()).collect();
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len().saturating_sub(1) * percent / 100);
        match (at(50), at(95), times.last()) {
            (Some(median), Some(high), Some(most)) => {
                format!("{} times; median {median}, p95 {high}, max {most} ms", times.len())
            }
            _ => "never".to_owned(),
        }
    }
}

/// The whole run.
pub(crate) struct Report {
    pub(crate) start: Instant,
    warm_up: Span,
    pid: u32,
    pub(crate) episodes: usize,
    pub(crate) outages: usize,
    pub(crate) reached: Times,
    pub(crate) settled: Times,
    pub(crate) repaired: Times,
    pub(crate) end: Span,
    /// When each was taken, in seconds since the start.
    usages: Vec<(u64, Usage)>,
    /// The memory that later ones are compared to.
    warm: Option<Usage>,
}

impl Report {
    pub(crate) fn new(start: Instant, warm_up: Span, pid: u32) -> Self {
        Self {
            start,
            warm_up,
            pid,
            episodes: 0,
            outages: 0,
            reached: Times::default(),
            settled: Times::default(),
            repaired: Times::default(),
            end: Span::ZERO,
            usages: Vec::new(),
            warm: None,
        }
    }

    /// The times after which all was well again.
    pub(crate) const fn times_of(&mut self, fault: Option<Fault>) -> &mut Times {
        match fault {
            Some(fault) if fault.meddles() => &mut self.repaired,
            Some(_) | None => &mut self.settled,
        }
    }

    /// Whether the usage is to be noted: at the end of the warm-up, and each minute.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let passed = now.since(self.start);
        let warmed = self.warm.is_none() && passed >= self.warm_up;
        let last = self.usages.last().map_or(0, |(at, _)| *at);
        warmed || passed >= seconds(last + 60)
    }

    pub(crate) fn note(&mut self, usage: Usage, now: Instant, watch: &Watch, canary: &Sung) {
        let passed = now.since(self.start);
        self.usages.push((passed.as_secs(), usage));
        if self.warm.is_none() && passed >= self.warm_up {
            self.warm = Some(usage);
        }
        let Usage { rss, descriptors, threads } = usage;
        let (cycles, missed) = watch.cycles;
        announce(&format!(
            "{:>5} s: RSS {rss} kB, {descriptors} descriptors, {threads} threads; {} episodes, {} \
             outages, {:?} writes; {missed} of {cycles} cycles missed (canary {}); {} wrong",
            passed.as_secs(),
            self.episodes,
            self.outages,
            watch.writes,
            canary.missed,
            watch.wrong.len() + watch.more_wrong
        ));
    }

    pub(crate) fn usage_at_end(&mut self, usage: Usage, now: Instant) {
        self.usages.push((now.since(self.start).as_secs(), usage));
    }

    /// What is wrong about the memory, if anything is.
    pub(crate) fn grown(&self) -> Option<String> {
        let (warm, (_, end)) = (self.warm?, self.usages.last()?);
        let most = warm.rss + warm.rss * MAX_GROWTH / 100;
        (end.rss > most).then(|| format!("RSS grew from {} to {} kB", warm.rss, end.rss))
    }

    pub(crate) fn tell(&self, watch: &Watch, canary: &Sung, seed: u64) {
        let usage = |usage: Option<&Usage>| {
            usage.map_or("unknown".to_owned(), |Usage { rss, descriptors, threads }| {
                format!("RSS {rss} kB, {descriptors} descriptors, {threads} threads")
            })
        };
        let (seconds, end) = self.usages.last().map_or((0, None), |(at, end)| (*at, Some(end)));
        let (cycles, missed) = watch.cycles;
        announce(&format!(
            "\nsoak: {seconds} s, pid {}, WANCTL_SOAK_SEED={seed}\n\
             episodes             {}, with {} outages ({} lost, {} back, {} silent, {} heard)\n\
             reached again after  {}\n\
             settled after        {}\n\
             repaired after       {}\n\
             writes               {:?} by {LAWS:?}, all within bounds unless said below\n\
             cycles               {cycles}, of which {missed} missed; canary {} of {}, at most {} ms late\n\
             a cycle              {}\n\
             health               answered within {} ms\n\
             after warm-up        {}\n\
             at the end           {}\n\
             SIGTERM              ended it after {} ms\n\
             wrong                {}",
            self.pid,
            self.episodes,
            self.outages,
            watch.told.lost,
            watch.told.back,
            watch.told.silent,
            watch.told.heard,
            self.reached.words(),
            self.settled.words(),
            self.repaired.words(),
            watch.writes,
            canary.missed,
            canary.ticks,
            canary.latest.as_millis(),
            watch.lengths,
            watch.slowest.as_millis(),
            usage(self.warm.as_ref()),
            usage(end),
            self.end.as_millis(),
            watch.wrong.len() + watch.more_wrong
        ));
        watch.wrong.iter().for_each(|wrong| announce(&format!("  {wrong}")));
    }
}
