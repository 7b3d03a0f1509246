//! The state file's text: JSON with a schema version.
//! Promises: pure; what decodes has finite times, no zero rate and no name twice, and what was
//! encoded decodes to the same; unknown keys do no harm.
//! Knows nothing of files or of which WANs there are.

use std::fmt;

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

use crate::control::{
    saved::SavedWan,
    steering::{State as Steered, brake::MOST_PER_HOUR},
    units::{PerDirection, Rate, Rtt},
};

/// The only version there is. Another one is not read: a fresh start is better than a guess. A key
/// that may be missing makes no new version: an earlier program passes it over.
pub const SCHEMA: u32 = 1;

/// More than the longest text in bytes: 16 WANs and 8 steerings with names of 64 bytes and all
/// numbers at their longest.
pub const MAX_BYTES: usize = 12 * 1024;

/// The most WANs in a file.
pub const MAX_WANS: usize = 16;

/// The most steerings in a file.
pub const MAX_STEERINGS: usize = 8;

/// The longest name of a WAN or a steering in bytes.
pub const MAX_NAME: usize = 64;

/// Objects and lists within each other: we write three levels; a reader that descends into what it
/// does not know must not run out of stack.
const MAX_DEPTH: u32 = 16;

/// What is in a state file.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The wall clock at the time of writing, in seconds since 1970.
    pub written_unix: u64,
    /// The WANs.
    pub wans: Vec<NamedWan, MAX_WANS>,
    /// The steerings.
    pub steerings: Vec<NamedSteering, MAX_STEERINGS>,
}

/// A steering in a state file. Times are those of the wall clock, in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSteering {
    /// The name of its section.
    pub name: Name,
    /// What was wanted.
    pub state: Steered,
    /// Since when; `None`: since the start of that run.
    pub changed_unix: Option<u64>,
    /// When it was steered, the latest last.
    pub steered_unix: Vec<u64, MOST_PER_HOUR>,
}

/// A WAN in a state file.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedWan {
    /// The name of its section.
    pub name: Name,
    /// The wall clock when the baseline was measured last, in seconds since 1970. Writing a state
    /// again does not make it younger. In a file that does not say it: the time of writing.
    pub measured_unix: u64,
    /// A number for what it was measured by; `None`: the file does not say it.
    pub measured_by: Option<u32>,
    /// What was kept of it.
    pub wan: SavedWan,
}

/// The name of a WAN or a steering: 1 to 64 bytes without quote, backslash or control character, so that it is
/// written in JSON as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String<MAX_NAME>);

impl Name {
    /// The name; `None` if it cannot be one.
    pub fn new(name: &str) -> Option<Self> {
        let plain = |letter: char| !letter.is_control() && letter != '"' && letter != '\\';
        let fits = !name.is_empty() && name.chars().all(plain);
        fits.then(|| String::try_from(name).ok().map(Self))?
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text did not fit into the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the state does not fit into its buffer")
    }
}

impl std::error::Error for TooLong {}

/// Why a text is no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Longer than `MAX_BYTES`.
    TooLong,
    /// More levels than any version of the file has.
    TooDeep,
    /// No JSON, a key is missing, or a value is of another type or range.
    Json(serde_json_core::de::Error),
    /// Written by another version.
    Schema(u32),
    /// A name that no WAN can have.
    Name,
    /// Two WANs or steerings of the same name.
    Twice,
    /// A rate of zero, which would mean "unlimited".
    ZeroRate,
    /// A time that is negative or not finite.
    Time,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {MAX_BYTES} bytes"),
            Self::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels"),
            Self::Json(error) => write!(f, "not the JSON of a state: {error}"),
            Self::Schema(version) => write!(f, "schema version {version}, not {SCHEMA}"),
            Self::Name => f.write_str("a name is not possible"),
            Self::Twice => f.write_str("a name is there twice"),
            Self::ZeroRate => f.write_str("a rate is zero"),
            Self::Time => f.write_str("a time is negative or not finite"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The text of a state, in the front of the buffer. `MAX_BYTES` are always enough.
pub fn encode<'a>(state: &State, buffer: &'a mut [u8]) -> Result<&'a [u8], TooLong> {
    let file = File {
        schema: SCHEMA,
        written_unix: state.written_unix,
        wans: state.wans.iter().map(Entry::from).collect(),
        steerings: state.steerings.iter().map(Course::from).collect(),
    };
    let len = serde_json_core::to_slice(&file, buffer).map_err(|_| TooLong)?;
    buffer.get(..len).ok_or(TooLong)
}

/// The state of a text.
pub fn decode(text: &[u8]) -> Result<State, DecodeError> {
    if text.len() > MAX_BYTES {
        return Err(DecodeError::TooLong);
    }
    if depth(text) > MAX_DEPTH {
        return Err(DecodeError::TooDeep);
    }
    // The version first: another one may have other keys.
    let (Version { schema }, _) = serde_json_core::from_slice(text).map_err(DecodeError::Json)?;
    if schema != SCHEMA {
        return Err(DecodeError::Schema(schema));
    }
    let (file, _) = serde_json_core::from_slice::<File<'_>>(text).map_err(DecodeError::Json)?;
    let mut state =
        State { written_unix: file.written_unix, wans: Vec::new(), steerings: Vec::new() };
    for entry in &file.wans {
        let wan = entry.checked(file.written_unix)?;
        if state.wans.iter().any(|other| other.name == wan.name) {
            return Err(DecodeError::Twice);
        }
        // As many as the file's list has room for.
        let _ = state.wans.push(wan);
    }
    for entry in &file.steerings {
        let steering = entry.checked()?;
        if state.steerings.iter().any(|other| other.name == steering.name) {
            return Err(DecodeError::Twice);
        }
        let _ = state.steerings.push(steering);
    }
    Ok(state)
}

#[derive(Deserialize)]
struct Version {
    schema: u32,
}

/// The file as its text has it.
#[derive(Serialize, Deserialize)]
struct File<'a> {
    schema: u32,
    written_unix: u64,
    #[serde(borrow)]
    wans: Vec<Entry<'a>, MAX_WANS>,
    /// A file without steering has none of it, as an earlier program writes it.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    steerings: Vec<Course<'a>, MAX_STEERINGS>,
}

/// A steering as the text has it.
#[derive(Serialize, Deserialize)]
struct Course<'a> {
    name: &'a str,
    degraded: bool,
    changed_unix: Option<u64>,
    steered_unix: Vec<u64, MOST_PER_HOUR>,
}

impl<'a> From<&'a NamedSteering> for Course<'a> {
    fn from(named: &'a NamedSteering) -> Self {
        Self {
            name: named.name.as_str(),
            degraded: named.state == Steered::Degraded,
            changed_unix: named.changed_unix,
            steered_unix: named.steered_unix.clone(),
        }
    }
}

impl Course<'_> {
    fn checked(&self) -> Result<NamedSteering, DecodeError> {
        Ok(NamedSteering {
            name: Name::new(self.name).ok_or(DecodeError::Name)?,
            state: if self.degraded { Steered::Degraded } else { Steered::Good },
            changed_unix: self.changed_unix,
            steered_unix: self.steered_unix.clone(),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    name: &'a str,
    measured_unix: Option<u64>,
    measured_by: Option<u32>,
    baseline_ms: f64,
    load_ms: f64,
    download: Way,
    upload: Way,
}

/// One direction.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Way {
    rate_bps: u64,
    green_streak: u8,
    confirmed_bps: Option<u64>,
}

impl<'a> From<&'a NamedWan> for Entry<'a> {
    fn from(named: &'a NamedWan) -> Self {
        let wan = &named.wan;
        let ways = wan.rates.zip(wan.streaks).zip(wan.confirmed);
        let ways = ways.map(|((rate, streak), confirmed)| Way {
            rate_bps: rate.bps(),
            green_streak: streak,
            confirmed_bps: confirmed.map(Rate::bps),
        });
        Self {
            name: named.name.as_str(),
            measured_unix: Some(named.measured_unix),
            measured_by: named.measured_by,
            baseline_ms: wan.baseline.ms(),
            load_ms: wan.load.ms(),
            download: ways.download,
            upload: ways.upload,
        }
    }
}

impl Entry<'_> {
    fn checked(&self, written_unix: u64) -> Result<NamedWan, DecodeError> {
        let ways = PerDirection { download: self.download, upload: self.upload };
        Ok(NamedWan {
            name: Name::new(self.name).ok_or(DecodeError::Name)?,
            measured_unix: self.measured_unix.unwrap_or(written_unix),
            measured_by: self.measured_by,
            wan: SavedWan {
                rates: both(ways.map(|way| rate(way.rate_bps)))?,
                streaks: ways.map(|way| way.green_streak),
                baseline: Rtt::from_ms(self.baseline_ms).ok_or(DecodeError::Time)?,
                load: Rtt::from_ms(self.load_ms).ok_or(DecodeError::Time)?,
                confirmed: both(ways.map(|way| way.confirmed_bps.map(rate).transpose()))?,
            },
        })
    }
}

fn rate(bits: u64) -> Result<Rate, DecodeError> {
    Rate::from_bps(bits).ok_or(DecodeError::ZeroRate)
}

fn both<T>(values: PerDirection<Result<T, DecodeError>>) -> Result<PerDirection<T>, DecodeError> {
    Ok(PerDirection { download: values.download?, upload: values.upload? })
}

/// The deepest level of objects and lists, brackets in strings aside.
fn depth(text: &[u8]) -> u32 {
    let (mut level, mut deepest) = (0_u32, 0);
    let mut place = Place::Outside;
    for byte in text {
        place = match (place, byte) {
            (Place::Outside, b'"') | (Place::Escape, _) => Place::Inside,
            (Place::Inside, b'\\') => Place::Escape,
            (Place::Inside, b'"') => Place::Outside,
            (Place::Outside, b'[' | b'{') => {
                level = level.saturating_add(1);
                deepest = deepest.max(level);
                Place::Outside
            }
            (Place::Outside, b']' | b'}') => {
                level = level.saturating_sub(1);
                Place::Outside
            }
            (place, _) => place,
        };
    }
    deepest
}

/// Where a byte stands with regard to strings.
#[derive(Clone, Copy)]
enum Place {
    Outside,
    Inside,
    Escape,
}
