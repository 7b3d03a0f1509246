//! The rows of the sections `globals` and `router`.
//! Promises: names, ranges, defaults and help texts, and nothing that computes.
//! Must not know how sections are read or what their values do.

use log::LevelFilter;

use super::{MS, S, options, time};
use crate::{
    config::{
        kind::{AbsolutePath, Choice, Flag, HostKey, Listen, Password, Text},
        number::{Limits, Number, Unit},
        table::{
            Preset::{Absent, Required, Value},
            SectionKind::{Globals, Router},
            Spec, once,
        },
        url::{Url, UrlHost},
    },
    control::time::Span,
    router::settings::Transport,
};

/// What steps in for the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum StandIn {
    By(Transport),
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
        "RouterOS user; its group needs the policies read and write, for REST also api and rest-api, \
         for SSH also ssh.",
    );
    PASSWORD: Spec<Password> = once(
        Router, "password", Password, Absent("this or password_file; none where ssh_key does", ""),
        "Its password; only in a configuration file of mode 0600.",
    );
    PASSWORD_FILE: Spec<AbsolutePath> = once(
        Router, "password_file", AbsolutePath,
        Absent("this or password; none where ssh_key does", "/etc/wanctl/password"),
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
        Choice { words: &[("rest", Transport::Rest), ("ssh", Transport::Ssh)], later: &[] },
        Value("rest"),
        "How the router is spoken to.",
    );
    FALLBACK: Spec<Choice<StandIn>> = once(
        Router, "fallback",
        Choice {
            words: &[
                ("ssh", StandIn::By(Transport::Ssh)),
                ("rest", StandIn::By(Transport::Rest)),
                ("none", StandIn::None),
            ],
            later: &[],
        },
        Absent("the other one, if ssh_host_key (for rest: a password) is given; else none", "ssh"),
        "How it is spoken to when that fails; not simply ssh, since nobody is asked for a host key \
         who uses REST alone.",
    );
    REST_TIMEOUT: Spec<Number<Span>> = once(
        Router, "rest_timeout", time(Unit::Time, 500 * MS, 10 * S), Value("2s"),
        "Deadline of one REST operation.",
    );
    SSH_HOST: Spec<UrlHost> = once(
        Router, "ssh_host", UrlHost, Absent("that of url", "192.168.88.1"),
        "Where the router's SSH service is.",
    );
    SSH_PORT: Spec<Number<u16>> = once(
        Router, "ssh_port",
        Number::new(Limits { unit: Unit::Count, min: 1, max: 65_535 }, |port| {
            u16::try_from(port).ok()
        }),
        Value("22"),
        "TCP port of the SSH service.",
    );
    SSH_KEY: Spec<AbsolutePath> = once(
        Router, "ssh_key", AbsolutePath,
        Absent("SSH logs in by password", "/etc/wanctl/id_ed25519"),
        "File of mode 0600 with a private key (ed25519 or RSA, OpenSSH's format, no passphrase).",
    );
    SSH_HOST_KEY: Spec<HostKey> = once(
        Router, "ssh_host_key", HostKey,
        Absent(
            "required where SSH is used",
            "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
        ),
        "Fingerprint of the router's SSH host key; no other one is spoken to.",
    );
    SSH_TIMEOUT: Spec<Number<Span>> = once(
        Router, "ssh_timeout", time(Unit::Time, S, 20 * S), Value("5s"),
        "Deadline of one SSH operation, which may have to connect and log in.",
    );
}
