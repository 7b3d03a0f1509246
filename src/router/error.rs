//! Why an operation failed, typed where it happened.
//! Promises: `Display` is one readable line, and neither it nor `Debug` holds a password.
//! Knows nothing of retries: the core decides from [`FailureKind`] alone.

use std::fmt;

use super::op::Op;
use crate::control::failure::FailureKind;

/// Longest detail kept, in bytes; longer ones end in an ellipsis. Sized so that the whole error
/// stays under the 128 bytes above which results are expensive to pass on.
pub const DETAIL_MAX: usize = 120;

/// What happened, for people.
pub type Detail = heapless::String<DETAIL_MAX, u8>;

/// How the router was spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// RouterOS REST over HTTP or HTTPS.
    Rest,
    /// The RouterOS console over SSH.
    Ssh,
}

impl Transport {
    /// The word used in logs and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Ssh => "ssh",
        }
    }
}

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doing {
    /// Getting the client ready: the file with the certificates, the HTTP library.
    Preparing,
    /// [`Op::ReadResource`].
    ReadingResource,
    /// [`Op::ReadIdentity`].
    ReadingIdentity,
    /// [`Op::ReadQueue`].
    ReadingQueue,
    /// [`Op::SetLimit`].
    SettingLimit,
    /// [`Op::ReadStatistics`].
    ReadingStatistics,
    /// [`Op::ReadRule`].
    ReadingRule,
    /// [`Op::SetRule`].
    SettingRule,
    /// [`Op::List`].
    ReadingList,
    /// An answer for a recording (`router::capture`).
    Recording,
}

impl From<&Op<'_>> for Doing {
    fn from(op: &Op<'_>) -> Self {
        match op {
            Op::ReadResource => Self::ReadingResource,
            Op::ReadIdentity => Self::ReadingIdentity,
            Op::ReadQueue(_) => Self::ReadingQueue,
            Op::SetLimit(_) => Self::SettingLimit,
            Op::ReadStatistics(_) => Self::ReadingStatistics,
            Op::ReadRule(_) => Self::ReadingRule,
            Op::SetRule(..) => Self::SettingRule,
            Op::List(_) => Self::ReadingList,
        }
    }
}

/// What the user can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hint {
    /// The router's certificate must be replaced by one that a verifier accepts.
    RenewCertificate,
    /// `tls_ca` must name the right file.
    FixCaFile,
    /// The www-ssl service has no certificate, or offers nothing that TLS 1.2 clients accept.
    AssignCertificate,
    /// REST is switched off on the router.
    SwitchRestOn,
    /// The RouterOS user lacks rights.
    GrantPolicy,
    /// The URL does not lead to RouterOS 7 REST.
    CheckUrl,
    /// `ssh_host_key` must hold the fingerprint of the router's own key.
    PinHostKey,
    /// The RouterOS user may not log in over SSH, or not in this way.
    AllowSsh,
    /// `ssh_port` does not lead to an SSH service.
    CheckSshPort,
    /// The router's SSH is too old.
    UpgradeForSsh,
}

impl Hint {
    /// The remedy, with the RouterOS commands (RouterOS 7, manual pages Certificates, Services,
    /// REST API).
    pub const fn text(self) -> &'static str {
        match self {
            Self::RenewCertificate => concat!(
                "make a CA and a server certificate on the router: ",
                "/certificate add name=wanctl-ca common-name=wanctl-ca key-size=2048 ",
                "key-usage=key-cert-sign,crl-sign; /certificate sign wanctl-ca; ",
                "/certificate add name=rest common-name=ADDRESS subject-alt-name=IP:ADDRESS ",
                "key-size=2048 key-usage=digital-signature,key-encipherment,tls-server; ",
                "/certificate sign rest ca=wanctl-ca; /ip/service set www-ssl certificate=rest; ",
                "/certificate export-certificate wanctl-ca, and name that file in tls_ca ",
                "(ADDRESS is the router's address in the url)",
            ),
            Self::FixCaFile => concat!(
                "tls_ca must name a PEM file with the CA or the router's own certificate: ",
                "/certificate export-certificate NAME on the router, then copy the .crt file",
            ),
            Self::AssignCertificate => concat!(
                "give the service a signed certificate with an RSA key of 2048 bits or more, or ",
                "with prime256v1 or secp384r1 (not secp521r1): ",
                "/ip/service set www-ssl certificate=NAME disabled=no tls-version=only-1.2",
            ),
            Self::SwitchRestOn => concat!(
                "on the router: /ip/service/webserver set rest-secure=yes ",
                "(rest-plain=yes for http)",
            ),
            Self::GrantPolicy => concat!(
                "the user's group needs these policies: ",
                "/user/group add name=wanctl policy=read,write,api,rest-api; ",
                "/user set USER group=wanctl",
            ),
            Self::CheckUrl => {
                "the url must lead to the www-ssl (or www) service of RouterOS 7.1 or later"
            }
            Self::PinHostKey => concat!(
                "if that is your router, put its fingerprint into ssh_host_key; ",
                "seen from a trusted place: ssh-keyscan ADDRESS | ssh-keygen -lf -",
            ),
            Self::AllowSsh => concat!(
                "the user's group needs the policies ssh,read,write, and the key must be the user's ",
                "(/user/ssh-keys/print; ed25519 needs RouterOS 7.12); a user with a key is refused ",
                "by password",
            ),
            Self::CheckSshPort => "ssh_port must lead to the ssh service: /ip/service/print",
            Self::UpgradeForSsh => concat!(
                "SSH needs RouterOS 7.7 or later (curve25519), and aes-ctr not switched off: ",
                "/ip/ssh/print",
            ),
        }
    }
}

/// A failed operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterError {
    /// What the core needs to know.
    pub kind: FailureKind,
    /// How the router was spoken to.
    pub transport: Transport,
    /// What was being done.
    pub doing: Doing,
    /// What the user can do about it, where that is known.
    pub hint: Option<Hint>,
    /// What happened, for people; never compared.
    pub detail: Detail,
}

impl RouterError {
    /// A failure over REST.
    pub fn rest(kind: FailureKind, doing: Doing, detail: fmt::Arguments<'_>) -> Self {
        Self { kind, transport: Transport::Rest, doing, hint: None, detail: shortened(detail) }
    }

    /// A failure over SSH.
    pub fn ssh(kind: FailureKind, doing: Doing, detail: fmt::Arguments<'_>) -> Self {
        Self { kind, transport: Transport::Ssh, doing, hint: None, detail: shortened(detail) }
    }

    /// The same with a remedy.
    #[must_use]
    pub fn hinting(self, hint: Hint) -> Self {
        Self { hint: Some(hint), ..self }
    }
}

impl fmt::Display for RouterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.transport {
            Transport::Rest => "REST",
            Transport::Ssh => "SSH",
        };
        let doing = match self.doing {
            Doing::Preparing => "preparing the client",
            Doing::ReadingResource => "reading the version",
            Doing::ReadingIdentity => "reading the router's name",
            Doing::ReadingQueue => "reading a queue",
            Doing::SettingLimit => "setting a limit",
            Doing::ReadingStatistics => "reading counters",
            Doing::ReadingRule => "reading a mangle rule",
            Doing::SettingRule => "switching a mangle rule",
            Doing::ReadingList => "reading a list",
            Doing::Recording => "recording an answer",
        };
        write!(f, "{transport}: {doing} failed ({}): {}", self.kind.word(), self.detail)?;
        match self.hint {
            Some(hint) => write!(f, "; {}", hint.text()),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RouterError {}

/// The text on one line, without control characters, cut off to [`DETAIL_MAX`].
fn shortened(text: fmt::Arguments<'_>) -> Detail {
    let mut line = Line(Detail::new());
    // An error only says that the line is full.
    let _ = fmt::Write::write_fmt(&mut line, text);
    line.0
}

/// Keeps room for its ellipsis, so that neither push below can fail.
struct Line(Detail);

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| self.write_char(char))
    }

    fn write_char(&mut self, char: char) -> fmt::Result {
        const ELLIPSIS: char = '…';
        let room = DETAIL_MAX.saturating_sub(self.0.len());
        if room < char.len_utf8().saturating_add(ELLIPSIS.len_utf8()) {
            let _ = self.0.push(ELLIPSIS);
            return Err(fmt::Error);
        }
        self.0.push(if char.is_control() { ' ' } else { char }).map_err(|_| fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::{DETAIL_MAX, Doing, Hint, RouterError, shortened};
    use crate::control::failure::FailureKind;

    #[test]
    fn an_error_reads_as_one_sentence_with_its_remedy() {
        let detail = format_args!("HTTP 403\r\nwith a web page");
        let error = RouterError::rest(FailureKind::Auth, Doing::ReadingQueue, detail)
            .hinting(Hint::SwitchRestOn);
        assert_eq!(
            error.to_string(),
            "REST: reading a queue failed (auth): HTTP 403  with a web page; \
             on the router: /ip/service/webserver set rest-secure=yes (rest-plain=yes for http)"
        );
    }

    #[test]
    fn a_long_detail_ends_in_an_ellipsis_and_never_inside_a_character() {
        let long = "ü".repeat(100);
        let detail = shortened(format_args!("{long}"));
        assert!(detail.len() <= DETAIL_MAX && detail.ends_with("ü…"));
        let fits = "x".repeat(DETAIL_MAX - 3);
        assert_eq!(shortened(format_args!("{fits}")), fits.as_str());
    }

    #[test]
    fn an_error_is_small_enough_to_be_passed_on() {
        assert!(size_of::<RouterError>() < 128);
    }
}
