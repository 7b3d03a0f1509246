//! The history as JSON, page by page.
//! Promises: a page is a few kilobytes, however long the history is; together the pages are one
//! JSON value, even if samples come and go or WANs are replaced between two pages.
//! Knows nothing of who reads.

use std::fmt::{self, Write};

use super::{
    History, Track, as_count,
    pack::{Sample, Tenths, Ticks},
};
use crate::control::time::Instant;

/// A page ends with the row that makes it longer than this, in bytes.
const PAGE: usize = 4 * 1024;

/// How far a reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// No sample from before this is wanted, in seconds since the start.
    from: u64,
    /// No event before this one is wanted.
    oldest: u64,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Head,
    Wan(usize),
    /// In the samples of a WAN: the second of the next row, and what stands before it.
    Rows(usize, u64, Comma),
    /// The number of the next event, and what stands before it.
    Events(u64, Comma),
    End,
}

/// What stands before an entry of a list.
type Comma = &'static str;

impl Cursor {
    /// The samples of the last `seconds` before `now`, and so many of the last events.
    pub fn of_last(history: &History, seconds: u64, events: u64, now: Instant) -> Self {
        let from = now.since(history.start).as_secs().saturating_sub(seconds);
        let told = history.gone.saturating_add(as_count(history.events.len()));
        Self { from, oldest: told.saturating_sub(events), place: Place::Head }
    }
}

impl History {
    /// Writes the next page to `out`, and where the one after it begins; `None`: that was all.
    pub fn page(&self, cursor: Cursor, now: Instant, out: &mut String) -> Option<Cursor> {
        let Cursor { from, oldest, mut place } = cursor;
        while out.len() < PAGE && place != Place::End {
            place = match place {
                Place::Head => {
                    self.head(now, out);
                    Place::Wan(0)
                }
                Place::Wan(index) => self.wan(index, cursor, out),
                Place::Rows(index, second, comma) => self.rows(index, second, comma, out),
                Place::Events(number, comma) => self.events(number, comma, out),
                Place::End => Place::End,
            };
        }
        (place != Place::End).then_some(Cursor { from, oldest, place })
    }

    fn head(&self, now: Instant, out: &mut String) {
        let now = now.since(self.start).as_secs();
        put(
            out,
            format_args!(
                "{{\"now\":{now},\"step_seconds\":1,\"fields\":[\"download_wanted_kbps\",\
             \"upload_wanted_kbps\",\"download_confirmed_kbps\",\"upload_confirmed_kbps\",\
             \"load_ms\",\"baseline_ms\",\"highest_delta_ms\",\"download_state\",\
             \"upload_state\"],\"wans\":["
            ),
        );
    }

    fn wan(&self, index: usize, wanted: Cursor, out: &mut String) -> Place {
        let Some(track) = self.tracks.get(index) else {
            out.push_str("],\"events\":[");
            return Place::Events(wanted.oldest.max(self.gone), "");
        };
        let first = track.first().max(wanted.from);
        out.push_str(if index == 0 { "{\"name\":" } else { ",{\"name\":" });
        quoted(&track.name, out);
        put(out, format_args!(",\"first\":{first},\"samples\":["));
        Place::Rows(index, first, "")
    }

    fn rows(&self, index: usize, second: u64, comma: Comma, out: &mut String) -> Place {
        let Some(sample) = self.tracks.get(index).and_then(|track| track.at(second)) else {
            out.push_str("]}");
            return Place::Wan(index.saturating_add(1));
        };
        out.push_str(comma);
        row(sample, out);
        Place::Rows(index, second.saturating_add(1), ",")
    }

    fn events(&self, number: u64, comma: Comma, out: &mut String) -> Place {
        let place = usize::try_from(number.saturating_sub(self.gone)).unwrap_or(usize::MAX);
        let Some(event) = self.events.get(place) else {
            out.push_str("]}\n");
            return Place::End;
        };
        let next = number.max(self.gone).saturating_add(1);
        out.push_str(comma);
        let at = event.at.as_secs();
        let level = event.level.as_str().to_ascii_lowercase();
        put(out, format_args!("{{\"at\":{at},\"level\":\"{level}\",\"text\":"));
        quoted(&event.text, out);
        out.push('}');
        Place::Events(next, ",")
    }
}

impl Track {
    /// The sample of a second; one that has gone meanwhile is nothing.
    fn at(&self, second: u64) -> Option<&Sample> {
        let Some(place) = second.checked_sub(self.first()) else { return Some(&Sample::NOTHING) };
        self.samples.get(usize::try_from(place).ok()?)
    }
}

fn row(sample: &Sample, out: &mut String) {
    if *sample == Sample::NOTHING {
        out.push_str("null");
        return;
    }
    let Sample { wanted, confirmed, load, baseline, highest, worst } = *sample;
    out.push('[');
    for rate in [wanted.download, wanted.upload, confirmed.download, confirmed.upload] {
        number(rate.value(), out);
        out.push(',');
    }
    for time in [load, baseline] {
        ticks(time, out);
        out.push(',');
    }
    tenths(highest, out);
    for state in [worst.download, worst.upload] {
        out.push(',');
        number(state.value(), out);
    }
    out.push(']');
}

fn number<T: fmt::Display>(value: Option<T>, out: &mut String) {
    match value {
        Some(value) => put(out, format_args!("{value}")),
        None => out.push_str("null"),
    }
}

fn ticks(time: Ticks, out: &mut String) {
    match time.hundredths() {
        Some(value) => put(out, format_args!("{}.{:02}", value / 100, value % 100)),
        None => out.push_str("null"),
    }
}

fn tenths(difference: Tenths, out: &mut String) {
    match difference.value() {
        Some(value) => {
            let (sign, size) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
            put(out, format_args!("{sign}{}.{}", size / 10, size % 10));
        }
        None => out.push_str("null"),
    }
}

/// A text as JSON.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter.is_control() => {
                put(out, format_args!("\\u{:04x}", u32::from(letter)));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

fn put(out: &mut String, text: fmt::Arguments<'_>) {
    // A string takes everything.
    let _ = out.write_fmt(text);
}
