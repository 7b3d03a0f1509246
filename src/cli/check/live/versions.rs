//! What is known to be wrong with old releases.
//! Promises: only what concerns the ways that are configured.
//! Knows nothing of answers but the version.

use super::finding::{Grade, Report};
use crate::{
    config::RouterSection,
    router::{
        contract::Version,
        op::Resource,
        settings::{Scheme, SshLogin},
    },
};

/// What a release is too old for.
struct Flaw {
    /// The first release without it.
    mended: Version,
    grade: Grade,
    words: &'static str,
    concerns: fn(&RouterSection) -> bool,
}

/// Sources: vendor manual (REST API, SSH), `golden` and the CVE's text; the one about curve25519
/// is of the release notes of 7.7.
const FLAWS: [Flaw; 5] = [
    Flaw {
        mended: Version::new(7, 1, 0),
        grade: Grade::Error,
        words: "it has no REST",
        concerns: |router| router.ways.rest().is_some(),
    },
    Flaw {
        mended: Version::new(7, 9, 0),
        grade: Grade::Error,
        words: "it has no REST over http://; use https://, or upgrade",
        concerns: |router| router.ways.rest().is_some_and(|rest| rest.scheme == Scheme::Http),
    },
    Flaw {
        mended: Version::new(7, 12, 0),
        grade: Grade::Warning,
        words: "its REST does not heed the address list of a user (CVE-2023-41570)",
        concerns: |router| router.ways.rest().is_some(),
    },
    Flaw {
        mended: Version::new(7, 7, 0),
        grade: Grade::Error,
        words: "its SSH lacks curve25519, so wanctl cannot speak to it",
        concerns: |router| router.ways.ssh().is_some(),
    },
    Flaw {
        mended: Version::new(7, 12, 0),
        grade: Grade::Warning,
        words: "its SSH takes no ed25519 keys of users; ssh_key must be an RSA key",
        concerns: |router| {
            let ssh = router.ways.ssh();
            ssh.is_some_and(|ssh| matches!(ssh.login, SshLogin::KeyFile(_)))
        },
    },
];

pub(super) fn look(facts: &Resource, router: &RouterSection, report: &mut Report<'_>) {
    let Some(version) = Version::parse(&facts.version) else {
        let words = format!("the version '{}' is of no known form", facts.version);
        return report.say(Grade::Unknown, &words);
    };
    for Flaw { mended, grade, words, concerns } in FLAWS {
        if version < mended && concerns(router) {
            let words = format!(
                "RouterOS {version} is older than {mended}: {words}; mend: \
                 /system/package/update/install"
            );
            report.say(grade, &words);
        }
    }
}
