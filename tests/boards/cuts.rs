//! The power goes while the state is being saved to a file system with a journal.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use fastrand::Rng;
use wanctl::{control::time::Span, os::clock, sim::https::Leaf, store::format};

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

/// Rates that rise by a step per cycle for minutes: there is something to save every second.
const CLIMBING: [(&str, &str); 6] = [
    ("download_ceiling", "4G"),
    ("download_floor", "100M"),
    ("download_step_up", "0.1M"),
    ("upload_ceiling", "400M"),
    ("upload_floor", "10M"),
    ("upload_step_up", "0.1M"),
];

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
    let wan =
        section("wan", "cable", &[&TREE[..], &CLIMBING, &[("reflector", "127.0.0.1")]].concat());
    let globals = "config globals\n\toption state_dir '/mnt/state'\n\n";
    let files = archive(&scratch, &router, &format!("{globals}{wan}"));
    let disk = disk(&scratch);
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
        guest.sh(
            "S=/mnt/state/state.json; F=$(cat $S); while [ \"$(cat $S)\" = \"$F\" ]; do :; done",
        );
        wait(Span::from_millis(random.u64(0..LONGEST)));
        guest.cut();
        announce(&format!("{}: power cut {} of {cuts}", board.name(), cut + 1));
    }
    announce(&format!(
        "\n{}: {cuts} power cuts while the state was being saved (seed {seed}), {torn} of them \
         in the middle of a save; each next start had a whole state",
        board.name()
    ));
}
