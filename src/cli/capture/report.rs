//! What `wanctl capture` says.
//! Promises: nothing that it says holds a value of an answer, but for facts about the model.
//! Knows nothing of connections.

use std::{
    io::{self, Write},
    path::Path,
};

use super::{
    drift,
    files::{About, HEADER, Row},
    gather::{Ask, Stopped},
    json::{self, Piece},
    redact::{Counts, Redactor},
};
use crate::{
    cli::Exit,
    router::{
        capture::{ConsoleAsk, RestAsk},
        contract::Grade,
        settings::{Settings, SshSettings, Way},
    },
};

/// Before the router is asked.
pub(super) fn announced(router: &str, ways: &[&Way], out: &mut dyn Write) -> io::Result<()> {
    for way in ways {
        let (count, username, trace) = match way {
            Way::Rest(Settings { username, .. }) => {
                (RestAsk::ALL.len(), username, "a login and a logout of 'USER' over rest-api")
            }
            Way::Ssh(SshSettings { username, .. }) => {
                (ConsoleAsk::ALL.len(), username, "a few logins and logouts of 'USER' over ssh")
            }
        };
        let over = way.transport().word();
        let trace = trace.replace("USER", username);
        writeln!(
            out,
            "router '{router}': {count} requests over {over}, one at a time, a tenth of a second \
             apart; all of them read; its log will show {trace}"
        )?;
    }
    Ok(())
}

/// When not everything was answered.
pub(super) fn stopped(stopped: &Stopped, err: &mut dyn Write) -> io::Result<()> {
    match stopped {
        Stopped::Refused(status) => writeln!(
            err,
            "wanctl: stopped at once: HTTP {status}, the router does not let this user in; nothing \
             is written"
        ),
        Stopped::Failed(error) => {
            writeln!(err, "wanctl: stopped: {error}; nothing is written")
        }
        Stopped::OutOfTime => {
            writeln!(err, "wanctl: stopped: the router takes too long; nothing is written")
        }
    }
}

/// Says what the last look has found; how much it was.
pub(super) fn leaks(redactor: &Redactor, rows: &[Row], err: &mut dyn Write) -> io::Result<usize> {
    let mut count = 0_usize;
    for row in rows {
        let Some(body) = &row.body else { continue };
        for leak in redactor.leaks(row.ask.language(), body) {
            count = count.saturating_add(1);
            writeln!(err, "wanctl: {}: {leak}", row.ask.shown())?;
        }
    }
    if count > 0 {
        writeln!(
            err,
            "wanctl: nothing is written, because the above would be in it; without --keep-names \
             less stays"
        )?;
    }
    Ok(count)
}

/// What the device says about itself in the redacted answers.
pub(super) fn facts(rows: &[Row]) -> About {
    let mut about = About::default();
    let mut add = |key: &str, value: &str| match key {
        "version" => {
            let (version, channel) = value.split_once(' ').unwrap_or((value, ""));
            // A stand-in is no version.
            if version.starts_with(|char: char| char.is_ascii_digit()) {
                version.clone_into(&mut about.version);
                channel.trim_matches(['(', ')']).clone_into(&mut about.channel);
            }
        }
        "architecture-name" => value.clone_into(&mut about.architecture),
        "board-name" => value.clone_into(&mut about.board),
        _ => {}
    };
    for row in rows {
        let body = row.body.as_deref().unwrap_or_default();
        match row.ask {
            Ask::Rest(RestAsk::Resource) => each_text(body, &mut add),
            Ask::Console(ConsoleAsk::Resource) => {
                let pairs = body.lines().filter_map(|line| line.split_once(':'));
                pairs.for_each(|(key, value)| add(key.trim(), value.trim()));
            }
            Ask::Rest(_) | Ask::Console(_) => {}
        }
    }
    about
}

fn each_text(body: &str, each: &mut dyn FnMut(&str, &str)) {
    // A redacted answer is JSON, or there is none.
    let _ = json::walk(body, &mut |piece| {
        if let Piece::Text(key, value) = piece {
            each(key, value);
        }
        None
    });
}

/// How much was replaced.
pub(super) fn replaced(counts: Counts) -> String {
    let Counts { addresses, macs, names, secrets, stretched } = counts;
    let lines = match stretched {
        0 => String::new(),
        some => format!("; {some} values of the console have another width now"),
    };
    format!(
        "{addresses} IP addresses, {macs} MAC addresses, {names} names, comments and other texts, \
         {secrets} serial numbers, keys and users{lines}"
    )
}

/// After it is written.
pub(super) fn written(
    dir: &Path,
    about: &About,
    rows: &[Row],
    out: &mut dyn Write,
) -> io::Result<()> {
    let answered = rows.iter().filter(|row| row.body.is_some()).count();
    let (dir, all) = (dir.display(), rows.len());
    let version = release(&about.version);
    writeln!(out, "{answered} of {all} answers of {version} are in {dir}")?;
    for row in rows.iter().filter(|row| row.body.is_none()) {
        writeln!(out, "not there: {}: {}", row.ask.shown(), row.note)?;
    }
    writeln!(out, "replaced: {}", about.redacted)?;
    writeln!(
        out,
        "look through the files before you give them away; then attach them to an issue of wanctl \
         (tar -czf capture.tar.gz {dir}); golden/README.md says where each goes, and its row of the \
         manifest is in {HEADER}"
    )
}

fn release(version: &str) -> String {
    if version.is_empty() { "an unknown release".to_owned() } else { format!("RouterOS {version}") }
}

/// Compares, and says how each answer differs; the exit status tells the worst.
pub(super) fn compared(version: &str, rows: &[Row], out: &mut dyn Write) -> io::Result<Exit> {
    let (mut alike, mut unknown, mut missing) = (0_usize, 0_usize, 0_usize);
    let mut worst = None;
    for row in rows {
        let request = row.ask.shown();
        let Some(body) = &row.body else {
            missing = missing.saturating_add(1);
            writeln!(out, "{request}: no answer to compare: {}", row.note)?;
            continue;
        };
        let Some(differences) = drift::differences(row, body) else {
            unknown = unknown.saturating_add(1);
            continue;
        };
        let grade = drift::grade(row, &differences);
        worst = worst.max(grade);
        match grade {
            None => alike = alike.saturating_add(1),
            Some(grade) => writeln!(out, "{request}: {}: {differences}", word(grade))?,
        }
    }
    writeln!(
        out,
        "{alike} answers of {} are as known; {unknown} more cannot be compared",
        release(version)
    )?;
    let (verdict, exit) = match (worst, missing) {
        (Some(Grade::Breaking), _) => ("breaking: something that wanctl relies on", Exit::Breaking),
        (_, 1..) => ("not known: answers are missing", Exit::Failure),
        (Some(Grade::Additive), _) => ("additive: what wanctl relies on is there", Exit::Additive),
        (None, _) if alike == 0 => ("not known: nothing was compared", Exit::Failure),
        (None, _) => ("none", Exit::Ok),
    };
    writeln!(out, "drift: {verdict}")?;
    Ok(exit)
}

const fn word(grade: Grade) -> &'static str {
    match grade {
        Grade::Additive => "additive",
        Grade::Breaking => "breaking",
    }
}
