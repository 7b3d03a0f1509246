//! `wanctl --version`, and with `--verbose` the RouterOS versions whose answers are known.
//! Promises: one line per version and transport, from the table that the daemon uses.

use std::io::{self, Write};

use crate::router::{
    contract::{COVERED, Covered},
    error::Transport,
};

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// The version of wanctl.
    Brief,
    /// And what it knows of RouterOS.
    Full,
}

/// Says it.
pub(super) fn version(detail: Detail, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "wanctl {}", env!("CARGO_PKG_VERSION"))?;
    match detail {
        Detail::Brief => Ok(()),
        Detail::Full => {
            writeln!(out)?;
            releases(out)
        }
    }
}

/// The versions of RouterOS whose answers are known.
pub(super) fn releases(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "RouterOS versions of which recorded answers are known:")?;
    writeln!(
        out,
        "  {:<10} {:<6} {:<8} {:>7}  {:>6}",
        "version", "over", "class", "answers", "others"
    )?;
    for Covered { version, transport, origin, answers, others } in COVERED {
        let over = match transport {
            Some(Transport::Rest) => "REST",
            Some(Transport::Ssh) => "SSH",
            None => "-",
        };
        let (version, origin) = (version.to_string(), origin.word());
        writeln!(out, "  {version:<10} {over:<6} {origin:<8} {answers:>7}  {others:>6}")?;
    }
    writeln!(
        out,
        "\n\"others\" are errors, answers of other menus and lists of names. Other versions work as \
         well;\nthe daemon says at connect how far the router's own one is known, and what differs."
    )
}
