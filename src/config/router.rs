//! A `router` section.
//! Promises: a password comes from one place that only its owner can read; an unencrypted or
//! unverified connection is said aloud where it is used, and so is that nothing stands in for the
//! transport.
//! Must not know of WANs.

use super::{
    RouterSection,
    files::Environment,
    kind::{Kind, MAX_PASSWORD, Switch},
    section::{Given, Reader},
    ssh,
    table::{self, StandIn},
    url::{Encryption, Parts},
    what::{Caution, Conflict, FileFault, Naming},
};
use crate::router::settings::{Scheme, Secret, Settings, Transport, Trust, Way, Ways};

/// What a file with a password or a private key must be like.
pub(super) const PRIVATE: &str = "mode 0600 (chmod 600)";

/// Who logs in, as far as it is known.
pub(super) struct Login {
    pub(super) username: Option<Given<String>>,
    pub(super) password: Option<Secret>,
}

/// The transports of a section.
#[derive(Clone, Copy)]
struct Chosen {
    preferred: Transport,
    fallback: Option<Transport>,
}

impl Chosen {
    fn uses(self, transport: Transport) -> bool {
        self.preferred == transport || self.fallback == Some(transport)
    }
}

/// Reads the section.
pub(super) fn router(reader: &mut Reader<'_>, env: &dyn Environment) -> Option<RouterSection> {
    let url = reader.read(&table::URL);
    let username = reader.read(&table::USERNAME);
    let chosen = chosen(reader);
    let password = password(reader, env, chosen);
    let login = Login { username, password };
    let uses = |transport| chosen.is_none_or(|chosen| chosen.uses(transport));
    let (mut rest, mut over_ssh) = (None, None);
    if uses(Transport::Rest) {
        rest = rest_of(reader, url.as_ref(), &login, env);
    } else {
        unused_rest(reader);
    }
    if chosen.is_some() && uses(Transport::Ssh) {
        let host = url.as_ref().map(|url| &url.value.host);
        over_ssh = ssh::ssh(reader, host, &login, env);
    } else {
        ssh::unused(reader);
    }
    url?;
    let Chosen { preferred, fallback } = chosen?;
    let mut way = |transport| match transport {
        Transport::Rest => rest.take().map(Way::Rest),
        Transport::Ssh => over_ssh.take().map(Way::Ssh),
    };
    let preferred = way(preferred)?;
    let fallback = match fallback {
        Some(transport) => Some(way(transport)?),
        None => None,
    };
    Some(RouterSection { name: reader.name(), ways: Ways { preferred, fallback } })
}

/// The transport, and what stands in for it: what is said, or else the other one if it can be used.
fn chosen(reader: &mut Reader<'_>) -> Option<Chosen> {
    let preferred = reader.read(&table::TRANSPORT);
    let given = reader.read(&table::FALLBACK);
    let preferred = preferred?.value;
    let other = match preferred {
        Transport::Rest => Transport::Ssh,
        Transport::Ssh => Transport::Rest,
    };
    let fallback = match given {
        Some(Given { value: StandIn::None, .. }) => None,
        Some(Given { value: StandIn::By(stand_in), .. }) if stand_in == other => Some(other),
        Some(same) => {
            let conflict = Conflict::NotWith(format!("transport {}", preferred.word()));
            reader.object(&same, conflict, format!("{} or none", other.word()));
            return None;
        }
        None if reader.has(&table::FALLBACK) => return None,
        None => can_be_used(reader, other).then_some(other),
    };
    Some(Chosen { preferred, fallback })
}

/// Whether what this transport needs is given. If not, that is said once.
fn can_be_used(reader: &mut Reader<'_>, transport: Transport) -> bool {
    let (given, caution, allowed) = match transport {
        Transport::Ssh => (
            reader.has(&table::SSH_HOST_KEY),
            Caution::NoSsh,
            format!("ssh_host_key ({}), or fallback none", ssh::HOST_KEY),
        ),
        Transport::Rest => (
            reader.has(&table::PASSWORD) || reader.has(&table::PASSWORD_FILE),
            Caution::NoRest,
            "password_file, or fallback none".into(),
        ),
    };
    if !given {
        let name = table::FALLBACK.name();
        reader.report(reader.line_of(&name), &name, caution, allowed);
    }
    given
}

fn rest_of(
    reader: &mut Reader<'_>,
    url: Option<&Given<Parts>>,
    login: &Login,
    env: &dyn Environment,
) -> Option<Settings> {
    let timeout = reader.read(&table::REST_TIMEOUT);
    let scheme = scheme(reader, url, env);
    let Parts { host, port, .. } = &url?.value;
    Some(Settings {
        scheme: scheme?,
        host: host.clone(),
        port: *port,
        username: login.username.as_ref()?.value.clone(),
        password: login.password.clone()?,
        rest_timeout: timeout?.value,
    })
}

/// Holds the options to their form where REST is not used.
fn unused_rest(reader: &mut Reader<'_>) {
    reader.read(&table::REST_TIMEOUT);
    reader.read(&table::TLS_CA);
    reader.read(&table::TLS_VERIFY);
}

/// The password. REST needs one, and so does SSH without a key.
fn password(
    reader: &mut Reader<'_>,
    env: &dyn Environment,
    chosen: Option<Chosen>,
) -> Option<Secret> {
    let inline = reader.read(&table::PASSWORD);
    let file = reader.read(&table::PASSWORD_FILE);
    match (reader.has(&table::PASSWORD), reader.has(&table::PASSWORD_FILE)) {
        (true, true) => {
            let name = table::PASSWORD.name();
            let conflict = Conflict::NotWith(table::PASSWORD_FILE.name());
            reader.report(reader.line_of(&name), &name, conflict, "one of the two");
            None
        }
        (false, false) => {
            missing_password(reader, chosen);
            None
        }
        (true, false) => {
            let given = inline?;
            if let Err(fault) = env.config_is_private() {
                reader.object(&given, fault, format!("{PRIVATE}, or password_file"));
            }
            Some(given.value)
        }
        (false, true) => {
            let given = file?;
            secret(&given, env).map_err(|fault| reader.object(&given, fault, advice(fault))).ok()
        }
    }
}

fn missing_password(reader: &mut Reader<'_>, chosen: Option<Chosen>) {
    let allowed = match chosen {
        Some(chosen) if !chosen.uses(Transport::Rest) => {
            if reader.has(&table::SSH_KEY) {
                return;
            }
            "ssh_key, password_file, or password in a configuration of mode 0600"
        }
        Some(_) | None => "password_file, or password in a configuration of mode 0600",
    };
    let name = table::PASSWORD_FILE.name();
    reader.report(reader.line_of(&name), &name, Naming::Missing, allowed);
}

fn secret(given: &Given<std::path::PathBuf>, env: &dyn Environment) -> Result<Secret, FileFault> {
    let content = String::from_utf8(env.secret(&given.value)?).map_err(|_| FileFault::NotText)?;
    let line = content.strip_suffix('\n').unwrap_or(&content);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(FileFault::Empty);
    }
    table::PASSWORD.kind.parse(line).map_err(|_| FileFault::NotText)
}

fn advice(fault: FileFault) -> String {
    match fault {
        FileFault::OpenToOthers(_) => PRIVATE.into(),
        FileFault::NotText | FileFault::Empty | FileFault::TooLarge(_) => {
            format!("one line of 1 to {MAX_PASSWORD} characters")
        }
        FileFault::Missing | FileFault::Denied | FileFault::NotAFile | FileFault::Failed(_) => {
            "a file that can be read".into()
        }
    }
}

fn scheme(
    reader: &mut Reader<'_>,
    url: Option<&Given<Parts>>,
    env: &dyn Environment,
) -> Option<Scheme> {
    let tls_ca = reader.read(&table::TLS_CA);
    let verify = reader.read(&table::TLS_VERIFY);
    if let Some(file) = &tls_ca
        && let Err(fault) = env.certificate(&file.value)
    {
        reader.object(file, fault, "a PEM file that can be read");
    }
    let (url, verify) = (url?, verify?);
    match (url.value.encryption, verify.value, tls_ca) {
        (Encryption::None, _, Some(file)) => {
            reader.object(&file, Conflict::NotWith("http:// in url".into()), "https:// in url");
            None
        }
        (Encryption::None, _, None) => {
            reader.object(url, Caution::PlainHttp, "https://");
            Some(Scheme::Http)
        }
        (Encryption::Tls, Switch::Off, _) => {
            reader.object(&verify, Caution::NotVerified, "1, with tls_ca");
            Some(Scheme::Https(Trust::Anyone))
        }
        (Encryption::Tls, Switch::On, Some(file)) => Some(Scheme::Https(Trust::CaFile(file.value))),
        (Encryption::Tls, Switch::On, None) => Some(Scheme::Https(Trust::System)),
    }
}
