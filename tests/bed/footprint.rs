//! What the daemon takes of its machine, with one WAN and with two, over HTTPS and on idle lines: the
//! numbers of the README. `WANCTL_BINARY` names the binary as it is shipped; the budgets leave room for
//! one that was built for tests.

use std::{fs, path::PathBuf};

use wanctl::{control::time::Span, observe::health::WanHealth};

use crate::{
    bloat::{self, RATES},
    needs::announce,
    net::{Bed, REFLECTORS},
    support::{
        config::{TREE, globals, section},
        daemon::Daemon,
        router::{Router, home},
        scratch::Scratch,
        wait::{look_again_later, now, seconds},
    },
};

/// The second WAN's: the same router's simple queue.
const SIMPLE: [(&str, &str); 2] = [("queue_kind", "simple"), ("queue", "internet-cake")];

const WATCHED: Span = seconds(60);

/// Kilobytes, threads, descriptors.
const MOST: (u64, u64, usize) = (16_000, 4, 32);

/// Per second, of each WAN: a cycle wakes the loop once, answers now and then once more, and each of the
/// two readings of the load four times.
const MOST_WAKE_UPS: u64 = 38;

fn config(scratch: &Scratch, router: &Router, wans: usize) -> PathBuf {
    let reflectors = REFLECTORS.map(|reflector| ("reflector", reflector));
    let cable = section("wan", "cable", &[&TREE[..], &RATES, &reflectors].concat());
    let lte = section("wan", "lte", &[&SIMPLE[..], &RATES, &reflectors].concat());
    let wans = [cable, lte][..wans].concat();
    let text = globals(scratch, "info") + &router.section("home", scratch) + &wans;
    scratch.write("wanctl.conf", text.as_bytes())
}

/// What the daemon has used: hundredths of a second of processor, and times it went to sleep.
fn used(daemon: &Daemon) -> (u64, u64) {
    let pid = daemon.pid();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let of_process = stat.rsplit(')').next().unwrap();
    let ticks = of_process.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let sleeps = fs::read_dir(format!("/proc/{pid}/task")).unwrap().map(|task| {
        let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.unwrap().trim().parse::<u64>().unwrap()
    });
    (ticks.map(Result::unwrap).sum(), sleeps.sum())
}

/// Waits until all limits are set, then watches for a minute.
fn watch(bed: &Bed, scratch: &Scratch, wans: usize) {
    let router = Router::start(home());
    let mut daemon = bloat::start(bed, &config(scratch, &router, wans));
    let set = |wan: &WanHealth| wan.cycles > 200 && wan.upload.confirmed_bps == Some(6_000_000);
    daemon.until("steady", |health| health.wans.iter().all(set));
    let (before, said) = (used(&daemon), daemon.lines().len());
    let start = now();
    while now().since(start) < WATCHED {
        look_again_later();
    }
    let after = used(&daemon);
    let [resident, threads] = ["VmRSS", "Threads"].map(|key| daemon.proc_status(key));
    let descriptors = daemon.descriptors();
    let processor = (after.0 - before.0) * 10;
    let wake_ups = (after.1 - before.1) / WATCHED.as_secs();
    announce(&format!(
        "\n{wans} WAN(s): {resident} kB resident, {threads} threads, {descriptors} descriptors, \
         {processor} ms of processor per minute, {wake_ups} wake-ups per second"
    ));
    assert!(resident <= MOST.0 && threads <= MOST.1, "{resident} kB, {threads} threads");
    assert!(descriptors <= MOST.2, "{descriptors} descriptors");
    let most = MOST_WAKE_UPS * u64::try_from(wans).unwrap();
    assert!(wake_ups <= most, "{wake_ups} wake-ups per second, more than {most}");
    // Sixty in an hour.
    let said = daemon.lines().split_off(said);
    assert!(said.len() <= 1, "{said:#?}");
    assert_eq!(daemon.stop().status.code(), Some(0));
}

#[test]
fn one_wan_and_two_take_little_of_their_machine() {
    let Some(bed) = Bed::new() else { return };
    for wans in [1, 2] {
        let scratch = Scratch::new();
        bed.inside("client", || watch(&bed, &scratch, wans));
    }
}
