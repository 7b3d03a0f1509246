//! What can be wrong with a configuration, in kinds, and the wording of each.
//! Promises: every kind says by itself how serious it is and what follows.
//! Knows nothing of where in the file it was found.

use std::{fmt, io};

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The daemon does not start.
    Error,
    /// The daemon starts and says it in its log.
    Warning,
}

impl Severity {
    /// The word shown in front of a finding.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// With a file.
    File(FileFault),
    /// With the text of the configuration.
    Syntax(Syntax),
    /// With the sections and options there are.
    Naming(Naming),
    /// With a value by itself.
    Value(ValueFault),
    /// Between several values.
    Conflict(Conflict),
    /// Nothing, but it ought to be known.
    Caution(Caution),
}

/// What is wrong with the configuration file or one that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// There is none.
    Missing,
    /// It may not be read.
    Denied,
    /// A directory or a device.
    NotAFile,
    /// Its mode (here the permission bits) lets group or others in.
    OpenToOthers(u32),
    /// Larger than it may be, in bytes.
    TooLarge(usize),
    /// Nothing in it.
    Empty,
    /// Not one line of text.
    NotText,
    /// Reading failed otherwise.
    Failed(io::ErrorKind),
}

/// What is wrong with the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// A NUL byte or bytes that are not UTF-8.
    NotText,
    /// The line has more than this many bytes.
    LineTooLong(usize),
    /// The file has more than this many sections.
    TooManySections(usize),
    /// The section has more than this many options.
    TooManyOptions(usize),
    /// The rest of the findings is left out.
    MoreFindings,
    /// The line begins with no word of the format.
    UnknownKeyword,
    /// The line has too few words.
    Incomplete,
    /// The line has too many words.
    TooManyWords,
    /// This quote is not closed on its line.
    UnclosedQuote(char),
    /// A backslash ends the line.
    OpenBackslash,
    /// This character stands in a word without quotes.
    NeedsQuotes(char),
    /// An option before the first section.
    OutsideSection,
    /// A name with characters that UCI does not allow.
    BadName,
}

/// What is wrong with the sections and options there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// No such section type.
    UnknownSection,
    /// No such option.
    UnknownOption,
    /// The option is one of this section type.
    BelongsTo(&'static str),
    /// The section name is taken since this line.
    DuplicateSection(u32),
    /// The section type may occur once and did in this line.
    SecondSection(u32),
    /// The option was given in this line.
    DuplicateOption(u32),
    /// The section has no name.
    Unnamed,
    /// `list` where `option` belongs.
    NotAList,
    /// `option` where `list` belongs.
    IsAList,
    /// More entries or sections than this.
    TooMany(usize),
    /// A required option is missing.
    Missing,
    /// No section of this type (that is enabled).
    NoSection(&'static str),
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueFault {
    /// A number without its unit.
    UnitMissing,
    /// The value does not have the form that is named here.
    BadForm(&'static str),
    /// Out of range.
    OutOfRange,
    /// More decimals than this unit has.
    TooFine(&'static str),
    /// None of the known words.
    NotAChoice,
    /// Known, but not in this version.
    NotInThisVersion,
}

/// What is wrong between several values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// No section of this name to refer to.
    UnknownReference,
    /// Which section is meant cannot be told.
    AmbiguousReference,
    /// The value stands wrongly to that of another option, with this value.
    Order(Relation, String, String),
    /// The entry is there since this line.
    Repeated(u32),
    /// This other option excludes it.
    NotWith(String),
    /// The queue belongs to this section already.
    QueueTaken(String),
    /// The rule is switched by this section already.
    RuleTaken(String),
    /// This section steers between the same two WANs.
    PairTaken(String),
    /// The WAN is steered to itself.
    SameWan,
    /// The WAN is not enabled.
    NotEnabled,
    /// The WAN is behind another router than the rule, which is on this one.
    OtherRouter(String),
    /// Both directories are the same.
    SameDirectory,
    /// An IPv4 and an IPv6 address that have to do with each other.
    OtherFamily,
}

/// How a value stands to another one, where it must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is above, and may at most be equal.
    Above,
    /// It is below, and may at least be equal.
    Below,
    /// It is above or equal, and must be below.
    NotBelow,
    /// It is below or equal, and must be above.
    NotAbove,
}

/// What works, but ought to be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caution {
    /// What is listened on is not the loopback interface.
    OpenToOthers,
    /// `http://` in the URL.
    PlainHttp,
    /// `tls_verify 0`.
    NotVerified,
    /// The transport has no stand-in: SSH, for want of the router's host key.
    NoSsh,
    /// The transport has no stand-in: REST, for want of a password.
    NoRest,
    /// No WAN uses the router.
    Unused,
    /// The freeze of the baseline is not below this `target_bloat`.
    FreezeTooHigh(String),
    /// The time constant is below this `interval`.
    NoSmoothing(String),
    /// An option of the classic law where no law is named, so that it is the other one.
    OfClassic,
    /// An option of the adaptive law where it is the classic one.
    OfAdaptive,
}

impl What {
    /// Whether the daemon can start all the same.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::File(_)
            | Self::Syntax(_)
            | Self::Naming(_)
            | Self::Value(_)
            | Self::Conflict(_) => Severity::Error,
            Self::Caution(_) => Severity::Warning,
        }
    }

    /// What follows if nobody mends it.
    pub const fn consequence(&self) -> &'static str {
        match self {
            Self::File(_)
            | Self::Syntax(_)
            | Self::Naming(_)
            | Self::Value(_)
            | Self::Conflict(_) => "the daemon does not start",
            Self::Caution(caution) => caution.consequence(),
        }
    }
}

impl Caution {
    const fn consequence(&self) -> &'static str {
        match self {
            Self::OpenToOthers => "whoever reaches it sees the lines and their limits",
            Self::PlainHttp => "whoever listens between here and the router reads the password",
            Self::NotVerified => "whoever answers in the router's place gets the password",
            Self::NoSsh => "the limits stand still while REST does not work, though SSH might",
            Self::NoRest => "the limits stand still while SSH does not work, though REST might",
            Self::Unused => "the daemon does nothing with it",
            Self::FreezeTooHigh(_) => "bufferbloat is slowly taken for the idle line",
            Self::NoSmoothing(_) => "every single sample counts in full",
            Self::OfClassic => "it makes no difference as long as the router tells what passes",
            Self::OfAdaptive => "it makes no difference",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(fault) => fault.fmt(f),
            Self::Syntax(fault) => fault.fmt(f),
            Self::Naming(fault) => fault.fmt(f),
            Self::Value(fault) => fault.fmt(f),
            Self::Conflict(fault) => fault.fmt(f),
            Self::Caution(caution) => caution.fmt(f),
        }
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such file"),
            Self::Denied => f.write_str("the file may not be read"),
            Self::NotAFile => f.write_str("this is not a regular file"),
            Self::OpenToOthers(mode) => {
                write!(f, "the file with the secret is open to others (mode {mode:04o})")
            }
            Self::TooLarge(bytes) => write!(f, "the file is larger than {bytes} bytes"),
            Self::Empty => f.write_str("the file is empty"),
            Self::NotText => f.write_str("the file is not one line of text"),
            Self::Failed(kind) => write!(f, "the file cannot be read: {kind}"),
        }
    }
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText => f.write_str("this is no text file (a NUL byte, or not UTF-8)"),
            Self::LineTooLong(bytes) => write!(f, "the line is longer than {bytes} bytes"),
            Self::TooManySections(most) => write!(f, "the file has more than {most} sections"),
            Self::TooManyOptions(most) => write!(f, "the section has more than {most} options"),
            Self::MoreFindings => f.write_str("there are more findings, left out here"),
            Self::UnknownKeyword => f.write_str("the line begins with no known word"),
            Self::Incomplete => f.write_str("the line is incomplete"),
            Self::TooManyWords => f.write_str("there are more words than belong here"),
            Self::UnclosedQuote(quote) => write!(f, "the quote {quote} is not closed on its line"),
            Self::OpenBackslash => f.write_str("the line ends in a backslash"),
            Self::NeedsQuotes(found) => write!(f, "the character {found} needs quotes around it"),
            Self::OutsideSection => f.write_str("this stands before the first section"),
            Self::BadName => f.write_str("this is not a name"),
        }
    }
}

impl fmt::Display for Naming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSection => f.write_str("there is no such section type"),
            Self::UnknownOption => f.write_str("there is no such option"),
            Self::BelongsTo(section) => write!(f, "this option belongs to a section '{section}'"),
            Self::DuplicateSection(line) => write!(f, "the name is taken since line {line}"),
            Self::SecondSection(line) => {
                write!(f, "there may be one such section, and it began in line {line}")
            }
            Self::DuplicateOption(line) => write!(f, "the option was given in line {line}"),
            Self::Unnamed => f.write_str("the section needs a name"),
            Self::NotAList => f.write_str("this takes one value, not a list"),
            Self::IsAList => f.write_str("this is a list"),
            Self::TooMany(most) => write!(f, "there are more than {most}"),
            Self::Missing => f.write_str("the option is missing"),
            Self::NoSection(section) => write!(f, "there is no (enabled) section '{section}'"),
        }
    }
}

impl fmt::Display for ValueFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnitMissing => f.write_str("the number needs its unit"),
            Self::BadForm(form) => write!(f, "this is not {form}"),
            Self::OutOfRange => f.write_str("this is out of range"),
            Self::TooFine(unit) => write!(f, "this is finer than {unit}"),
            Self::NotAChoice => f.write_str("this is none of the known words"),
            Self::NotInThisVersion => f.write_str("this is not in this version of wanctl"),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownReference => f.write_str("there is no section of this name"),
            Self::AmbiguousReference => f.write_str("there are several, and one must be named"),
            Self::Order(relation, option, text) => write!(f, "{relation} {option} ({text})"),
            Self::Repeated(line) => write!(f, "the same entry stands in line {line}"),
            Self::NotWith(other) => write!(f, "it cannot stand beside {other}"),
            Self::QueueTaken(section) => write!(f, "the queue belongs to {section} already"),
            Self::RuleTaken(section) => write!(f, "{section} switches this rule already"),
            Self::PairTaken(section) => {
                write!(f, "{section} steers between the same two already")
            }
            Self::SameWan => f.write_str("this is the same as primary"),
            Self::NotEnabled => f.write_str("this wan is not enabled"),
            Self::OtherRouter(router) => {
                write!(f, "this wan is not behind the router of the rule ({router})")
            }
            Self::SameDirectory => f.write_str("this is the same as state_dir"),
            Self::OtherFamily => f.write_str("one of this and source is IPv4, one is IPv6"),
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Above => "this is above",
            Self::Below => "this is below",
            Self::NotBelow => "this is not below",
            Self::NotAbove => "this is not above",
        })
    }
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenToOthers => f.write_str("others can connect to it, and there is no login"),
            Self::PlainHttp => f.write_str("the connection is not encrypted"),
            Self::NotVerified => f.write_str("the router's certificate is not verified"),
            Self::NoSsh => f.write_str("without ssh_host_key SSH cannot stand in for REST"),
            Self::NoRest => f.write_str("without a password REST cannot stand in for SSH"),
            Self::Unused => f.write_str("no wan uses this router"),
            Self::FreezeTooHigh(target) => write!(f, "this is not below target_bloat ({target})"),
            Self::NoSmoothing(interval) => write!(f, "this is below interval ({interval})"),
            Self::OfClassic => f.write_str(
                "the law adaptive, the default, goes by it only while the load is not known",
            ),
            Self::OfAdaptive => f.write_str("the law classic does not go by it"),
        }
    }
}

impl From<FileFault> for What {
    fn from(fault: FileFault) -> Self {
        Self::File(fault)
    }
}

impl From<Syntax> for What {
    fn from(fault: Syntax) -> Self {
        Self::Syntax(fault)
    }
}

impl From<Naming> for What {
    fn from(fault: Naming) -> Self {
        Self::Naming(fault)
    }
}

impl From<ValueFault> for What {
    fn from(fault: ValueFault) -> Self {
        Self::Value(fault)
    }
}

impl From<Conflict> for What {
    fn from(fault: Conflict) -> Self {
        Self::Conflict(fault)
    }
}

impl From<Caution> for What {
    fn from(caution: Caution) -> Self {
        Self::Caution(caution)
    }
}
