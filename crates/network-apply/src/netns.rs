//! Network namespaces: made, entered on scratch threads, pinned by a mount so
//! that they outlive us, found again.

use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;

use crate::ApplyError;

/// Runs `work` inside a namespace. A thread of its own is used and thrown away:
/// whatever happens, the caller stays where it is.
pub(crate) fn inside<T: Send>(
    namespace: BorrowedFd<'_>,
    work: impl FnOnce() -> T + Send,
) -> Result<T, ApplyError> {
    scratch(move || {
        // SAFETY: plain system call without pointers; it moves this scratch
        // thread only.
        let result = unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(work()) }
    })
    .map_err(ApplyError::io("entering a network namespace"))
}

/// Makes a namespace and runs `setup` inside it.
pub(crate) fn create<T: Send>(setup: impl FnOnce() -> T + Send) -> Result<(OwnedFd, T), ApplyError> {
    scratch(|| {
        // SAFETY: plain system call without pointers; it moves this scratch
        // thread only.
        if unsafe { libc::unshare(libc::CLONE_NEWNET) } < 0 {
            return Err(io::Error::last_os_error());
        }
        let handle = File::open("/proc/thread-self/ns/net")?;
        Ok((OwnedFd::from(handle), setup()))
    })
    .map_err(ApplyError::io("making a network namespace"))
}

fn scratch<T: Send>(work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let handle = thread::Builder::new().name("netns".into()).spawn_scoped(scope, work)?;
        handle.join().unwrap_or_else(|_| Err(io::Error::other("the scratch thread panicked")))
    })
}

/// Keeps a namespace alive under a path.
pub(crate) fn pin(namespace: &OwnedFd, path: &Path) -> Result<(), ApplyError> {
    let doing = || format!("pinning a namespace at {}", path.display());
    File::create(path).map_err(ApplyError::io(doing()))?;
    let from = c_string(Path::new(&format!("/proc/self/fd/{}", namespace.as_raw_fd())));
    let to = c_string(path);
    let result = match (from, to) {
        (Ok(from), Ok(to)) => {
            // SAFETY: both paths are live, zero-terminated strings; a bind mount
            // takes neither type nor data.
            let result = unsafe {
                libc::mount(from.as_ptr(), to.as_ptr(), std::ptr::null(), libc::MS_BIND, std::ptr::null())
            };
            if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    result.map_err(ApplyError::io(doing()))
}

/// Lets go of a pinned namespace.
pub(crate) fn unpin(path: &Path) -> Result<(), ApplyError> {
    if let Ok(path) = c_string(path) {
        // SAFETY: the path is a live, zero-terminated string. A path that is no
        // mount is answered with EINVAL, which is as good.
        unsafe { libc::umount2(path.as_ptr(), libc::MNT_DETACH) };
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ApplyError::io(format!("removing {}", path.display()))(error))
        }
        _ => Ok(()),
    }
}

/// Opens a pinned namespace. A file that is not one (the pin was lost with a
/// reboot) is removed, and `None` returned.
pub(crate) fn open(path: &Path) -> Result<Option<OwnedFd>, ApplyError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ApplyError::io(format!("opening {}", path.display()))(error)),
    };
    if is_network_namespace(file.as_fd()) {
        return Ok(Some(file.into()));
    }
    unpin(path)?;
    Ok(None)
}

/// `NS_GET_NSTYPE` (ioctl_nsfs(2)).
const NS_GET_TYPE: libc::c_ulong = 0xb703;

fn is_network_namespace(fd: BorrowedFd<'_>) -> bool {
    // SAFETY: the request takes no argument and only reads.
    let kind = unsafe { libc::ioctl(fd.as_raw_fd(), NS_GET_TYPE) };
    kind == libc::CLONE_NEWNET
}

fn c_string(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other)
}
