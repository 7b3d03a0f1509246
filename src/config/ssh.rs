//! The options of a `router` section that concern SSH.
//! Promises: a private key lies in a file that only its owner can read; without the fingerprint of
//! the router's host key there is no SSH.
//! Must not know of REST or WANs.

use super::{
    files::Environment,
    router::{Login, PRIVATE},
    section::Reader,
    table,
    what::{Naming, ValueFault},
};
use crate::router::settings::{Host, KeyFile, SshLogin, SshSettings, USERNAME_MAX};

/// What is allowed as the host key, and how it is learnt. The refusal of another key shows it too.
pub(super) const HOST_KEY: &str = "SHA256: and 43 letters, as shown at a trusted place by \
                                   ssh-keyscan ADDRESS | ssh-keygen -lf -";

/// Reads the options where SSH is used. `host` is where the router is, unless it is said.
pub(super) fn ssh(
    reader: &mut Reader<'_>,
    host: Option<&Host>,
    login: &Login,
    env: &dyn Environment,
) -> Option<SshSettings> {
    let own_host = reader.read(&table::SSH_HOST);
    let wrong_host = own_host.is_none() && reader.has(&table::SSH_HOST);
    let port = reader.read(&table::SSH_PORT);
    let proof = proof(reader, login, env);
    let host_key = reader.read(&table::SSH_HOST_KEY);
    let timeout = reader.read(&table::SSH_TIMEOUT);
    if !reader.has(&table::SSH_HOST_KEY) {
        let name = table::SSH_HOST_KEY.name();
        reader.report(reader.line_of(&name), &name, Naming::Missing, HOST_KEY);
    }
    let username = login.username.as_ref()?;
    if username.value.len() > USERNAME_MAX {
        let allowed = format!("at most {USERNAME_MAX} bytes where SSH is used");
        reader.object(username, ValueFault::OutOfRange, allowed);
    }
    let host = own_host.map(|given| given.value).or_else(|| host.cloned());
    Some(SshSettings {
        host: host.filter(|_| !wrong_host)?,
        port: port?.value,
        username: username.value.clone(),
        login: proof?,
        host_key: host_key?.value,
        timeout: timeout?.value,
    })
}

/// Holds the options to their form where SSH is not used.
pub(super) fn unused(reader: &mut Reader<'_>) {
    reader.read(&table::SSH_HOST);
    reader.read(&table::SSH_PORT);
    reader.read(&table::SSH_KEY);
    reader.read(&table::SSH_HOST_KEY);
    reader.read(&table::SSH_TIMEOUT);
}

/// The key if there is one: RouterOS refuses the password of a user who has a key.
fn proof(reader: &mut Reader<'_>, login: &Login, env: &dyn Environment) -> Option<SshLogin> {
    if !reader.has(&table::SSH_KEY) {
        return login.password.clone().map(SshLogin::Password);
    }
    let key = reader.read(&table::SSH_KEY)?;
    match env.private_key(&key.value) {
        Ok(content) => Some(SshLogin::KeyFile(KeyFile { path: key.value, content })),
        Err(fault) => {
            reader.object(&key, fault, format!("a file with a private key, {PRIVATE}"));
            None
        }
    }
}
