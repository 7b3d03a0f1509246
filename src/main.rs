//! The binary; everything is in the library.

use std::{io, process::ExitCode};

fn main() -> ExitCode {
    wanctl::cli::main(std::env::args_os().skip(1), &mut io::stdout(), &mut io::stderr())
}
