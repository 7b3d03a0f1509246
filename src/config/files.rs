//! The files that a configuration names, and the file that it is in.
//! Promises: a file with a password or a private key is read only if nobody but its owner can; reads are bounded and
//! never wait for a device.
//! Knows nothing of options.

use std::{
    fs::File,
    io::{ErrorKind, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use super::{kind::MAX_PASSWORD, uci::MAX_FILE, what::FileFault};
use crate::router::settings::Imprint;

/// Largest password file in bytes: the longest password in four-byte characters and a line end.
const MAX_SECRET: usize = MAX_PASSWORD * 4 + 2;

/// As much of a file with a private key as is looked at, in bytes; a longer one cannot be used.
const MAX_KEY: usize = 16 * 1024;

/// The permission bits of a file's mode.
const PERMISSIONS: u32 = 0o777;
/// Those for everybody but the owner.
const OTHERS: u32 = 0o077;

/// What reading a configuration needs to know of the world around it.
pub trait Environment {
    /// Whether the file that the configuration is in may hold a password.
    fn config_is_private(&self) -> Result<(), FileFault>;

    /// The content of a file with a password.
    fn secret(&self, path: &Path) -> Result<Vec<u8>, FileFault>;

    /// Whether a certificate file can be read.
    fn certificate(&self, path: &Path) -> Result<(), FileFault>;

    /// What is in a file with a private key, which only its owner can read.
    fn private_key(&self, path: &Path) -> Result<Imprint, FileFault>;
}

/// A world without files, for a configuration that exists only as text: a password may stand in
/// it, every other file is missing.
#[derive(Clone, Copy, Debug)]
pub struct TextOnly;

impl Environment for TextOnly {
    fn config_is_private(&self) -> Result<(), FileFault> {
        Ok(())
    }

    fn secret(&self, _: &Path) -> Result<Vec<u8>, FileFault> {
        Err(FileFault::Missing)
    }

    fn certificate(&self, _: &Path) -> Result<(), FileFault> {
        Err(FileFault::Missing)
    }

    fn private_key(&self, _: &Path) -> Result<Imprint, FileFault> {
        Err(FileFault::Missing)
    }
}

/// The file system, around a configuration file with these permission bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disk {
    mode: u32,
}

impl Disk {
    /// The configuration file's content and the world around it. Reads one byte more than a
    /// configuration may have, so that the reader of the text sees that it is too large.
    pub(super) fn open(path: &Path) -> Result<(Vec<u8>, Self), FileFault> {
        let (file, mode) = open(path)?;
        let content = read(file, MAX_FILE.saturating_add(1))?;
        Ok((content, Self { mode }))
    }
}

impl Environment for Disk {
    fn config_is_private(&self) -> Result<(), FileFault> {
        private(self.mode)
    }

    fn secret(&self, path: &Path) -> Result<Vec<u8>, FileFault> {
        let (file, mode) = open(path)?;
        private(mode)?;
        let content = read(file, MAX_SECRET.saturating_add(1))?;
        if content.len() > MAX_SECRET {
            return Err(FileFault::TooLarge(MAX_SECRET));
        }
        Ok(content)
    }

    fn certificate(&self, path: &Path) -> Result<(), FileFault> {
        let (file, _) = open(path)?;
        not_empty(file)
    }

    fn private_key(&self, path: &Path) -> Result<Imprint, FileFault> {
        let (file, mode) = open(path)?;
        private(mode)?;
        let content = read(file, MAX_KEY)?;
        if content.is_empty() { Err(FileFault::Empty) } else { Ok(Imprint::of(&content)) }
    }
}

/// Opens a regular file. Looked at before it is opened, since opening a FIFO waits for its other
/// end, and after, since only then the mode is that of what is read.
fn open(path: &Path) -> Result<(File, u32), FileFault> {
    let found = std::fs::metadata(path).map_err(fault)?;
    if !found.is_file() {
        return Err(FileFault::NotAFile);
    }
    let file = File::open(path).map_err(fault)?;
    let mode = file.metadata().map_err(fault)?.permissions().mode();
    Ok((file, mode & PERMISSIONS))
}

fn not_empty(file: File) -> Result<(), FileFault> {
    if read(file, 1)?.is_empty() { Err(FileFault::Empty) } else { Ok(()) }
}

fn private(mode: u32) -> Result<(), FileFault> {
    if mode & OTHERS == 0 { Ok(()) } else { Err(FileFault::OpenToOthers(mode)) }
}

fn read(file: File, most: usize) -> Result<Vec<u8>, FileFault> {
    let mut content = Vec::new();
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    file.take(most).read_to_end(&mut content).map_err(fault)?;
    Ok(content)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn fault(error: std::io::Error) -> FileFault {
    let kind = error.kind();
    if matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory) {
        FileFault::Missing
    } else if kind == ErrorKind::PermissionDenied {
        FileFault::Denied
    } else {
        FileFault::Failed(kind)
    }
}
