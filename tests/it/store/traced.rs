//! A process that is led from system call to system call, or killed where nobody chose.
//! Forks, so only for tests that are alone in their process.
#![expect(unsafe_code, reason = "the standard library neither forks nor traces")]

use std::{
    io, mem, panic, ptr,
    sync::atomic::{AtomicU64, Ordering},
};

use libc::{c_int, c_long, c_void, pid_t, user_regs_struct};

/// Runs this in a copy of the process, which ends with what it returns.
fn fork(work: impl FnOnce() -> u8) -> pid_t {
    // SAFETY: this process has one thread, so the copy is as whole as the original.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork: {}", io::Error::last_os_error());
    if pid == 0 {
        let code = panic::catch_unwind(panic::AssertUnwindSafe(work)).unwrap_or(u8::MAX);
        // SAFETY: takes a number; nothing of the copy is needed after it.
        unsafe { libc::_exit(c_int::from(code)) };
    }
    pid
}

fn wait(pid: pid_t) -> c_int {
    let mut status = 0;
    // SAFETY: the status outlives the call; the number is a child's that was not waited for.
    let result = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(result, pid, "waitpid: {}", io::Error::last_os_error());
    status
}

fn kill(pid: pid_t) {
    // SAFETY: takes numbers; the child was not waited for, so the number is its own.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0);
    let status = wait(pid);
    assert!(libc::WIFSIGNALED(status), "it ended by itself: {status:#x}");
}

/// A copy of this process that works until it is killed.
pub(super) struct Worker(pid_t);

impl Worker {
    pub(super) fn start(work: impl FnOnce()) -> Self {
        Self(fork(|| {
            work();
            0
        }))
    }

    pub(super) fn kill(self) {
        kill(self.0);
    }
}

/// Numbers that a copy of the process shares with the original.
pub(super) fn shared() -> &'static [AtomicU64; 2] {
    // SAFETY: asks for new memory, which is zeroed and stays for good.
    let page = unsafe {
        libc::mmap(
            ptr::null_mut(),
            mem::size_of::<[AtomicU64; 2]>(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    assert_ne!(page, libc::MAP_FAILED, "mmap: {}", io::Error::last_os_error());
    // SAFETY: the page is aligned, large enough, zeroed, never unmapped, and used as this alone.
    unsafe { &*page.cast::<[AtomicU64; 2]>() }
}

pub(super) fn read(number: &AtomicU64) -> u64 {
    number.load(Ordering::SeqCst)
}

pub(super) fn write(number: &AtomicU64, value: u64) {
    number.store(value, Ordering::SeqCst);
}

/// A copy of this process that stops before and after each of its system calls.
pub(super) struct Traced(pid_t);

/// Where a traced process is after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Before or after a system call.
    Stopped,
    /// At its end, with this code.
    Ended(c_int),
}

impl Traced {
    pub(super) fn start(work: impl FnOnce() -> u8) -> Self {
        let traced = Self(fork(|| {
            trace(libc::PTRACE_TRACEME, 0, 0, ptr::null_mut());
            // SAFETY: takes a number.
            unsafe { libc::raise(libc::SIGSTOP) };
            work()
        }));
        assert!(libc::WIFSTOPPED(wait(traced.0)), "it does not wait for its tracer");
        let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
        trace(
            libc::PTRACE_SETOPTIONS,
            traced.0,
            0,
            ptr::without_provenance_mut(options.unsigned_abs().try_into().unwrap()),
        );
        traced
    }

    /// Goes on to the next boundary of a system call. What follows the work itself is the end.
    pub(super) fn step(&self) -> Step {
        trace(libc::PTRACE_SYSCALL, self.0, 0, ptr::null_mut());
        let status = wait(self.0);
        if libc::WIFEXITED(status) {
            return Step::Ended(libc::WEXITSTATUS(status));
        }
        assert!(libc::WIFSTOPPED(status), "ended by a signal: {status:#x}");
        assert_eq!(libc::WSTOPSIG(status), libc::SIGTRAP | 0x80, "stopped by a signal");
        Step::Stopped
    }

    /// The code with which it ends if nobody stops it any more.
    pub(super) fn finish(self) -> c_int {
        loop {
            if let Step::Ended(code) = self.step() {
                return code;
            }
        }
    }

    pub(super) fn kill(self) {
        kill(self.0);
    }

    pub(super) fn registers(&self) -> user_regs_struct {
        let mut registers = mem::MaybeUninit::<user_regs_struct>::uninit();
        trace(libc::PTRACE_GETREGS, self.0, 0, registers.as_mut_ptr().cast());
        // SAFETY: the kernel has filled it, or the call above had panicked.
        unsafe { registers.assume_init() }
    }

    /// The system call that it stands before.
    pub(super) fn call(&self) -> c_long {
        c_long::from_ne_bytes(self.registers().orig_rax.to_ne_bytes())
    }

    pub(super) fn set_registers(&self, mut registers: user_regs_struct) {
        trace(libc::PTRACE_SETREGS, self.0, 0, (&raw mut registers).cast());
    }

    /// Lets the call that it stands before fail with this error instead of being carried out.
    pub(super) fn fail(&self, error: c_int) {
        self.set_registers(user_regs_struct { orig_rax: u64::MAX, ..self.registers() });
        assert_eq!(self.step(), Step::Stopped);
        let result = u64::from_ne_bytes((-i64::from(error)).to_ne_bytes());
        self.set_registers(user_regs_struct { rax: result, ..self.registers() });
    }

    /// Makes the write that it stands before a shorter one, as a disk that is nearly full does.
    pub(super) fn shorten(&self) {
        let registers = self.registers();
        self.set_registers(user_regs_struct { rdx: registers.rdx.div_ceil(2), ..registers });
    }
}

fn trace(request: libc::c_uint, pid: pid_t, address: usize, data: *mut c_void) {
    let address: *mut c_void = ptr::without_provenance_mut(address);
    // SAFETY: the process is a child that stands still; data is a number, or a place that outlives
    // the call and is as large as the request says.
    let result = unsafe { libc::ptrace(request, pid, address, data) };
    assert_eq!(result, 0, "ptrace {request}: {}", io::Error::last_os_error());
}
