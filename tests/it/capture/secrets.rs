//! What must not be in a recording, planted wherever the simulated router can hold it.

use wanctl::{
    control::units::PerDirection,
    sim::routeros::{ItemSettings, RouterSettings},
};

use super::{Bed, files};
use crate::running::{
    router::{PASSWORD, Router, home, mbit},
    rows::side_by_side,
};

/// A secret of each kind.
const PLANTED: [&str; 10] = [
    "81.2.69.142",
    "2a02:810d:1:2::7",
    "64:D1:54:0A:0B:0C",
    "64-d1-54-0a-0b-0d",
    "HGB09ZVSC5V",
    "9FTG-K2LB",
    "mK7yVt3qVJ1xW8a0Zb5cD9eF2gH4iJ6kL8mN0oP1qR0=",
    "-----BEGIN RSA PRIVATE KEY-----",
    "d2FuY3RsOnNlY3JldA",
    PASSWORD,
];

/// Where the simulated router can hold a text.
const PLACES: [&str; 9] =
    ["identity", "version", "board", "name", "comment", "target", "parent", "packet-mark", "queue"];

fn planted(place: &'static str) -> RouterSettings {
    let mut settings = home();
    let secret = PLANTED.join(" ");
    let limits = PerDirection { download: mbit(9), upload: mbit(1) };
    // Control characters and quotes are escapes in JSON.
    let text = format!("to \"{secret}\"\n\tü");
    match place {
        "identity" => settings.identity = text,
        "version" => settings.version = format!("7.23.2 (stable) {text}"),
        "board" => settings.board = text,
        "name" => settings.items.push(ItemSettings::tree(&text, mbit(5))),
        "target" => {
            let queue = ItemSettings::simple("q", limits);
            settings.items.push(queue.with("target", &secret));
        }
        key => {
            settings.items.push(ItemSettings::tree("q", mbit(5)).with(key, &text));
            let queue = ItemSettings::simple("q", limits);
            settings.items.push(queue.with(key, &text).with("packet-marks", &text));
        }
    }
    settings
}

/// All secrets at one place.
fn gives_nothing_away(place: &'static str, arguments: &[&str]) {
    let bed = Bed::new(Router::start(planted(place)));
    let out = bed.recorded(arguments);
    let mut shown = files(&bed.dir());
    shown.push(("standard output".into(), out));
    for (path, text) in shown {
        for secret in PLANTED {
            let path = path.display();
            assert!(!text.contains(secret), "{arguments:?} {place} {secret} {path}: {text}");
        }
    }
    bed.only_read();
}

#[test]
fn no_planted_secret_is_in_a_recording_with_stand_ins_for_names() {
    side_by_side(&PLACES, 3, |place| {
        gives_nothing_away(place, &[]);
        (*place).to_owned()
    });
}

#[test]
fn no_planted_secret_is_in_a_recording_that_keeps_names() {
    side_by_side(&PLACES, 3, |place| {
        gives_nothing_away(place, &["--keep-names"]);
        (*place).to_owned()
    });
}
