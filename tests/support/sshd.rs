//! OpenSSH's own server in front of a simulated router: a forced command hands each command line
//! to the router's console. Nothing of the machine's own configuration or keys is used.

use std::{
    cell::{Cell, RefCell},
    fs,
    net::{Ipv4Addr, TcpListener},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard},
    thread::JoinHandle,
    time::Duration,
};

use async_io::{Async, Timer};
use smol::{
    LocalExecutor,
    channel::{self, Receiver, Sender},
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
};
use wanctl::{
    control::time::Span,
    os::clock,
    router::settings::{Fingerprint, Host, SshLogin, SshSettings},
    sim::routeros::{Fate, RouterOs, RouterSettings},
};

use super::scratch::Scratch;

/// Where Debian and others have it. It insists on being called by its full path.
const SSHD: &str = "/usr/sbin/sshd";

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Ed25519,
    Rsa,
}

impl KeyKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Rsa => "rsa",
        }
    }
}

/// The server and the router behind it. It ends with the executor, its processes with it.
pub struct Sshd {
    scratch: Scratch,
    port: u16,
    shared: Rc<Shared>,
}

struct Shared {
    router: Arc<Mutex<RouterOs>>,
    /// The user of the router that the login stands for.
    user: RefCell<String>,
    config: RefCell<PathBuf>,
    log: PathBuf,
    /// Runs the server; `sshd` itself, or something that runs it in other surroundings.
    program: Vec<String>,
    children: RefCell<Vec<Child>>,
    commands: Cell<usize>,
    /// Lines with these words are answered later.
    hold: RefCell<Option<String>>,
    held: Cell<usize>,
}

impl Sshd {
    /// Starts with an ed25519 host key.
    pub fn start(executor: &Rc<LocalExecutor<'static>>, settings: RouterSettings) -> Self {
        Self::start_by(executor, settings, vec![SSHD.to_owned()], Scratch::new())
    }

    /// The same with another program that runs the server.
    pub fn start_by(
        executor: &Rc<LocalExecutor<'static>>,
        settings: RouterSettings,
        program: Vec<String>,
        scratch: Scratch,
    ) -> Self {
        let router = Arc::new(Mutex::new(RouterOs::new(settings, 1, clock::now())));
        Self::start_before(executor, router, program, scratch)
    }

    /// The same before a router that there is already.
    fn start_before(
        executor: &Rc<LocalExecutor<'static>>,
        router: Arc<Mutex<RouterOs>>,
        program: Vec<String>,
        scratch: Scratch,
    ) -> Self {
        assert!(Path::new(SSHD).exists(), "{SSHD} is missing: apt-get install openssh-server");
        // Where sshd of Debian locks itself in; made by its service file, which is not used here.
        let _ = fs::create_dir_all("/run/sshd");
        let shared = Rc::new(Shared {
            router,
            user: RefCell::new("wanctl".to_owned()),
            config: RefCell::default(),
            log: scratch.join("log"),
            program,
            children: RefCell::default(),
            commands: Cell::new(0),
            hold: RefCell::default(),
            held: Cell::new(0),
        });
        let [listener, console] =
            [(); 2].map(|()| Async::<TcpListener>::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let port = listener.get_ref().local_addr().unwrap().port();
        let sshd = Self { scratch, port, shared: Rc::clone(&shared) };
        sshd.write_helper(console.get_ref().local_addr().unwrap().port());
        sshd.use_host_key(KeyKind::Ed25519);
        executor.spawn(serve(listener, Rc::clone(&shared))).detach();
        executor.spawn(answer(console, shared)).detach();
        sshd
    }

    /// What a login runs instead of the command it asks for.
    fn write_helper(&self, console: u16) {
        let status = self.scratch.join("status");
        let status = status.display();
        let script = format!(
            "exec 3<>/dev/tcp/127.0.0.1/{console} || exit 9\n\
             printf '%s\\n' \"$SSH_ORIGINAL_COMMAND\" >&3\n\
             cat <&3\n\
             [ -f {status} ] && exit \"$(cat {status})\"\nexit 0\n"
        );
        self.scratch.write("helper", script.as_bytes());
    }

    /// Shows this host key to new connections.
    pub fn use_host_key(&self, kind: KeyKind) {
        self.configure(kind, "");
    }

    /// Opens no channels for commands on new connections.
    pub fn open_no_channels(&self) {
        self.configure(KeyKind::Ed25519, "MaxSessions 0\n");
    }

    /// Asks for new keys after a kilobyte or two on new connections, and says so in the log.
    pub fn renew_keys_often(&self) {
        self.configure(KeyKind::Ed25519, "RekeyLimit 1K\nLogLevel DEBUG1\n");
    }

    fn configure(&self, kind: KeyKind, more: &str) {
        let (host, helper) = (self.key_file("host", kind), self.scratch.join("helper"));
        let authorized = self.scratch.join("authorized");
        let config = format!(
            "{more}HostKey {}\nAuthorizedKeysFile {}\nForceCommand /bin/bash {}\n\
             StrictModes no\nUsePAM no\nPermitRootLogin yes\nLogLevel VERBOSE\n\
             PasswordAuthentication yes\nKbdInteractiveAuthentication no\n",
            host.display(),
            authorized.display(),
            helper.display()
        );
        let path = self.scratch.write(&format!("config.{}", kind.name()), config.as_bytes());
        self.shared.config.replace(path);
    }

    /// A private key file; made the first time. Its user may log in only if `authorize`d.
    pub fn key_file(&self, name: &str, kind: KeyKind) -> PathBuf {
        let path = self.scratch.join(&format!("{name}.{}", kind.name()));
        if !path.exists() {
            keygen(&["-q", "-t", kind.name(), "-N", "", "-f", path.to_str().unwrap()]);
        }
        path
    }

    /// A private key of a user who may log in.
    pub fn authorized(&self, kind: KeyKind) -> PathBuf {
        let key = self.key_file("user", kind);
        let public = fs::read_to_string(key.with_extension(format!("{}.pub", kind.name())));
        let before = fs::read_to_string(self.scratch.join("authorized")).unwrap_or_default();
        let all = before + &public.unwrap();
        self.scratch.write("authorized", all.as_bytes());
        key
    }

    /// Lets the user in with this key alone.
    pub fn authorize_only(&self, key: &Path) {
        let public = fs::read(format!("{}.pub", key.display())).unwrap();
        self.scratch.write("authorized", &public);
    }

    /// The fingerprint of a host key, as OpenSSH tells it.
    pub fn fingerprint(&self, kind: KeyKind) -> Fingerprint {
        let path = self.key_file("host", kind);
        let told = keygen(&["-l", "-f", path.to_str().unwrap()]);
        Fingerprint::parse(told.split(' ').nth(1).unwrap()).unwrap()
    }

    /// What a client needs, with a key that may log in.
    pub fn settings(&self) -> SshSettings {
        SshSettings {
            host: Host::Address(Ipv4Addr::LOCALHOST.into()),
            port: self.port,
            username: me(),
            login: SshLogin::KeyFile(self.authorized(KeyKind::Ed25519).into()),
            host_key: self.fingerprint(KeyKind::Ed25519),
            timeout: Span::from_secs(20),
        }
    }

    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    pub fn router(&self) -> MutexGuard<'_, RouterOs> {
        self.shared.router.lock().unwrap()
    }

    /// Which user of the router is logged in.
    pub fn log_in_as(&self, user: &str) {
        user.clone_into(&mut self.shared.user.borrow_mut());
    }

    /// Lets commands end with this exit status.
    pub fn end_with(&self, status: u8) {
        self.scratch.write("status", status.to_string().as_bytes());
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.shared.children.borrow().len()
    }

    /// Command lines that reached the router so far.
    pub fn commands(&self) -> usize {
        self.shared.commands.get()
    }

    /// Answers no line with these words until told otherwise. The router carries them out at once.
    pub fn hold(&self, words: Option<&str>) {
        self.shared.hold.replace(words.map(str::to_owned));
    }

    /// Command lines whose answers were held back so far.
    pub fn held(&self) -> usize {
        self.shared.held.get()
    }

    /// Logins so far.
    pub fn logins(&self) -> usize {
        self.log().matches("Accepted publickey").count()
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.shared.log).unwrap_or_default()
    }

    /// Kills the server's processes of all connections.
    pub fn kill(&self) {
        for child in self.shared.children.borrow_mut().iter_mut() {
            // One that has ended needs no end.
            let _ = child.kill();
        }
    }

    /// Whether the server has seen the end of all connections.
    pub fn is_all_closed(&self) -> bool {
        let mut children = self.shared.children.borrow_mut();
        children.iter_mut().all(|child| child.try_wait().unwrap().is_some())
    }

    /// Waits until the server has seen the end of all connections.
    pub async fn all_closed(&self) {
        while !self.is_all_closed() {
            Timer::after(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.kill();
        for child in self.shared.children.borrow_mut().iter_mut() {
            let _ = child.wait();
        }
    }
}

type Order = Box<dyn FnOnce(&Sshd) + Send>;

/// A server on a thread of its own; it ends with this value.
pub struct SshdThread {
    settings: SshSettings,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl SshdThread {
    /// Leads to this router.
    #[expect(clippy::disallowed_methods, reason = "the test blocks its own thread")]
    pub fn start(router: Arc<Mutex<RouterOs>>) -> Self {
        let (orders, received) = channel::unbounded();
        let (tell, told) = channel::bounded(1);
        let thread = std::thread::spawn(move || smol::block_on(obey(router, received, tell)));
        let settings = told.recv_blocking().expect("the server did not start");
        Self { settings, orders: Some(orders), thread: Some(thread) }
    }

    /// What a client needs, with a key that may log in.
    pub const fn settings(&self) -> &SshSettings {
        &self.settings
    }

    /// Does this with the server, and says what came of it.
    pub fn ask<T: Send + 'static>(&self, what: impl FnOnce(&Sshd) -> T + Send + 'static) -> T {
        let (tell, told) = channel::bounded(1);
        let order = Box::new(move |sshd: &Sshd| {
            // The one who asked waits for it.
            let _ = tell.try_send(what(sshd));
        });
        self.orders.as_ref().unwrap().try_send(order).unwrap();
        told.recv_blocking().unwrap()
    }
}

impl Drop for SshdThread {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been reported by its own thread.
            let _ = thread.join();
        }
    }
}

/// Runs a server until nobody gives orders any more.
async fn obey(router: Arc<Mutex<RouterOs>>, orders: Receiver<Order>, tell: Sender<SshSettings>) {
    let executor = Rc::new(LocalExecutor::new());
    let program = vec![SSHD.to_owned()];
    let sshd = Sshd::start_before(&executor, router, program, Scratch::new());
    tell.try_send(sshd.settings()).unwrap();
    let obeying = async {
        while let Ok(order) = orders.recv().await {
            order(&sshd);
        }
    };
    executor.run(obeying).await;
}

/// The name of the user who runs the test: the only one that an unprivileged server can log in.
pub fn me() -> String {
    let told = Command::new("id").arg("-un").output().unwrap().stdout;
    String::from_utf8(told).unwrap().trim().to_owned()
}

fn keygen(arguments: &[&str]) -> String {
    let told = Command::new("ssh-keygen").args(arguments).output();
    let told = told.expect("ssh-keygen is missing: apt-get install openssh-client");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8(told.stdout).unwrap()
}

/// One server process per connection, as inetd would start it.
async fn serve(listener: Async<TcpListener>, shared: Rc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let stream = stream.into_inner().unwrap();
        stream.set_nonblocking(false).unwrap();
        let [input, output] =
            [(); 2].map(|()| Stdio::from(OwnedFd::from(stream.try_clone().unwrap())));
        let (program, arguments) = shared.program.split_first().unwrap();
        let child = Command::new(program)
            .args(arguments)
            .args(["-i", "-f"])
            .arg(&*shared.config.borrow())
            .arg("-E")
            .arg(&shared.log)
            .stdin(input)
            .stdout(output)
            .stderr(Stdio::null())
            .spawn();
        shared.children.borrow_mut().push(child.unwrap());
    }
}

/// Answers the command lines that the forced command hands on.
async fn answer(console: Async<TcpListener>, shared: Rc<Shared>) {
    let executor = LocalExecutor::new();
    let accepting = async {
        while let Ok((stream, _)) = console.accept().await {
            let shared = Rc::clone(&shared);
            executor.spawn(async move { carry_out(stream, &shared).await }).detach();
        }
    };
    executor.run(accepting).await;
}

async fn carry_out(stream: Async<std::net::TcpStream>, shared: &Shared) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    if stream.read_line(&mut line).await.is_err() {
        return;
    }
    shared.commands.set(shared.commands.get() + 1);
    let user = shared.user.borrow().clone();
    let line = line.trim_end_matches('\n');
    let printed = shared.router.lock().unwrap().console(clock::now(), &user, line);
    match printed.fate {
        Fate::Answer => {
            Timer::after(Duration::from_micros(printed.delay.as_micros())).await;
            held_back(line, shared).await;
            // A client that has gone away is the test's business.
            let _ = stream.get_mut().write_all(printed.text.as_bytes()).await;
        }
        Fate::Refuse | Fate::BlackHole | Fate::Reset | Fate::Cut | Fate::Drip => {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits until a line like this is answered.
async fn held_back(line: &str, shared: &Shared) {
    let is_held = || shared.hold.borrow().as_ref().is_some_and(|words| line.contains(words));
    if is_held() {
        shared.held.set(shared.held.get() + 1);
    }
    while is_held() {
        Timer::after(Duration::from_millis(5)).await;
    }
}
