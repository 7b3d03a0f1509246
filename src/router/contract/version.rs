//! RouterOS's version numbers.
//! Promises: ordered as they came out: betas before candidates before the release before its
//! patches.
//! Knows nothing of what a version can do.

use core::fmt;

/// A version, such as 7.24.2 or 7.24rc3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 7 in 7.24.2.
    pub major: u16,
    /// 24 in 7.24.2.
    pub minor: u16,
    /// 2 in 7.24.2; 0 if there is none.
    pub patch: u16,
    /// How far it had come.
    pub stage: Stage,
}

/// How far a version had come when it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// `_ab12`, `alpha12`: a build for tests.
    Alpha(u16),
    /// `beta4`.
    Beta(u16),
    /// `rc3`.
    Candidate(u16),
    /// Nothing behind the number.
    Release,
}

impl Version {
    /// A release: `Version::new(7, 24, 2)`.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch, stage: Stage::Release }
    }

    /// The same version at an earlier stage.
    #[must_use]
    pub const fn at(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    /// The version that a router tells, such as `7.24rc3 (testing)`. What follows the first blank
    /// is the channel.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.split(' ').next()?;
        let (major, rest) = leading_number(number)?;
        let (minor, rest) = leading_number(rest.strip_prefix('.')?)?;
        let (patch, rest) = match rest.strip_prefix('.') {
            Some(rest) => leading_number(rest)?,
            None => (0, rest),
        };
        Some(Self { major, minor, patch, stage: Stage::parse(rest)? })
    }
}

impl Stage {
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Release);
        }
        let letters = text.bytes().take_while(|byte| !byte.is_ascii_digit()).count();
        let (word, number) = text.split_at_checked(letters)?;
        let (number, rest) = leading_number(number)?;
        let stage = match word {
            "_ab" | "alpha" => Self::Alpha(number),
            "beta" => Self::Beta(number),
            "rc" => Self::Candidate(number),
            _ => return None,
        };
        rest.is_empty().then_some(stage)
    }
}

/// The digits that the text begins with, and what follows them.
fn leading_number(text: &str) -> Option<(u16, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { major, minor, patch, stage } = self;
        write!(f, "{major}.{minor}")?;
        if *patch > 0 {
            write!(f, ".{patch}")?;
        }
        match stage {
            Stage::Alpha(number) => write!(f, "_ab{number}"),
            Stage::Beta(number) => write!(f, "beta{number}"),
            Stage::Candidate(number) => write!(f, "rc{number}"),
            Stage::Release => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Stage, Version};

    #[test]
    fn versions_are_ordered_as_they_came_out() {
        let order = [
            "6.48.7",
            "7.1beta4",
            "7.1rc2",
            "7.1",
            "7.1.5",
            "7.9",
            "7.10",
            "7.24_ab12",
            "7.24beta2",
            "7.24beta10",
            "7.24rc3",
            "7.24",
            "7.24.2",
            "8.0",
        ];
        let versions = order.map(|text| Version::parse(text).unwrap());
        assert!(versions.is_sorted());
        for (text, version) in order.iter().zip(versions) {
            assert_eq!(version.to_string(), *text);
        }
    }

    #[test]
    fn the_channel_is_no_part_of_the_version() {
        assert_eq!(Version::parse("7.24.2 (stable)"), Some(Version::new(7, 24, 2)));
        let candidate = Version::new(7, 24, 0).at(Stage::Candidate(3));
        assert_eq!(Version::parse("7.24rc3 (testing)"), Some(candidate));
        assert_eq!(Version::parse("7.24alpha1").unwrap().stage, Stage::Alpha(1));
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in ["", "7", "7.", ".7", "7.x", "7.24rc", "7.24rcx", "7.24.2.1", "v7.1", "7.99999"]
        {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
