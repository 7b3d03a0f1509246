//! How often the copy on flash is written.

use std::{
    fs, iter,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use log::LevelFilter;

use super::{FILE, Files, Kept, Occasion};
use crate::{
    config::Globals,
    control::{
        saved::{Freshness, SavedWan},
        time::{Instant, Span},
        units::{PerDirection, Rate, Rtt},
    },
    os::clock,
    store::format::{self, Name, NamedWan, State},
};

/// A directory of one test, gone with it.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("wanctl-state-{}-{count}", process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn files(&self) -> Files {
        Files::new(&Globals {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            state_dir: self.0.join("hot"),
            persist_dir: Some(self.flash()),
            log_level: LevelFilter::Info,
        })
    }

    fn flash(&self) -> PathBuf {
        self.0.join("flash")
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn a_wan(bits: u64) -> SavedWan {
    let rates = PerDirection::both(Rate::from_bps(bits).unwrap());
    SavedWan {
        rates,
        streaks: PerDirection::both(0),
        baseline: Rtt::from_ms(20.0).unwrap(),
        load: Rtt::from_ms(20.0).unwrap(),
        confirmed: rates.map(Some),
    }
}

fn save(files: &mut Files, second: u64, occasion: Occasion) {
    let measured = Some(at(second));
    let wan = a_wan(1_000_000 + second);
    let kept = Kept { name: "cable".to_string(), wan, measured, by: BY };
    files.save([kept].into_iter(), iter::empty(), occasion, at(second));
}

fn at(second: u64) -> Instant {
    Instant::default() + Span::from_secs(second)
}

/// By what the WANs are measured.
const BY: u32 = 7;

/// Every save makes a new file, so a change of this is a write.
fn mark(dir: &Path) -> Option<(u64, i64, i64)> {
    let about = fs::metadata(dir.join(FILE)).ok()?;
    Some((about.ino(), about.mtime(), about.mtime_nsec()))
}

/// How often flash is written while the state changes every minute, from `start` for `seconds`.
fn writes(dir: &Dir, files: &mut Files, start: u64, seconds: u64) -> usize {
    let mut last = mark(&dir.flash());
    let mut writes = 0;
    for second in (start..start + seconds).step_by(60) {
        save(files, second, Occasion::Change);
        let mark = mark(&dir.flash());
        writes += usize::from(mark != last);
        last = mark;
    }
    writes
}

#[test]
fn flash_is_written_at_once_then_every_thirty_minutes_and_at_the_end() {
    let dir = Dir::new();
    let mut files = dir.files();
    assert!(files.load(at(60)).is_empty());
    assert_eq!(writes(&dir, &mut files, 60, 60), 1);
    assert_eq!(writes(&dir, &mut files, 120, 1_740), 0);
    assert_eq!(writes(&dir, &mut files, 1_860, 60), 1);
    assert_eq!(writes(&dir, &mut files, 1_920, 3_600), 2);
    save(&mut files, 5_530, Occasion::End);
    let read = |dir: &Path| fs::read(dir.join(FILE)).unwrap();
    assert_eq!(read(&dir.flash()), read(&dir.0.join("hot")));
}

#[test]
fn a_daemon_that_is_started_again_and_again_does_not_wear_the_flash_out() {
    let dir = Dir::new();
    let mut files = dir.files();
    files.load(at(0));
    assert_eq!(writes(&dir, &mut files, 0, 1), 1);
    let written: usize = (0..20)
        .map(|_| {
            let mut files = dir.files();
            assert_eq!(files.load(at(0)).len(), 1);
            writes(&dir, &mut files, 0, 240)
        })
        .sum();
    assert_eq!(written, 0);
    // The copy is some real seconds old, the daemon runs for thirty minutes of its own time.
    let mut files = dir.files();
    files.load(at(0));
    assert_eq!(writes(&dir, &mut files, 1_740, 120), 1);
}

#[test]
fn a_copy_on_flash_from_the_future_is_renewed_at_once() {
    let dir = Dir::new();
    let mut files = dir.files();
    files.load(at(0));
    save(&mut files, 0, Occasion::Change);
    let path = dir.flash().join(FILE);
    let text = fs::read_to_string(&path).unwrap();
    let future = clock::unix_now() + 86_400;
    let start = text.find("\"written_unix\":").unwrap() + "\"written_unix\":".len();
    let end = start + text[start..].find(',').unwrap();
    let text = format!("{}{future}{}", &text[..start], &text[end..]);
    crate::store::atomic::save(&dir.flash(), FILE, text.as_bytes()).unwrap();
    let mut files = dir.files();
    files.load(at(0));
    assert_eq!(writes(&dir, &mut files, 0, 1), 1);
}

/// Leaves a state of these WANs, as old as said, in the hot place.
fn leave(dir: &Dir, wans: &[(&str, u64)]) {
    let written_unix = clock::unix_now();
    let named = |(name, age): &(&str, u64)| NamedWan {
        name: Name::new(name).unwrap(),
        measured_unix: written_unix - age,
        measured_by: Some(BY),
        wan: a_wan(7_000_000),
    };
    let state = State {
        written_unix,
        wans: wans.iter().map(named).collect(),
        steerings: heapless::Vec::new(),
    };
    let mut buffer = vec![0; format::MAX_BYTES];
    let content = format::encode(&state, &mut buffer).unwrap();
    fs::create_dir_all(dir.0.join("hot")).unwrap();
    crate::store::atomic::save(&dir.0.join("hot"), FILE, content).unwrap();
}

/// How long ago each WAN in the hot place was measured, in seconds.
fn ages(dir: &Dir) -> Vec<(String, u64)> {
    let state = format::decode(&fs::read(dir.0.join("hot").join(FILE)).unwrap()).unwrap();
    let now = clock::unix_now();
    let of = |named: &NamedWan| (named.name.as_str().to_string(), now - named.measured_unix);
    state.wans.iter().map(of).collect()
}

const TWO_DAYS: u64 = 2 * 86_400;

#[test]
fn writing_a_state_again_does_not_make_what_was_restored_younger() {
    let dir = Dir::new();
    leave(&dir, &[("cable", TWO_DAYS), ("dsl", 3_600)]);
    for restart in 0..3 {
        let mut files = dir.files();
        let loaded = files.load(at(0));
        let freshness: Vec<_> = loaded.iter().map(|(_, _, freshness)| *freshness).collect();
        assert_eq!(freshness, [Freshness::Old, Freshness::Fresh], "restart {restart}");
        let kept = |(name, wan, _)| Kept { name, wan, measured: None, by: BY };
        files.save(loaded.into_iter().map(kept), iter::empty(), Occasion::Change, at(1));
    }
    let ages = ages(&dir);
    assert!((TWO_DAYS..TWO_DAYS + 60).contains(&ages[0].1), "{ages:?}");
    assert!((3_600..3_660).contains(&ages[1].1), "{ages:?}");
}

#[test]
fn what_was_measured_in_this_run_is_as_old_as_its_last_sample() {
    let dir = Dir::new();
    leave(&dir, &[("cable", TWO_DAYS)]);
    let mut files = dir.files();
    let wan = files.load(at(0))[0].1;
    let kept = Kept { name: "cable".to_string(), wan, measured: Some(at(500)), by: BY };
    files.save([kept].into_iter(), iter::empty(), Occasion::Change, at(700));
    let ages = ages(&dir);
    assert!((200..260).contains(&ages[0].1), "{ages:?}");
}

#[test]
fn a_baseline_that_is_measured_by_others_now_stays_that_of_the_earlier_ones() {
    let dir = Dir::new();
    let mut files = dir.files();
    files.load(at(0));
    let mut save = |measured, by, second| {
        let kept = Kept { name: "cable".to_string(), wan: a_wan(7_000_000), measured, by };
        files.save([kept].into_iter(), iter::empty(), Occasion::Change, at(second));
    };
    save(Some(at(500)), BY, 700);
    save(None, BY + 1, 800);
    let ages = ages(&dir);
    assert!((200..260).contains(&ages[0].1), "{ages:?}");
    let mut files = dir.files();
    files.load(at(0));
    assert_eq!(files.measured_by("cable"), Some(BY));
}
