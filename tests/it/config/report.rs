//! What `wanctl check` says.

use wanctl::cli::check::{Verdict, check, options};

use super::{MINIMAL, PASSWORD, files::Dir};

/// The verdict and the text, with the path of the file as `FILE`.
fn run(dir: &Dir, mode: u32, text: &str) -> (Verdict, String) {
    let path = dir.file("wanctl", mode, text);
    let mut out = Vec::new();
    let verdict = check(&path, &mut out).unwrap();
    let shown = String::from_utf8(out).unwrap().replace(&path.display().to_string(), "FILE");
    assert!(!shown.contains(PASSWORD), "{shown}");
    (verdict, shown)
}

#[test]
fn a_good_configuration_is_summed_up() {
    let dir = Dir::new("good");
    assert_eq!(
        run(&dir, 0o600, MINIMAL),
        (
            Verdict::Good,
            "\
FILE: good
listens on 127.0.0.1:9101; state in /var/run/wanctl, no copy on flash; logs from info
router 'home': https://192.168.88.1:443 as 'wanctl', trusts the system's authorities, 2s per operation
wan 'wan1': queue tree 'dl' and 'ul' on router 'home', law adaptive
  download: 50M to 500M, base learnt; without the load (floors: green 50M, yellow 50M), up by 1M after 5 cycles, down by ×0.96 yellow, ×0.85 red; yellow above 15ms, soft red above 45ms, red above 80ms; kept at exit
  upload: 10M to 50M, base learnt; without the load (floors: green 10M, yellow 10M), up by 0.1M after 5 cycles, down by ×0.94 yellow, ×0.9 red; yellow above 15ms, red above 45ms; kept at exit
  probes 1.1.1.1 every 50ms; without an answer: TCP to 1.1.1.1:443, 8.8.8.8:443; baseline learnt, 1ms to 500ms; 600 writes per hour
"
            .into()
        )
    );
}

#[test]
fn every_finding_is_one_line_with_its_place() {
    let dir = Dir::new("bad");
    let text = MINIMAL.replace("'500M'", "'500'").replace("https:", "http:");
    assert_eq!(
        run(&dir, 0o600, &text),
        (
            Verdict::Bad,
            "\
FILE:2: warning: router 'home' option url 'http://192.168.88.1': the connection is not encrypted; \
allowed: https://; consequence: whoever listens between here and the router reads the password
FILE:9: error: wan 'wan1' option download_ceiling '500': the number needs its unit; \
allowed: 1M to 10G, e.g. 500M; write 500M; consequence: the daemon does not start
"
            .into()
        )
    );
}

#[test]
fn warnings_stand_before_the_summary() {
    let dir = Dir::new("warned");
    let (verdict, shown) = run(&dir, 0o600, &MINIMAL.replace("https:", "http:"));
    assert_eq!(verdict, Verdict::Good);
    assert!(shown.starts_with("FILE:2: warning: "), "{shown}");
    assert!(shown.contains("\nFILE: good\n"), "{shown}");
    assert!(shown.contains("http://192.168.88.1:80 as 'wanctl', not encrypted"), "{shown}");
}

#[test]
fn a_file_that_cannot_be_read_is_a_finding_too() {
    let mut out = Vec::new();
    let verdict = check(std::path::Path::new("/nonexistent/wanctl"), &mut out).unwrap();
    assert_eq!(verdict, Verdict::Bad);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "/nonexistent/wanctl: error: there is no such file; consequence: the daemon does not start\n"
    );
}

#[test]
fn the_table_of_options_is_markdown() {
    let mut out = Vec::new();
    options(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    for line in [
        "**Section `globals`**",
        "| `listen` | `127.0.0.1:9101` | ADDRESS:PORT or [ADDRESS]:PORT (port 0: any free one) | Address of health, metrics and status. |",
        "| `download_ceiling` | required | 1M to 10G | The highest rate: what the line carries at its best. |",
        "| `upload_factor_down` | `0.90` | 0.1 to 1.0 | What a red cycle multiplies the rate by. |",
        "| `download_step_up` | 0.2 % of ceiling, at least 0.1M | 0.1M to 100M | What one green cycle adds after the streak. |",
        "| `reflector` (list, 1 to 8) | required | an IPv4 or IPv6 address, no name | Hosts whose answers are timed, the preferred ones first. |",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let rows = text.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, 85);
}
