//! What the daemon shows: health, metrics, history.

use std::collections::BTreeSet;

use serde_json::Value;
use wanctl::{
    observe::health::{Health, Status},
    sim::routeros::Down,
};

use super::{CEILING, configured, start, started};
use crate::running::{
    canary::with_canary,
    daemon::ask,
    router::{Router, home},
    schema,
    scratch::Scratch,
    shown::{self, Waits, contrib, json, truthful},
    wait::{look_again_later, seconds, within},
};

#[test]
fn the_health_keeps_to_its_schema_before_during_and_after_an_outage() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let daemon = start(&configured(&scratch, &router));
    truthful(&daemon, "at the start");
    // Limits may be confirmed while the baseline is still being learnt.
    daemon.until("healthy", |health| health.status == Status::Healthy);
    truthful(&daemon, "steady");
    router.force(Some(Down::Refuse));
    // The counters are read each second.
    let lost = |health: &Health| health.routers[0].reachable == Some(false);
    daemon.until_within(seconds(20), "lost", lost);
    assert_eq!(truthful(&daemon, "lost")["status"], "degraded");
    router.force(None);
    daemon.until("back", |health| !lost(health));
    truthful(&daemon, "back");
}

#[test]
fn a_schema_that_is_broken_in_any_way_is_noticed() {
    let root = shown::schema();
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let daemon = started(&configured(&scratch, &router));
    let health = json(&daemon, "/health");
    let broken: [fn(&mut Value); 5] = [
        |health| health["status"] = "fine".into(),
        |health| health["wans"][0]["download"]["wanted_bps"] = 0.into(),
        |health| health["wans"][0]["cycles"] = Value::Null,
        |health| health["more"] = 1.into(),
        |health| drop(health["routers"][0].as_object_mut().unwrap().remove("requests")),
    ];
    for (index, spoil) in broken.iter().enumerate() {
        let mut health = health.clone();
        spoil(&mut health);
        assert!(!schema::check(&root, &health).is_empty(), "{index}");
    }
}

/// The names of all metrics that `text` speaks of.
fn names(text: &str) -> BTreeSet<&str> {
    let is_part =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let words = text.split(|letter: char| !is_part(letter));
    words.filter(|word| word.starts_with("wanctl_")).collect()
}

#[test]
fn the_metrics_are_true_and_alerts_and_dashboard_name_no_others() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let daemon = started(&configured(&scratch, &router));
    let expected = [
        format!(
            "wanctl_rate_confirmed_bytes_per_second{{wan=\"cable\",direction=\"download\"}} {}.000\n",
            CEILING.0 / 8
        ),
        "wanctl_state{wan=\"cable\",direction=\"upload\"} 0\n".to_string(),
        "wanctl_router_reachable{router=\"home\"} 1\n".to_string(),
        "wanctl_healthy 1\n".to_string(),
    ];
    // Limits may be confirmed while the baseline is still being learnt, and a machine with other
    // work may let a round be missed: each line is true at some time, and all of them at one.
    let mut last = String::new();
    let metrics = within(seconds(15), || {
        let (status, metrics) = ask(daemon.address(), "/metrics")?;
        assert_eq!(status, 200);
        last.clone_from(&metrics);
        expected.iter().all(|line| metrics.contains(line)).then_some(metrics)
    });
    let metrics = metrics.unwrap_or_else(|| panic!("never {expected:#?} in\n{last}"));
    let known = names(&metrics);
    for file in ["wanctl.rules.yml", "wanctl.dashboard.json"] {
        let text = contrib(file);
        let unknown: Vec<_> = names(&text).difference(&known).copied().collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
    let dashboard: Value = serde_json::from_str(&contrib("wanctl.dashboard.json")).unwrap();
    assert_eq!(dashboard["panels"].as_array().unwrap().len(), 10);
}

#[test]
fn the_history_has_a_sample_per_second_and_the_events_of_the_log() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let daemon = started(&configured(&scratch, &router));
    let samples = |history: &Value| history["wans"][0]["samples"].as_array().unwrap().clone();
    let history = within(seconds(15), || {
        let history = json(&daemon, "/history");
        (samples(&history).len() >= 4).then_some(history)
    });
    let history = history.unwrap();
    let (age, first) = (&history["now"], &history["wans"][0]["first"]);
    let expected = age.as_u64().unwrap() + 1 - first.as_u64().unwrap();
    let found = u64::try_from(samples(&history).len()).unwrap();
    assert!(found.abs_diff(expected) <= 1, "{found} samples instead of {expected}");
    let last = samples(&history).last().unwrap().clone();
    assert_eq!(last[0], CEILING.0 / 1_000);
    assert_eq!(last[2], CEILING.0 / 1_000);
    assert_eq!(last[7], 0, "GREEN");
    assert_eq!(last.as_array().unwrap().len(), history["fields"].as_array().unwrap().len());
    let texts: Vec<_> = history["events"].as_array().unwrap().iter().collect();
    let lines = daemon.lines();
    for event in &texts {
        let text = event["text"].as_str().unwrap();
        assert!(lines.iter().any(|line| line.contains(text)), "{text} is not in the log");
    }
    assert!(texts.iter().any(|event| event["text"].as_str().unwrap().contains("-> GREEN")));
    let short = json(&daemon, "/history?seconds=1");
    assert!(samples(&short).len() <= 3, "{short}");
}

#[test]
fn the_answers_come_within_50_ms() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let daemon = started(&configured(&scratch, &router));
    daemon.until("healthy", |health| health.status == Status::Healthy);
    with_canary(|canary| {
        for path in ["/health", "/metrics", "/history"] {
            let mut waits = Waits::default();
            let before = canary.sung();
            for _ in 0..11 {
                let answer = waits.measured(|| ask(daemon.address(), path));
                assert_eq!(answer.unwrap().0, 200, "{path}");
                look_again_later();
            }
            waits.judge(&canary.sung().since(&before), path);
        }
    });
}

#[test]
fn the_page_is_small_and_takes_nothing_from_elsewhere() {
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let daemon = started(&configured(&scratch, &router));
    let (status, page) = ask(daemon.address(), "/").unwrap();
    assert_eq!(status, 200);
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert!(page.len() <= 20 * 1024, "{} bytes", page.len());
    // The one address in it is the name of a language, which nobody fetches.
    let others = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!others.contains("//") && !others.contains("src=") && !others.contains("@import"));
}
