//! A `router` section.
//! Promises: a password comes from one place that only its owner can read; an unencrypted or
//! unverified connection is said aloud.
//! Must not know of WANs.

use super::{
    RouterSection,
    files::Environment,
    kind::{Kind, MAX_PASSWORD, Switch},
    section::{Given, Reader},
    table,
    url::{Encryption, Parts},
    what::{Caution, Conflict, FileFault, Naming},
};
use crate::router::settings::{Scheme, Secret, Settings, Trust};

/// What the file with a password must be like.
const PRIVATE: &str = "mode 0600 (chmod 600)";

/// Reads the section.
pub(super) fn router(reader: &mut Reader<'_>, env: &dyn Environment) -> Option<RouterSection> {
    let url = reader.read(&table::URL);
    let username = reader.read(&table::USERNAME);
    let password = password(reader, env);
    let rest_timeout = reader.read(&table::REST_TIMEOUT);
    // There is one transport and no fallback yet: the words are checked, and that is all.
    let transport = reader.read(&table::TRANSPORT);
    let fallback = reader.read(&table::FALLBACK);
    let scheme = scheme(reader, url.as_ref(), env);
    let (_, _) = (transport?, fallback?);
    let Parts { host, port, .. } = url?.value;
    let settings = Settings {
        scheme: scheme?,
        host,
        port,
        username: username?.value,
        password: password?,
        rest_timeout: rest_timeout?.value,
    };
    Some(RouterSection { name: reader.name(), settings })
}

fn password(reader: &mut Reader<'_>, env: &dyn Environment) -> Option<Secret> {
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
            let allowed = "password_file, or password in a configuration of mode 0600";
            let name = table::PASSWORD_FILE.name();
            reader.report(reader.line_of(&name), &name, Naming::Missing, allowed);
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
