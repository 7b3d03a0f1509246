//! `wanctl capture`: the real binary against simulated routers behind HTTPS, and the SSH side of it
//! against OpenSSH's server.

pub(crate) mod both;
mod console;
mod files;
mod mutants;
mod secrets;
mod stops;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use wanctl::router::capture::RestAsk;

use crate::{
    binary::configured,
    running::{daemon::WANCTL, router::Router, scratch::Scratch},
};

/// Exit code, standard output and standard error.
type Said = (Option<i32>, String, String);

fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A router, a configuration that leads to it, and a place for recordings.
struct Bed {
    scratch: Scratch,
    router: Router,
    config: PathBuf,
}

impl Bed {
    fn new(router: Router) -> Self {
        let scratch = Scratch::new();
        let config = configured(&scratch, &router);
        Self { scratch, router, config }
    }

    fn dir(&self) -> PathBuf {
        self.scratch.join("recording")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(WANCTL);
        command.arg("capture").arg("-c").arg(&self.config).args(arguments);
        command
    }

    fn capture(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments).arg(self.dir()))
    }

    /// Records, and expects that to work.
    fn recorded(&self, arguments: &[&str]) -> String {
        let (code, out, complaint) = self.capture(arguments);
        assert_eq!((code, complaint.as_str()), (Some(0), ""), "{out}");
        out
    }

    /// Nothing that was asked has changed the router, and nothing else was asked than is listed.
    fn only_read(&self) {
        assert_eq!(self.router.model().writes(), 0);
        let listed: Vec<_> = RestAsk::ALL.into_iter().map(RestAsk::request).collect();
        for asked in self.router.log().last() {
            let is_asked = |one: &wanctl::router::rest::Request| {
                one.method.word() == asked.method && one.target == asked.target
            };
            assert!(listed.iter().any(is_asked), "{asked:?}");
        }
    }
}

/// All files below, with their content.
fn files(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            all.push((path, text));
        }
    }
    all.sort();
    all
}
