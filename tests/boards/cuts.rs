//! The power goes while the state is being saved to a file system with a journal.
//!
//! The disk is slow, so that much of each second is a save; where the new file stands beside the old one,
//! the cut was in the middle of one. (One that came before the new file's name was on the disk left the
//! old state alone, and does not count.)

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use fastrand::Rng;
use wanctl::{
    control::time::Span,
    os::clock,
    sim::https::Leaf,
    store::{
        atomic::{self, Loaded},
        format,
    },
};

use crate::{
    guest::{Board, Guest, archive},
    needs::{self, Wish, announce},
    support::{
        config::{TREE, section},
        router::{Router, home},
        scratch::Scratch,
        stops::leave_rates,
        wait::{look_again_later, now},
    },
};

/// Rates that rise by a step per cycle for minutes, as by the classic law: there is something to save
/// every second.
const CLIMBING: [(&str, &str); 7] = [
    ("law", "classic"),
    ("download_ceiling", "4G"),
    ("download_floor", "100M"),
    ("download_step_up", "0.1M"),
    ("upload_ceiling", "400M"),
    ("upload_floor", "10M"),
    ("upload_step_up", "0.1M"),
];

/// Waits until the daemon has saved its state.
const SAVED_ONCE: &str =
    "S=/mnt/state/state.json; F=$(cat $S); while [ \"$(cat $S)\" = \"$F\" ]; do usleep 50000; done";

/// After the first save of a run; one follows each second.
const LONGEST: u64 = 2_500;

/// A disk with a state that is far below the ceiling.
fn disk(scratch: &Scratch) -> PathBuf {
    leave_rates(scratch, "seed/state", (200, 20), clock::unix_now());
    let disk = scratch.write("disk", &vec![0; 16 << 20]);
    let mut mkfs = Command::new("mkfs.ext4");
    let made = mkfs.arg("-q").arg("-d").arg(scratch.join("seed")).arg(&disk).status();
    assert!(made.unwrap().success());
    disk
}

/// The configuration of a WAN that climbs, with its state on the second disk.
fn files(scratch: &Scratch, router: &Router) -> PathBuf {
    let reflector = [("reflector", "127.0.0.1")];
    let wan = section("wan", "cable", &[&TREE[..], &CLIMBING, &reflector].concat());
    let globals = "config globals\n\toption state_dir '/mnt/state'\n\n";
    archive(scratch, router, &format!("{globals}{wan}"))
}

/// The time is this machine's: not every kernel asks the board's clock.
fn boot(board: &Board, disks: [&Path; 2]) -> Guest {
    let mut guest = Guest::boot(board, &disks, |program| Command::new(program));
    guest.sh(&format!("mount -t ext4 /dev/vdb /mnt && date -s @{}", clock::unix_now()));
    guest
}

fn wait(span: Span) {
    let start = now();
    while now().since(start) < span {
        look_again_later();
    }
}

#[test]
fn after_a_power_cut_at_any_moment_of_saving_the_next_start_has_a_whole_state() {
    if needs::check() == Wish::Skip {
        return;
    }
    let cuts: usize = env::var("WANCTL_CUTS").map_or(8, |cuts| cuts.parse().unwrap());
    let seed = clock::unix_now();
    let mut random = Rng::with_seed(seed);
    let (board, scratch) = (Board::wanted(), Scratch::new());
    let router = Router::with_certificate(home(), Leaf::OtherName);
    let (files, disk) = (files(&scratch, &router), disk(&scratch));
    let mut torn = 0;
    for cut in 0..=cuts {
        let mut guest = boot(&board, [&files, &disk]);
        let left = guest.sh("ls -a /mnt/state");
        torn += usize::from(left.contains(".new"));
        let content = guest.sh("cat /mnt/state/state.json");
        let state = format::decode(content.trim_end().as_bytes());
        assert!(state.is_ok(), "seed {seed}, cut {cut}: {state:?}: {content:?} of {left}");
        guest.sh("/etc/init.d/wanctl start");
        guest.logged("going on from the saved state");
        let left = guest.sh("ls -a /mnt/state");
        assert!(!left.contains("corrupt"), "seed {seed}, cut {cut}: {left}");
        if cut == cuts {
            break;
        }
        guest.sh(SAVED_ONCE);
        wait(Span::from_millis(random.u64(0..LONGEST)));
        guest.cut();
        announce(&format!("{}: power cut {} of {cuts}", board.name(), cut + 1));
    }
    // At least one in ten is sure to be.
    assert!(torn > 0 || cuts < 20, "seed {seed}: no cut was in the middle of a save");
    announce(&format!(
        "\n{}: {cuts} power cuts while the state was being saved (seed {seed}), {torn} of them \
         in the middle of a save; each next start had a whole state",
        board.name()
    ));
}

/// Does this to a file system; what it says, and how it ends.
fn tool(program: &str, arguments: &[&str], disk: &Path) -> (String, i32) {
    let said = Command::new(program).args(arguments).arg(disk).output().unwrap();
    (String::from_utf8_lossy(&said.stdout).into_owned(), said.status.code().unwrap())
}

/// What a start would find on this disk after its journal has been replayed: when the state in it was
/// written, and how many files of unfinished saves there were.
fn found_on(disk: &Path, scratch: &Scratch) -> (u64, usize) {
    let (said, code) = tool("e2fsck", &["-y", "-E", "journal_only"], disk);
    assert!(code <= 1, "{code}: {said}");
    let (said, code) = tool("e2fsck", &["-fn"], disk);
    assert_eq!(code, 0, "the file system is not whole: {said}");
    let out = scratch.join("found");
    let _ = fs::remove_dir_all(&out);
    fs::create_dir(&out).unwrap();
    let (said, code) = tool("debugfs", &["-R", &format!("rdump /state {}", out.display())], disk);
    assert_eq!(code, 0, "{said}");
    let state = out.join("state");
    let orphans = atomic::clean_orphans(&state).unwrap();
    let Loaded::Content(content) = atomic::load(&state, "state.json").unwrap() else {
        panic!("no state on the disk")
    };
    let state = format::decode(&content);
    let content = String::from_utf8_lossy(&content);
    (state.unwrap_or_else(|error| panic!("{error}: {content}")).written_unix, orphans)
}

#[test]
fn a_disk_as_it_was_at_any_moment_of_saving_has_a_whole_state() {
    if needs::check() == Wish::Skip {
        return;
    }
    let moments: usize = env::var("WANCTL_MOMENTS").map_or(100, |count| count.parse().unwrap());
    let seed = clock::unix_now();
    let mut random = Rng::with_seed(seed);
    let (board, scratch) = (Board::wanted(), Scratch::new());
    let router = Router::with_certificate(home(), Leaf::OtherName);
    let (files, disk) = (files(&scratch, &router), disk(&scratch));
    let mut guest = boot(&board, [&files, &disk]);
    guest.sh("/etc/init.d/wanctl start");
    guest.sh(SAVED_ONCE);
    let copy = scratch.join("copy");
    let mut written = BTreeSet::new();
    let mut torn = 0;
    for _ in 0..moments {
        wait(Span::from_millis(random.u64(0..LONGEST)));
        guest.held(|| fs::copy(&disk, &copy)).unwrap();
        let (unix, orphans) = found_on(&copy, &scratch);
        written.insert(unix);
        torn += usize::from(orphans > 0);
    }
    announce(&format!(
        "\n{}: the disk at {moments} moments (seed {seed}): {} states, all of them whole, {torn} times \
         beside an unfinished one",
        board.name(),
        written.len()
    ));
    assert!(written.len() > moments / 4, "the daemon did not save");
    assert!(torn > 0 || moments < 20, "no moment was in the middle of a save");
}
