//! Which versions of RouterOS the golden files are of.
//! Promises: a test holds the table against `golden/manifest.json`.
//! Knows nothing of routers.

use core::fmt;

use super::version::{Stage, Version};
use crate::router::error::Transport;

/// How golden files came about that vouch for a version. Reconstructed ones never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Published as the output of a real device.
    Capture,
    /// An example of the vendor's manual.
    Doc,
    /// Names of properties, from machine-readable dumps of live routers.
    Derived,
}

impl Origin {
    /// The word in the manifest.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Doc => "doc",
            Self::Derived => "derived",
        }
    }
}

/// The golden files of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The version.
    pub version: Version,
    /// Over which transport; `None`: names of properties, over any.
    pub transport: Option<Transport>,
    /// How they came about.
    pub origin: Origin,
    /// Answers whose shape is known.
    pub answers: u8,
    /// Other files: errors, and answers of other menus.
    pub others: u8,
}

/// All versions that golden files vouch for, per transport, oldest first.
pub const COVERED: [Covered; 11] = [
    rest(Version::new(7, 1, 0).at(Stage::Beta(4)), Origin::Doc, 1, 0),
    rest(Version::new(7, 19, 0), Origin::Capture, 0, 1),
    rest(Version::new(7, 19, 1), Origin::Capture, 0, 1),
    rest(Version::new(7, 23, 7), Origin::Capture, 2, 4),
    rest(Version::new(7, 24, 2), Origin::Capture, 0, 1),
    ssh(Version::new(6, 48, 7), Origin::Capture, 1, 0),
    ssh(Version::new(7, 12, 2), Origin::Capture, 1, 0),
    ssh(Version::new(7, 23, 1), Origin::Capture, 2, 0),
    ssh(Version::new(7, 24, 0).at(Stage::Candidate(3)), Origin::Capture, 11, 2),
    names(Version::new(7, 21, 4), 1),
    names(Version::new(7, 22, 3), 1),
];

const fn rest(version: Version, origin: Origin, answers: u8, others: u8) -> Covered {
    Covered { version, transport: Some(Transport::Rest), origin, answers, others }
}

const fn ssh(version: Version, origin: Origin, answers: u8, others: u8) -> Covered {
    Covered { version, transport: Some(Transport::Ssh), origin, answers, others }
}

const fn names(version: Version, others: u8) -> Covered {
    Covered { version, transport: None, origin: Origin::Derived, answers: 0, others }
}

/// How far the answers of a router are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Of this very version.
    Exact,
    /// Of this earlier version, and of none between them.
    NearestLower(Version),
    /// Of no version up to it with the same major number.
    None,
}

impl Coverage {
    /// What the golden files say about a router of this version over this transport. Errors and
    /// answers of other menus do not count.
    pub fn of(version: Version, transport: Transport) -> Self {
        let own = COVERED.iter().filter(|covered| {
            let answers = covered.transport == Some(transport) && covered.answers > 0;
            answers && covered.version.major == version.major && covered.version <= version
        });
        match own.map(|covered| covered.version).max() {
            Some(nearest) if nearest == version => Self::Exact,
            Some(nearest) => Self::NearestLower(nearest),
            None => Self::None,
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::NearestLower(version) => write!(f, "nearest lower {version}"),
            Self::None => f.write_str("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{COVERED, Coverage, Transport, Version};

    #[test]
    fn a_version_is_covered_by_itself_or_by_the_nearest_one_below() {
        let coverage = |text: &str, transport| {
            Coverage::of(Version::parse(text).unwrap(), transport).to_string()
        };
        assert_eq!(coverage("7.24rc3", Transport::Ssh), "exact");
        assert_eq!(coverage("7.24.2 (stable)", Transport::Ssh), "nearest lower 7.24rc3");
        assert_eq!(coverage("7.24beta1", Transport::Ssh), "nearest lower 7.23.1");
        assert_eq!(coverage("7.11", Transport::Ssh), "none");
        assert_eq!(coverage("8.0", Transport::Ssh), "none");
        assert_eq!(coverage("7.23.7", Transport::Rest), "exact");
        // There is an error of that version alone.
        assert_eq!(coverage("7.24.2", Transport::Rest), "nearest lower 7.23.7");
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(COVERED.is_sorted_by_key(|covered| match covered.transport {
            Some(Transport::Rest) => (0, covered.version),
            Some(Transport::Ssh) => (1, covered.version),
            None => (2, covered.version),
        }));
    }
}
