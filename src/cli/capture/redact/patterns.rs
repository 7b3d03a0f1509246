//! What gives itself away by its form alone: addresses, serial numbers, keys.
//! Promises: finds each wherever it stands in a text, from left to right and without overlap.
//! Knows nothing of what is done about it.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    ops::Range,
};

/// Serial numbers of routers have 11 or 12 letters and digits; some labels more.
const SERIAL: Range<usize> = 11..17;

/// From so many characters of base 64 on it is taken for a key. A `WireGuard` key has 44.
const KEY_MIN: usize = 40;

/// Longest text of an IPv6 address: its last quarter as IPv4.
const V6_MAX: usize = 45;

/// Shortest and longest text of an IPv4 address.
const V4_MIN: usize = 7;
const V4_MAX: usize = 15;

/// How the names of routers in MikroTik's cloud end.
const CLOUD: &str = ".sn.mynetname.net";

/// How every kind of key and certificate begins in PEM.
const PEM: &str = "-----BEGIN";

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// A MAC address, in any of its notations.
    Mac,
    /// A serial number, software id or the like.
    Serial,
    /// An e-mail address.
    Mail,
    /// A key or certificate.
    Key,
}

/// Something found and where, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it stands.
    pub at: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// All that is found in `text`.
pub fn find(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let before = text.get(..at).unwrap_or_default().chars().next_back();
        match here(before, rest) {
            Some((length, kind)) => {
                found.push(Found { at: at..at + length, kind });
                at += length;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    found
}

/// What begins right here, and its length. Where a word must begin with it, that is asked first:
/// a long run of letters is then looked at once and not from each of its places.
fn here(before: Option<char>, rest: &str) -> Option<(usize, Kind)> {
    let begins = |is: fn(char) -> bool| !before.is_some_and(is);
    if rest.starts_with(PEM) {
        return Some((rest.len(), Kind::Key));
    }
    if begins(is_key)
        && let Some(length) = key(rest)
    {
        return Some((length, Kind::Key));
    }
    // These are found behind anything: what is before one may be the end of a word.
    if let Some(found) = v6(rest) {
        return Some(found);
    }
    if let Some(length) = mac(rest) {
        return Some((length, Kind::Mac));
    }
    if let Some(found) = v4(rest) {
        return Some(found);
    }
    if begins(is_local)
        && let Some(length) = mail(rest)
    {
        return Some((length, Kind::Mail));
    }
    if begins(|char| char.is_ascii_alphanumeric()) {
        return cloud_name(rest).or_else(|| serial(rest)).map(|length| (length, Kind::Serial));
    }
    None
}

/// Whether the part of an e-mail address before the `@` can hold it.
const fn is_local(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-' | '+')
}

/// `bob@example.org`
fn mail(rest: &str) -> Option<usize> {
    let local = run(rest, is_local);
    let host = rest.get(local..)?.strip_prefix('@').filter(|_| local > 0)?;
    let length = run(host, |char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-'));
    host.get(..length)?.contains('.').then_some(local + 1 + length)
}

/// The name that a router has in MikroTik's cloud: its serial number, in small letters.
fn cloud_name(rest: &str) -> Option<usize> {
    let length = run(rest, |char| char.is_ascii_alphanumeric());
    let tail = rest.get(length..)?;
    let is_cloud = tail.get(..CLOUD.len())?.eq_ignore_ascii_case(CLOUD);
    (length > 0 && is_cloud).then_some(length + CLOUD.len())
}

/// The length of the run of such characters that `text` begins with.
fn run(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.find(|char| !is(char)).unwrap_or(text.len())
}

const fn is_key(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '+' | '/')
}

/// Base 64 with letters of both cases and digits, so that a long word or path is none.
fn key(rest: &str) -> Option<usize> {
    let length = run(rest, is_key);
    let word = rest.get(..length)?;
    let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
    let mixed =
        has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
    let hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if length < KEY_MIN || !(mixed || hex) {
        return None;
    }
    Some(length + run(rest.get(length..)?, |char| char == '='))
}

fn v6(rest: &str) -> Option<(usize, Kind)> {
    // Seen at a glance in most places: a group has at most four digits.
    let first = rest.bytes().take(5).take_while(u8::is_ascii_hexdigit).count();
    if rest.as_bytes().get(first) != Some(&b':') {
        return None;
    }
    let is_part = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let length = rest.bytes().take(V6_MAX).take_while(is_part).count();
    let word = rest.get(..length)?;
    if word.matches(':').count() < 2 {
        return None;
    }
    // The run may go on behind the address: a full stop, or a port.
    let mut ends = (2..=length).rev();
    ends.find_map(|end| Some((end, Kind::V6(word.get(..end)?.parse().ok()?))))
}

/// The longest address that begins here, and the digits and points that follow it without a gap:
/// in `7.24.2.81.2.69.142` nobody knows where it begins. Those before it have been looked at:
/// `vlan300.8.8.8.8` ends with one.
fn v4(rest: &str) -> Option<(usize, Kind)> {
    let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let length = rest.bytes().take(V4_MAX).take_while(is_part).count();
    let word = rest.get(..length)?;
    if !word.starts_with(|char: char| char.is_ascii_digit()) || word.matches('.').count() < 3 {
        return None;
    }
    let mut ends = (V4_MIN..=length).rev();
    let address = ends.find_map(|end| word.get(..end)?.parse().ok())?;
    let all = run(rest, |char| char.is_ascii_digit() || char == '.');
    let length = rest.get(..all)?.trim_end_matches('.').len();
    Some((length, Kind::V4(address)))
}

/// `00:11:22:33:44:55`, with hyphens, or `0011.2233.4455`.
fn mac(rest: &str) -> Option<usize> {
    grouped(rest, 6, 2, b":-").or_else(|| grouped(rest, 3, 4, b"."))
}

/// Groups of hex digits with one and the same separator between them.
fn grouped(rest: &str, groups: usize, digits: usize, separators: &[u8]) -> Option<usize> {
    let bytes = rest.as_bytes();
    let separator = *bytes.get(digits)?;
    let length = groups * (digits + 1) - 1;
    let fits = |(place, byte): (usize, &u8)| match (place + 1) % (digits + 1) {
        0 => *byte == separator,
        _ => byte.is_ascii_hexdigit(),
    };
    let whole = bytes.get(..length)?.iter().enumerate().all(fits);
    let ends = !bytes.get(length).is_some_and(u8::is_ascii_hexdigit);
    (separators.contains(&separator) && whole && ends).then_some(length)
}

/// A word of capitals and digits of the length of a serial number, twelve hex digits, or the
/// `ABCD-1234` of a software id.
fn serial(rest: &str) -> Option<usize> {
    let length = run(rest, |char| char.is_ascii_alphanumeric());
    let word = rest.get(..length)?.as_bytes();
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let capitals = word.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let hex = length == 12 && word.iter().all(u8::is_ascii_hexdigit);
    let mixed = digits >= 2 && digits < length;
    if SERIAL.contains(&length) && (capitals || hex) && mixed {
        return Some(length);
    }
    let second = rest.get(length..)?.strip_prefix('-')?;
    let id = |text: &str| {
        let length = run(text, |char| char.is_ascii_alphanumeric());
        let word = text.get(..length).unwrap_or_default().as_bytes();
        let capitals = word.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        length == 4 && capitals && !text.get(length..).is_some_and(|more| more.starts_with('-'))
    };
    let both = rest.get(..9)?;
    let is_id = length == 4 && capitals && id(second);
    // A date or a range of numbers is none.
    (is_id && both.bytes().any(|byte| byte.is_ascii_uppercase())).then_some(9)
}

#[cfg(test)]
mod tests {
    use super::{Kind, find};

    fn kinds(text: &str) -> Vec<(&str, Kind)> {
        find(text).into_iter().map(|found| (&text[found.at], found.kind)).collect()
    }

    #[test]
    fn addresses_are_found_wherever_they_stand() {
        let v4 = |text: &'static str| (text, Kind::V4(text.parse().unwrap()));
        let v6 = |text: &'static str| (text, Kind::V6(text.parse().unwrap()));
        assert_eq!(kinds("203.0.113.7"), [v4("203.0.113.7")]);
        assert_eq!(kinds("to8.8.8.8/32,9.9.9.9."), [v4("8.8.8.8"), v4("9.9.9.9")]);
        assert_eq!(kinds("x 2a02:810d::1/64:"), [v6("2a02:810d::1")]);
        assert_eq!(kinds("[2001:470:1:2:3:4:5:6]:443"), [v6("2001:470:1:2:3:4:5:6")]);
        assert_eq!(kinds("via ::ffff:8.8.8.8"), [v6("::ffff:8.8.8.8")]);
        for none in ["7.24.2", "09:12:33", "999.1.1", "2026-05-04 09:12:33", "1w2d3h4m5s"] {
            assert_eq!(kinds(none), [], "{none}");
        }
    }

    #[test]
    fn addresses_that_follow_digits_or_dots_without_a_gap_are_found() {
        for (text, address) in [
            ("abc2001:470:1:2:3:4:5:6", "2001:470:1:2:3:4:5:6"),
            ("lte12a02:810d::1", "2a02:810d::1"),
            ("0123fe80::1%ether1", "fe80::1"),
            ("vlan300.8.8.8.8", "8.8.8.8"),
            ("wan.81.2.69.142", "81.2.69.142"),
            ("v7.24.2.81.2.69.142.", "81.2.69.142"),
            ("8.8.8.8.81.2.69.142", "81.2.69.142"),
            ("ether1203.0.113.7", "203.0.113.7"),
            ("00008.8.8.8", "8.8.8.8"),
        ] {
            let left = find(text)
                .into_iter()
                .fold(text.to_owned(), |left, found| left.replace(&text[found.at], "#"));
            let digits = left.matches(|char: char| char.is_ascii_digit()).count();
            assert!(!left.contains(address) && left.contains('#') && digits <= 5, "{text}: {left}");
        }
        assert_eq!(kinds("7.24.2"), []);
        assert_eq!(kinds("12345678901234567890.1.2"), []);
    }

    #[test]
    fn mac_addresses_serials_and_keys_are_found() {
        for mac in ["64:D1:54:0a:0b:0C", "64-D1-54-0A-0B-0C", "64d1.540a.0b0c"] {
            assert_eq!(kinds(&format!("xf{mac} ")), [(mac, Kind::Mac)]);
        }
        for serial in ["HGB09ZVSC5V", "4F0605D8E1C7", "64d1540a0b0c", "9FTG-K2LB"] {
            assert_eq!(kinds(&format!("({serial})")), [(serial, Kind::Serial)]);
        }
        for name in ["hgb09zvsc5v.sn.mynetname.net", "7c2a0b3c4d5e.SN.mynetname.net"] {
            assert_eq!(kinds(&format!("to {name}:443")), [(name, Kind::Serial)]);
        }
        assert_eq!(kinds("by b.o+b@mail.example.org!"), [("b.o+b@mail.example.org", Kind::Mail)]);
        let key = "mK7yVt3qVJ1xW8a0Zb5cD9eF2gH4iJ6kL8mN0oP1qR0=";
        assert_eq!(kinds(key), [(key, Kind::Key)]);
        assert_eq!(kinds("-----BEGIN CERTIFICATE-----")[0].1, Kind::Key);
    }

    #[test]
    fn models_counters_and_words_are_none_of_it() {
        for plain in [
            "RB5009UG+S+",
            "CCR2004-1G-12S+2XS",
            "RB4011iGS+5HacQ2HnD-IN",
            "CRS354-48G-4S+2Q+RM",
            "RBD52G-5HacD2HnD-TC",
            "LtAP-2HnD",
            "MIPS 1004Kc V2.15",
            "272000000000",
            "*FFFFFFFA",
            "add-dst-to-address-list",
            "fq-codel-ce-threshold",
            "/rest/ip/firewall/mangle/of/a/very/long/path/indeed",
            "2026-2027",
        ] {
            assert_eq!(kinds(plain), [], "{plain}");
        }
    }
}
