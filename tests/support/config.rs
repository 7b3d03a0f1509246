//! Configurations as text.

use wanctl::control::units::PerDirection;

use super::scratch::Scratch;

/// The options that are lists.
const LISTS: [&str; 2] = ["reflector", "tcp_target"];

/// `config KIND 'name'` with these options. A WAN that names no TCP target has none: nothing that a
/// test starts speaks to the world.
pub fn section(kind: &str, name: &str, options: &[(&str, &str)]) -> String {
    let line = |(option, value): &(&str, &str)| {
        let word = if LISTS.contains(option) { "list" } else { "option" };
        format!("\t{word} {option} '{value}'\n")
    };
    let no_target = !options.iter().any(|(option, _)| *option == "tcp_target");
    let nobody = (kind == "wan" && no_target).then_some(("tcp_target", "none"));
    let lines: Vec<String> = options.iter().chain(&nobody).map(line).collect();
    format!("config {kind} '{name}'\n{}\n", lines.concat())
}

/// The globals: a status port that the system chooses, and the state in the directory.
pub fn globals(scratch: &Scratch, level: &str) -> String {
    format!(
        "config globals 'globals'\n\
         \toption listen '127.0.0.1:0'\n\
         \toption state_dir '{}'\n\
         \toption log_level '{level}'\n\n",
        scratch.join("state").display()
    )
}

/// The queue tree entries of [`wanctl::sim::routeros::RouterSettings::home`].
pub const TREE: [(&str, &str); 2] =
    [("download_queue", "WAN-Download"), ("upload_queue", "WAN-Upload")];

/// Rates that rise for more than a minute by the classic law, which asks for no load: something is to
/// be written every second.
pub const CLIMBING: [(&str, &str); 12] = [
    ("law", "classic"),
    ("download_ceiling", "1000M"),
    ("download_floor", "100M"),
    ("download_step_up", "0.5M"),
    ("upload_ceiling", "200M"),
    ("upload_floor", "10M"),
    ("upload_step_up", "0.1M"),
    ("baseline_initial", "1ms"),
    ("write_budget", "7200"),
    ("reflector", "127.0.0.1"),
    ("reflector", "127.0.0.2"),
    ("reflector", "127.0.0.3"),
];

/// Rates that rise by the default law as long as the queues are full: by a few percent to a third, each
/// direction every few seconds, for a minute.
pub const FILLING: [(&str, &str); 9] = [
    ("download_ceiling", "10G"),
    ("download_floor", "100M"),
    ("upload_ceiling", "10G"),
    ("upload_floor", "10M"),
    ("baseline_initial", "1ms"),
    ("write_budget", "7200"),
    ("reflector", "127.0.0.1"),
    ("reflector", "127.0.0.2"),
    ("reflector", "127.0.0.3"),
];

/// What the wanted rates may be ahead of the router: they rise for a second before they wait for
/// it, and one request later they have risen further.
pub const AHEAD: PerDirection<u64> = PerDirection { download: 12_500_000, upload: 2_500_000 };
