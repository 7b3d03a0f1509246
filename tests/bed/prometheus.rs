//! Metrics and alerts, judged by the tool that comes with Prometheus.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    bloat, filtered,
    needs::announce,
    net::Bed,
    support::{
        daemon::ask,
        router::{Router, home},
        scratch::Scratch,
    },
};

#[test]
fn promtool_finds_nothing_wrong_with_the_metrics() {
    let Some(bed) = Bed::new() else { return };
    let scratch = Scratch::new();
    let target = filtered::listen(&bed).local_addr().unwrap().to_string();
    let metrics = bed.inside("client", || {
        let router = Router::start(home());
        let daemon = bloat::start(&bed, &filtered::config(&scratch, &router, &target));
        daemon.until("steady", |health| health.wans[0].cycles > 100);
        ask(daemon.address(), "/metrics").unwrap().1
    });
    let mut check = Command::new("promtool");
    check.args(["check", "metrics"]).stdin(Stdio::piped());
    let mut check = check.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    check.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let output = check.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.is_empty(), "{said}\n{metrics}");
    announce(&format!("\npromtool: {} lines of metrics, nothing to say", metrics.lines().count()));
}

#[test]
fn promtool_takes_the_alerts() {
    if Bed::new().is_none() {
        return;
    }
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/contrib/wanctl.rules.yml");
    let alerts = fs::read_to_string(&rules).unwrap().matches("- alert:").count();
    let output = Command::new("promtool").args(["check", "rules"]).arg(rules).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let found = format!("SUCCESS: {alerts} rules found");
    assert!(output.status.success() && alerts > 0 && said.contains(&found), "{found}: {said}");
}
