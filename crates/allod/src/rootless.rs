//! Without root: the cloud lives in a user, a mount and a network namespace of its own.
//!
//! The API's socket is bound before, so it stays the host's and every client of the host reaches it. Machines and
//! their networks are made inside. The keeper outlives this process and keeps the namespaces with it; a restarted
//! cloud goes back to where its keeper stands. All of this must happen before the first thread (setns(2), unshare(2)).

use crate::arguments::Up;
use crate::cloud::cannot_listen;
use crate::home::Home;
use anyhow::Context as _;
use network_apply::{ApplyError, user_ground};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

/// Connections that may wait to be accepted, as many as for the gateway's own sockets; the kernel cuts it.
const WAITING_ROOM: i32 = 4_096;

/// Where a cloud's kernel objects are made.
pub(crate) enum Ground {
    /// On the host, as root.
    Host,
    /// In namespaces of this process.
    Own {
        /// The API's socket on the host; without one the API is heard inside only.
        front: Option<TcpListener>,
    },
}

impl Ground {
    /// For a cloud that serves the host. Root stays where it is. A user's options are made independent of the place
    /// and of the uid, which both change.
    ///
    /// # Errors
    /// The address cannot be had, or the kernel allows no user namespace; says what to do about it.
    pub(crate) fn for_up(options: &mut Up) -> anyhow::Result<Ground> {
        if rustix::process::geteuid().is_root() {
            return Ok(Ground::Host);
        }
        for path in [&mut options.data_dir, &mut options.ready_file].into_iter().flatten() {
            *path = std::path::absolute(&path)?;
        }
        if options.data_dir.is_none() && !options.ephemeral {
            options.data_dir = Some(Home::default_path()?);
        }
        let front = bind(options.listen).with_context(|| cannot_listen(options.listen))?;
        let keeper = options.data_dir.as_deref().and_then(|home| living_keeper(&Home::keeper_socket(home)));
        let joined = match keeper {
            Some(keeper) => join(keeper.as_fd())?,
            None => false,
        };
        if !joined {
            user_ground::found().map_err(refused)?;
        }
        Ok(Ground::Own { front: Some(front) })
    }

    /// For a cloud that only this process speaks to, and for trying things out.
    ///
    /// # Errors
    /// The kernel allows no user namespace; says what to do about it.
    pub(crate) fn fresh() -> anyhow::Result<Ground> {
        if rustix::process::geteuid().is_root() {
            return Ok(Ground::Host);
        }
        user_ground::found().map_err(refused)?;
        Ok(Ground::Own { front: None })
    }

    /// Whether it is not the host's.
    pub(crate) fn rootless(&self) -> bool {
        matches!(self, Ground::Own { .. })
    }

    /// The socket that was bound on the host.
    pub(crate) fn into_front(self) -> Option<TcpListener> {
        match self {
            Ground::Host => None,
            Ground::Own { front } => front,
        }
    }
}

/// The standard library asks for room for 128 waiting connections; listen(2) on the same socket makes it more.
fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    rustix::net::listen(&listener, WAITING_ROOM)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A handle of the keeper that listens there, by what the kernel knows of the socket (SO_PEERCRED, unix(7)).
fn living_keeper(socket: &Path) -> Option<OwnedFd> {
    // The connection is held meanwhile: as long as it stands, the number is still the keeper's.
    let connection = keeper::seqpacket::connect(socket).ok()?;
    let keeper = rustix::net::sockopt::socket_peercred(&connection).ok()?;
    rustix::process::pidfd_open(keeper.pid, rustix::process::PidfdFlags::empty()).ok()
}

/// Goes where the keeper stands; false if it ended meanwhile.
fn join(keeper: BorrowedFd<'_>) -> anyhow::Result<bool> {
    match user_ground::join(keeper) {
        Ok(()) => Ok(true),
        Err(ApplyError::Io { source, .. }) if source.raw_os_error() == Some(libc::ESRCH) => Ok(false),
        Err(error) => Err(error).context(
            "the namespaces of this cloud's keeper cannot be joined; if it was started by root, start it as root again",
        ),
    }
}

/// The kernel's refusal in a sentence, with what helps against it here.
fn refused(error: ApplyError) -> anyhow::Error {
    let help = advice(|name| std::fs::read_to_string(Path::new("/proc").join(name)).ok());
    anyhow::Error::new(error).context(format!(
        "this machine lets ordinary users make no user namespace, and without root the cloud needs one; {help}"
    ))
}

/// The known locks, most particular first; `read` gives files below `/proc`.
fn advice(read: impl Fn(&str) -> Option<String>) -> &'static str {
    let set = |name: &str, value: &str| read(name).is_some_and(|text| text.trim() == value);
    let filtered = || {
        let status = read("self/status").unwrap_or_default();
        status.lines().any(|line| line.split_whitespace().eq(["Seccomp:", "2"]))
    };
    if set("sys/user/max_user_namespaces", "0") {
        "run as root, or allow them: sudo sysctl -w user.max_user_namespaces=15000"
    } else if set("sys/kernel/unprivileged_userns_clone", "0") {
        "run as root, or allow them: sudo sysctl -w kernel.unprivileged_userns_clone=1"
    } else if set("sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        "run as root, or let AppArmor allow them: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    } else if filtered() {
        "run as root; a system call filter, such as a container's, may be what forbids them"
    } else {
        "run as root"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice_for(files: &[(&str, &str)]) -> &'static str {
        advice(|name| files.iter().find(|(file, _)| *file == name).map(|(_, text)| (*text).to_owned()))
    }

    #[test]
    fn each_lock_has_its_key() {
        for (file, closed, open, key) in [
            ("sys/user/max_user_namespaces", "0\n", "96365\n", "user.max_user_namespaces=15000"),
            ("sys/kernel/unprivileged_userns_clone", "0\n", "1\n", "kernel.unprivileged_userns_clone=1"),
            (
                "sys/kernel/apparmor_restrict_unprivileged_userns",
                "1\n",
                "0\n",
                "kernel.apparmor_restrict_unprivileged_userns=0",
            ),
            ("self/status", "Seccomp:\t2\n", "Seccomp:\t0\n", "system call filter"),
        ] {
            assert!(advice_for(&[(file, closed)]).contains(key), "{file}");
            assert_eq!(advice_for(&[(file, open)]), "run as root", "{file}");
        }
    }

    #[test]
    fn only_a_socket_with_a_listener_has_a_keeper() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keeper.sock");
        assert!(living_keeper(&path).is_none());
        let listener = keeper::seqpacket::listen(&path).unwrap();
        assert!(living_keeper(&path).is_some());
        drop(listener);
        assert!(living_keeper(&path).is_none());
    }

    #[test]
    fn a_keeper_that_ended_is_not_joined() {
        #[expect(clippy::disallowed_methods, reason = "a process that ends at once")]
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        let handle = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).unwrap();
        child.wait().unwrap();
        assert!(!join(handle.as_fd()).unwrap());
    }

    #[test]
    fn a_taken_address_is_refused() {
        let first = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        assert!(bind(first.local_addr().unwrap()).is_err());
    }
}
