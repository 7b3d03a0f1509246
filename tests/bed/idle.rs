//! What the daemon costs while nothing happens.

use std::{collections::BTreeMap, fmt::Write as _};

use wanctl::control::time::Span;

use crate::{
    bloat, filtered,
    needs::announce,
    net::Bed,
    strace::{Call, Strace},
    support::{
        daemon::Daemon,
        router::{Router, home},
        scratch::Scratch,
        wait::{look_again_later, now, seconds},
    },
};

/// Longer than the minute after which the limits are read back.
const WATCHED: Span = seconds(62);

/// Probes of a round.
const REFLECTORS: u64 = 3;
/// On an idle line there is a round each 250 ms, and each cycle of 50 ms for a moment where one is late.
const ROUNDS: std::ops::RangeInclusive<u64> = WATCHED.as_millis() / 278..=WATCHED.as_millis() / 125;

/// What a cycle may cost: two system calls per probe and four per wake.
const PER_PROBE: u64 = 2;
const PER_WAKE: u64 = 4;

/// A cycle wakes the loop once; answers, clients and saves now and then once more.
const WAKES_PER_TEN_CYCLES: u64 = 12;
/// For the load the router is asked twice a second; on the way to an answer the loop wakes up as often.
const WAKES_PER_REQUEST: u64 = 4;

fn count(calls: &[Call], is_so: impl Fn(&Call) -> bool) -> u64 {
    u64::try_from(calls.iter().filter(|call| is_so(call)).count()).unwrap()
}

/// System calls per cycle, the most frequent ones first.
fn table(calls: &[Call], cycles: u64) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for call in calls {
        *counts.entry(&call.name).or_default() += 1;
    }
    let mut rows: Vec<(u64, &str)> =
        counts.into_iter().map(|(name, count)| (count, name)).collect();
    rows.sort_unstable_by(|a, b| b.cmp(a));
    let mut text = String::new();
    for (count, name) in rows.into_iter().take(12) {
        let hundredths = count * 100 / cycles;
        let (whole, part) = (hundredths / 100, hundredths % 100);
        writeln!(text, "  {name:<18} {count:>7}  {whole:>3}.{part:02} per cycle").unwrap();
    }
    text
}

fn footprint(daemon: &Daemon) -> String {
    format!(
        "VmRSS {} kB, VmHWM {} kB, {} threads, {} descriptors",
        daemon.proc_status("VmRSS"),
        daemon.proc_status("VmHWM"),
        daemon.proc_status("Threads"),
        daemon.descriptors()
    )
}

/// The calls of an idle daemon in a steady minute, its number, and where its state is.
fn watched(bed: &Bed, scratch: &Scratch) -> (Vec<Call>, u32) {
    // Its offset is learnt meanwhile, which belongs to an idle daemon.
    let listener = filtered::listen(bed);
    let target = listener.local_addr().unwrap().to_string();
    bed.inside("client", || {
        let router = Router::start(home());
        let mut daemon = bloat::start(bed, &filtered::config(scratch, &router, &target));
        daemon.until_within(seconds(60), "idle", |health| {
            let idle = health.wans[0].round_ms == Some(250.0);
            idle && health.wans[0].upload.confirmed_bps == Some(6_000_000)
        });
        let strace = Strace::attach(daemon.pid(), scratch);
        let start = now();
        while now().since(start) < WATCHED {
            look_again_later();
        }
        let calls = strace.detach();
        announce(&format!("\nidle daemon: {}", footprint(&daemon)));
        assert_eq!(daemon.stop().status.code(), Some(0));
        (calls, daemon.pid())
    })
}

#[test]
fn an_idle_cycle_costs_few_system_calls_and_no_file_is_touched_but_the_state() {
    let Some(bed) = Bed::new() else { return };
    let scratch = Scratch::new();
    let (calls, pid) = watched(&bed, &scratch);

    let rounds = count(&calls, |call| call.name == "sendmmsg" && call.result == Some(3));
    assert!(ROUNDS.contains(&rounds), "{rounds} rounds were sent, not {ROUNDS:?}");
    let cycles = WATCHED.as_millis() / 50;
    let wakes = count(&calls, |call| call.thread == pid && call.is_wait());
    let all = u64::try_from(calls.len()).unwrap();
    announce(&format!(
        "system calls in {cycles} idle cycles, {rounds} rounds: {all}, wakes of the loop: {wakes}\n{}",
        table(&calls, cycles)
    ));
    let budget = rounds * REFLECTORS * PER_PROBE + wakes * PER_WAKE;
    let requests = count(&calls, |call| call.name == "sendto");
    let most = cycles * WAKES_PER_TEN_CYCLES + requests * WAKES_PER_REQUEST * 10;
    assert!(wakes * 10 <= most, "{wakes} wakes in {cycles} cycles with {requests} requests");
    let readings = WATCHED.as_secs() * 2;
    assert!(requests <= readings + 10, "{requests} requests, {readings} for the load");
    assert!(all <= budget, "{all} system calls, more than {budget}");

    let state = scratch.join("state");
    let inside = format!("\"{}/", state.display());
    let changes = |call: &&Call| call.changes_files();
    let outside: Vec<&str> = calls
        .iter()
        .filter(changes)
        .map(|call| call.text.as_str())
        .filter(|text| !text.contains(&inside))
        .collect();
    assert!(outside.is_empty(), "files changed outside {}: {outside:#?}", state.display());
    let saves = count(&calls, |call| call.name.starts_with("rename"));
    announce(&format!("saves of the state: {saves}"));
    assert!(saves <= WATCHED.as_secs(), "{saves} saves");
}
