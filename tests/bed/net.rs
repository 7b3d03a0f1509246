//! The small internet: client, router, modem and provider, each a network namespace.
//!
//! ```text
//! client 10.0.1.2 — 10.0.1.1 router 10.0.2.2 — 10.0.2.1 modem 10.0.3.2 — 10.0.3.1 isp
//!                   download: HTB, pfifo       TBF 20 Mbit/s, 1 s deep   reflectors 10.0.9.1 to 3
//!                             upload: HTB, pfifo         TBF 5 Mbit/s, 1 s deep
//! ```
//!
//! The modem's buffers are the bloat. The router's queues are what wanctl moves: short, as CAKE's
//! are, but without CAKE's favour for sparse flows, which makes it harder. Where the kernel has CAKE
//! and netem, they can be CAKE, and the path as long as a real one (see [`Queues`]).
//! Promises: the machine's own network is never touched; all is gone when the bed is dropped.

use std::{
    fs::File,
    os::fd::AsRawFd as _,
    panic,
    process::{self, Command, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use crate::needs::{self, Wish};

pub(crate) const REFLECTORS: [&str; 3] = ["10.0.9.1", "10.0.9.2", "10.0.9.3"];

/// What the line carries, and one second of it in the modem's buffer.
pub(crate) const LINE: (u64, u64) = (20_000_000, 5_000_000);

/// Ethernet frames with 1500 bytes of payload.
const FRAME: u32 = 1514;

/// The router's queues hold this many packets: 14 ms at 12 Mbit/s.
const LEAF: u32 = 14;

/// The queue whose counters are the router's, in front of each of its devices.
pub(crate) const COUNTS: &str = "10";

/// What an unlimited queue of the router lets through.
pub(crate) const UNLIMITED: u64 = 1_000_000_000;

/// How long the path of a bed with CAKE is, one way.
const WAY_MS: u64 = 10;

/// What the router shapes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queues {
    /// HTB before a short FIFO, and a path of no length: every kernel has what that needs.
    Short,
    /// CAKE as RouterOS sets it up, and a path of 10 ms each way.
    Cake,
}

/// Beds are used one at a time: they measure delays.
static TURN: Mutex<()> = Mutex::new(());
static COUNT: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Bed {
    prefix: String,
    queues: Queues,
    _turn: MutexGuard<'static, ()>,
}

impl Bed {
    /// A new bed, once it is this test's turn; `None` if the bed is to be skipped.
    pub(crate) fn new() -> Option<Self> {
        (needs::check() == Wish::Run).then(|| Self::with(Queues::Short))
    }

    /// The same with these queues on a machine that has what it needs.
    pub(crate) fn with(queues: Queues) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("wanctl-{}-{number}", process::id());
        let bed = Self { prefix, queues, _turn: turn };
        bed.connect();
        bed.route();
        bed.shape();
        bed
    }

    pub(crate) fn name(&self, place: &str) -> String {
        format!("{}-{place}", self.prefix)
    }

    fn connect(&self) {
        for place in PLACES {
            let name = self.name(place);
            let made = Command::new("ip").args(["netns", "add", &name]).output().unwrap();
            assert!(
                made.status.success(),
                "the bed needs network namespaces (CONFIG_NET_NS and CAP_SYS_ADMIN): {}",
                String::from_utf8_lossy(&made.stderr)
            );
            self.ip(place, "link set lo up");
        }
        self.cable(("client", "wan", "10.0.1.2/24"), ("router", "lan", "10.0.1.1/24"));
        self.cable(("router", "wan", "10.0.2.2/24"), ("modem", "lan", "10.0.2.1/24"));
        self.cable(("modem", "wan", "10.0.3.2/24"), ("isp", "lan", "10.0.3.1/24"));
    }

    fn cable(&self, near: (&str, &str, &str), far: (&str, &str, &str)) {
        let (from, to) = (self.name(near.0), self.name(far.0));
        run(&format!(
            "ip link add {} netns {from} type veth peer name {} netns {to}",
            near.1, far.1
        ));
        for (place, device, address) in [near, far] {
            self.ip(place, &format!("addr add {address} dev {device}"));
            // Large segments would pass the queues as one packet.
            self.ip(place, &format!("link set {device} gso_max_segs 1 up"));
        }
    }

    fn route(&self) {
        for reflector in REFLECTORS {
            self.ip("isp", &format!("addr add {reflector}/32 dev lo"));
        }
        self.ip("client", "route add default via 10.0.1.1");
        self.ip("router", "route add default via 10.0.2.1");
        self.ip("modem", "route add 10.0.1.0/24 via 10.0.2.2");
        self.ip("modem", "route add default via 10.0.3.1");
        self.ip("isp", "route add default via 10.0.3.2");
        for place in ["router", "modem"] {
            self.set(place, "net.ipv4.ip_forward", "1");
        }
    }

    fn shape(&self) {
        let (down, up) = LINE;
        for (device, rate) in [("lan", down), ("wan", up)] {
            self.line("add", device, rate);
            if self.queues == Queues::Short {
                self.tc("router", &format!("qdisc add dev {device} root handle 1: htb default 10"));
            }
            self.limit("add", device, UNLIMITED);
            if self.queues == Queues::Short {
                self.leaf("add", device, LEAF);
            }
        }
        if self.queues == Queues::Cake {
            for (place, device) in [("client", "wan"), ("isp", "lan")] {
                let netem = format!("netem delay {WAY_MS}ms limit 10000");
                self.tc(place, &format!("qdisc add dev {device} root {netem}"));
            }
        }
    }

    /// Lets the line carry so many bit/s towards a device of the modem; its buffer stays as many bytes.
    pub(crate) fn line(&self, verb: &str, device: &str, rate: u64) {
        let (down, up) = LINE;
        let second = if device == "lan" { down } else { up } / 8;
        let tbf = format!("tbf rate {rate}bit burst {} limit {second}", 2 * FRAME);
        self.tc("modem", &format!("qdisc {verb} dev {device} root {tbf}"));
    }

    /// Lets the router's queue in front of a device hold so many packets.
    pub(crate) fn leaf(&self, verb: &str, device: &str, packets: u32) {
        let leaf = format!("parent 1:10 handle {COUNTS}: pfifo limit {packets}");
        self.tc("router", &format!("qdisc {verb} dev {device} {leaf}"));
    }

    /// Sets the router's queue in front of a device to so many bit/s.
    pub(crate) fn limit(&self, verb: &str, device: &str, rate: u64) {
        let burst = 2 * FRAME;
        let queue = match (self.queues, rate) {
            (Queues::Short, _) => format!(
                "class {verb} dev {device} parent 1: classid 1:10 \
                 htb rate {rate}bit burst {burst} cburst {burst} quantum {FRAME}"
            ),
            (Queues::Cake, UNLIMITED) => {
                format!("qdisc {verb} dev {device} root handle {COUNTS}: cake unlimited")
            }
            (Queues::Cake, _) => {
                format!("qdisc {verb} dev {device} root handle {COUNTS}: cake bandwidth {rate}bit")
            }
        };
        self.tc("router", &queue);
    }

    pub(crate) fn ip(&self, place: &str, arguments: &str) {
        run(&format!("ip -n {} {arguments}", self.name(place)));
    }

    pub(crate) fn tc(&self, place: &str, arguments: &str) {
        run(&format!("tc -n {} {arguments}", self.name(place)));
    }

    pub(crate) fn set(&self, place: &str, key: &str, value: &str) {
        let path = format!("/proc/sys/{}", key.replace('.', "/"));
        let script = format!("echo '{value}' > {path}");
        let status = self.command(place, "sh").args(["-c", &script]).status().unwrap();
        assert!(status.success(), "{key} = {value}");
    }

    /// A command that will run in a namespace. The process that is started becomes it: same number.
    pub(crate) fn command(&self, place: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(place), program]);
        command
    }

    /// Runs this on a thread of the namespace; sockets that it opens are there.
    pub(crate) fn inside<T: Send>(&self, place: &str, work: impl FnOnce() -> T + Send) -> T {
        inside(&self.name(place), work)
    }
}

/// Runs this on a thread of the namespace with this name.
pub(crate) fn inside<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> T {
    let result = thread::scope(|scope| {
        let work = move || {
            enter(name);
            work()
        };
        scope.spawn(work).join()
    });
    result.unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}

const PLACES: [&str; 4] = ["client", "router", "modem", "isp"];

impl Drop for Bed {
    fn drop(&mut self) {
        for place in PLACES {
            // After a failure in the middle there may be none; there is nobody to tell.
            let _ = Command::new("ip")
                .args(["netns", "del", &self.name(place)])
                .stderr(Stdio::null())
                .status();
        }
    }
}

#[expect(unsafe_code, reason = "the standard library cannot change a thread's namespace")]
fn enter(name: &str) {
    let namespace = File::open(format!("/run/netns/{name}")).unwrap();
    // SAFETY: takes numbers only; the descriptor is open.
    let result = unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) };
    assert_eq!(result, 0, "{name}: {}", std::io::Error::last_os_error());
}

/// Runs a command that must work; words are separated by spaces.
pub(crate) fn run(line: &str) {
    let mut words = line.split(' ');
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {complaint}");
}
