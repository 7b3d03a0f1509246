//! Tests of the state file, on a real file system.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test did not expect ends it"
)]

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod stops;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod traced;

use std::{
    env, fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use wanctl::{
    control::{
        saved::SavedWan,
        steering::State as Steered,
        units::{PerDirection, Rate, Rtt},
    },
    store::{
        atomic::{self, Doing, Loaded},
        format::{self, DecodeError, Name, NamedSteering, NamedWan, State},
    },
};

/// A directory of a test's own, gone with it.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("wanctl-test-{}-{count}", process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    fn names(&self) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry.unwrap().file_name().into_string().unwrap()
        };
        let mut names: Vec<_> = fs::read_dir(&self.0).unwrap().map(name).collect();
        names.sort();
        names
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const CHILD: &str = "WANCTL_TEST_CHILD";

/// To be called first by tests that are run in a process of their own.
pub(crate) fn assert_own_process() {
    assert!(env::var_os(CHILD).is_some(), "another test runs this one in a process of its own");
}

/// Runs an ignored test of this binary in a process of its own.
pub(crate) fn child(test: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(CHILD, "1");
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]);
    command
}

const NAME: &str = "state.json";

fn content(text: &str) -> Loaded {
    Loaded::Content(text.as_bytes().to_vec())
}

fn rate(bits: u64) -> Rate {
    Rate::from_bps(bits).unwrap()
}

fn ms(ms: f64) -> Rtt {
    Rtt::from_ms(ms).unwrap()
}

fn cable() -> NamedWan {
    NamedWan {
        name: Name::new("cable").unwrap(),
        measured_unix: 1_699_999_000,
        measured_by: Some(305_419_896),
        wan: SavedWan {
            rates: PerDirection { download: rate(332_928_000), upload: rate(28_986_498) },
            streaks: PerDirection { download: 3, upload: 255 },
            baseline: ms(24.123_456_789),
            load: ms(147.585_6),
            confirmed: PerDirection { download: Some(rate(391_680_000)), upload: None },
        },
    }
}

fn state(wans: &[NamedWan]) -> State {
    let steerings = heapless::Vec::new();
    State { written_unix: 1_700_000_000, wans: wans.iter().cloned().collect(), steerings }
}

fn calls() -> NamedSteering {
    NamedSteering {
        name: Name::new("calls").unwrap(),
        state: Steered::Degraded,
        changed_unix: Some(1_699_999_900),
        steered_unix: [1_699_999_100, 1_699_999_900].into_iter().collect(),
    }
}

fn text(state: &State) -> String {
    let mut buffer = vec![0; format::MAX_BYTES];
    String::from_utf8(format::encode(state, &mut buffer).unwrap().to_vec()).unwrap()
}

const CABLE: &str = r#"{"schema":1,"written_unix":1700000000,"wans":[{"name":"cable","measured_unix":1699999000,"measured_by":305419896,"baseline_ms":24.123456789,"load_ms":147.5856,"download":{"rate_bps":332928000,"green_streak":3,"confirmed_bps":391680000},"upload":{"rate_bps":28986498,"green_streak":255,"confirmed_bps":null}}]}"#;

#[test]
fn the_text_of_a_state_is_this_and_reads_back() {
    let state = state(&[cable()]);
    assert_eq!(text(&state), CABLE);
    assert_eq!(format::decode(CABLE.as_bytes()), Ok(state));
}

#[test]
fn a_steering_stands_behind_the_wans_and_a_file_without_any_is_as_it_ever_was() {
    let steered = State { steerings: [calls()].into_iter().collect(), ..state(&[cable()]) };
    let more = r#","steerings":[{"name":"calls","degraded":true,"changed_unix":1699999900,"steered_unix":[1699999100,1699999900]}]}"#;
    let text = text(&steered);
    assert_eq!(text, CABLE.strip_suffix('}').unwrap().to_owned() + more);
    assert_eq!(format::decode(text.as_bytes()), Ok(steered));
    let twice =
        text.replace("]}]}", "]},{\"name\":\"calls\",\"degraded\":false,\"steered_unix\":[]}]}");
    assert_eq!(format::decode(twice.as_bytes()), Err(DecodeError::Twice));
}

#[test]
fn a_wan_that_does_not_say_when_it_was_measured_is_as_old_as_its_file() {
    let old = CABLE.replace("\"measured_unix\":1699999000,\"measured_by\":305419896,", "");
    assert!(old.len() < CABLE.len());
    let wan = NamedWan { measured_unix: 1_700_000_000, measured_by: None, ..cable() };
    assert_eq!(format::decode(old.as_bytes()), Ok(state(&[wan])));
}

#[test]
fn the_largest_state_fits_and_reads_back() {
    let largest = |index: usize| NamedWan {
        name: Name::new(&format!("{index:0>64}")).unwrap(),
        measured_unix: u64::MAX,
        measured_by: Some(u32::MAX),
        wan: SavedWan {
            rates: PerDirection::both(rate(u64::MAX)),
            streaks: PerDirection::both(u8::MAX),
            baseline: ms(-f64::MIN_POSITIVE * -1.234_567_890_123_456_7),
            load: ms(f64::MAX),
            confirmed: PerDirection::both(Some(rate(u64::MAX))),
        },
    };
    let wans: Vec<_> = (0..format::MAX_WANS).map(largest).collect();
    let steering = |number: u32| NamedSteering {
        name: Name::new(&format!("{number:064}")).unwrap(),
        changed_unix: Some(u64::MAX),
        steered_unix: [u64::MAX; 10].into_iter().collect(),
        ..calls()
    };
    let steerings = (0..8).map(steering).collect();
    let state = State { written_unix: u64::MAX, steerings, ..state(&wans) };
    let text = text(&state);
    assert_eq!(format::decode(text.as_bytes()), Ok(state.clone()));
    let mut short = vec![0; text.len() - 1];
    assert_eq!(format::encode(&state, &mut short), Err(format::TooLong));
}

#[test]
fn every_time_reads_back_bit_by_bit() {
    for value in [0.0, 0.1, 1.0 / 3.0, 1e-310, 5e-324, 24.999_999_999_999_996, 9e15, 1e300] {
        let mut wan = cable();
        wan.wan.baseline = ms(value);
        let read = format::decode(text(&state(&[wan])).as_bytes()).unwrap();
        assert_eq!(read.wans[0].wan.baseline.ms().to_bits(), value.to_bits(), "{value}");
    }
}

#[test]
fn unknown_keys_and_white_space_do_no_harm() {
    let more = CABLE
        .replace(
            "{\"schema\"",
            " {\n\t\"later\": {\"a\": [1, {\"b\": null}], \"c\": \"]}\"}, \"schema\"",
        )
        .replace("\"load_ms\"", "\"fresh\": true , \"load_ms\"")
        + "\n";
    assert_eq!(format::decode(more.as_bytes()), Ok(state(&[cable()])));
}

#[test]
fn a_missing_optional_limit_is_one_that_was_never_confirmed() {
    let less = CABLE.replace(",\"confirmed_bps\":null", "");
    assert_eq!(format::decode(less.as_bytes()), Ok(state(&[cable()])));
}

#[test]
fn what_is_wrong_with_a_state_is_said() {
    let decode = |text: String| format::decode(text.as_bytes()).unwrap_err();
    let with = |from: &str, to: &str| {
        assert!(CABLE.contains(from), "{from}");
        decode(CABLE.replace(from, to))
    };
    assert_eq!(with("\"schema\":1", "\"schema\":2"), DecodeError::Schema(2));
    assert_eq!(with("332928000", "0"), DecodeError::ZeroRate);
    assert_eq!(with("391680000", "0"), DecodeError::ZeroRate);
    assert_eq!(with("24.123456789", "-0.5"), DecodeError::Time);
    assert_eq!(with("24.123456789", "1e400"), DecodeError::Time);
    assert_eq!(with("24.123456789", "null"), DecodeError::Time);
    assert_eq!(with("\"cable\"", "\"\""), DecodeError::Name);
    assert_eq!(with("\"cable\"", "\"ca\\nble\""), DecodeError::Name);
    assert_eq!(with("\"cable\"", &format!("\"{}\"", "x".repeat(65))), DecodeError::Name);
    let other = CABLE.replace("]}", "").replacen("{\"schema\"", "", 1);
    let twice = format!("{{\"schema\"{other},{}]}}", &other[other.find('[').unwrap() + 1..]);
    assert_eq!(decode(twice), DecodeError::Twice);
    assert_eq!(decode(" ".repeat(format::MAX_BYTES + 1)), DecodeError::TooLong);
    assert_eq!(decode("[".repeat(format::MAX_BYTES)), DecodeError::TooDeep);
    assert_eq!(decode("{\"x\":".repeat(17)), DecodeError::TooDeep);
    for (from, to) in [
        ("332928000", "-1"),
        ("332928000", "18446744073709551616"),
        ("332928000", "1.5"),
        ("332928000", "\"332928000\""),
        ("255", "256"),
        ("147.5856", "\"147\""),
        ("1700000000", "null"),
        ("\"schema\":1,", ""),
        ("\"load_ms\":147.5856,", ""),
        ("\"load_ms\"", "\"baseline_ms\""),
        ("]}", "]}]"),
    ] {
        assert!(matches!(with(from, to), DecodeError::Json(_)), "{from} → {to}");
    }
}

#[test]
fn no_cut_and_no_changed_byte_makes_decoding_fail_otherwise_than_by_an_error() {
    for len in 0..CABLE.len() {
        assert!(format::decode(&CABLE.as_bytes()[..len]).is_err(), "{len} bytes");
    }
    for (at, byte) in (0..CABLE.len()).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
        let mut bytes = CABLE.as_bytes().to_vec();
        bytes[at] = byte;
        let Ok(State { wans, .. }) = format::decode(&bytes) else { continue };
        assert!(wans.iter().all(|wan| wan.wan.load.ms().is_finite()), "byte {at} = {byte}");
    }
}

#[test]
fn seventeen_wans_are_an_error_and_no_loss() {
    let entry = CABLE.split_once('[').unwrap().1.trim_end_matches("]}");
    let entries: Vec<_> =
        (0..17).map(|index| entry.replace("cable", &format!("wan{index}"))).collect();
    let text = |count: usize| {
        format!("{{\"schema\":1,\"written_unix\":1,\"wans\":[{}]}}", entries[..count].join(","))
    };
    assert_eq!(format::decode(text(16).as_bytes()).unwrap().wans.len(), 16);
    assert!(matches!(format::decode(text(17).as_bytes()), Err(DecodeError::Json(_))));
}

#[test]
fn what_was_saved_is_loaded_and_belongs_to_us_alone() {
    let dir = TempDir::new();
    let inner = dir.path().join("a/b");
    assert_eq!(atomic::load(&inner, NAME).unwrap(), Loaded::NotThere);
    atomic::save(&inner, NAME, b"one").unwrap();
    assert_eq!(atomic::load(&inner, NAME).unwrap(), content("one"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&inner), 0o700);
    assert_eq!(mode(&inner.join(NAME)), 0o600);
    atomic::save(&inner, NAME, b"two").unwrap();
    assert_eq!(atomic::load(&inner, NAME).unwrap(), content("two"));
    assert_eq!(mode(&inner.join(NAME)), 0o600);
}

#[test]
fn a_directory_that_is_there_keeps_its_rights() {
    let dir = TempDir::new();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o750)).unwrap();
    atomic::save(dir.path(), NAME, b"one").unwrap();
    assert_eq!(fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o750);
}

#[test]
fn saving_replaces_the_file_and_never_writes_into_it() {
    let dir = TempDir::new();
    atomic::save(dir.path(), NAME, b"one").unwrap();
    fs::hard_link(dir.path().join(NAME), dir.path().join("old")).unwrap();
    atomic::save(dir.path(), NAME, b"two").unwrap();
    assert_eq!(fs::read(dir.path().join("old")).unwrap(), b"one");
    assert_eq!(atomic::load(dir.path(), NAME).unwrap(), content("two"));
}

#[test]
fn a_stop_before_the_rename_leaves_the_old_content_and_an_orphan_that_is_cleaned() {
    for (left, cleaned) in [(&b""[..], 1), (b"tw", 1), (b"two", 1)] {
        let dir = TempDir::new();
        atomic::save(dir.path(), NAME, b"one").unwrap();
        fs::File::create(dir.path().join(".wanctl-state.json.new"))
            .and_then(|mut file| std::io::Write::write_all(&mut file, left))
            .unwrap();
        assert_eq!(atomic::load(dir.path(), NAME).unwrap(), content("one"));
        assert_eq!(atomic::clean_orphans(dir.path()).unwrap(), cleaned);
        assert_eq!(dir.names(), [NAME]);
    }
}

#[test]
fn an_orphan_does_not_keep_the_next_save_from_its_work() {
    let dir = TempDir::new();
    let orphan = dir.path().join(".wanctl-state.json.new");
    fs::File::create(&orphan).unwrap();
    fs::set_permissions(&orphan, fs::Permissions::from_mode(0o666)).unwrap();
    atomic::save(dir.path(), NAME, b"two").unwrap();
    assert_eq!(dir.names(), [NAME]);
    assert_eq!(fs::metadata(dir.path().join(NAME)).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_link_in_the_place_of_the_new_file_is_not_followed() {
    let dir = TempDir::new();
    let victim = dir.path().join("victim");
    fs::File::create(&victim).unwrap();
    symlink(&victim, dir.path().join(".wanctl-state.json.new")).unwrap();
    atomic::save(dir.path(), NAME, b"two").unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"");
    assert_eq!(atomic::load(dir.path(), NAME).unwrap(), content("two"));
}

#[test]
fn cleaning_touches_nothing_but_our_orphans() {
    let dir = TempDir::new();
    for name in [NAME, "state.json.corrupt", "lock", "x.new", ".wanctl-other.new", ".wanctl-x"] {
        fs::File::create(dir.path().join(name)).unwrap();
    }
    assert_eq!(atomic::clean_orphans(dir.path()).unwrap(), 1);
    assert_eq!(dir.names(), [".wanctl-x", "lock", NAME, "state.json.corrupt", "x.new"]);
    assert_eq!(atomic::clean_orphans(&dir.path().join("missing")).unwrap(), 0);
}

#[test]
fn a_failed_save_keeps_the_old_content_and_cleans_up() {
    let dir = TempDir::new();
    // A directory under the name makes the rename fail, for root too.
    fs::create_dir_all(dir.path().join(NAME).join("full")).unwrap();
    let failure = atomic::save(dir.path(), NAME, b"two").unwrap_err();
    assert_eq!(failure.doing, Doing::Rename);
    assert!(failure.to_string().starts_with("renaming the file: "), "{failure}");
    assert_eq!(dir.names(), [NAME]);
}

#[test]
fn a_directory_that_cannot_be_written_is_an_error_that_says_so() {
    // Nobody can make files here, root neither.
    let failure = atomic::save(Path::new("/proc/self/fdinfo"), NAME, b"one").unwrap_err();
    assert_eq!(failure.doing, Doing::Create);
    let failure = atomic::make_dir(Path::new("/proc/self/fdinfo/deeper")).unwrap_err();
    assert_eq!(failure.doing, Doing::MakeDir);
    let dir = TempDir::new();
    fs::File::create(dir.path().join("file")).unwrap();
    let failure = atomic::save(&dir.path().join("file"), NAME, b"one").unwrap_err();
    assert_eq!(failure.doing, Doing::MakeDir);
}

#[test]
fn what_cannot_be_a_state_file_is_foreign_and_not_read() {
    let dir = TempDir::new();
    let limit = format::MAX_BYTES;
    let path = dir.path().join(NAME);
    atomic::save(dir.path(), NAME, &vec![b' '; limit]).unwrap();
    assert!(matches!(atomic::load(dir.path(), NAME).unwrap(), Loaded::Content(_)));
    atomic::save(dir.path(), NAME, &vec![b' '; limit + 1]).unwrap();
    assert_eq!(atomic::load(dir.path(), NAME).unwrap(), Loaded::Foreign);
    fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    assert_eq!(atomic::load(dir.path(), NAME).unwrap(), Loaded::Foreign);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(atomic::load(dir.path(), NAME).unwrap(), Loaded::Foreign);
}

#[test]
fn a_corrupt_file_is_set_aside_and_the_last_one_kept() {
    let dir = TempDir::new();
    for text in ["first", "second"] {
        atomic::save(dir.path(), NAME, text.as_bytes()).unwrap();
        atomic::set_aside(dir.path(), NAME).unwrap();
        assert_eq!(dir.names(), ["state.json.corrupt"]);
        assert_eq!(atomic::load(dir.path(), "state.json.corrupt").unwrap(), content(text));
    }
    assert_eq!(atomic::set_aside(dir.path(), NAME).unwrap_err().doing, Doing::Rename);
}

/// The directory for the child that saves.
const SAVER_DIR: &str = "WANCTL_TEST_SAVER_DIR";

#[test]
#[ignore = "the process that the next test kills"]
fn a_process_that_saves_without_end() {
    assert_own_process();
    let dir = PathBuf::from(env::var_os(SAVER_DIR).unwrap());
    for letter in (b'a'..=b'z').cycle() {
        atomic::save(&dir, NAME, &[letter; 4_000]).unwrap();
    }
}

#[test]
fn a_file_is_whole_wherever_the_process_was_killed() {
    let dir = TempDir::new();
    atomic::save(dir.path(), NAME, &[b'-'; 4_000]).unwrap();
    for round in 0..40 {
        let mut saver = child("store::a_process_that_saves_without_end")
            .env(SAVER_DIR, dir.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Some saves in, at a point that nobody chose.
        let before = fs::metadata(dir.path().join(NAME)).unwrap().ino();
        while fs::metadata(dir.path().join(NAME)).unwrap().ino() == before {
            assert!(saver.try_wait().unwrap().is_none(), "the saver ended by itself");
        }
        for _ in 0..round * 7 {
            whole(dir.path());
        }
        saver.kill().unwrap();
        saver.wait().unwrap();
        whole(dir.path());
        assert!(atomic::clean_orphans(dir.path()).unwrap() <= 1);
        assert_eq!(dir.names(), [NAME]);
    }
}

fn whole(dir: &Path) {
    let Loaded::Content(bytes) = atomic::load(dir, NAME).unwrap() else { panic!("no content") };
    assert_eq!(bytes.len(), 4_000);
    assert!(bytes.iter().all(|byte| *byte == bytes[0]));
}
