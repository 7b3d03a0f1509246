//! The emulated machines that have CAKE, and their share of the work each.

use std::{
    collections::{BTreeMap, VecDeque},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
};

use crate::{
    cell::{Cell, Row},
    guest::{Board, Guest},
    support::daemon::WANCTL,
};

/// What it needs: program, an argument with which it does nothing, the Debian package that has it.
pub(crate) const PROGRAMS: [(&str, &str, &str); 9] = [
    ("ip", "-V", "iproute2"),
    ("tc", "-V", "iproute2"),
    ("iperf3", "--version", "iperf3"),
    ("ping", "-V", "iputils-ping"),
    ("qemu-system-x86_64", "--version", "qemu-system-x86"),
    ("cpio", "--version", "cpio"),
    ("modprobe", "--version", "kmod"),
    ("strip", "--version", "binutils"),
    ("dpkg", "--version", "dpkg"),
];

/// Before the line in which a guest says what it measured.
pub(crate) const SAYS: &str = "measured: ";

/// An emulator is one thread; on a machine that is busy anyhow, more of them get more of it.
fn machines() -> usize {
    let wanted = env::var("WANCTL_MACHINES").ok();
    wanted.map_or(2, |wanted| wanted.parse().unwrap())
}

/// Makes the image of the machine out of this program and the daemon.
fn image() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boards/image");
    let own = env::current_exe().unwrap();
    let status = Command::new(script).arg("cake").arg(own).arg(WANCTL.path()).status();
    assert!(status.unwrap().success(), "no image of a machine with CAKE");
}

/// Measures all of these; `told` hears of each at once.
pub(crate) fn rows(cells: &[Cell], told: &(dyn Fn(Cell, &Row) + Sync)) -> BTreeMap<Cell, Row> {
    image();
    let waiting = Mutex::new(cells.iter().copied().collect::<VecDeque<Cell>>());
    let rows = Mutex::new(BTreeMap::new());
    let done = |cell: Cell, row: Row| {
        told(cell, &row);
        rows.lock().unwrap().insert(cell, row);
    };
    thread::scope(|scope| {
        for _ in 0..machines().min(cells.len()) {
            scope.spawn(|| work(&waiting, &done));
        }
    });
    rows.into_inner().unwrap()
}

/// One machine takes what is next until nothing is left.
fn work(waiting: &Mutex<VecDeque<Cell>>, done: &(dyn Fn(Cell, Row) + Sync)) {
    let mut guest = Guest::boot(&Board::named("cake"), &[], |program| Command::new(program));
    guest.sh("for name in veth sch_cake sch_netem sch_tbf; do modprobe $name || exit; done");
    loop {
        let Some(cell) = waiting.lock().unwrap().pop_front() else { return };
        done(cell, measured(&mut guest, cell));
    }
}

fn measured(guest: &mut Guest, cell: Cell) -> Row {
    let (load, law) = cell.words();
    let said = guest.sh(&format!(
        "WANCTL_BINARY=/usr/sbin/wanctl WANCTL_CELL='{load} {law}' \
         cake --ignored --exact inside --nocapture 2>&1"
    ));
    keep(cell, &said);
    row(&said).unwrap_or_else(|| panic!("{load} {law}:\n{said}"))
}

fn row(said: &str) -> Option<Row> {
    said.lines().find_map(|line| line.strip_prefix(SAYS)).map(Row::from_line)
}

/// Where all that was said of a cell is kept, for whoever asks why.
fn place(cell: Cell) -> PathBuf {
    let (load, law) = cell.words();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/cake");
    folder.join(format!("{load}-{law}.txt"))
}

#[expect(clippy::disallowed_methods, reason = "whoever stops this half-way makes it anew")]
fn keep(cell: Cell, said: &str) {
    let place = place(cell);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, said).unwrap();
}

/// What was measured of these before, if it is all there.
pub(crate) fn kept(cells: &[Cell]) -> BTreeMap<Cell, Row> {
    let read = |cell: &Cell| {
        let said = fs::read_to_string(place(*cell));
        let row = said.ok().and_then(|said| row(&said));
        (*cell, row.unwrap_or_else(|| panic!("nothing measured in {}", place(*cell).display())))
    };
    cells.iter().map(read).collect()
}
