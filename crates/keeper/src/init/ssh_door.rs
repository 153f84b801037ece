//! Port 22: PID 1 listens itself and starts the image's sshd per connection.
//!
//! An idle machine so has no sshd in memory (it would triple the cost of the machine), and host keys are made
//! at the first connection instead of delaying the boot.

use std::fs::{self, DirBuilder, File};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::net::{AddressFamily, SocketAddrAny, SocketFlags, SocketType, sockopt};

use super::console::Ring;
use super::standing::Standing;
use crate::process;

const SSHD: &str = "/usr/sbin/sshd";
const HOST_KEY: &str = "/etc/ssh/ssh_host_ed25519_key";
/// Sessions at a time; further connections are closed at once.
const MAX_SESSIONS: usize = 100;

/// The listening socket and the sessions behind it.
pub(super) struct SshDoor {
    socket: OwnedFd,
    sessions: Vec<i32>,
}

impl SshDoor {
    /// Listens when the image has an sshd and nobody else has the port.
    pub(super) fn open(console: &mut Ring) -> Option<Self> {
        if !Path::new(SSHD).exists() {
            return None;
        }
        match listen() {
            Ok(socket) => Some(Self { socket, sessions: Vec::new() }),
            Err(error) => {
                console.line(&format!("no SSH: {error}"));
                None
            }
        }
    }

    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Forgets a session that ended.
    pub(super) fn left(&mut self, pid: i32) {
        self.sessions.retain(|session| *session != pid);
    }

    /// Starts an sshd for one waiting connection, if there is one.
    pub(super) fn welcome(&mut self, console: &mut Ring, standing: &Standing) {
        let Ok(connection) = rustix::net::accept_with(&self.socket, SocketFlags::CLOEXEC) else { return };
        if self.sessions.len() >= MAX_SESSIONS {
            return;
        }
        match standing.fork() {
            Ok(None) => process::child_main(|| serve(connection)),
            Ok(Some(pid)) => self.sessions.push(pid),
            Err(error) => console.line(&format!("no sshd: {error}")),
        }
    }
}

/// Both IP versions on one socket, or IPv4 alone where IPv6 is switched off.
fn listen() -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let open = |family, address: &SocketAddrAny| {
        let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
        if family == AddressFamily::INET6 {
            sockopt::set_ipv6_v6only(&socket, false)?;
        }
        sockopt::set_socket_reuseaddr(&socket, true)?;
        rustix::net::bind(&socket, address)?;
        rustix::net::listen(&socket, 32)?;
        Ok(socket)
    };
    let six = std::net::SocketAddr::from((std::net::Ipv6Addr::UNSPECIFIED, 22)).into();
    let four = std::net::SocketAddr::from((std::net::Ipv4Addr::UNSPECIFIED, 22)).into();
    open(AddressFamily::INET6, &six).or_else(|_| open(AddressFamily::INET, &four))
}

/// Runs in a child of PID 1: makes what sshd needs, then becomes sshd in its inetd mode (`-i`).
fn serve(connection: OwnedFd) -> i32 {
    let console = || File::options().write(true).open("/dev/console").map_or(Stdio::null(), Stdio::from);
    let _ = DirBuilder::new().mode(0o755).create("/run/sshd");
    if !Path::new(HOST_KEY).exists() && !make_host_key() {
        return 1;
    }
    let Ok(second) = connection.try_clone() else { return 1 };
    let error = Command::new(SSHD)
        .args(["-i", "-e", "-o", "LoginGraceTime=30", "-h", HOST_KEY])
        .stdin(Stdio::from(connection))
        .stdout(Stdio::from(second))
        .stderr(console())
        .exec();
    eprintln!("sshd: {error}");
    1
}

/// Makes the host key under a lock: two first connections must not write one file.
fn make_host_key() -> bool {
    let Ok(lock) = File::create("/run/sshd/host-key.lock") else { return false };
    if lock.lock().is_err() {
        return false;
    }
    if Path::new(HOST_KEY).exists() {
        return true;
    }
    let fresh = format!("{HOST_KEY}.new");
    let _ = fs::remove_file(&fresh);
    let made = Command::new("/usr/bin/ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", &fresh])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    made.is_ok_and(|status| status.success())
        && fs::rename(format!("{fresh}.pub"), format!("{HOST_KEY}.pub")).is_ok()
        && fs::rename(&fresh, HOST_KEY).is_ok()
}
