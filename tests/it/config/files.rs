//! The files around a configuration: who may read them, and what is in them.

use std::{
    fs::{self, File, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use wanctl::{
    config::{
        Finding, load,
        uci::MAX_FILE,
        what::{FileFault, What},
    },
    router::settings::{Scheme, Secret, Trust},
};

use super::{MINIMAL, PASSWORD};

/// A directory of one test, gone with it.
pub(super) struct Dir(PathBuf);

impl Dir {
    pub(super) fn new(test: &str) -> Self {
        let name = format!("wanctl-config-{}-{test}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn file(&self, name: &str, mode: u32, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        File::create(&path).unwrap().write_all(content.as_ref()).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn only(findings: &[Finding]) -> (Option<u32>, Option<String>, What) {
    let [finding] = findings else { panic!("{findings:#?}") };
    assert!(!finding.to_string().contains(PASSWORD));
    (finding.line, finding.option.clone(), finding.what.clone())
}

/// The minimal configuration with its password in `file`.
fn with_password_file(file: &Path) -> String {
    let option = format!("option password_file '{}'", file.display());
    MINIMAL.replace("option password 'xyzzy-plugh-42'", &option)
}

#[test]
fn a_password_in_the_configuration_needs_a_private_file() {
    let dir = Dir::new("inline");
    for mode in [0o600, 0o400, 0o700] {
        assert!(load(&dir.file("good", mode, MINIMAL)).is_ok(), "{mode:o}");
    }
    for mode in [0o644, 0o640, 0o604, 0o602, 0o620, 0o601, 0o666] {
        let found = only(&load(&dir.file("open", mode, MINIMAL)).unwrap_err());
        let fault = What::File(FileFault::OpenToOthers(mode));
        assert_eq!(found, (Some(4), Some("password".into()), fault));
    }
}

#[test]
fn a_password_file_is_read_from_a_private_file_whatever_the_mode_of_the_configuration() {
    let dir = Dir::new("file");
    let cases: [(&str, &str); 6] = [
        ("secret", "secret"),
        ("secret\n", "secret"),
        ("secret\r\n", "secret"),
        (" se cret ", " se cret "),
        ("'quoted'#\\", "'quoted'#\\"),
        ("pässword\n", "pässword"),
    ];
    for (content, password) in cases {
        let secret = dir.file("secret", 0o600, content);
        let config = dir.file("config", 0o644, with_password_file(&secret));
        let loaded = load(&config).unwrap();
        let settings = &loaded.config.routers[0].ways.rest().unwrap();
        assert_eq!(settings.password, Secret::new(password.into()));
    }
}

#[test]
fn a_password_file_that_will_not_do_is_refused() {
    let dir = Dir::new("refused");
    let long = "x".repeat(129);
    let huge = "x".repeat(10_000_000);
    let cases: [(u32, &[u8], FileFault); 9] = [
        (0o644, b"xyzzy-plugh-42", FileFault::OpenToOthers(0o644)),
        (0o660, b"xyzzy-plugh-42", FileFault::OpenToOthers(0o660)),
        (0o600, b"", FileFault::Empty),
        (0o600, b"\n", FileFault::Empty),
        (0o600, b"xyzzy-plugh-42\n\n", FileFault::NotText),
        (0o600, b"xyzzy-plugh-42\nmore\n", FileFault::NotText),
        (0o600, b"xyzzy-plugh-42\xff", FileFault::NotText),
        (0o600, long.as_bytes(), FileFault::NotText),
        (0o600, huge.as_bytes(), FileFault::TooLarge(514)),
    ];
    for (mode, content, fault) in cases {
        let secret = dir.file("secret", mode, content);
        let config = dir.file("config", 0o600, with_password_file(&secret));
        let found = only(&load(&config).unwrap_err());
        assert_eq!(found, (Some(4), Some("password_file".into()), What::File(fault)));
    }
}

#[test]
fn a_password_file_that_is_not_there_or_not_a_file_is_refused() {
    let dir = Dir::new("absent");
    for (path, fault) in [
        (dir.path("nothing"), FileFault::Missing),
        (dir.path(""), FileFault::NotAFile),
        (PathBuf::from("/dev/zero"), FileFault::NotAFile),
    ] {
        let config = dir.file("config", 0o600, with_password_file(&path));
        let found = only(&load(&config).unwrap_err());
        assert_eq!(found, (Some(4), Some("password_file".into()), What::File(fault)));
    }
}

#[test]
fn a_password_written_into_password_file_by_mistake_is_not_shown() {
    let dir = Dir::new("mistaken");
    let config = dir.file("config", 0o600, with_password_file(Path::new(PASSWORD)));
    let findings = load(&config).unwrap_err();
    assert_eq!(findings[0].value, None);
    assert!(findings[0].to_string().contains("this is not a path from the root"));
    assert!(!format!("{findings:?}").contains(PASSWORD));
}

#[test]
fn both_a_password_and_a_password_file_are_one_too_many() {
    let dir = Dir::new("both");
    let secret = dir.file("secret", 0o600, "secret");
    let option = format!("'wanctl'\n\toption password_file '{}'", secret.display());
    let config = dir.file("config", 0o600, MINIMAL.replace("'wanctl'", &option));
    let (line, option, what) = only(&load(&config).unwrap_err());
    assert_eq!((line, option.as_deref()), (Some(5), Some("password")));
    assert_eq!(what.to_string(), "it cannot stand beside password_file");
}

#[test]
fn a_certificate_file_is_trusted_only_if_it_can_be_read_and_has_a_use() {
    let dir = Dir::new("certificate");
    let pem = dir.file("router.pem", 0o644, "-----BEGIN CERTIFICATE-----\n");
    let with = |path: &Path, url: &str| {
        let option = format!("'wanctl'\n\toption tls_ca '{}'", path.display());
        let text = MINIMAL.replace("'wanctl'", &option).replace("https://192.168.88.1", url);
        load(&dir.file("config", 0o600, text))
    };
    let good = with(&pem, "https://192.168.88.1").unwrap();
    assert_eq!(good.warnings, []);
    let rest = good.config.routers[0].ways.rest().unwrap();
    assert_eq!(rest.scheme, Scheme::Https(Trust::CaFile(pem.clone())));

    let (line, option, what) = only(&with(&pem, "http://192.168.88.1").unwrap_err());
    assert_eq!((line, option.as_deref()), (Some(4), Some("tls_ca")));
    assert_eq!(what.to_string(), "it cannot stand beside http:// in url");

    let empty = dir.file("empty.pem", 0o644, "");
    for (path, fault) in [
        (dir.path("nothing.pem"), FileFault::Missing),
        (dir.path(""), FileFault::NotAFile),
        (empty, FileFault::Empty),
    ] {
        let found = only(&with(&path, "https://192.168.88.1").unwrap_err());
        assert_eq!(found, (Some(4), Some("tls_ca".into()), What::File(fault)));
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_one_finding() {
    let dir = Dir::new("unreadable");
    for (path, fault) in [
        (dir.path("nothing"), FileFault::Missing),
        (dir.path(""), FileFault::NotAFile),
        (PathBuf::from("/dev/zero"), FileFault::NotAFile),
        (dir.file("huge", 0o600, "#\n".repeat(5_000_000)), FileFault::TooLarge(MAX_FILE)),
    ] {
        assert_eq!(only(&load(&path).unwrap_err()), (None, None, What::File(fault)));
    }
}
