//! The tables of shapes against every golden file of their requests.

use std::collections::BTreeMap;

use wanctl::router::{
    contract::{
        Basis, Differences, Form, Key, Presence, Scope, Shape, What, console, refusal_over_rest,
        rest,
    },
    error::Transport,
};

use super::manifest::{Golden, Origin, all};

/// The menus, and what reading one asks for.
const MENUS: [(&str, What); 6] = [
    ("/system/resource", What::Resource),
    ("/system/identity", What::Identity),
    ("/queue/tree", What::QueueTree),
    ("/queue/simple", What::QueueSimple),
    ("/queue/type", What::QueueType),
    ("/ip/firewall/mangle", What::Mangle),
];

/// What a golden file is an answer to; `None`: no shape is of it.
pub(crate) fn asked(golden: &Golden) -> Option<(Transport, What)> {
    if golden.is_below("rest") {
        let is_error = golden.status.is_some_and(|status| status >= 400);
        let path = golden.request.split(' ').nth(1)?.split('?').next()?.strip_prefix("/rest")?;
        let menu = MENUS.into_iter().find(|(menu, _)| path.starts_with(menu));
        let what = if is_error { What::Refusal } else { menu?.1 };
        return Some((Transport::Rest, what));
    }
    if !golden.is_below("ssh") || golden.file.ends_with(".get.max-limit.bytes.json") {
        return None;
    }
    let request = golden.request.replacen(' ', "/", golden.request.find("/print").map_or(2, |_| 0));
    let (_, what) = MENUS.into_iter().find(|(menu, _)| request.starts_with(menu))?;
    let is_statistics = golden.request.contains("stats");
    match (what, is_statistics) {
        (What::QueueTree, true) => Some((Transport::Ssh, What::QueueTreeStatistics)),
        (What::QueueSimple, true) => Some((Transport::Ssh, What::QueueSimpleStatistics)),
        // A table with columns, which nobody reads.
        (What::Mangle, true) => None,
        (what, _) => Some((Transport::Ssh, what)),
    }
}

/// The keys that a request was confined to.
fn proplist(request: &str) -> Option<Vec<&str>> {
    let (_, list) = request.split_once(".proplist")?;
    let list = list.trim_start_matches(['=', '"', ':']);
    Some(list.split(['&', '"', '}']).next()?.split(',').collect())
}

/// What the recorder of the captures took away: CR, and the empty line at the end. Those with exact
/// bytes have both.
fn as_sent(golden: &Golden) -> String {
    let text = golden.content();
    if text.is_empty() || text.contains('\r') {
        return text;
    }
    format!("{}\r\n\r\n", text.replace('\n', "\r\n"))
}

/// How a golden file differs from the shape of its answer.
fn differences(golden: &Golden, shape: &Shape) -> Differences {
    let content = as_sent(golden);
    let keys = proplist(&golden.request);
    let keys =
        if golden.file.contains(".excerpt.") { Some(vec!["uptime", "version"]) } else { keys };
    let keys = keys.as_deref();
    match (shape.transport, shape.what) {
        (Transport::Rest, What::Refusal) => {
            let status = golden.status.unwrap();
            refusal_over_rest(status, status, golden.content().as_bytes())
        }
        (Transport::Rest, _) => {
            let form = if content.starts_with('[') { Form::List } else { Form::Record };
            rest(shape, Scope { form, keys }, golden.status.unwrap(), golden.content().as_bytes())
        }
        (Transport::Ssh, _) => console(shape, keys, &content),
    }
}

/// The golden files of a shape.
fn of_shape(shape: &Shape) -> Vec<Golden> {
    let own = |golden: &Golden| asked(golden) == Some((shape.transport, shape.what));
    all().into_iter().filter(own).collect()
}

#[test]
fn every_golden_file_has_the_shape_of_its_answer() {
    let mut held = 0;
    for shape in Shape::ALL {
        for golden in of_shape(shape) {
            let found = differences(&golden, shape);
            // An older console, on a wide terminal, or what a terminal made of it.
            let layout_is_other = golden.origin == Origin::Doc && golden.is_below("ssh")
                || ["ssh/6.48.7", "ssh/7.12.2"].iter().any(|old| golden.is_below(old));
            let own = |text: String| layout_is_other && !text.contains("key");
            let found: Vec<String> =
                found.iter().map(ToString::to_string).filter(|text| !own(text.clone())).collect();
            assert_eq!(found, Vec::<String>::new(), "{}", golden.file);
            held += 1;
        }
    }
    assert!(held >= 55, "{held} files have a shape");
}

/// Keys and values of each record of a golden file, told without the code under test.
fn records(golden: &Golden, shape: &Shape) -> Vec<BTreeMap<String, String>> {
    let text = golden.content();
    let records = match (shape.transport, shape.what) {
        (Transport::Rest, _) => text.split('{').skip(1).map(json_fields).collect(),
        (Transport::Ssh, What::Resource | What::Identity) => {
            let pair = |line: &str| {
                let (key, value) = line.split_once(": ")?;
                Some((key.trim().to_owned(), value.trim().to_owned()))
            };
            vec![text.lines().filter_map(pair).collect()]
        }
        (Transport::Ssh, _) => {
            let joined = text.replace("\n   ", " ").replace("\n     ", " ");
            let is_record = |line: &&str| line.contains('=') && !line.starts_with("Flags");
            joined.lines().filter(is_record).map(console_fields).collect()
        }
    };
    let records: Vec<BTreeMap<String, String>> = records;
    let own = |record: &BTreeMap<String, String>| {
        shape.only.is_none_or(|(key, value)| record.get(key).is_some_and(|own| own == value))
    };
    records.into_iter().filter(own).collect()
}

fn json_fields(record: &str) -> BTreeMap<String, String> {
    let record = record.split('}').next().unwrap();
    let field = |field: &str| {
        let (key, value) = field.split_once("\":")?;
        Some((key.trim_start_matches('"').to_owned(), value.trim_matches('"').to_owned()))
    };
    record.split(",\"").filter_map(field).collect()
}

fn console_fields(line: &str) -> BTreeMap<String, String> {
    let field = |word: &str| {
        let (key, value) = word.split_once('=')?;
        Some((key.to_owned(), value.trim_matches('"').to_owned()))
    };
    line.split_whitespace().filter_map(field).collect()
}

/// A record, and the keys that it was asked for.
type Told = (Option<Vec<String>>, BTreeMap<String, String>);

/// Whether the console's rule is known to have no such part.
fn is_optional_elsewhere(shape: &Shape, key: &Key) -> bool {
    let over_rest = Shape::of(Transport::Rest, shape.what);
    let known = over_rest.and_then(|rest| rest.keys.iter().find(|own| own.name == key.name));
    known.is_some_and(|known| known.presence == Presence::Optional)
}

#[test]
fn golden_files_say_which_keys_are_required_and_which_are_optional() {
    for shape in Shape::ALL {
        let excerpt = |golden: &Golden| golden.file.contains(".excerpt.");
        let goldens: Vec<Golden> = of_shape(shape).into_iter().filter(|it| !excerpt(it)).collect();
        let told: Vec<Told> = goldens
            .iter()
            .flat_map(|golden| {
                let keys = proplist(&golden.request);
                let keys = keys.map(|keys| keys.into_iter().map(str::to_owned).collect());
                records(golden, shape).into_iter().map(move |record| (keys.clone(), record))
            })
            .collect();
        assert!(!told.is_empty(), "{:?} {:?} rests on nothing", shape.transport, shape.what);
        for key in shape.keys {
            let is_asked = |keys: &Option<Vec<String>>| {
                keys.as_ref().is_none_or(|keys| keys.iter().any(|own| own == key.name))
            };
            let asked = || told.iter().filter(|(keys, _)| is_asked(keys));
            let there = asked().filter(|(_, record)| record.contains_key(key.name)).count();
            assert!(there > 0, "{} of {:?} is in no golden file", key.name, shape.what);
            let always = there == asked().count();
            let allowed = always && is_optional_elsewhere(shape, key);
            let required = key.presence == Presence::Required;
            assert!(required == always || allowed, "{} of {:?} {there}", key.name, shape.what);
        }
    }
}

#[test]
fn a_shape_is_a_guess_if_nothing_but_reconstructions_shows_it() {
    for shape in Shape::ALL {
        let reconstructed = |golden: &Golden| golden.origin == Origin::Reconstructed;
        // An answer with no record in it shows nothing.
        let shows = |golden: &Golden| !records(golden, shape).is_empty();
        let is_guess = of_shape(shape).iter().filter(|it| shows(it)).all(reconstructed);
        assert_eq!(
            shape.basis == Basis::Guessed,
            is_guess,
            "{:?} {:?}",
            shape.transport,
            shape.what
        );
    }
}

#[test]
fn a_board_without_a_cpu_frequency_and_a_release_with_a_minimum_version_are_no_drift() {
    let over_rest = r#"{"architecture-name":"arm64","board-name":"CCR2004-1G-12S+2XS","build-time":"2026-07-28 13:55:55","cpu":"ARM64","cpu-count":"4","cpu-load":"1","free-hdd-space":"83439616","free-memory":"1503133696","minimum-version":"7.11","platform":"MikroTik","total-hdd-space":"134217728","total-memory":"2046820352","uptime":"2d20h12m20s","version":"7.24.2 (stable)"}"#;
    let shape = Shape::of(Transport::Rest, What::Resource).unwrap();
    let scope = Scope { form: Form::Record, keys: None };
    assert_eq!(rest(shape, scope, 200, over_rest.as_bytes()).to_string(), "none");

    let golden = all().into_iter().find(|it| it.file == "ssh/7.24rc3/system-resource.print.txt");
    let golden = as_sent(&golden.unwrap());
    assert!(golden.contains("minimum-version: ") && golden.contains("cpu-frequency: "));
    let without: String =
        golden.split_inclusive('\n').filter(|line| !line.contains("cpu-frequency")).collect();
    let shape = Shape::of(Transport::Ssh, What::Resource).unwrap();
    assert_eq!(console(shape, None, &without).to_string(), "none");
}
