//! Why RouterOS refuses a request, with its status and its exact words.
//! Promises: wording as captured or documented by the vendor. Knows nothing of how a request came
//! about.

/// A refusal. The details name what was asked for, as RouterOS does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A menu, a command or a record name that does not exist.
    NoSuchCommandOrDirectory(String),
    /// A command where a record is expected, or a directory without records.
    NoSuchCommand,
    /// An identifier whose `*` was percent-encoded.
    NoSuchCommandPrefix,
    /// A change without an identifier, or one by name with a value that is not accepted, or by a
    /// user who may not write.
    MissingIdentifier,
    /// A command that needs a target.
    MissingId,
    /// A property that does not exist or cannot be set.
    UnknownParameter(String),
    /// A value that cannot be understood.
    InvalidValue(String),
    /// The name of something that does not exist.
    NoMatch(String),
    /// A number outside its range.
    OutOfRange(String, i64, i64),
    /// A name that is already in use. The wording is inferred from that of other menus.
    NameTaken,
    /// A body that is no flat JSON object, or holds a number with an exponent.
    Json,
    /// The request took longer than a minute, or waited that long for one that did.
    SessionClosed,
    /// Wrong or missing user or password, or a user without REST.
    Unauthorized,
    /// No record with this identifier.
    NotFound,
    /// A body that is not declared as JSON.
    MediaType,
    /// The user may use REST but not the API behind it.
    NotAllowed,
    /// The user lacks the right to change things.
    NotEnoughPermissions,
    /// A method that is not there at all.
    NotImplemented,
    /// The answer to OPTIONS.
    Unavailable,
}

impl Refusal {
    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Unauthorized => 401,
            Self::NotFound => 404,
            Self::MediaType => 415,
            Self::NotAllowed | Self::NotEnoughPermissions => 500,
            Self::NotImplemented => 501,
            Self::Unavailable => 503,
            Self::NoSuchCommandOrDirectory(_)
            | Self::NoSuchCommand
            | Self::NoSuchCommandPrefix
            | Self::MissingIdentifier
            | Self::MissingId
            | Self::UnknownParameter(_)
            | Self::InvalidValue(_)
            | Self::NoMatch(_)
            | Self::OutOfRange(..)
            | Self::NameTaken
            | Self::Json
            | Self::SessionClosed => 400,
        }
    }

    /// The `detail` of the body, if it has one.
    pub fn detail(&self) -> Option<String> {
        let fixed = match self {
            Self::NoSuchCommandOrDirectory(what) => {
                return Some(format!("no such command or directory ({what})"));
            }
            Self::UnknownParameter(key) => return Some(format!("unknown parameter {key}")),
            Self::InvalidValue(key) => return Some(format!("invalid value for argument {key}")),
            Self::NoMatch(key) => return Some(format!("input does not match any value of {key}")),
            Self::OutOfRange(key, least, most) => {
                return Some(format!("value of {key} out of range ({least}..{most})"));
            }
            Self::NoSuchCommand => "no such command",
            Self::NoSuchCommandPrefix => "no such command prefix",
            Self::MissingIdentifier => "missing or invalid resource identifier",
            Self::MissingId => "missing =.id=",
            Self::NameTaken => "failure: already have such name",
            Self::Json => "Failed to parse json",
            Self::SessionClosed => "Session closed",
            Self::NotAllowed => "std failure: not allowed (9)",
            Self::NotEnoughPermissions => "not enough permissions (9)",
            Self::Unauthorized
            | Self::NotFound
            | Self::MediaType
            | Self::NotImplemented
            | Self::Unavailable => return None,
        };
        Some(fixed.to_owned())
    }
}

/// The words that go with a status.
pub const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        415 => "Unsupported Media Type",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
