//! PID 1 of a machine: a fork of the keeper that never calls exec.
//!
//! It prepares the mounts, waits for its release, trims its privileges, starts a worker for everything that
//! needs parsing or memory, and then only reaps, copies console output and waits for signals. All writes to
//! files of the machine happen after `pivot_root`, so a link planted in the root leads nowhere but into it.

pub(crate) mod accounts;
pub(crate) mod boot_worker;
pub mod console;
mod mounts;
pub(crate) mod privileges;
mod reaper;
pub(crate) mod seccomp;
mod ssh_door;
pub(crate) mod standing;
pub mod status;

pub(crate) use reaper::{POWER_OFF_SIGNAL, REBOOT_SIGNAL, WISH_SIGNALS};
use std::fs::File;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use crate::error::{KeeperError, Result};
use crate::process;
use crate::protocol::{LaunchSpec, Mode};
use crate::seqpacket;

/// What the keeper hands to the fresh process once its id maps are written.
pub(crate) struct Inherited {
    /// Console ring on the host.
    pub(crate) console: OwnedFd,
    /// Status record on the host.
    pub(crate) status: OwnedFd,
    /// Boot plan on the host.
    pub(crate) boot_plan: OwnedFd,
    /// Detached, idmapped mounts in [`Mode::Full`]: the store of writable halves, then every lower layer.
    pub(crate) layers: Vec<OwnedFd>,
}

/// Descriptor number of the control socket in the child; everything above is closed.
const CONTROL: i32 = 3;

/// Body of the forked child; returns its exit status when boot fails or the machine ends without `reboot(2)`.
pub(crate) fn main(control: OwnedFd, spec: &LaunchSpec, mode: Mode) -> i32 {
    let Ok(control) = keep_only(control) else { return 1 };
    match prepare(&control, spec, mode) {
        Ok(machine) => {
            drop(control);
            reaper::run(machine)
        }
        Err(error) => {
            // The keeper turns this into `ExitCause::BootFailed`.
            let _ = seqpacket::send(&control, error.to_string().as_bytes(), &[]);
            1
        }
    }
}

/// Drops everything inherited from the keeper: descriptors here, its name in the process list, its secrets by
/// never having had any (boot plans are read by the machine alone).
fn keep_only(control: OwnedFd) -> Result<OwnedFd> {
    let fail = |error: std::io::Error| KeeperError::system("close inherited descriptors", error);
    process::place_fd(&control, CONTROL).map_err(fail)?;
    if control.as_raw_fd() == CONTROL {
        std::mem::forget(control);
    } else {
        drop(control);
    }
    process::close_from(4).map_err(fail)?;
    // SAFETY: descriptor 3 was just placed and has no other owner in this process.
    let control = unsafe { OwnedFd::from_raw_fd(CONTROL) };
    let null = File::options().read(true).write(true).open("/dev/null").map_err(fail)?;
    for number in 0..3 {
        process::place_fd(&null, number).map_err(fail)?;
    }
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    privileges::disguise();
    Ok(control)
}

fn prepare(control: &OwnedFd, spec: &LaunchSpec, mode: Mode) -> Result<reaper::Machine> {
    let inherited = receive(control)?;
    let standing = standing::Standing::open();
    privileges::become_inner_root(mode)?;
    mounts::build_root(spec, mode, inherited.layers)?;
    set_hostname(&spec.hostname)?;
    raise_loopback()?;
    privileges::set_limits(spec.limits.open_files)?;
    wait_for_release(control)?;
    let machine = reaper::Machine {
        console: console::Ring::new(inherited.console.into()),
        status: status::StatusFile::new(inherited.status.into()),
        boot_plan: inherited.boot_plan.into(),
        with_ssh: spec.ssh,
        standing,
    };
    // In this order: the filter takes CAP_SYS_ADMIN, which is the first thing to go.
    seccomp::install()?;
    privileges::trim()?;
    give_back_memory();
    Ok(machine)
}

/// Lets go of what the keeper had freed but not returned: shared pages turn private as soon as the keeper
/// writes to its own, and PID 1 needs none of them.
fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim works on the allocator's own books; this process has one thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

fn receive(control: &OwnedFd) -> Result<Inherited> {
    let mut buffer = [0; 16];
    let (length, fds) = seqpacket::receive(control, &mut buffer)
        .map_err(|error| KeeperError::system("wait for the keeper", error))?;
    if length == 0 {
        return Err(KeeperError::Disconnected);
    }
    let mut fds = fds.into_iter();
    match (fds.next(), fds.next(), fds.next()) {
        (Some(console), Some(status), Some(boot_plan)) => {
            Ok(Inherited { console, status, boot_plan, layers: fds.collect() })
        }
        _ => Err(KeeperError::Malformed("descriptors are missing".into())),
    }
}

/// The keeper's end closing before the release means that nobody wants this machine any more.
fn wait_for_release(control: &OwnedFd) -> Result<()> {
    let mut buffer = [0; 16];
    match seqpacket::receive(control, &mut buffer) {
        Ok((1.., _)) => Ok(()),
        Ok((0, _)) => Err(KeeperError::Disconnected),
        Err(error) => Err(KeeperError::system("wait for release", error)),
    }
}

/// Sets the host name of this machine's own UTS namespace.
pub(crate) fn set_hostname(name: &str) -> Result<()> {
    rustix::system::sethostname(name.as_bytes())
        .map_err(|error| KeeperError::system(format!("set host name {name:?}"), error))
}

/// Brings `lo` up; everything else about the network is the host's business.
fn raise_loopback() -> Result<()> {
    let fail = |step: &str| KeeperError::last(format!("bring lo up: {step}"));
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::DGRAM, None)
        .map_err(|error| KeeperError::system("bring lo up", error))?;
    // SAFETY: ifreq is plain data; the name is shorter than its field and zero-terminated by the zeroing.
    unsafe {
        let mut request: libc::ifreq = std::mem::zeroed();
        for (target, byte) in request.ifr_name.iter_mut().zip(b"lo") {
            *target = libc::c_char::from_ne_bytes([*byte]);
        }
        if libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS, &raw mut request) != 0 {
            return Err(fail("read flags"));
        }
        request.ifr_ifru.ifru_flags |= libc::c_short::try_from(libc::IFF_UP).unwrap_or(1);
        if libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) != 0 {
            return Err(fail("write flags"));
        }
    }
    Ok(())
}
