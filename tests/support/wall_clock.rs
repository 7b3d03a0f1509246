//! A wall clock that a test sets, for a program that links the C library dynamically; `wall_clock.c`
//! is preloaded into it. The machine's own clock is left alone.

use std::{
    cell::Cell,
    fs::{File, OpenOptions},
    os::unix::fs::FileExt as _,
    path::PathBuf,
    process::Command,
};

use wanctl::{control::time::Span, os::clock::Reading};

use super::{scratch::Scratch, stops::let_pass};

const SOURCE: &str = include_str!("wall_clock.c");

/// A step happens so long after it was asked for: stamps of datagrams from before it are not moved.
const NOTICE: Span = Span::from_millis(20);

/// Where the numbers are in the file.
const UNTIL: u64 = 0;
const BEFORE: u64 = 8;
const AFTER: u64 = 16;
const STAMPS: u64 = 24;
const LOOKS: u64 = 32;

pub struct WallClock {
    library: PathBuf,
    path: PathBuf,
    file: File,
    ahead: Cell<i64>,
}

/// How often the program made use of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uses {
    /// Stamps of datagrams.
    pub stamps: i64,
    /// Looks at the time.
    pub looks: i64,
}

impl WallClock {
    /// One that is right.
    pub fn new(scratch: &Scratch) -> Self {
        let source = scratch.write("wall_clock.c", SOURCE.as_bytes());
        let library = scratch.join("wall_clock.so");
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(source);
        let told = compiler.output().expect("cc is missing: apt-get install gcc");
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        let path = scratch.write("wall_clock", &[0; 40]);
        let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        Self { library, path, file, ahead: Cell::new(0) }
    }

    /// Lets this program go by it.
    pub fn before(&self, mut command: Command) -> Command {
        command.env("LD_PRELOAD", &self.library).env("WANCTL_WALL_CLOCK", &self.path);
        command
    }

    /// Sets it so many seconds ahead of the true time.
    pub fn set_ahead(&self, seconds: i64) {
        let micros = Reading::take().wall.as_micros() + NOTICE.as_micros();
        let nanos = |seconds: i64| seconds * 1_000_000_000;
        self.write(BEFORE, nanos(self.ahead.get()));
        self.write(UNTIL, i64::try_from(micros * 1_000).unwrap());
        self.write(AFTER, nanos(seconds));
        self.ahead.set(seconds);
        let_pass(NOTICE);
    }

    pub fn uses(&self) -> Uses {
        Uses { stamps: self.read(STAMPS), looks: self.read(LOOKS) }
    }

    fn write(&self, place: u64, number: i64) {
        self.file.write_all_at(&number.to_ne_bytes(), place).unwrap();
    }

    fn read(&self, place: u64) -> i64 {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, place).unwrap();
        i64::from_ne_bytes(bytes)
    }
}
