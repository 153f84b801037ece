//! Making and watching processes: clone3, pidfds, their persistent handles and exit statuses.

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

use serde::{Deserialize, Serialize};

use crate::error::{KeeperError, Result};

/// `FD_PIDFS_ROOT` of linux/fcntl.h: stands for the root of pidfs in open_by_handle_at.
const FD_PIDFS_ROOT: RawFd = -10_002;
/// `PIDFD_INFO_EXIT` of linux/pidfd.h.
const PIDFD_INFO_EXIT: u64 = 1 << 3;
/// `PIDFD_GET_INFO`: `_IOWR(0xFF, 11, struct pidfd_info)` with the first published size, 64 bytes.
const PIDFD_GET_INFO: libc::c_ulong = (3 << 30) | (64 << 16) | (0xFF << 8) | 0x0B;
/// `CLONE_INTO_CGROUP` of linux/sched.h; does not fit into the type libc gives it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
/// The kernel's `PF_EXITING` bit in field 9 of /proc/pid/stat.
const PF_EXITING: u64 = 4;

/// Which of the two processes that come out of a fork this is.
pub(crate) enum Forked {
    /// The caller, with the child's pid and pidfd.
    Parent(i32, OwnedFd),
    /// The new process.
    Child,
}

/// clone3 without shared memory. `namespaces` are CLONE_NEW* flags; `cgroup` places the child there at birth.
///
/// The calling process must be single-threaded: the child inherits locked locks otherwise.
pub(crate) fn fork(namespaces: u64, cgroup: Option<BorrowedFd<'_>>, sibling: bool) -> io::Result<Forked> {
    let mut pidfd: RawFd = -1;
    // SAFETY: clone_args is plain data and all-zero is a valid value of it.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = namespaces | libc::CLONE_PIDFD as u64;
    arguments.pidfd = (&raw mut pidfd) as u64;
    if sibling {
        // The kernel takes the exit signal from the caller's own parent in this case.
        arguments.flags |= libc::CLONE_PARENT as u64;
    } else {
        arguments.exit_signal = libc::SIGCHLD as u64;
    }
    if let Some(directory) = cgroup {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = u64::try_from(directory.as_raw_fd()).unwrap_or(u64::MAX);
    }
    // SAFETY: no stack and no CLONE_VM: the child gets a copy of everything, as with fork; the pointer to
    // `pidfd` is valid for the call, and the process is single-threaded.
    let pid = unsafe {
        libc::syscall(libc::SYS_clone3, &raw mut arguments, std::mem::size_of::<libc::clone_args>())
    };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Forked::Child),
        pid => {
            // SAFETY: the kernel has just made this descriptor for us; nobody else owns it.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Forked::Parent(i32::try_from(pid).unwrap_or(-1), pidfd))
        }
    }
}

/// fork(2) for PID 1 of a machine, whose own filter refuses clone3. Returns the child's pid, or `None` in the
/// child. The calling process must be single-threaded.
pub(crate) fn fork_inside() -> io::Result<Option<i32>> {
    // SAFETY: single-threaded by contract, so the child may go on in ordinary Rust code.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        pid => Ok(Some(pid)),
    }
}

/// Ends the process at once, running no destructors: what a forked child must do instead of returning.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: _exit is always safe to call; it does not return.
    unsafe { libc::_exit(status) }
}

/// Runs the body of a forked child. It never comes back into the code of the parent, not even by a panic.
pub(crate) fn child_main(body: impl FnOnce() -> i32) -> ! {
    let status = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(101);
    exit_now(status)
}

/// Opens a pidfd of a process that is certain to be the one meant (a child not yet reaped).
pub(crate) fn open(pid: i32) -> io::Result<OwnedFd> {
    let pid = rustix::process::Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?)
}

/// Sends a signal to exactly this process; one that is gone already is fine.
pub(crate) fn signal(pidfd: impl AsFd, number: i32) -> io::Result<()> {
    // SAFETY: plain numbers and a null siginfo, which the kernel fills as kill(2) would.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_fd().as_raw_fd(),
            number,
            std::ptr::null::<libc::siginfo_t>(),
            0u32,
        )
    };
    match outcome {
        0 => Ok(()),
        _ => match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            error => Err(error),
        },
    }
}

/// How a process ended, from the wait status the kernel reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Exit code.
    Exited(i32),
    /// Signal number.
    Signaled(i32),
}

impl End {
    /// Decodes the status word of wait(2).
    pub(crate) fn from_wait_status(status: i32) -> Self {
        if libc::WIFSIGNALED(status) {
            Self::Signaled(libc::WTERMSIG(status))
        } else {
            Self::Exited(libc::WEXITSTATUS(status))
        }
    }
}

/// What is known about a process whose pidfd became readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It runs on.
    Alive,
    /// It ended this way.
    Ended(End),
    /// It ended and the kernel does not tell how.
    Unknown,
}

/// Reaps a child, or asks the kernel about a process that is not ours.
pub(crate) fn collect(pidfd: &OwnedFd, pid: i32) -> Fate {
    // SAFETY: siginfo_t is plain data; waitid fills it for a valid pidfd.
    let outcome = unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let fd = libc::id_t::try_from(pidfd.as_raw_fd()).unwrap_or_default();
        let result = libc::waitid(libc::P_PIDFD, fd, &raw mut info, libc::WEXITED | libc::WNOHANG);
        (result == 0).then(|| (info.si_pid(), info.si_code, info.si_status()))
    };
    match outcome {
        Some((0, ..)) => Fate::Alive,
        Some((_, libc::CLD_EXITED, code)) => Fate::Ended(End::Exited(code)),
        Some((_, _, number)) => Fate::Ended(End::Signaled(number)),
        None => collect_foreign(pidfd, pid),
    }
}

/// The exit status of a process that an earlier keeper started: from pidfs (kernel 6.15 and later) once its
/// new parent has reaped it, from /proc while it is a zombie.
fn collect_foreign(pidfd: &OwnedFd, pid: i32) -> Fate {
    if let Some(status) = exit_status(pidfd) {
        return Fate::Ended(End::from_wait_status(status));
    }
    match stat_fields(pid) {
        // 'Z' or 'X': it is over; the status word is field 52, shown to the host's root only.
        Some(fields) if matches!(fields.state, 'Z' | 'X') => {
            Fate::Ended(End::from_wait_status(fields.exit_status))
        }
        Some(_) if signal(pidfd, 0).is_ok() && !readable(pidfd) => Fate::Alive,
        // Reaped between the two questions: the kernel may know now.
        _ => exit_status(pidfd).map_or(Fate::Unknown, |status| Fate::Ended(End::from_wait_status(status))),
    }
}

/// True once the process behind a pidfd has ended.
pub(crate) fn readable(pidfd: &OwnedFd) -> bool {
    let mut poll = [rustix::event::PollFd::new(pidfd, rustix::event::PollFlags::IN)];
    let now = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::event::poll(&mut poll, Some(&now)).is_ok_and(|count| count > 0)
}

fn exit_status(pidfd: &OwnedFd) -> Option<i32> {
    /// First published layout of `struct pidfd_info`.
    #[repr(C)]
    #[derive(Default)]
    struct Info {
        mask: u64,
        cgroup: u64,
        ids: [u32; 11],
        exit_code: i32,
    }
    let mut info = Info { mask: PIDFD_INFO_EXIT, ..Info::default() };
    // SAFETY: `Info` has the 64 bytes that the request number announces.
    let outcome = unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_INFO, &raw mut info) };
    (outcome == 0 && info.mask & PIDFD_INFO_EXIT != 0).then_some(info.exit_code)
}

/// A name for a process that survives us and never names another one.
// Deserialising makes plain numbers of plain numbers; the kernel checks a handle when it is opened.
#[allow(clippy::unsafe_derive_deserialize)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessHandle {
    /// Process id at birth.
    pub(crate) pid: i32,
    /// Clock ticks after boot when it started: tells a reused pid apart where pidfs has no handles.
    pub(crate) start_ticks: u64,
    /// pidfs file handle: type and bytes; absent before kernel 6.14.
    pub(crate) pidfs: Option<(i32, Vec<u8>)>,
}

/// `struct file_handle` with room for the eight bytes of pidfs (and some more).
#[repr(C)]
struct FileHandle {
    bytes: libc::c_uint,
    kind: libc::c_int,
    data: [u8; 32],
}

impl ProcessHandle {
    /// Names the process behind a pidfd.
    pub(crate) fn of(pidfd: &OwnedFd, pid: i32) -> Self {
        let start_ticks = stat_fields(pid).map_or(0, |fields| fields.start_ticks);
        let mut handle = FileHandle { bytes: 32, kind: 0, data: [0; 32] };
        let mut mount_id = 0i32;
        // SAFETY: the handle has the announced room; the empty path is a valid C string.
        let outcome = unsafe {
            libc::syscall(
                libc::SYS_name_to_handle_at,
                pidfd.as_raw_fd(),
                c"".as_ptr(),
                &raw mut handle,
                &raw mut mount_id,
                libc::AT_EMPTY_PATH,
            )
        };
        let length = handle.bytes as usize;
        let pidfs = (outcome == 0 && length <= 32).then(|| (handle.kind, handle.data[..length].to_vec()));
        Self { pid, start_ticks, pidfs }
    }

    /// Finds exactly this process again; `None` when it is gone.
    pub(crate) fn reopen(&self) -> Option<OwnedFd> {
        if let Some((kind, data)) = &self.pidfs {
            let mut handle =
                FileHandle { bytes: u32::try_from(data.len()).ok()?, kind: *kind, data: [0; 32] };
            handle.data.get_mut(..data.len())?.copy_from_slice(data);
            // Kernels before 6.17 know no FD_PIDFS_ROOT; any pidfd names the file system as well.
            let own = open(i32::try_from(std::process::id()).ok()?).ok()?;
            for root in [FD_PIDFS_ROOT, own.as_raw_fd()] {
                // SAFETY: the handle is initialised and lives through the call.
                let fd = unsafe {
                    libc::syscall(libc::SYS_open_by_handle_at, root, &raw mut handle, libc::O_CLOEXEC)
                };
                if let Ok(fd @ 0..) = RawFd::try_from(fd) {
                    // SAFETY: the kernel has just made this descriptor for us.
                    return Some(unsafe { OwnedFd::from_raw_fd(fd) });
                }
                if io::Error::last_os_error().raw_os_error() == Some(libc::ESTALE) {
                    return None;
                }
            }
        }
        let pidfd = open(self.pid).ok()?;
        // Compared after opening: the descriptor now pins whoever it is.
        (stat_fields(self.pid)?.start_ticks == self.start_ticks && self.start_ticks != 0).then_some(pidfd)
    }
}

/// The fields of /proc/pid/stat that matter here.
struct StatFields {
    state: char,
    flags: u64,
    start_ticks: u64,
    exit_status: i32,
}

fn stat_fields(pid: i32) -> Option<StatFields> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may contain anything, so count from the last one; it is field 2.
    let rest: Vec<&str> = text.get(text.rfind(')')? + 2..)?.split(' ').collect();
    Some(StatFields {
        state: rest.first()?.chars().next()?,
        flags: rest.get(6)?.parse().ok()?,
        start_ticks: rest.get(19)?.parse().ok()?,
        exit_status: rest.get(49)?.trim().parse().ok()?,
    })
}

/// True when a process has begun to exit (PID 1 of a machine waits there until its whole namespace is gone).
pub(crate) fn is_exiting(pid: i32) -> bool {
    stat_fields(pid).is_none_or(|fields| fields.flags & PF_EXITING != 0 || matches!(fields.state, 'Z' | 'X'))
}

/// Enters namespaces of the process behind a pidfd, all in one step.
pub(crate) fn enter_namespaces(pidfd: &OwnedFd, flags: i32) -> Result<()> {
    // SAFETY: setns changes only kernel state of this single-threaded process.
    match unsafe { libc::setns(pidfd.as_raw_fd(), flags) } {
        0 => Ok(()),
        _ => Err(KeeperError::last("enter the machine's namespaces")),
    }
}

/// Closes every descriptor from `first` on.
pub(crate) fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: the caller is a forked child that owns none of these through Rust values it will use again.
    match unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Makes `to` refer to what `fd` refers to (dup2); used to place descriptors before exec.
pub(crate) fn place_fd(fd: impl AsFd, to: RawFd) -> io::Result<()> {
    let from = fd.as_fd().as_raw_fd();
    // SAFETY: dup2 on valid numbers; the caller owns what `to` named before.
    let outcome =
        unsafe { if from == to { libc::fcntl(from, libc::F_SETFD, 0) } else { libc::dup2(from, to) } };
    if outcome < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Nanoseconds of CLOCK_MONOTONIC: the same clock in every process of the host.
pub fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}

/// Reaps a child if it has ended; true when there is nothing left to reap.
pub(crate) fn reap(pidfd: &OwnedFd) -> bool {
    // SAFETY: siginfo_t is plain data; waitid fills it for a valid pidfd.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let fd = libc::id_t::try_from(pidfd.as_raw_fd()).unwrap_or_default();
        let outcome = libc::waitid(libc::P_PIDFD, fd, &raw mut info, libc::WEXITED | libc::WNOHANG);
        outcome != 0 || info.si_pid() != 0
    }
}

/// Waits for a child of ours to end and reaps it.
pub(crate) fn wait(pidfd: &OwnedFd) {
    // SAFETY: siginfo_t is plain data; waitid fills it for a valid pidfd.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let fd = libc::id_t::try_from(pidfd.as_raw_fd()).unwrap_or_default();
        while libc::waitid(libc::P_PIDFD, fd, &raw mut info, libc::WEXITED) != 0
            && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
        {}
    }
}
