//! Signals as events.
//! Promises: from `install` on no stop signal is lost or ends the process by itself, and each one
//! shows, so that a second can end at once. Broken pipes raise no signal: the runtime of the
//! standard library ignores SIGPIPE before `main`.
//! Knows nothing of what stopping means.

use std::{
    future::pending,
    io::{self, Read},
    os::unix::net::UnixStream,
};

use async_io::Async;
use signal_hook::{
    SigId,
    consts::{SIGHUP, SIGINT, SIGTERM},
    low_level,
};
use smol::future;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// End (SIGTERM, SIGINT).
    Stop,
    /// Read the configuration again (SIGHUP).
    Reload,
}

/// The signals of this process from now on.
#[derive(Debug)]
pub struct Signals {
    stop: Source,
    reload: Source,
}

/// A pipe that gets a byte per signal.
#[derive(Debug)]
struct Source {
    pipe: Async<UnixStream>,
    handlers: Vec<SigId>,
}

impl Signals {
    /// Installs the handlers. Do it first: before, the signals end the process.
    pub fn install() -> io::Result<Self> {
        Ok(Self { stop: Source::new(&[SIGTERM, SIGINT])?, reload: Source::new(&[SIGHUP])? })
    }

    /// The next signal; a stop comes before a reload that waits as long. Dropping the future loses
    /// no signal.
    pub async fn next(&mut self) -> Signal {
        let stop = async {
            self.stop.next().await;
            Signal::Stop
        };
        let reload = async {
            self.reload.next().await;
            Signal::Reload
        };
        future::or(stop, reload).await
    }
}

impl Source {
    fn new(signals: &[i32]) -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let pipe = Async::new(read)?;
        let mut source = Self { pipe, handlers: Vec::with_capacity(signals.len()) };
        for signal in signals {
            source.handlers.push(low_level::pipe::register(*signal, write.try_clone()?)?);
        }
        Ok(source)
    }

    /// Takes one byte. The kernel joins equal signals that come faster than handlers run.
    async fn next(&self) {
        let mut byte = [0];
        if self.pipe.read_with(|mut pipe| pipe.read_exact(&mut byte)).await.is_err() {
            // The write end is ours and open, so this cannot be; waiting costs nothing.
            pending::<()>().await;
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        for handler in self.handlers.drain(..) {
            low_level::unregister(handler);
        }
    }
}
