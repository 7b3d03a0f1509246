//! A line as bad as a test wants it: one network namespace whose only way out is a TUN device, and
//! at the other end of that an internet in which every address answers echo requests.
//!
//! The kernel's own emulator (netem) is missing from many kernels; and a line that is changed within
//! the process changes at once.
//! Promises: the machine's own network is never touched; all is gone when the line is dropped.

use std::{
    convert::Infallible,
    ffi::c_short,
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    net::Ipv4Addr,
    os::{fd::AsRawFd as _, unix::fs::OpenOptionsExt as _},
    process::{self, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use async_io::Async;
use fastrand::Rng;
use smol::{
    Timer,
    channel::{Receiver, Sender},
    future,
};
use wanctl::control::time::{Instant, Span};

use crate::{
    needs::{self, Wish},
    net::{inside, run},
    support::wait::now,
};

pub(crate) const REFLECTORS: [&str; 3] = ["10.0.9.1", "10.0.9.2", "10.0.9.3"];

const ADDRESS: &str = "10.0.1.2/24";

/// Answers that are on the way at a time; more are lost.
const MAX_ON_THE_WAY: usize = 1_000;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// What becomes of an echo request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Way {
    /// The answer comes after this.
    pub(crate) delay: Span,
    /// And up to this later.
    pub(crate) jitter: Span,
    /// So many of a hundred are lost.
    pub(crate) loss: u8,
    /// This one answers at once, for somebody nearer does in its name.
    pub(crate) hasty: Option<Ipv4Addr>,
    /// This one does not answer.
    pub(crate) dead: Option<Ipv4Addr>,
}

pub(crate) struct Line {
    name: String,
    way: Arc<Mutex<Way>>,
    /// Closed by being dropped, which is how the thread learns of the end.
    running: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    /// A good line; `None` if the bed is to be skipped.
    #[expect(clippy::disallowed_methods, reason = "the internet is on a thread of its own")]
    pub(crate) fn new() -> Option<Self> {
        if needs::check() == Wish::Skip {
            return None;
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("wanctl-{}-line-{number}", process::id());
        run(&format!("ip netns add {name}"));
        let (running, stopped) = smol::channel::bounded(1);
        let way = Arc::new(Mutex::new(Way::default()));
        let mut line = Self { name, way: Arc::clone(&way), running: Some(running), thread: None };
        let device = inside(&line.name, || tun("wan").unwrap());
        line.ip("link set lo up");
        line.plug();
        let serving = async move || {
            let end = async {
                // Nothing is ever sent; the channel just closes.
                let _: Result<Infallible, _> = Receiver::recv(&stopped).await;
                Ok(())
            };
            future::or(serve(device, &way), end).await.unwrap();
        };
        line.thread = Some(thread::spawn(move || {
            hurry();
            smol::block_on(serving());
        }));
        Some(line)
    }

    pub(crate) fn set(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }

    /// Gives the device its address and the route.
    pub(crate) fn plug(&self) {
        self.ip(&format!("addr add {ADDRESS} dev wan"));
        self.ip("link set wan up");
        self.ip("route add default dev wan");
    }

    /// Takes the address away, and with it the route.
    pub(crate) fn unplug(&self) {
        self.ip("route del default");
        self.ip(&format!("addr del {ADDRESS} dev wan"));
    }

    fn ip(&self, arguments: &str) {
        run(&format!("ip -n {} {arguments}", self.name));
    }

    /// Runs this on a thread of the namespace; sockets that it opens are there.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        inside(&self.name, work)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            // A panic of it has been reported by its own thread.
            let _ = thread.join();
        }
        // There is nobody to tell.
        let _ =
            Command::new("ip").args(["netns", "del", &self.name]).stderr(Stdio::null()).status();
    }
}

/// This thread comes first: a busy machine must not look like a full line.
#[expect(unsafe_code, reason = "the standard library knows no priorities")]
fn hurry() {
    // SAFETY: takes numbers only; zero is this thread.
    let result = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -20) };
    assert_eq!(result, 0, "a priority: {}", io::Error::last_os_error());
}

/// A TUN device with this name, in the namespace of this thread.
#[expect(unsafe_code, reason = "the standard library makes no devices")]
fn tun(name: &str) -> io::Result<Async<File>> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).custom_flags(libc::O_NONBLOCK);
    let file = options.open("/dev/net/tun").unwrap_or_else(|error| {
        panic!("the line needs TUN devices (CONFIG_TUN and /dev/net/tun): {error}")
    });
    // SAFETY: all zeroes are a valid value of this plain structure.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (slot, byte) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *slot = libc::c_char::try_from(byte).unwrap();
    }
    request.ifr_ifru.ifru_flags = c_short::try_from(libc::IFF_TUN | libc::IFF_NO_PI).unwrap();
    // SAFETY: the descriptor is open, and the request lives longer than the call.
    let result = unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
    if result == 0 { Async::new(file) } else { Err(io::Error::last_os_error()) }
}

/// Answers what comes out of the device.
async fn serve(device: Async<File>, way: &Mutex<Way>) -> io::Result<()> {
    let mut random = Rng::new();
    let mut waiting: Vec<(Instant, Vec<u8>)> = Vec::new();
    let mut packet = vec![0; 2_048];
    loop {
        let next = waiting.iter().map(|(due, _)| *due).min();
        let timeout = async {
            match next {
                Some(due) => {
                    let left = due.since(now()).as_micros();
                    Timer::after(Duration::from_micros(left)).await;
                    Ok(0)
                }
                None => future::pending().await,
            }
        };
        let reading = device.read_with(|mut file: &File| file.read(&mut packet));
        let length = future::or(reading, timeout).await?;
        let way = *way.lock().unwrap();
        if let Some((to, answer)) = packet.get(..length).and_then(echo)
            && way.dead != Some(to)
            && random.u8(..100) >= way.loss
            && waiting.len() < MAX_ON_THE_WAY
        {
            let jitter = Span::from_micros(random.u64(..=way.jitter.as_micros()));
            let delay = if way.hasty == Some(to) { Span::ZERO } else { way.delay + jitter };
            waiting.push((now() + delay, answer));
        }
        deliver(&device, &mut waiting);
    }
}

fn deliver(device: &Async<File>, waiting: &mut Vec<(Instant, Vec<u8>)>) {
    let at = now();
    waiting.sort_by_key(|(due, _)| *due);
    let due = waiting.iter().take_while(|(due, _)| *due <= at).count();
    for (_, answer) in waiting.drain(..due) {
        // While the device is down, what would arrive is lost.
        let _ = device.get_ref().write(&answer);
    }
}

/// Whom an echo request over IPv4 is for, and the answer; `None` if it is none.
fn echo(packet: &[u8]) -> Option<(Ipv4Addr, Vec<u8>)> {
    let mut answer = packet.to_vec();
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let to = <[u8; 4]>::try_from(packet.get(16..20)?).ok()?;
    let is_request = packet.first()? >> 4 == 4
        && packet.get(9) == Some(&1)
        && packet.get(header..header + 2) == Some(&[8, 0]);
    if !is_request {
        return None;
    }
    // Both addresses stay in the sum, in whichever order.
    answer[12..16].copy_from_slice(&packet[16..20]);
    answer[16..20].copy_from_slice(&packet[12..16]);
    answer[header] = 0;
    let sum = packet.get(header + 2..header + 4)?;
    let (sum, carry) = u16::from_be_bytes([sum[0], sum[1]]).overflowing_add(0x0800);
    answer[header + 2..header + 4].copy_from_slice(&(sum + u16::from(carry)).to_be_bytes());
    Some((Ipv4Addr::from(to), answer))
}
