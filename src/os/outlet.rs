//! Standard output and error for the log.
//! Promises: a line is written as a whole or not at all, and hardly waits for a reader: what does
//! not fit is counted, and told as soon as there is room. (A full pipe would stop the loop, and
//! control with it.)
//! Knows nothing of what the lines say.

use std::{
    io::{self, Write},
    os::fd::{AsRawFd, RawFd},
};

/// Longest line in bytes. A pipe that is ready takes so many at once (`PIPE_BUF` on Linux).
const MAX_LINE: usize = 4_096;

/// A reader that lags gets this long, in milliseconds, before the first line is lost: a pipe may be
/// as small as a page. While lines are being lost nothing waits.
const PATIENCE: i32 = 10;

/// An output, line by line.
#[derive(Debug)]
pub struct Outlet<W> {
    output: W,
    line: Vec<u8>,
    lost: u64,
}

impl<W: Write + AsRawFd> Outlet<W> {
    /// Lines to this output, which must not buffer on its own beyond the end of a line.
    pub const fn new(output: W) -> Self {
        Self { output, line: Vec::new(), lost: 0 }
    }

    fn end_line(&mut self) {
        if self.lost > 0 && takes_a_line(self.output.as_raw_fd(), 0) {
            let lost = self.lost;
            let told = format!("[WARN] log: {lost} lines were lost: nobody read the log\n");
            self.put(told.as_bytes());
            self.lost = 0;
        }
        if self.lost == 0 && takes_a_line(self.output.as_raw_fd(), PATIENCE) {
            let line = std::mem::take(&mut self.line);
            self.put(&line);
            self.line = line;
        } else {
            self.lost = self.lost.saturating_add(1);
        }
        self.line.clear();
    }

    /// An output that is gone has nobody who would miss the line.
    fn put(&mut self, line: &[u8]) {
        let _ = self.output.write_all(line).and_then(|()| self.output.flush());
    }
}

impl<W: Write + AsRawFd> Write for Outlet<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            // What is longer is cut off; its end of the line is not.
            if *byte == b'\n' || self.line.len() < MAX_LINE - 1 {
                self.line.push(*byte);
            }
            if *byte == b'\n' {
                self.end_line();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a write of a line would not wait, `patience` milliseconds from now at the latest. What
/// cannot be asked is tried.
#[expect(unsafe_code, reason = "the standard library does not ask before it writes")]
fn takes_a_line(output: RawFd, patience: i32) -> bool {
    let mut asked = libc::pollfd { fd: output, events: libc::POLLOUT, revents: 0 };
    // SAFETY: one entry, which outlives the call.
    let answer = unsafe { libc::poll(&raw mut asked, 1, patience) };
    answer != 0
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};

    use super::{MAX_LINE, Outlet};

    #[test]
    fn a_reader_that_pauses_loses_lines_and_is_told_how_many() {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut outlet = Outlet::new(writer);
        let line = "x".repeat(99);
        for _ in 0..2_000 {
            writeln!(outlet, "{line}").unwrap();
        }
        let lost = outlet.lost;
        assert!((1..2_000).contains(&lost), "{lost}");
        let mut lines = BufReader::new(reader).lines().map(Result::unwrap);
        for _ in 0..2_000 - lost {
            assert_eq!(lines.next().as_ref(), Some(&line), "whole lines alone");
        }
        writeln!(outlet, "again").unwrap();
        assert_eq!(
            lines.next().unwrap(),
            format!("[WARN] log: {lost} lines were lost: nobody read the log")
        );
        assert_eq!(lines.next().unwrap(), "again");
    }

    #[test]
    fn parts_make_one_line_and_a_long_one_is_cut() {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut outlet = Outlet::new(writer);
        write!(outlet, "[INFO] ").unwrap();
        write!(outlet, "a\nb").unwrap();
        writeln!(outlet, "{}", "c".repeat(10_000)).unwrap();
        drop(outlet);
        let lines: Vec<_> = BufReader::new(reader).lines().map(Result::unwrap).collect();
        assert_eq!(lines[0], "[INFO] a");
        assert_eq!((lines[1].len(), &lines[1][..2]), (MAX_LINE - 1, "bc"));
    }

    #[test]
    fn an_output_whose_reader_is_gone_is_no_failure() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writeln!(Outlet::new(writer), "nobody").unwrap();
    }
}
