//! Ground of one's own: the namespaces in which someone who is not root may make networks and machines.
//!
//! A user, a mount and a network namespace, made together or joined together. Inside, this process is root over
//! what the three hold and nobody in particular over everything else (user_namespaces(7)).

use std::fs;
use std::os::fd::BorrowedFd;

use rustix::thread::{ThreadNameSpaceType, UnshareFlags, move_into_thread_name_spaces, unshare_unsafe};

use crate::ApplyError;
use crate::edge::LOOPBACK;
use crate::netlink::Socket;
use crate::route::{Changes, set_up};

/// Moves this process into fresh user, mount and network namespaces, as their root, with loopback up.
///
/// What the process has open stays as it is: a socket that listens goes on listening on the host. Only the caller's
/// own uid and gid exist inside, both as 0, since mapping more takes rights outside (user_namespaces(7)).
///
/// # Errors
/// [`ApplyError::Io`] with the kernel's reason; EINVAL if the process has more than one thread. After an error the
/// process may stand half inside and should end.
pub fn found() -> Result<(), ApplyError> {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    // SAFETY: none of the flags parts file descriptor tables, which is the only danger of this call.
    unsafe { unshare_unsafe(UnshareFlags::NEWUSER | UnshareFlags::NEWNS | UnshareFlags::NEWNET) }
        .map_err(|errno| ApplyError::io("making a user namespace")(errno.into()))?;
    // The order is the kernel's: groups can be mapped by a user only after setgroups(2) is given up.
    for (name, text) in [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("0 {uid} 1")),
        ("gid_map", format!("0 {gid} 1")),
    ] {
        let path = format!("/proc/self/{name}");
        fs::write(&path, &text).map_err(ApplyError::io(format!("writing {text:?} to {path}")))?;
    }
    let mut socket = Socket::route().map_err(ApplyError::io("opening a netlink socket"))?;
    let mut changes = Changes::new();
    changes.add("raise loopback", &[], |out| set_up(out, LOOPBACK));
    changes.commit(&mut socket)
}

/// Moves this process into the user, mount and network namespaces of another one, given by its pidfd; the working
/// directory becomes `/`. Needs Linux 5.8 (setns(2)).
///
/// # Errors
/// [`ApplyError::Io`]: EPERM if the namespaces are another user's, EINVAL if it stands there already or this process
/// has more than one thread, ESRCH if the other process is gone. Nothing has changed then.
pub fn join(process: BorrowedFd<'_>) -> Result<(), ApplyError> {
    let all = ThreadNameSpaceType::USER | ThreadNameSpaceType::MOUNT | ThreadNameSpaceType::NETWORK;
    move_into_thread_name_spaces(process, all)
        .map_err(|errno| ApplyError::io("joining the namespaces of a process")(errno.into()))
}
