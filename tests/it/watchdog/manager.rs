//! What a service manager hears on `NOTIFY_SOCKET`.

use crate::running::turn::turn;
use std::{
    fs,
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixDatagram},
    },
    path::Path,
    process,
};

use wanctl::{control::time::Span, os::clock};

use super::goes_on;
use crate::{
    binary::configured,
    running::{
        daemon::{Daemon, PATIENCE, WANCTL, run},
        router::{Router, home},
        scratch::Scratch,
        wait::within,
    },
};

/// A daemon whose service manager listens at `socket` and wants a sign of life every second.
fn managed(config: &Path, socket: &str) -> Daemon {
    let mut command = run(WANCTL.as_ref(), config);
    command.env("NOTIFY_SOCKET", socket).env("WATCHDOG_USEC", "1000000");
    let mut daemon = Daemon::spawn(command);
    daemon.wait_for_status();
    daemon
}

/// Adds what has arrived.
fn read(socket: &UnixDatagram, messages: &mut Vec<String>) {
    let mut buffer = [0; 1_024];
    while let Ok(length) = socket.recv(&mut buffer) {
        messages.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
    }
}

fn hears_all(socket: &UnixDatagram, name: &str) {
    socket.set_nonblocking(true).unwrap();
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let mut daemon = managed(&configured(&scratch, &router), name);
    let mut messages = Vec::new();
    let alive = |message: &&String| *message == "WATCHDOG=1\n";
    let heard = within(PATIENCE, || {
        read(socket, &mut messages);
        (messages.iter().filter(alive).count() >= 5).then_some(())
    });
    assert!(heard.is_some(), "{messages:?}");
    assert_eq!(daemon.stop().status.code(), Some(0));
    read(socket, &mut messages);
    assert_eq!(messages[0], "READY=1\n", "{messages:?}");
    assert_eq!(messages.iter().filter(|message| *message == "READY=1\n").count(), 1);
    let stopping = messages.iter().position(|message| message == "STOPPING=1\n").unwrap();
    let first = messages.iter().position(|message| message == "WATCHDOG=1\n").unwrap();
    assert!(first < stopping, "{messages:?}");
    let status: Vec<_> = messages.iter().filter(|text| text.starts_with("STATUS=cable ")).collect();
    assert_eq!(status.len(), 1, "less than ten seconds have passed: {messages:?}");
    assert!(status[0].contains("400M/40M"), "{status:?}");
}

#[test]
fn a_manager_hears_ready_signs_of_life_and_stopping() {
    let _turn = turn();
    let scratch = Scratch::new();
    let path = scratch.join("notify");
    hears_all(&UnixDatagram::bind(&path).unwrap(), path.to_str().unwrap());
}

#[test]
fn its_socket_may_have_an_abstract_name() {
    let _turn = turn();
    let name = format!("wanctl-manager-{}", process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    hears_all(&UnixDatagram::bind_addr(&address).unwrap(), &format!("@{name}"));
}

#[test]
fn a_manager_that_is_not_there_or_never_reads_costs_one_line() {
    let _turn = turn();
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let deaf = scratch.join("deaf");
    let socket = UnixDatagram::bind(&deaf).unwrap();
    // It never reads, and the test does not wait until its queue is full.
    let filler = UnixDatagram::unbound().unwrap();
    filler.set_nonblocking(true).unwrap();
    while filler.send_to(b"full", &deaf).is_ok() {}
    for name in [deaf.to_str().unwrap(), "/nowhere/notify", "nonsense"] {
        let config = configured(&scratch, &router);
        let mut daemon = managed(&config, name);
        // Six seconds of cycles, with several attempts.
        goes_on(&daemon, 120);
        assert_eq!(daemon.stop().status.code(), Some(0));
        assert_eq!(daemon.count(&["NOTIFY_SOCKET"]), 1, "{name}: {:#?}", daemon.lines());
        fs::remove_file(config).unwrap();
    }
    drop(socket);
}

/// As systemd's `notify-reload` wants it: the time tells the manager that this is the answer to its
/// own signal, and no earlier one.
#[test]
fn it_hears_of_a_reload_and_of_its_end_whatever_came_of_it() {
    let _turn = turn();
    let (scratch, router) = (Scratch::new(), Router::start(home()));
    let path = scratch.join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_nonblocking(true).unwrap();
    let config = configured(&scratch, &router);
    let daemon = managed(&config, path.to_str().unwrap());
    let mut messages = Vec::new();
    let good = fs::read(&config).unwrap();
    for content in [&good[..], b"nonsense", &good] {
        messages.clear();
        scratch.write("wanctl.conf", content);
        let before = clock::since_boot();
        daemon.signal(libc::SIGHUP);
        let ready = within(PATIENCE, || {
            read(&socket, &mut messages);
            let begins =
                messages.iter().position(|message| message.starts_with("RELOADING=1\n"))?;
            messages[begins..].contains(&"READY=1\n".to_owned()).then(|| messages[begins].clone())
        });
        let begins = ready.unwrap_or_else(|| panic!("{messages:?}"));
        let micros = begins.trim_end().split("MONOTONIC_USEC=").nth(1).unwrap().parse().unwrap();
        let told = Span::from_micros(micros);
        assert!(before <= told && told <= clock::since_boot(), "{begins}");
    }
}
