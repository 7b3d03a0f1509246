//! The table of all options: the one source of parsing, checking, help and documentation.
//! Promises: an option that is not here does not exist, and nothing about one is written anywhere
//! else.
//! Must not know how sections are read or what their values do.

mod rows;

pub use self::rows::TABLE;
pub(super) use self::rows::*;
use super::{kind::Kind, number::Limits, what::What};
use crate::control::units::{Direction, PerDirection};

/// The types of sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// What concerns the daemon as a whole; at most one, may be left out.
    Globals,
    /// A router and its login.
    Router,
    /// A line to the internet.
    Wan,
    /// A rule that leads new connections from one line to another.
    Steering,
}

impl SectionKind {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Globals, Self::Router, Self::Wan, Self::Steering];

    /// The word after `config`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Globals => "globals",
            Self::Router => "router",
            Self::Wan => "wan",
            Self::Steering => "steering",
        }
    }

    /// The section type of this word.
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What happens without the option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// It must be given, for example so.
    Required(&'static str),
    /// This value holds.
    Value(&'static str),
    /// No value means what is said first; a value looks as the second.
    Absent(&'static str, &'static str),
}

impl Preset {
    /// A value as one would write it; empty if none is typical.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Required(example) | Self::Value(example) | Self::Absent(_, example) => example,
        }
    }
}

/// How often an option may occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Once, as `option`.
    One,
    /// From once, or not at all if it has a preset, to so many times, as `list`.
    List(usize),
}

/// One option of one section type, with the kind of its value.
pub(super) struct Spec<K> {
    pub(super) section: SectionKind,
    direction: Option<Direction>,
    word: &'static str,
    pub(super) kind: K,
    pub(super) preset: Preset,
    pub(super) shape: Shape,
    help: &'static str,
}

impl<K> Spec<K> {
    /// Whether that is its name; this is asked much more often than the name itself.
    pub(super) fn is(&self, name: &str) -> bool {
        match self.direction {
            Some(direction) => name
                .strip_prefix(direction.word())
                .and_then(|rest| rest.strip_prefix('_'))
                .is_some_and(|rest| rest == self.word),
            None => name == self.word,
        }
    }

    /// The name in the file.
    pub(super) fn name(&self) -> String {
        match self.direction {
            Some(direction) => format!("{}_{}", direction.word(), self.word),
            None => self.word.into(),
        }
    }
}

impl<K: Kind> Spec<K> {
    /// What is allowed, with an example.
    pub(super) fn allowed(&self) -> String {
        match self.preset.example() {
            "" => self.kind.allowed(),
            example => self.kind.allowed_with(example),
        }
    }
}

/// A line of the table, whatever the kind of its value.
pub trait Row: Sync {
    /// The section type that it belongs to.
    fn section(&self) -> SectionKind;
    /// The name in the file.
    fn name(&self) -> String;
    /// Whether that is its name.
    fn is(&self, name: &str) -> bool;
    /// What happens without it.
    fn preset(&self) -> Preset;
    /// How often it may occur.
    fn shape(&self) -> Shape;
    /// What is allowed, in a few words.
    fn range(&self) -> String;
    /// The range, if it is a number.
    fn limits(&self) -> Option<Limits>;
    /// What it is, on one line.
    fn help(&self) -> &'static str;
    /// Whether the value by itself is one.
    fn check(&self, text: &str) -> Result<(), What>;
}

impl<K: Kind + Sync> Row for Spec<K> {
    fn section(&self) -> SectionKind {
        self.section
    }

    fn name(&self) -> String {
        self.name()
    }

    fn is(&self, name: &str) -> bool {
        self.is(name)
    }

    fn preset(&self) -> Preset {
        self.preset
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn range(&self) -> String {
        self.kind.allowed()
    }

    fn limits(&self) -> Option<Limits> {
        self.kind.limits()
    }

    fn help(&self) -> &'static str {
        self.help
    }

    fn check(&self, text: &str) -> Result<(), What> {
        self.kind.parse(text).map(|_| ()).map_err(|fault| fault.what)
    }
}

/// The rows of one section type.
pub fn rows(section: SectionKind) -> impl Iterator<Item = &'static dyn Row> {
    TABLE.iter().copied().filter(move |row| row.section() == section)
}

/// An option that is there once in a section.
const fn once<K>(
    section: SectionKind,
    word: &'static str,
    kind: K,
    preset: Preset,
    help: &'static str,
) -> Spec<K> {
    Spec { section, direction: None, word, kind, preset, shape: Shape::One, help }
}

/// An option of one direction of a WAN.
const fn of<K>(
    direction: Direction,
    word: &'static str,
    kind: K,
    preset: Preset,
    help: &'static str,
) -> Spec<K> {
    let (section, shape) = (SectionKind::Wan, Shape::One);
    Spec { section, direction: Some(direction), word, kind, preset, shape, help }
}

/// An option that both directions of a WAN have, with the same range and default.
const fn both<K: Copy>(
    word: &'static str,
    kind: K,
    preset: Preset,
    help: &'static str,
) -> PerDirection<Spec<K>> {
    PerDirection {
        download: of(Direction::Download, word, kind, preset, help),
        upload: of(Direction::Upload, word, kind, preset, help),
    }
}
