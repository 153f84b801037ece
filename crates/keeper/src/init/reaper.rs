//! The loop of PID 1: reap, copy console output, open the SSH door, obey signals.

use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, WaitOptions};

use super::boot_worker;
use super::console::Ring;
use super::ssh_door::SshDoor;
use super::standing::Standing;
use super::status::{Field, StatusFile};
use crate::process;

/// Time between asking everything to end and killing it. The keeper may be less patient.
const GRACE_MS: u64 = 8_000;
/// Time in which killed processes must have been reaped (by us, or by the keeper for its commands).
const REAP_MS: u64 = 2_000;
/// Emptied by a reboot in place, as their loss in a real reboot would.
const VOLATILE: [&str; 3] = ["/run", "/tmp", "/dev/shm"];

/// What PID 1 holds for its whole life.
pub(super) struct Machine {
    pub(super) console: Ring,
    pub(super) status: StatusFile,
    pub(super) boot_plan: File,
    pub(super) with_ssh: bool,
    pub(super) standing: Standing,
}

/// What PID 1 was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    PowerOff,
    Reboot,
}

/// The signals of the system manager of most distributions (systemd(1), "Signals"): SIGRTMIN+3 halt, +4 power
/// off, +5 reboot; SIGINT (ctrl-alt-del) reboots; SIGPWR and SIGTERM power off. SIGRTMIN is 34 as libc counts.
const WISHES: [(i32, Wish); 6] = [
    (POWER_OFF_SIGNAL, Wish::PowerOff),
    (37, Wish::PowerOff),
    (REBOOT_SIGNAL, Wish::Reboot),
    (libc::SIGINT, Wish::Reboot),
    (libc::SIGPWR, Wish::PowerOff),
    (libc::SIGTERM, Wish::PowerOff),
];
/// All signals that carry a wish.
pub(crate) const WISH_SIGNALS: [i32; 6] =
    [POWER_OFF_SIGNAL, 37, REBOOT_SIGNAL, libc::SIGINT, libc::SIGPWR, libc::SIGTERM];
/// Signal that asks PID 1 to power off.
pub(crate) const POWER_OFF_SIGNAL: i32 = 38;
/// Signal that asks PID 1 to restart user space.
pub(crate) const REBOOT_SIGNAL: i32 = 39;

/// Runs the machine; normally ends inside `reboot(2)`, otherwise returns an exit status.
pub(super) fn run(mut machine: Machine) -> i32 {
    let (signals, mut pipe) = match (block_signals(), open_console()) {
        (Ok(signals), Ok(pipe)) => (signals, pipe),
        (Err(error), _) | (_, Err(error)) => {
            machine.console.line(&format!("cannot start: {error}"));
            return 1;
        }
    };
    for boot in 1.. {
        // Times of the boot before would read as if this one were done already.
        machine.status.set(Field::Finished, 0);
        machine.status.set(Field::Started, 0);
        machine.status.set(Field::Boots, boot);
        machine.console.line(&format!("boot {boot}"));
        if let Err(error) = start_worker(&machine) {
            machine.console.line(&format!("no boot worker: {error}"));
        }
        let mut door = machine.with_ssh.then(|| SshDoor::open(&mut machine.console)).flatten();
        let wish = serve(&mut machine, &signals, &mut pipe, door.as_mut());
        drop(door);
        machine.console.line(if wish == Wish::Reboot { "rebooting" } else { "powering off" });
        stop_everything(&mut machine, &signals, &mut pipe);
        if wish == Wish::PowerOff {
            break;
        }
        for place in VOLATILE {
            empty(place);
        }
    }
    machine.status.set(Field::Reason, 1);
    // The kernel ends this PID namespace and reports SIGINT to the keeper (reboot(2), "Behavior inside PID
    // namespaces"). It returns only when the capability is missing.
    // SAFETY: in a PID namespace of our own this cannot touch the host.
    unsafe { libc::reboot(libc::RB_POWER_OFF) };
    0
}

fn serve(machine: &mut Machine, signals: &OwnedFd, pipe: &mut File, mut door: Option<&mut SshDoor>) -> Wish {
    loop {
        {
            let mut waiting = vec![PollFd::new(signals, PollFlags::IN), PollFd::new(&*pipe, PollFlags::IN)];
            if let Some(socket) = door.as_ref().map(|door| door.socket()) {
                waiting.push(PollFd::from_borrowed_fd(socket, PollFlags::IN));
            }
            if poll(&mut waiting, None).is_err() {
                continue;
            }
        }
        copy_console(machine, pipe);
        let wish = read_signals(signals);
        reap(door.as_deref_mut());
        if let Some(door) = door.as_deref_mut() {
            door.welcome(&mut machine.console, &machine.standing);
        }
        if let Some(wish) = wish {
            return wish;
        }
    }
}

fn start_worker(machine: &Machine) -> std::io::Result<()> {
    let plan = machine.boot_plan.try_clone()?;
    let status = machine.status.try_clone()?;
    match machine.standing.fork()? {
        None => process::child_main(|| boot_worker::main(&plan, &status)),
        Some(_) => Ok(()),
    }
}

/// Ends every process but this one: politely, then not.
fn stop_everything(machine: &mut Machine, signals: &OwnedFd, pipe: &mut File) {
    // Interactive shells ignore SIGTERM and obey SIGHUP; stopped processes must be woken to hear either.
    for signal in [Signal::TERM, Signal::HUP, Signal::CONT] {
        send_to_all(signal);
    }
    if !wait_alone(machine, signals, pipe, GRACE_MS) {
        send_to_all(Signal::KILL);
        wait_alone(machine, signals, pipe, REAP_MS);
    }
}

fn send_to_all(signal: Signal) {
    // SAFETY: kill(-1) from PID 1 reaches the processes of this PID namespace only.
    unsafe { libc::kill(-1, signal.as_raw()) };
}

/// True when no other process is left; gives up after the limit.
fn wait_alone(machine: &mut Machine, signals: &OwnedFd, pipe: &mut File, limit_ms: u64) -> bool {
    let end = process::monotonic_ns() + limit_ms * 1_000_000;
    loop {
        reap(None);
        copy_console(machine, pipe);
        // SAFETY: signal 0 only asks whether anyone is there.
        if unsafe { libc::kill(-1, 0) } != 0 {
            return true;
        }
        if process::monotonic_ns() > end {
            return false;
        }
        let pause = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
        let mut waiting = [PollFd::new(signals, PollFlags::IN), PollFd::new(&*pipe, PollFlags::IN)];
        let _ = poll(&mut waiting, Some(&pause));
        read_signals(signals);
    }
}

fn reap(mut door: Option<&mut SshDoor>) {
    while let Ok(Some((pid, _))) = rustix::process::wait(WaitOptions::NOHANG) {
        if let Some(door) = door.as_deref_mut() {
            door.left(pid.as_raw_nonzero().get());
        }
    }
}

fn copy_console(machine: &mut Machine, pipe: &mut File) {
    let mut buffer = [0; 4_096];
    // Bounded, so that a flood cannot keep PID 1 from its other duties.
    for _ in 0..16 {
        match pipe.read(&mut buffer) {
            Ok(count @ 1..) => machine.console.write(&buffer[..count]),
            _ => return,
        }
    }
}

/// PID 1 reads and also holds a write end, so that the pipe never ends and writers never get SIGPIPE.
fn open_console() -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open("/dev/console")
}

/// Blocks the signals PID 1 listens to and returns a descriptor to read them from. A blocked signal is kept
/// for PID 1, an unblocked one without handler would be dropped by the kernel.
fn block_signals() -> std::io::Result<OwnedFd> {
    // SAFETY: sigset_t is plain data, initialised by sigemptyset; the descriptor is fresh.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        for number in WISH_SIGNALS {
            libc::sigaddset(&raw mut set, number);
        }
        if libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut()) != 0 {
            return Err(std::io::Error::last_os_error());
        }
        match libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) {
            -1 => Err(std::io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

/// Takes all waiting signals; the last wish wins.
fn read_signals(signals: &impl AsFd) -> Option<Wish> {
    let mut wish = None;
    loop {
        // SAFETY: signalfd_siginfo is plain data of which the kernel fills a whole one.
        let number = unsafe {
            let mut info: libc::signalfd_siginfo = std::mem::zeroed();
            let size = std::mem::size_of::<libc::signalfd_siginfo>();
            let got = libc::read(signals.as_fd().as_raw_fd(), (&raw mut info).cast(), size);
            if got != size.cast_signed() {
                return wish;
            }
            info.ssi_signo.cast_signed()
        };
        if let Some((_, asked)) = WISHES.iter().find(|(known, _)| *known == number) {
            wish = Some(*asked);
        }
    }
}

fn empty(place: &str) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let path = entry.path();
        // Links are removed as links; what cannot be removed (a mount point) stays.
        let _ = if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
    }
}
