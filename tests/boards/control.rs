//! A board controls a line that gets full, through a router that goes and comes back.

use wanctl::sim::{
    https::Leaf,
    routeros::{Down, RouterSettings},
};

use crate::{
    guest::{Board, Guest, PATIENCE, archive},
    load::{download, server},
    needs::announce,
    net::{Bed, REFLECTORS},
    shaper::counted,
    support::{
        config::{TREE, section},
        router::{Router, home},
        scratch::Scratch,
        wait::within,
    },
};

const RATES: [(&str, &str); 4] = [
    ("download_ceiling", "24M"),
    ("download_floor", "5M"),
    ("upload_ceiling", "6M"),
    ("upload_floor", "2M"),
];
const CEILING: u64 = 24_000_000;

/// What the log of the whole must have, in this order. Where the machine is so busy that the first answer
/// comes too late, the router is lost and `reconnected` at once.
const TOLD: [&str; 6] = [
    " starts:",
    "connected",
    "wan cable: download",
    "router home: lost (",
    "router home: reconnected",
    "]: ended",
];

#[test]
fn a_board_starts_controls_loses_its_router_finds_it_and_stops() {
    let Some(bed) = Bed::new() else { return };
    let _server = server(&bed);
    let board = Board::wanted();
    // The emulator sends the guest's echoes by ping sockets.
    bed.set("client", "net.ipv4.ping_group_range", "0 0");
    bed.inside("client", || {
        let router = Router::with_certificate(home(), Leaf::OtherName);
        let scratch = Scratch::new();
        let reflectors = REFLECTORS.map(|reflector| ("reflector", reflector));
        let wan = section("wan", "cable", &[&TREE[..], &RATES, &reflectors].concat());
        let disk = archive(&scratch, &router, &wan);
        let mut guest = Guest::boot(&board, &[&disk], |program| bed.command("client", program));
        let limit = || router.limits(&RouterSettings::home_tree()).download;
        let becomes = |what: &str, is_so: &dyn Fn(u64) -> bool, guest: &mut Guest| {
            let found = within(PATIENCE, || limit().filter(|limit| is_so(*limit)));
            found.unwrap_or_else(|| panic!("never {what}:\n{}", guest.sh("logread")))
        };

        let said = guest.sh("/etc/init.d/wanctl start");
        assert!(said.contains("started, pid "), "{said}");
        becomes("at the ceiling", &|limit| limit == CEILING, &mut guest);
        announce(&format!("\n{}: {}", board.name(), footprint(&mut guest)));
        let (lowered, _) = counted(&bed, &router, || {
            let _loading = download(&bed, 0, 60);
            becomes("lowered", &|limit| limit < CEILING, &mut guest)
        });
        router.force(Some(Down::Refuse));
        guest.logged("router home: lost (");
        router.force(None);
        guest.logged("router home: reconnected");
        let said = guest.sh("/etc/init.d/wanctl stop");
        assert!(said.contains("stopped") && !said.contains("is killed"), "{said}");

        let log = guest.sh("logread");
        let mut rest = log.as_str();
        for words in TOLD {
            let at = rest.find(words).unwrap_or_else(|| panic!("no '{words}' in order:\n{log}"));
            rest = &rest[at..];
        }
        announce(&format!("the limit went down to {lowered} bit/s; the board's log:\n{log}"));
        let left = limit().unwrap();
        assert!((5_000_000..=CEILING).contains(&left), "{left}");
    });
}

/// Memory, threads, descriptors, and over ten seconds processor time and wake-ups.
fn footprint(guest: &mut Guest) -> String {
    guest.sh("P=$(cat /var/run/wanctl.pid)");
    let number = |guest: &mut Guest, command: &str| -> u64 {
        let said = guest.sh(command);
        said.trim().parse().unwrap_or_else(|_| panic!("{command}: {said}"))
    };
    let status = |key| format!("awk '/^{key}:/ {{ print $2 }}' /proc/$P/status");
    let switches = "cat /proc/$P/task/*/status | \
                    awk '/^voluntary/ { sum += $2 } END { print sum }'";
    let ticks = "awk '{ print $14 + $15 }' /proc/$P/stat";
    let resident = number(guest, &status("VmRSS"));
    let threads = number(guest, &status("Threads"));
    let descriptors = number(guest, "ls /proc/$P/fd | wc -l");
    let before = (number(guest, switches), number(guest, ticks));
    guest.sh("sleep 10");
    let after = (number(guest, switches), number(guest, ticks));
    let wake_ups = (after.0 - before.0) / 10;
    // A hundred ticks a second; six times ten seconds a minute.
    let milliseconds = (after.1 - before.1) * 10 * 6;
    format!(
        "{resident} kB resident, {threads} threads, {descriptors} descriptors, \
         {milliseconds} ms of the emulated processor per minute, {wake_ups} wake-ups per second"
    )
}
