//! Whatever the bytes are: an answer, never a panic, never a secret.

use wanctl::config::{
    Finding, Severity, TextOnly, parse,
    uci::MAX_FILE,
    what::{FileFault, Syntax, What},
};

use super::{MINIMAL, PASSWORD};

/// A small linear congruential generator (constants of Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(bound).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

/// Reads `bytes` and holds the outcome to what it promises.
fn survive(bytes: &[u8]) {
    let findings = match parse(bytes, &TextOnly) {
        Ok(loaded) => {
            assert!(loaded.warnings.iter().all(|finding| finding.severity == Severity::Warning));
            loaded.warnings
        }
        Err(findings) => {
            assert!(findings.iter().any(|finding| finding.severity == Severity::Error));
            assert!(findings.is_sorted_by_key(|finding| finding.line));
            findings
        }
    };
    assert!(findings.len() <= 201);
    for finding in findings {
        let shown = format!("{finding} {finding:?}");
        assert!(!shown.contains("plugh"), "{shown}");
        assert!(!finding.to_string().contains(char::is_control), "{shown}");
    }
}

#[test]
fn the_names_of_other_sections_are_shown_without_their_control_characters() {
    for reference in ["", "\toption router 'none'\n"] {
        let routers = "config router 'a\u{1b}[2Jb'\nconfig router 'c'\n";
        survive(format!("{routers}config wan 'w'\n{reference}").as_bytes());
    }
}

#[test]
fn random_bytes_never_panic() {
    let mut random = Random(1);
    for _ in 0..2_000 {
        let length = random.below(600);
        let bytes: Vec<u8> = (0..length).map(|_| random.byte()).collect();
        survive(&bytes);
    }
}

#[test]
fn random_words_of_the_format_never_panic() {
    let words = [
        "config",
        "option",
        "list",
        "package",
        "globals",
        "router",
        "wan",
        "steering",
        "'",
        "\"",
        "\\",
        "#",
        ";",
        "\n",
        "\n",
        "\n",
        "\r\n",
        " ",
        "\t",
        "'a'",
        "enabled",
        "0",
        "500M",
        "15ms",
        "reflector",
        "1.1.1.1",
        "::",
        "url",
        "https://",
        "download_ceiling",
        "download_floor_red",
        "upload_on_exit",
        "keep",
        "queue_kind",
        "simple",
        "0.5",
        "99999999999999999999G",
        "ż",
        "\u{202e}",
        "\u{1b}[2J",
    ];
    let mut random = Random(2);
    for _ in 0..4_000 {
        let count = random.below(120);
        let text: Vec<&str> = (0..count).map(|_| words[random.below(words.len())]).collect();
        survive(text.join(if random.below(2) == 0 { " " } else { "" }).as_bytes());
    }
}

#[test]
fn a_good_file_with_a_few_bytes_changed_never_panics_and_never_shows_its_password() {
    assert!(MINIMAL.contains(PASSWORD));
    let mut random = Random(3);
    for _ in 0..6_000 {
        let mut bytes = MINIMAL.as_bytes().to_vec();
        for _ in 0..=random.below(3) {
            let place = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[place] = random.byte(),
                1 => bytes[place] = b"'\"\\#; \n\t"[random.below(8)],
                2 => bytes.insert(place, b"'\"\\#; \n\t"[random.below(8)]),
                _ => drop(bytes.remove(place)),
            }
        }
        survive(&bytes);
    }
}

fn only(findings: &[Finding]) -> (Option<u32>, &What) {
    let [finding] = findings else { panic!("{findings:#?}") };
    (finding.line, &finding.what)
}

#[test]
fn ten_megabytes_are_one_finding() {
    let huge = "option a b\n".repeat(1_000_000);
    let findings = parse(huge.as_bytes(), &TextOnly).unwrap_err();
    assert_eq!(only(&findings), (None, &What::File(FileFault::TooLarge(MAX_FILE))));
}

#[test]
fn binary_files_are_one_finding() {
    let elf = [b"\x7fELF\x02\x01\x01".as_slice(), &[0; 64], &[0xff; 64]].concat();
    let latin1 = b"config router 'home'\n\toption username 'M\xfcller'\n";
    let utf16: Vec<u8> = MINIMAL.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, line) in [(&elf[..], 1), (latin1, 2), (&utf16, 1)] {
        let findings = parse(bytes, &TextOnly).unwrap_err();
        assert_eq!(only(&findings), (Some(line), &What::Syntax(Syntax::NotText)));
    }
}

#[test]
fn a_file_full_of_mistakes_has_a_bounded_number_of_findings() {
    let findings = parse("x\n".repeat(30_000).as_bytes(), &TextOnly).unwrap_err();
    assert_eq!(findings.len(), 201);
    assert!(findings.iter().any(|finding| finding.what == What::Syntax(Syntax::MoreFindings)));
}
