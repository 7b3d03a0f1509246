//! A recording as files: one per answer, and `capture.json` with a row for each.
//! Promises: nobody else can read them; `capture.json` is written last, so that a directory with
//! one is whole; after a failure nothing of it stays.
//! Knows nothing of what the answers say.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Component, Path, PathBuf},
};

use super::{
    gather::Ask,
    json::{self, Piece, quoted},
};
use crate::{os::clock, router::capture::BODY_MAX, store::atomic};

/// The file with the rows.
pub(super) const HEADER: &str = "capture.json";

/// Longest such file that is read, in bytes: four times what 60 rows take.
const HEADER_MAX: u64 = 64 * 1024;

/// What stands in the manifest as the source.
pub(super) const SOURCE: &str = concat!("router capture wanctl ", env!("CARGO_PKG_VERSION"));

/// A question and its redacted answer.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) ask: Ask,
    /// HTTP status, or exit status of the command.
    pub(super) status: Option<u32>,
    /// The answer; none if there was none, or none that can be shown.
    pub(super) body: Option<String>,
    /// `name: value` of each header that is kept.
    pub(super) headers: String,
    pub(super) elapsed_ms: u64,
    /// Values of the console that have another width now.
    pub(super) stretched: usize,
    pub(super) note: String,
}

/// What a recording says about itself.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    /// Such as `7.23.2`; empty if the router did not say.
    pub(super) version: String,
    /// Such as `stable`.
    pub(super) channel: String,
    pub(super) architecture: String,
    pub(super) board: String,
    /// How the connections were protected.
    pub(super) protection: String,
    /// How much was replaced, in words.
    pub(super) redacted: String,
}

/// Whether the directory can take a recording: it is not there, or empty.
pub(super) fn check_free(dir: &Path) -> io::Result<()> {
    match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(io::ErrorKind::DirectoryNotEmpty.into()),
        },
    }
}

/// Writes a recording into a directory that is there and empty.
pub(super) fn write(dir: &Path, about: &About, rows: &[Row]) -> io::Result<()> {
    let written = write_all(dir, about, rows);
    if written.is_err() {
        // The failure to tell is the first one.
        let _ = ["rest", "ssh"].map(|transport| fs::remove_dir_all(dir.join(transport)));
    }
    written
}

fn write_all(dir: &Path, about: &About, rows: &[Row]) -> io::Result<()> {
    for row in rows {
        let Some(body) = &row.body else { continue };
        let folder = dir.join(folder(about, row.ask));
        save(&folder, row.ask.file(), &format!("{body}\n"))?;
    }
    save(dir, HEADER, &header(about, rows))
}

fn save(dir: &Path, name: &str, text: &str) -> io::Result<()> {
    atomic::save(dir, name, text.as_bytes()).map_err(|failed| {
        let words = format!("{}: {failed}", dir.join(name).display());
        io::Error::new(failed.error.kind(), words)
    })
}

/// Where the files of a transport and release are.
fn folder(about: &About, ask: Ask) -> PathBuf {
    let version = if about.version.is_empty() { "unversioned" } else { &about.version };
    Path::new(ask.transport().word()).join(version)
}

/// The rows are those of `golden/manifest.json`, and a few keys more; `recorded` is in seconds since
/// 1970.
fn header(about: &About, rows: &[Row]) -> String {
    let About { version, channel, architecture, board, protection, redacted } = about;
    let mut text = format!(
        "{{\n \"tool\": {},\n \"routeros\": {},\n \"channel\": {},\n \"architecture\": {},\n \
         \"board\": {},\n \"recorded\": {},\n \"protection\": {},\n \"redacted\": {},\n \"answers\": [",
        quoted(concat!("wanctl ", env!("CARGO_PKG_VERSION"))),
        quoted(version),
        quoted(channel),
        quoted(architecture),
        quoted(board),
        clock::unix_now(),
        quoted(protection),
        quoted(redacted),
    );
    for (place, row) in rows.iter().enumerate() {
        text.push_str(if place == 0 { "\n  " } else { ",\n  " });
        text.push_str(&entry(about, row));
    }
    text.push_str("\n ]\n}\n");
    text
}

fn entry(about: &About, row: &Row) -> String {
    let About { version, channel, board, .. } = about;
    let file = match row.body {
        Some(_) => folder(about, row.ask).join(row.ask.file()).display().to_string(),
        None => String::new(),
    };
    let versions = if version.is_empty() { String::new() } else { quoted(version) };
    let status = row.status.map_or("null".to_owned(), |status| status.to_string());
    format!(
        "{{\"file\": {}, \"class\": \"capture\", \"versions\": [{versions}], \"routeros\": {}, \
         \"request\": {}, \"status\": {status}, \"source\": {}, \"note\": {}, \"headers\": {}, \
         \"elapsed_ms\": {}, \"stretched\": {}}}",
        quoted(&file),
        quoted(&format!("{version} ({channel}), {board}")),
        quoted(&row.ask.shown()),
        quoted(SOURCE),
        quoted(&row.note),
        quoted(&row.headers),
        row.elapsed_ms,
        row.stretched,
    )
}

/// Reads a recording: its release, and the rows that have an answer.
pub(super) fn read(dir: &Path) -> io::Result<(String, Vec<Row>)> {
    let text = text_of(&dir.join(HEADER), HEADER_MAX)?;
    let objects = objects(&text).ok_or_else(|| invalid(HEADER, "is not a recording's"))?;
    let mut version = String::new();
    let mut rows = Vec::new();
    for object in objects {
        let value = |key: &str| {
            let own = object.iter().find(|(own, _)| own == key);
            own.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        if value("tool").is_empty() {
            let (file, request) = (value("file"), value("request"));
            let Some(ask) = Ask::all().find(|ask| ask.shown() == request) else { continue };
            rows.push(Row {
                ask,
                status: value("status").parse().ok(),
                body: if file.is_empty() { None } else { Some(body(dir, file)?) },
                headers: String::new(),
                elapsed_ms: 0,
                stretched: value("stretched").parse().unwrap_or(0),
                note: value("note").to_owned(),
            });
        } else {
            value("routeros").clone_into(&mut version);
        }
    }
    Ok((version, rows))
}

/// The answer in a file of the recording.
fn body(dir: &Path, file: &str) -> io::Result<String> {
    let inside = Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return Err(invalid(file, "is not in the recording"));
    }
    let mut text = text_of(&dir.join(file), BODY_MAX.saturating_mul(2))?;
    // The line end that is not part of the answer.
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

fn text_of(path: &Path, most: u64) -> io::Result<String> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let mut text = String::new();
    let file = File::open(path).map_err(named)?;
    let read = file.take(most.saturating_add(1)).read_to_string(&mut text).map_err(named)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > most {
        return Err(invalid(&path.display().to_string(), "is too long"));
    }
    Ok(text)
}

fn invalid(file: &str, words: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{file} {words}"))
}

/// The objects of a text, inner ones first, each with its keys and values.
fn objects(text: &str) -> Option<Vec<Vec<(String, String)>>> {
    let mut all = Vec::new();
    // The outer object's own pairs come before its rows.
    let mut open: Vec<(String, String)> = Vec::new();
    let walked = json::walk(text, &mut |piece| {
        match piece {
            Piece::Key("answers") | Piece::End => all.push(std::mem::take(&mut open)),
            Piece::Text(key, value) | Piece::Bare(key, value) => {
                open.push((key.to_owned(), value.to_owned()));
            }
            Piece::Key(_) => {}
        }
        None
    });
    walked.is_ok().then_some(all)
}
