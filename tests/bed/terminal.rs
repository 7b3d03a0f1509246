//! `wanctl status` in real terminals, of the usual size and of a small one.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{
    load::server,
    needs::announce,
    net::Bed,
    shaper::counted,
    steered::{BELOW_THE_FLOOR, Steered, of},
    support::{
        daemon::WANCTL,
        wait::{seconds, within},
    },
};

static COUNT: AtomicU32 = AtomicU32::new(0);
const SIZES: [(u16, u16); 2] = [(80, 24), (40, 20)];

/// A terminal of its own in the client's namespace; it is gone with this value.
struct Terminal<'a> {
    bed: &'a Bed,
    socket: String,
}

impl<'a> Terminal<'a> {
    fn open(bed: &'a Bed, (columns, rows): (u16, u16), command: &str) -> Self {
        // A server that is gone may hold its socket for a little longer.
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let socket = format!("wanctl-{}-{number}", process::id());
        let terminal = Self { bed, socket };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        terminal.tmux(&["new-session", "-d", "-x", &columns, "-y", &rows, command]);
        terminal
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bed.command("client", "tmux");
        // Nobody's habits.
        command.args(["-u", "-L", &self.socket, "-f", "/dev/null"]).args(arguments);
        command.env_remove("TMUX");
        command
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is seen without scrolling.
    fn pane(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// What is seen once it has all of these words.
    fn shows(&self, words: &[&str]) -> String {
        let mut last = String::new();
        let seen = within(seconds(10), || {
            last = self.pane();
            words.iter().all(|word| last.contains(word)).then(|| last.clone())
        });
        seen.unwrap_or_else(|| panic!("never {words:?} in\n{last}"))
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.command(&["kill-server"]).output();
    }
}

/// The status, once and again and again, in a terminal of each size; each has to show how it is.
fn screens(bed: &Bed, at: SocketAddr) -> String {
    let once = format!("{WANCTL} status --at {at}; exec cat");
    let again = format!("{WANCTL} status --watch --at {at}");
    let all = SIZES.iter().flat_map(|size| [(*size, &once), (*size, &again)]);
    let screen = |(size, command): ((u16, u16), &String)| {
        let terminal = Terminal::open(bed, size, command);
        let pane = terminal.shows(&["wan cable", "wan dsl", "steering calls: DEGRADED"]);
        format!("\n--- {size:?} {command}\n{pane}")
    };
    all.map(screen).collect()
}

#[test]
fn the_status_answers_on_a_terminal_of_any_size_what_is_steered_and_how_both_lines_are() {
    let Some(bed) = Bed::new() else { return };
    let _server = server(&bed);
    let kept = bed.inside("client", || {
        let steered = Steered::start(&bed, &BELOW_THE_FLOOR);
        counted(&bed, &steered.router, || {
            let _load = steered.load(60);
            steered.daemon.until("steered", |health| of(health).rule_on == Some(true));
            screens(&bed, steered.daemon.address())
        })
        .0
    });
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("terminal.txt");
    #[expect(clippy::disallowed_methods, reason = "a picture to look at, not a state")]
    fs::write(&file, &kept).unwrap();
    announce(&format!("{kept}\nthe screens: {}", file.display()));
}
