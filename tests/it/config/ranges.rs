//! The table holds what it says: ranges, defaults, names.

use wanctl::config::{
    Finding,
    number::Limits,
    table::{Row, SectionKind, TABLE},
    what::{Caution, ValueFault, What},
};

use super::{MINIMAL, read};

/// The findings about this one option when it has this value.
fn findings_with(row: &dyn Row, value: &str) -> Vec<Finding> {
    let name = row.name();
    let kept = MINIMAL.lines().filter(|line| line.split_whitespace().nth(1) != Some(&name));
    let mut lines: Vec<String> = kept.map(str::to_owned).collect();
    let place = match row.section() {
        SectionKind::Router => 1,
        SectionKind::Wan => lines.len(),
        SectionKind::Steering => lines.len() + 1,
        SectionKind::Globals => panic!("no number there"),
    };
    if row.section() == SectionKind::Steering {
        lines.push("config steering 's'".to_owned());
    }
    lines.insert(place, format!("option {name} '{value}'"));
    let findings = match read(&lines.join("\n")) {
        // That a law is not named is none of the value's fault.
        Ok(loaded) => {
            let of_value = |finding: &Finding| finding.what != What::Caution(Caution::OfClassic);
            loaded.warnings.into_iter().filter(of_value).collect()
        }
        Err(findings) => findings,
    };
    findings.into_iter().filter(|finding| finding.option.as_deref() == Some(&name)).collect()
}

/// Every range, literally. `TABLE` must not drift without somebody seeing it here.
const RANGES: [(&str, &str); 51] = [
    ("rest_timeout", "500ms to 10s"),
    ("ssh_port", "1 to 65535"),
    ("ssh_timeout", "1s to 20s"),
    ("download_base", "0.1M to 10G"),
    ("upload_base", "0.1M to 10G"),
    ("load_interval", "200ms to 1s"),
    ("download_ceiling", "1M to 10G"),
    ("upload_ceiling", "1M to 10G"),
    ("download_floor", "0.1M to 10G"),
    ("upload_floor", "0.1M to 10G"),
    ("download_floor_green", "0.1M to 10G"),
    ("upload_floor_green", "0.1M to 10G"),
    ("download_floor_yellow", "0.1M to 10G"),
    ("upload_floor_yellow", "0.1M to 10G"),
    ("download_floor_soft_red", "0.1M to 10G"),
    ("download_floor_red", "0.1M to 10G"),
    ("upload_floor_red", "0.1M to 10G"),
    ("download_step_up", "0.1M to 100M"),
    ("upload_step_up", "0.1M to 100M"),
    ("download_factor_down", "0.1 to 1.0"),
    ("upload_factor_down", "0.1 to 1.0"),
    ("download_factor_down_yellow", "0.8 to 1.0"),
    ("upload_factor_down_yellow", "0.9 to 1.0"),
    ("download_green_required", "1 to 10"),
    ("upload_green_required", "1 to 10"),
    ("target_bloat", "1ms to 1s"),
    ("warn_bloat", "1ms to 1s"),
    ("hard_red_bloat", "1ms to 1s"),
    ("spike", "5ms to 50ms"),
    ("baseline_initial", "1ms to 500ms"),
    ("baseline_time_constant", "1s to 600s"),
    ("load_time_constant", "50ms to 10s"),
    ("baseline_freeze", "0.1ms to 50ms"),
    ("baseline_min", "0.1ms to 1s"),
    ("baseline_max", "1ms to 5s"),
    ("interval", "20ms to 2s"),
    ("write_budget", "60 to 7200"),
    ("delta", "1ms to 500ms"),
    ("drops", "1 to 10000"),
    ("queue_yellow", "1 to 10000"),
    ("queue_red", "1 to 10000"),
    ("degrade_after", "500ms to 60s"),
    ("recover_after", "5s to 3600s"),
    ("hold_down", "1s to 3600s"),
    ("score_degrade", "20 to 95"),
    ("score_recover", "1 to 90"),
    ("comment", "1 to 64 characters, none of them a control character"),
    ("download_queue", "1 to 64 characters, none of them a quote, semicolon or control character"),
    ("username", "1 to 64 characters, none of them a colon or a control character"),
    ("interface", "1 to 15 printable characters, none of them / or :"),
    ("tls_verify", "0 or 1"),
];

#[test]
fn every_range_is_the_documented_one() {
    for (name, range) in RANGES {
        let row = TABLE.iter().find(|row| row.name() == name).unwrap();
        assert_eq!(row.range(), range, "{name}");
    }
    for row in TABLE.iter().filter(|row| row.limits().is_some()) {
        assert!(RANGES.iter().any(|(name, _)| *name == row.name()), "{}", row.name());
    }
}

#[test]
fn every_number_is_taken_up_to_the_ends_of_its_range_and_not_beyond() {
    for row in TABLE {
        let Some(Limits { unit, min, max }) = row.limits() else { continue };
        for value in [min, min + 1, max - 1, max] {
            let text = unit.write(value);
            let refused: Vec<_> = findings_with(*row, &text)
                .into_iter()
                .filter(|finding| matches!(finding.what, What::Value(_)))
                .collect();
            assert_eq!(refused, [], "{} '{text}'", row.name());
        }
        for value in [0, min - 1, max + 1, u64::MAX] {
            let text = unit.write(value);
            let findings = findings_with(*row, &text);
            let [finding] = &findings[..] else { panic!("{} '{text}': {findings:?}", row.name()) };
            assert_eq!(
                finding.what,
                What::Value(ValueFault::OutOfRange),
                "{} '{text}'",
                row.name()
            );
            assert_eq!(finding.value.as_deref(), Some(text.as_str()));
            let range = format!("{} to {}", unit.write(min), unit.write(max));
            assert!(finding.allowed.starts_with(&range), "{}", finding.allowed);
        }
    }
}

#[test]
fn every_default_and_every_example_is_within_its_own_range() {
    for row in TABLE {
        let example = row.preset().example();
        if !example.is_empty() {
            assert_eq!(row.check(example), Ok(()), "{} '{example}'", row.name());
        }
    }
}

#[test]
fn every_text_has_its_longest_length() {
    let cases = [
        ("download_queue", "x", 64),
        ("upload_queue", "ü", 64),
        ("queue", "x", 64),
        ("username", "x", 64),
        ("password", "x", 128),
        ("interface", "x", 15),
        ("tls_ca", "/", 255),
        ("password_file", "/", 255),
        ("state_dir", "/", 255),
        ("persist_dir", "/", 255),
    ];
    for (name, letter, longest) in cases {
        let row = TABLE.iter().find(|row| row.name() == name).unwrap();
        assert_eq!(row.check(&letter.repeat(longest)), Ok(()), "{name}");
        let too_long = row.check(&letter.repeat(longest + 1));
        assert_eq!(too_long, Err(What::Value(ValueFault::OutOfRange)), "{name}");
        assert!(row.check("").is_err(), "{name}");
    }
}

#[test]
fn every_row_has_its_own_name_in_its_section_and_fits_into_a_markdown_table() {
    for (place, row) in TABLE.iter().enumerate() {
        let name = row.name();
        let mut before = TABLE.iter().take(place);
        let same = before.find(|other| other.name() == name && other.section() == row.section());
        assert!(same.is_none(), "{name}");
        for text in [row.help(), &row.range(), row.preset().example()] {
            assert!(!text.contains(['|', '\n']), "{name}: {text}");
        }
        assert!(row.help().ends_with('.'), "{name}");
    }
}
