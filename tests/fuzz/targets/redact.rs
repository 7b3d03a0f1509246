//! Answers redacted: what the scan lets pass does not show the login.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanctl::cli::capture::redact::{About, Language, Login, Names, Private, Redactor};

const USERNAME: &str = "fuzz-user";
const PASSWORD: &str = "xyzzy-plugh-42";

fuzz_target!(|input: &[u8]| {
    // The first byte chooses how the answer is read and what may stay.
    let Some((&first, answer)) = input.split_first() else { return };
    let answer = String::from_utf8_lossy(answer);
    let language = if first & 1 == 0 { Language::Json } else { Language::Console };
    let names = if first & 2 == 0 { Names::Mapped } else { Names::Kept };
    let private = if first & 4 == 0 { Private::Hidden } else { Private::Kept };
    let logins = [Login { username: USERNAME, password: PASSWORD }];
    let mut redactor = Redactor::new(&logins, names, private);
    redactor.learn(About::Other, language, &answer);
    let Some(shown) = redactor.redacted(About::Other, language, &answer) else { return };
    if redactor.leaks(language, &shown).is_empty() {
        assert!(!shown.contains(PASSWORD), "{shown}");
    }
});
