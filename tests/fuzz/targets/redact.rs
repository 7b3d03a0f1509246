//! Answers redacted: what the scan lets pass does not show the login.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanctl::cli::capture::redact::{About, Language, Login, Names, Private, Redactor};

const USERNAME: &str = "fuzz-user";
const PASSWORD: &str = "xyzzy-plugh-42";

fuzz_target!(|answer: &[u8]| {
    let answer = String::from_utf8_lossy(answer);
    let logins = [Login { username: USERNAME, password: PASSWORD }];
    for language in [Language::Json, Language::Console] {
        let mut redactor = Redactor::new(&logins, Names::Mapped, Private::Hidden);
        redactor.learn(About::Other, language, &answer);
        let Some(shown) = redactor.redacted(About::Other, language, &answer) else { continue };
        if redactor.leaks(language, &shown).is_empty() {
            assert!(!shown.contains(PASSWORD), "{shown}");
        }
    }
});
