//! The rows of the sections `globals` and `router`.
//! Promises: names, ranges, defaults and help texts, and nothing that computes.
//! Must not know how sections are read or what their values do.

use log::LevelFilter;

use super::{MS, S, options, time};
use crate::{
    config::{
        kind::{AbsolutePath, Choice, Flag, Listen, Password, Text},
        number::{Number, Unit},
        table::{
            Preset::{Absent, Required, Value},
            SectionKind::{Globals, Router},
            Spec, once,
        },
        url::Url,
    },
    control::time::Span,
};

/// The only transport of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Transport {
    Rest,
}

/// The only fallback of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Fallback {
    None,
}

options! {
    LISTEN: Spec<Listen> = once(
        Globals, "listen", Listen, Value("127.0.0.1:9101"),
        "Address of health, metrics and status.",
    );
    STATE_DIR: Spec<AbsolutePath> = once(
        Globals, "state_dir", AbsolutePath, Value("/var/run/wanctl"),
        "Directory of the state that survives a restart of the daemon; in memory (tmpfs).",
    );
    PERSIST_DIR: Spec<AbsolutePath> = once(
        Globals, "persist_dir", AbsolutePath, Absent("none", "/etc/wanctl"),
        "Directory of the copy that survives a reboot; on flash, rarely written.",
    );
    LOG_LEVEL: Spec<Choice<LevelFilter>> = once(
        Globals, "log_level",
        Choice {
            words: &[
                ("error", LevelFilter::Error),
                ("warn", LevelFilter::Warn),
                ("info", LevelFilter::Info),
                ("debug", LevelFilter::Debug),
            ],
            later: &[],
        },
        Value("info"),
        "The least important messages that are logged; debug logs every cycle.",
    );
}

options! {
    URL: Spec<Url> = once(
        Router, "url", Url, Required("https://192.168.88.1"),
        "Where the router's REST service is; http:// sends the password in the clear.",
    );
    USERNAME: Spec<Text> = once(
        Router, "username",
        Text { max: 64, refused: (&[':'], "a colon or a control character") },
        Required("wanctl"),
        "RouterOS user; its group needs the policies read, write, api and rest-api.",
    );
    PASSWORD: Spec<Password> = once(
        Router, "password", Password, Absent("this or password_file", ""),
        "Its password; only in a configuration file of mode 0600.",
    );
    PASSWORD_FILE: Spec<AbsolutePath> = once(
        Router, "password_file", AbsolutePath,
        Absent("this or password", "/etc/wanctl/password"),
        "File of mode 0600 with the password on its only line.",
    );
    TLS_CA: Spec<AbsolutePath> = once(
        Router, "tls_ca", AbsolutePath,
        Absent("the system's authorities", "/etc/wanctl/router.pem"),
        "PEM file with the CA or the router's own certificate; nothing else is trusted then.",
    );
    TLS_VERIFY: Spec<Flag> = once(
        Router, "tls_verify", Flag, Value("1"),
        "0 accepts any certificate; said at every start.",
    );
    TRANSPORT: Spec<Choice<Transport>> = once(
        Router, "transport",
        Choice { words: &[("rest", Transport::Rest)], later: &["ssh"] },
        Value("rest"),
        "How the router is spoken to.",
    );
    FALLBACK: Spec<Choice<Fallback>> = once(
        Router, "fallback",
        Choice { words: &[("none", Fallback::None)], later: &["ssh", "rest"] },
        Value("none"),
        "How it is spoken to when that fails.",
    );
    REST_TIMEOUT: Spec<Number<Span>> = once(
        Router, "rest_timeout", time(Unit::Time, 500 * MS, 10 * S), Value("2s"),
        "Deadline of one REST operation.",
    );
}
