//! The terminal: whether there is one and how large it is.
//! Promises: `None` where the output is a file or a pipe.
//! Knows nothing of what is shown.
#![expect(unsafe_code, reason = "the standard library does not tell the size of a terminal")]

use std::{io, os::fd::AsRawFd};

/// Columns and rows of the terminal behind standard output; `None`: it is none, or has no size.
pub fn size() -> Option<(u16, u16)> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the request fills the structure it is given, which lives as long as the call.
    let told = unsafe { libc::ioctl(io::stdout().as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    (told == 0 && size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
}
