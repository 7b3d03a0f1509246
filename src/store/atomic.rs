//! Files that are whole at any moment: written beside, then renamed.
//! Promises: after a stop at any point there is the old content or the new one under the name;
//! nobody else can read it; what a stop leaves behind is cleaned at the next start.
//! Knows nothing of what is in the files. One process at a time uses a directory.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::format::MAX_BYTES;

/// What was being done when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doing {
    /// Making the directory.
    MakeDir,
    /// Making the new file beside the old one.
    Create,
    /// Writing the content.
    Write,
    /// Waiting until the content is on the disk.
    Sync,
    /// Putting the new file in the place of the old one.
    Rename,
    /// Waiting until the directory is on the disk.
    SyncDir,
    /// Reading the file.
    Read,
    /// Looking through the directory.
    List,
    /// Removing what an earlier stop left.
    Remove,
}

impl Doing {
    /// The words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::MakeDir => "making the directory",
            Self::Create => "creating the file",
            Self::Write => "writing the file",
            Self::Sync => "syncing the file",
            Self::Rename => "renaming the file",
            Self::SyncDir => "syncing the directory",
            Self::Read => "reading the file",
            Self::List => "listing the directory",
            Self::Remove => "removing a leftover",
        }
    }
}

/// A failure of the file system.
#[derive(Debug)]
pub struct StoreError {
    /// What was being done.
    pub doing: Doing,
    /// Why it failed.
    pub error: io::Error,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing.words(), self.error)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// What was found under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// No file.
    NotThere,
    /// The content, at most `format::MAX_BYTES`.
    Content(Vec<u8>),
    /// Something that cannot be ours: a longer file, or none at all but a directory or a device.
    Foreign,
}

/// Makes the directory for our eyes only; one that is there stays as it is.
pub fn make_dir(dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(during(Doing::MakeDir))
}

/// Puts the content under the name. After an error the old content is still there, and nothing
/// else, unless it was in the last step, `SyncDir`: then the new one is.
pub fn save(dir: &Path, name: &str, content: &[u8]) -> Result<(), StoreError> {
    make_dir(dir)?;
    let beside = beside(dir, name);
    let file = create(&beside).map_err(during(Doing::Create))?;
    put(file, content)
        .and_then(|()| fs::rename(&beside, dir.join(name)).map_err(during(Doing::Rename)))
        .inspect_err(|_| {
            // The failure to tell is the first one; the next start cleans up once more.
            let _ = fs::remove_file(&beside);
        })?;
    sync_dir(dir)
}

/// What is under the name.
pub fn load(dir: &Path, name: &str) -> Result<Loaded, StoreError> {
    let path = dir.join(name);
    let about = match fs::symlink_metadata(&path) {
        Ok(about) => about,
        Err(error) if is_absence(&error) => return Ok(Loaded::NotThere),
        Err(error) => return Err(during(Doing::Read)(error)),
    };
    // Anything else could block, or grow for ever.
    if !about.is_file() {
        return Ok(Loaded::Foreign);
    }
    let file = File::open(&path).map_err(during(Doing::Read))?;
    // One byte more tells a longer file.
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut content = Vec::new();
    file.take(limit).read_to_end(&mut content).map_err(during(Doing::Read))?;
    Ok(if content.len() <= MAX_BYTES { Loaded::Content(content) } else { Loaded::Foreign })
}

/// Renames the file to `NAME.corrupt`, for people to look at; an earlier one is replaced.
pub fn set_aside(dir: &Path, name: &str) -> Result<(), StoreError> {
    fs::rename(dir.join(name), dir.join(format!("{name}.corrupt")))
        .map_err(during(Doing::Rename))?;
    sync_dir(dir)
}

/// Removes what a stop in the middle of `save` left in the directory; says how many files.
pub fn clean_orphans(dir: &Path) -> Result<usize, StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if is_absence(&error) => return Ok(0),
        Err(error) => return Err(during(Doing::List)(error)),
    };
    let mut cleaned = 0;
    for entry in entries {
        let entry = entry.map_err(during(Doing::List))?;
        let name = entry.file_name();
        if name.to_str().is_some_and(is_ours) {
            fs::remove_file(entry.path()).map_err(during(Doing::Remove))?;
            cleaned += 1;
        }
    }
    Ok(cleaned)
}

const BESIDE_PREFIX: &str = ".wanctl-";
const BESIDE_SUFFIX: &str = ".new";

/// The file that becomes the one of this name. There is one per name, so that what stops leave
/// behind does not add up.
fn beside(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{BESIDE_PREFIX}{name}{BESIDE_SUFFIX}"))
}

fn is_ours(name: &str) -> bool {
    name.starts_with(BESIDE_PREFIX) && name.ends_with(BESIDE_SUFFIX)
}

/// Makes a file that nobody else can read, and that nobody else can have put there.
fn create(path: &Path) -> io::Result<File> {
    let create = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    create().or_else(|error| {
        if error.kind() != io::ErrorKind::AlreadyExists {
            return Err(error);
        }
        fs::remove_file(path)?;
        create()
    })
}

fn put(mut file: File, content: &[u8]) -> Result<(), StoreError> {
    file.write_all(content).map_err(during(Doing::Write))?;
    file.sync_all().map_err(during(Doing::Sync))
}

fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(during(Doing::SyncDir))
}

/// Whether there is no such file, or no such directory but a file in its place.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn during(doing: Doing) -> impl Fn(io::Error) -> StoreError {
    move |error| StoreError { doing, error }
}
