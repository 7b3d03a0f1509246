//! The two transports to a router, as they are chosen.

use std::path::{Path, PathBuf};

use wanctl::{
    cli::check::{Verdict, check},
    config::{
        Environment, Finding, Loaded, Severity, load, parse,
        what::{Caution, FileFault, What},
    },
    control::time::Span,
    router::settings::{Host, Imprint, Secret, SshLogin, Transport, Way, Ways},
};

use super::{MINIMAL, PASSWORD, files::Dir};

const KEY: &str = "option ssh_host_key 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU'";

/// A world where every file is there.
struct Files;

impl Environment for Files {
    fn config_is_private(&self) -> Result<(), FileFault> {
        Ok(())
    }

    fn secret(&self, _: &Path) -> Result<Vec<u8>, FileFault> {
        Ok(b"from the file\n".to_vec())
    }

    fn certificate(&self, _: &Path) -> Result<(), FileFault> {
        Ok(())
    }

    fn private_key(&self, _: &Path) -> Result<Imprint, FileFault> {
        Ok(Imprint::default())
    }
}

/// The minimal configuration without a word about the fallback.
fn minimal() -> String {
    MINIMAL.replace("\toption fallback 'none'\n", "\n")
}

fn lines(options: &[&str]) -> String {
    options.iter().flat_map(|option| ["\n\t", option]).collect()
}

/// The minimal configuration with these options more in the section of the router, as line 4 and on.
fn read(options: &[&str]) -> Result<Loaded, Vec<Finding>> {
    let lines = lines(options);
    let text = minimal().replace("'wanctl'", &format!("'wanctl'{lines}"));
    parse(text.as_bytes(), &Files)
}

/// The same without a password.
fn without_password(options: &[&str]) -> Result<Loaded, Vec<Finding>> {
    let lines = lines(options);
    let text = minimal().replace("\n\toption password 'xyzzy-plugh-42'", &lines);
    parse(text.as_bytes(), &Files)
}

fn ways(loaded: Loaded) -> Ways {
    loaded.config.routers.into_iter().next().unwrap().ways
}

fn chosen(ways: &Ways) -> (Transport, Option<Transport>) {
    (ways.preferred.transport(), ways.fallback.as_ref().map(Way::transport))
}

#[test]
fn the_other_transport_stands_in_if_it_can_be_used() {
    use Transport::{Rest, Ssh};
    let cases: [(&[&str], _, &[Caution]); 6] = [
        (&[], (Rest, None), &[Caution::NoSsh]),
        (&["option fallback none"], (Rest, None), &[]),
        (&[KEY], (Rest, Some(Ssh)), &[]),
        (&[KEY, "option fallback none"], (Rest, None), &[]),
        (&[KEY, "option transport ssh"], (Ssh, Some(Rest)), &[]),
        (&[KEY, "option transport ssh", "option fallback none"], (Ssh, None), &[]),
    ];
    for (options, expected, cautions) in cases {
        let loaded = read(options).unwrap();
        let told: Vec<What> = loaded.warnings.iter().map(|finding| finding.what.clone()).collect();
        let cautions: Vec<What> = cautions.iter().cloned().map(What::Caution).collect();
        assert_eq!(told, cautions, "{options:?}");
        assert_eq!(chosen(&ways(loaded)), expected, "{options:?}");
    }
}

#[test]
fn what_is_lost_without_a_second_transport_is_said_once_with_the_way_to_it() {
    let [finding] = &read(&[]).unwrap().warnings[..] else { panic!() };
    assert_eq!(
        (finding.line, finding.option.as_deref(), finding.severity),
        (Some(1), Some("fallback"), Severity::Warning)
    );
    assert_eq!(
        finding.to_string(),
        "warning: router 'home' option fallback: without ssh_host_key SSH cannot stand in for REST; \
         allowed: ssh_host_key (SHA256: and 43 letters, as shown at a trusted place by ssh-keyscan \
         ADDRESS | ssh-keygen -lf -), or fallback none; consequence: the limits stand still while \
         REST does not work, though SSH might"
    );
    let options = [KEY, "option transport ssh", "option ssh_key /etc/wanctl/key"];
    let [finding] = &without_password(&options).unwrap().warnings[..] else { panic!() };
    assert_eq!(finding.what, What::Caution(Caution::NoRest));
    assert!(finding.to_string().contains("allowed: password_file, or fallback none"));
}

#[test]
fn ssh_without_a_host_key_is_refused_with_the_way_to_learn_it() {
    for options in [
        &["option transport ssh"][..],
        &["option fallback ssh"],
        &["option transport ssh", "option fallback none"],
        &["option transport ssh", "option fallback rest"],
    ] {
        let findings = read(options).unwrap_err();
        let [finding] = &findings[..] else { panic!("{options:?}: {findings:#?}") };
        let shown = finding.to_string();
        assert_eq!((finding.line, finding.option.as_deref()), (Some(1), Some("ssh_host_key")));
        assert!(shown.contains("the option is missing; allowed: SHA256: and 43"), "{shown}");
        assert!(shown.contains("ssh-keyscan ADDRESS | ssh-keygen -lf -"), "{shown}");
    }
}

#[test]
fn a_transport_does_not_stand_in_for_itself() {
    for (transport, allowed) in [("rest", "ssh or none"), ("ssh", "rest or none")] {
        let [one, two] = ["transport", "fallback"].map(|name| format!("option {name} {transport}"));
        let findings = read(&[KEY, &one, &two]).unwrap_err();
        let [finding] = &findings[..] else { panic!("{findings:#?}") };
        assert_eq!((finding.line, finding.option.as_deref()), (Some(6), Some("fallback")));
        let words = format!("it cannot stand beside transport {transport}; allowed: {allowed}");
        assert!(finding.to_string().contains(&words), "{finding}");
    }
}

#[test]
fn ssh_has_the_host_of_the_url_its_usual_port_and_the_password_unless_it_is_told_otherwise() {
    let settings = |options: &[&str]| {
        let Some(Way::Ssh(settings)) = ways(read(options).unwrap()).fallback else { panic!() };
        settings
    };
    let plain = settings(&[KEY]);
    assert_eq!((plain.host, plain.port), (Host::Address("192.168.88.1".parse().unwrap()), 22));
    assert_eq!((plain.username.as_str(), plain.timeout), ("wanctl", Span::from_secs(5)));
    assert_eq!(plain.login, SshLogin::Password(Secret::new(PASSWORD.into())));
    let told = settings(&[
        KEY,
        "option ssh_host fd00::1",
        "option ssh_port 2200",
        "option ssh_key /etc/wanctl/key",
        "option ssh_timeout 8s",
    ]);
    assert_eq!((told.host, told.port), (Host::Address("fd00::1".parse().unwrap()), 2_200));
    assert_eq!(told.login, SshLogin::KeyFile(PathBuf::from("/etc/wanctl/key").into()));
    assert_eq!(told.timeout, Span::from_secs(8));
}

#[test]
fn a_password_is_needed_for_rest_and_where_there_is_no_key() {
    let none = "option fallback none";
    let (ssh, key) = ("option transport ssh", "option ssh_key /etc/wanctl/key");
    let loaded = without_password(&[KEY, ssh, none, key]).unwrap();
    assert_eq!(loaded.warnings, []);
    assert!(ways(loaded).rest().is_none());
    for (options, allowed) in [
        (&[KEY, key][..], "allowed: password_file, or password in"),
        (&[KEY, ssh, none], "allowed: ssh_key, password_file, or password in"),
        (&[KEY, ssh, key, "option fallback rest"], "allowed: password_file, or password in"),
    ] {
        let findings = without_password(options).unwrap_err();
        let [finding] = &findings[..] else { panic!("{options:?}: {findings:#?}") };
        assert_eq!(finding.option.as_deref(), Some("password_file"));
        assert!(finding.to_string().contains(allowed), "{finding}");
    }
}

/// What is not used needs no caution.
#[test]
fn without_rest_nothing_is_said_about_its_encryption() {
    let only_ssh = [KEY, "option transport ssh", "option fallback none", "option tls_verify 0"];
    assert_eq!(read(&only_ssh).unwrap().warnings, []);
    let rest_too = [KEY, "option transport ssh", "option tls_verify 0"];
    let loaded = read(&rest_too).unwrap();
    assert_eq!(loaded.warnings[0].what, What::Caution(Caution::NotVerified));
}

#[test]
fn a_name_that_ssh_cannot_carry_is_refused_where_ssh_is_used() {
    let long = "u".repeat(41);
    let text = |options: &str| minimal().replace("'wanctl'", &format!("'{long}'\n\t{options}"));
    let findings = parse(text(KEY).as_bytes(), &Files).unwrap_err();
    let [finding] = &findings[..] else { panic!("{findings:#?}") };
    assert_eq!((finding.line, finding.option.as_deref()), (Some(3), Some("username")));
    assert!(finding.to_string().contains("at most 40 bytes where SSH is used"), "{finding}");
    assert!(parse(text("option fallback none").as_bytes(), &Files).is_ok());
}

#[test]
fn both_transports_are_in_the_summary_of_the_check() {
    let dir = Dir::new("summary");
    let key = dir.file("key", 0o600, "a key");
    for (option, expected) in [
        (
            "option transport rest",
            "https://192.168.88.1:443 as 'wanctl', trusts the system's authorities, 2s per operation; if that fails SSH",
        ),
        (
            "option transport ssh",
            "SSH; if that fails https://192.168.88.1:443 as 'wanctl', trusts the system's authorities, 2s per operation",
        ),
    ] {
        let ssh = format!(
            "ssh://[fd00::1]:22 as 'wanctl' by {}, trusts \
             SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU, 5s per operation",
            key.display()
        );
        let lines = format!(
            "'wanctl'\n\t{KEY}\n\t{option}\n\toption ssh_host fd00::1\n\toption ssh_key '{}'",
            key.display()
        );
        let config = dir.file("config", 0o600, minimal().replace("'wanctl'", &lines));
        let mut out = Vec::new();
        assert_eq!(check(&config, &mut out).unwrap(), Verdict::Good);
        let shown = String::from_utf8(out).unwrap();
        let line = format!("router 'home': {}\n", expected.replace("SSH", &ssh));
        assert!(shown.contains(&line), "{line}\n{shown}");
    }
}

#[test]
fn a_key_file_must_be_there_and_private() {
    let dir = Dir::new("key");
    let with = |path: &Path| {
        let lines = format!("'wanctl'\n\t{KEY}\n\toption ssh_key '{}'", path.display());
        load(&dir.file("config", 0o600, minimal().replace("'wanctl'", &lines)))
    };
    let good = dir.file("good", 0o600, "a key");
    assert!(with(&good).is_ok());
    for (path, fault) in [
        (dir.file("open", 0o644, "a key"), FileFault::OpenToOthers(0o644)),
        (dir.file("empty", 0o600, ""), FileFault::Empty),
        (dir.path("nothing"), FileFault::Missing),
        (PathBuf::from("/dev/zero"), FileFault::NotAFile),
    ] {
        let findings = with(&path).unwrap_err();
        let [finding] = &findings[..] else { panic!("{findings:#?}") };
        assert_eq!((finding.line, finding.option.as_deref()), (Some(5), Some("ssh_key")));
        assert_eq!(finding.what, What::File(fault));
        assert!(finding.to_string().contains("mode 0600 (chmod 600)"), "{finding}");
    }
}
