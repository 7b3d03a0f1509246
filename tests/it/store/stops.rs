//! A save that is killed anywhere, and one that the system lets fail anywhere.

use crate::running::turn::turn;
use std::{
    ffi::c_long,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    thread,
};

use libc::c_int;
use wanctl::{
    control::{saved::SavedWan, time::Span, units::PerDirection},
    os::clock,
    store::{
        atomic::{self, Doing, Loaded},
        format::{self, NamedWan, State},
    },
};

use super::{
    NAME, TempDir, assert_own_process, cable, child, rate, state,
    traced::{Step, Traced, Worker, read, shared, write},
};

/// A state that tells its number in each of its parts.
fn numbered(number: u64) -> State {
    let rates = PerDirection { download: rate(1_000_000 + number), upload: rate(1 + number) };
    let wan = SavedWan { rates, confirmed: rates.map(Some), ..cable().wan };
    State { written_unix: number, ..state(&[NamedWan { wan, ..cable() }]) }
}

fn encoded(state: &State) -> Vec<u8> {
    super::text(state).into_bytes()
}

/// The state in the directory; `None` without a file. Everything else is a failure.
fn found(dir: &Path) -> Option<State> {
    match atomic::load(dir, NAME).unwrap() {
        Loaded::NotThere => None,
        Loaded::Content(content) => Some(format::decode(&content).unwrap()),
        Loaded::Foreign => panic!("no state file"),
    }
}

/// What was in the directory when the save began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Old,
    /// And what an earlier kill left.
    OldAndOrphan,
}

impl Before {
    const ALL: [Self; 3] = [Self::Nothing, Self::Old, Self::OldAndOrphan];

    /// The old state.
    fn old(self) -> Option<State> {
        (self != Self::Nothing).then(|| numbered(1))
    }

    fn prepare(self, temp: &TempDir) -> PathBuf {
        let dir = temp.path().join("state");
        let _ = fs::remove_dir_all(&dir);
        if let Some(old) = self.old() {
            atomic::save(&dir, NAME, &encoded(&old)).unwrap();
        }
        if self == Self::OldAndOrphan {
            fs::File::create(dir.join(ORPHAN)).and_then(|mut file| file.write_all(b"{")).unwrap();
        }
        dir
    }
}

const ORPHAN: &str = ".wanctl-state.json.new";

/// What the system is made to answer instead of doing what it was asked for.
const ERRORS: [c_int; 5] = [libc::ENOSPC, libc::EIO, libc::EROFS, libc::EMFILE, libc::EINTR];

/// The calls that use the file system. Memory, say, is another matter.
const FILE_CALLS: [c_long; 15] = [
    libc::SYS_mkdir,
    libc::SYS_mkdirat,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_statx,
    libc::SYS_newfstatat,
    libc::SYS_open,
    libc::SYS_openat,
    libc::SYS_unlink,
    libc::SYS_unlinkat,
    libc::SYS_write,
    libc::SYS_fsync,
    libc::SYS_close,
    libc::SYS_rename,
    libc::SYS_renameat2,
];

const DOINGS: [Doing; 6] =
    [Doing::MakeDir, Doing::Create, Doing::Write, Doing::Sync, Doing::Rename, Doing::SyncDir];

/// The result of a save as an exit code: the place of the error, times eight, plus the place of
/// what was being done; both from one on.
fn save(dir: &Path, content: &[u8]) -> u8 {
    let Err(failed) = atomic::save(dir, NAME, content) else { return 0 };
    let doing = DOINGS.iter().position(|doing| *doing == failed.doing).unwrap() + 1;
    let place = |error| ERRORS.iter().position(|known| *known == error);
    let error = failed.error.raw_os_error().and_then(place).map_or(0, |place| place + 1);
    u8::try_from(error * 8 + doing).unwrap()
}

/// The same from the exit code.
fn result(code: c_int) -> Result<(), (Doing, Option<c_int>)> {
    let code = usize::try_from(code).unwrap();
    assert_ne!(code, 255, "the save panicked");
    let Some(doing) = (code % 8).checked_sub(1) else { return Ok(()) };
    Err((DOINGS[doing], (code / 8).checked_sub(1).map(|place| ERRORS[place])))
}

/// Runs a test that forks where no other thread is.
fn alone(test: &str) {
    let output = child(test).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let _ = write!(io::stderr(), "{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stdout));
}

fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// How the disk takes what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disk {
    AtOnce,
    InPieces,
}

/// Goes so many boundaries ahead; `false` if the process has ended before.
fn advance(traced: &Traced, steps: usize, disk: Disk) -> bool {
    for step in 0..steps {
        if traced.step() != Step::Stopped {
            return false;
        }
        if disk == Disk::InPieces && step % 2 == 0 && traced.call() == libc::SYS_write {
            traced.shorten();
        }
    }
    true
}

/// Kills the save of `new` after each of its steps; how often the old and the new state was left.
fn kill_at_each_step(before: Before, disk: Disk, new: &State) -> [usize; 2] {
    let temp = TempDir::new();
    let content = encoded(new);
    let mut seen = [0, 0];
    for steps in 0.. {
        let dir = before.prepare(&temp);
        let traced = Traced::start(|| save(&dir, &content));
        if !advance(&traced, steps, disk) {
            break;
        }
        traced.kill();
        let left = found(&dir);
        let is_new = left.as_ref() == Some(new);
        let what = format!("{before:?}, {disk:?}, killed after {steps} steps: {left:?}");
        assert!(is_new || left == before.old(), "{what}");
        seen[usize::from(is_new)] += 1;
        assert!(atomic::clean_orphans(&dir).unwrap() <= 1, "{what}");
        assert!(!dir.join(ORPHAN).exists(), "{what}");
        atomic::save(&dir, NAME, &content).unwrap();
        assert_eq!(found(&dir).as_ref(), Some(new), "the next save works: {what}");
    }
    seen
}

#[test]
#[ignore = "run by the next test, in a process of its own"]
fn kills_at_every_system_call() {
    assert_own_process();
    let mut kills = 0;
    for before in Before::ALL {
        for disk in [Disk::AtOnce, Disk::InPieces] {
            let [old, new] = kill_at_each_step(before, disk, &numbered(2));
            assert!(old > 10 && new > 5, "{before:?}, {disk:?}: {old} old, {new} new");
            kills += old + new;
        }
    }
    say(&format!("killed {kills} saves, at every boundary of a system call"));
}

#[test]
fn a_save_killed_at_any_system_call_leaves_the_old_state_or_the_new_one() {
    let _turn = turn();
    alone("store::stops::kills_at_every_system_call");
}

/// What fails if this call of a save does, besides what does no harm.
fn expected(call: c_long) -> &'static [Doing] {
    match call {
        libc::SYS_mkdir | libc::SYS_mkdirat | libc::SYS_stat | libc::SYS_statx => &[Doing::MakeDir],
        libc::SYS_open | libc::SYS_openat => &[Doing::Create, Doing::SyncDir],
        libc::SYS_unlink | libc::SYS_unlinkat => &[Doing::Create],
        libc::SYS_write => &[Doing::Write],
        libc::SYS_fsync => &[Doing::Sync, Doing::SyncDir],
        libc::SYS_rename | libc::SYS_renameat2 => &[Doing::Rename],
        _ => &[],
    }
}

/// Lets each system call of a save fail in this way; how many saves did not and did say so.
fn fail_each_call(before: Before, error: c_int) -> [usize; 2] {
    let (temp, new) = (TempDir::new(), numbered(2));
    let content = encoded(&new);
    let mut runs = [0, 0];
    for steps in (1..).step_by(2) {
        let dir = before.prepare(&temp);
        let traced = Traced::start(|| save(&dir, &content));
        if !advance(&traced, steps, Disk::AtOnce) {
            break;
        }
        let call = traced.call();
        if !FILE_CALLS.contains(&call) {
            traced.kill();
            continue;
        }
        traced.fail(error);
        let result = result(traced.finish());
        runs[usize::from(result.is_err())] += 1;
        let what = format!("{before:?}, call {call} fails with {error}: {result:?}");
        let is = match result {
            Ok(()) => Some(new.clone()),
            Err((doing, why)) => {
                assert!(expected(call).contains(&doing), "{what}");
                // A directory that is there makes making it fail in its own way.
                assert!(why == Some(error) || doing == Doing::MakeDir, "{what}");
                if doing == Doing::SyncDir { Some(new.clone()) } else { before.old() }
            }
        };
        assert_eq!(found(&dir), is, "{what}");
        // What was there before may stay if the save never got to it.
        let early = matches!(result, Err((Doing::MakeDir | Doing::Create, _)));
        let may_stay = before == Before::OldAndOrphan && early;
        assert!(may_stay || !dir.join(ORPHAN).exists(), "{what}");
        atomic::save(&dir, NAME, &content).unwrap();
        assert_eq!(found(&dir).as_ref(), Some(&new), "the next save works: {what}");
    }
    runs
}

#[test]
#[ignore = "run by the next test, in a process of its own"]
fn failures_of_every_system_call() {
    assert_own_process();
    let (mut harmless, mut told) = (0, 0);
    for before in Before::ALL {
        for error in ERRORS {
            let runs = fail_each_call(before, error);
            harmless += runs[0];
            told += runs[1];
        }
    }
    assert!(harmless > 20 && told > 60, "{harmless} harmless, {told} told");
    say(&format!("let a system call of a save fail: {told} times told, {harmless} times harmless"));
}

#[test]
fn a_save_says_which_system_call_failed_and_keeps_the_old_state() {
    let _turn = turn();
    alone("store::stops::failures_of_every_system_call");
}

/// The calls of a save that change something or wait for the disk, in their order.
fn calls_of_a_save(before: Before) -> Vec<c_long> {
    const MATTER: [c_long; 4] =
        [libc::SYS_write, libc::SYS_fsync, libc::SYS_rename, libc::SYS_renameat2];
    let temp = TempDir::new();
    let dir = before.prepare(&temp);
    let content = encoded(&numbered(2));
    let traced = Traced::start(|| save(&dir, &content));
    let mut calls = Vec::new();
    while traced.step() == Step::Stopped {
        calls.push(traced.call());
        if traced.step() != Step::Stopped {
            break;
        }
    }
    calls.retain(|call| MATTER.contains(call));
    calls.dedup();
    calls
}

#[test]
#[ignore = "run by the next test, in a process of its own"]
fn the_order_of_a_save() {
    assert_own_process();
    for before in Before::ALL {
        let order = [libc::SYS_write, libc::SYS_fsync, libc::SYS_rename, libc::SYS_fsync];
        assert_eq!(calls_of_a_save(before), order, "{before:?}");
    }
}

/// What a kill cannot show and a loss of power would: the content is on the disk before it gets its
/// name, and the name before the save is done.
#[test]
fn a_save_writes_syncs_renames_and_syncs_the_directory() {
    alone("store::stops::the_order_of_a_save");
}

/// Goes on to where it is about to write.
fn until_write(traced: &Traced) {
    loop {
        assert_eq!(traced.step(), Step::Stopped);
        if traced.call() == libc::SYS_write {
            break;
        }
        assert_eq!(traced.step(), Step::Stopped);
    }
}

#[test]
#[ignore = "run by the next test, in a process of its own"]
fn a_disk_that_fills_up() {
    assert_own_process();
    let temp = TempDir::new();
    let content = encoded(&numbered(2));
    let dir = Before::Old.prepare(&temp);
    let traced = Traced::start(|| save(&dir, &content));
    for _ in 0..2 {
        until_write(&traced);
        traced.shorten();
        assert_eq!(traced.step(), Step::Stopped);
    }
    until_write(&traced);
    traced.fail(libc::ENOSPC);
    assert_eq!(result(traced.finish()), Err((Doing::Write, Some(libc::ENOSPC))));
    assert_eq!(found(&dir), Before::Old.old());
    assert!(!dir.join(ORPHAN).exists());
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_a_save_costs_that_save_alone() {
    alone("store::stops::a_disk_that_fills_up");
}

/// As many moments as the promise says.
const KILLS: u64 = 1_000;

#[test]
#[ignore = "run by the next test, in a process of its own"]
fn kills_at_random_moments() {
    assert_own_process();
    let temp = TempDir::new();
    let dir = Before::Nothing.prepare(&temp);
    let [begun, done] = shared();
    let seed = clock::unix_now();
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut last, mut orphans, mut news) = (0, 0, 0);
    let start = clock::now();
    for _ in 0..KILLS {
        let worker = Worker::start(|| {
            for number in last + 1.. {
                write(begun, number);
                atomic::save(&dir, NAME, &encoded(&numbered(number))).unwrap();
                write(done, number);
            }
        });
        while read(done) <= last {
            thread::yield_now();
        }
        let (from, wait) = (clock::now(), Span::from_micros(random.u64(0..1_500)));
        while clock::now().since(from) < wait {
            thread::yield_now();
        }
        worker.kill();
        let (begun, done) = (read(begun), read(done));
        let found = found(&dir).unwrap();
        let number = found.written_unix;
        assert!([done, begun].contains(&number), "seed {seed}: {number}, not {done} or {begun}");
        assert_eq!(found, numbered(number), "seed {seed}");
        orphans += atomic::clean_orphans(&dir).unwrap();
        news += usize::from(number > done);
        last = number;
    }
    let took = clock::now().since(start).as_millis();
    say(&format!(
        "{KILLS} kills in {last} saves and {took} ms; {orphans} left an orphan, {news} had the new \
         state under the name already"
    ));
    assert!(orphans > 50, "too few kills hit the middle of a save: {orphans}");
}

#[test]
fn a_thousand_kills_at_random_moments_each_leave_the_old_state_or_the_new_one() {
    let _turn = turn();
    alone("store::stops::kills_at_random_moments");
}
