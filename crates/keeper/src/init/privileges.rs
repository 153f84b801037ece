//! Who PID 1 and commands are allowed to be: ids, capabilities, resource limits, and a name of their own.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::accounts::Account;
use crate::error::{KeeperError, Result};
use crate::protocol::Mode;

/// Capabilities left to root inside, by number (linux/capability.h): the default set of the usual container
/// profiles, plus SYS_PTRACE (debugging one's own processes) and SYS_BOOT (reboot and power off; it ends this
/// PID namespace, not the host). All of them count only inside the machine's own user namespace.
/// Missing on purpose: SYS_ADMIN (mount), SYS_MODULE, SYS_RAWIO, SYS_TIME, NET_ADMIN and the rest.
const KEPT: [(u8, &str); 17] = [
    (0, "CHOWN"),
    (1, "DAC_OVERRIDE"),
    (3, "FOWNER"),
    (4, "FSETID"),
    (5, "KILL"),
    (6, "SETGID"),
    (7, "SETUID"),
    (8, "SETPCAP"),
    (10, "NET_BIND_SERVICE"),
    (13, "NET_RAW"),
    (14, "IPC_LOCK"),
    (18, "SYS_CHROOT"),
    (19, "SYS_PTRACE"),
    (22, "SYS_BOOT"),
    (27, "MKNOD"),
    (29, "AUDIT_WRITE"),
    (31, "SETFCAP"),
];
/// Highest number the capability words can hold; the kernel answers EINVAL for those it does not know.
const LAST: u8 = 63;
/// Version 3 of the capset interface: two words of 32 bits.
const CAPABILITY_VERSION: u32 = 0x2008_0522;
/// Soft limit of open files, the usual default of distributions.
const SOFT_FILES: u64 = 1_024;

/// Becomes root of the user namespace, whose id maps the keeper has written.
pub(crate) fn become_inner_root(mode: Mode) -> Result<()> {
    take_inner_ids(mode)?;
    // SAFETY: unshare and prctl change kernel state of this process only.
    unsafe {
        // The joined control groups become the root of what /proc/self/cgroup shows.
        if libc::unshare(libc::CLONE_NEWCGROUP) != 0 {
            return Err(KeeperError::last("make a cgroup namespace"));
        }
        // Its memory is a copy of the keeper's: nobody inside may look. A single-uid keeper needs the opposite,
        // because it enters its machines by the rules of ptrace and has no capability on the host.
        libc::prctl(libc::PR_SET_DUMPABLE, libc::c_ulong::from(mode == Mode::SingleUid), 0, 0, 0);
    }
    Ok(())
}

/// Takes uid and gid 0 of the user namespace this process is in.
pub(crate) fn take_inner_ids(mode: Mode) -> Result<()> {
    set_ids(0, 0, (mode == Mode::Full).then_some(&[]))
}

/// Gives up root for a user of the machine; the kernel drops the capabilities with it.
pub(crate) fn become_user(account: &Account) -> Result<()> {
    set_ids(account.uid, account.gid, Some(&account.groups))
}

/// Groups are left alone when absent: a single-uid map is only allowed with setgroups denied.
fn set_ids(uid: u32, gid: u32, groups: Option<&[u32]>) -> Result<()> {
    let fail = |step: &str| KeeperError::last(format!("become uid {uid}: {step}"));
    // SAFETY: raw calls on purpose: the libc wrappers synchronise threads that a forked child does not have.
    unsafe {
        if let Some(groups) = groups
            && libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) != 0
        {
            return Err(fail("setgroups"));
        }
        if libc::syscall(libc::SYS_setresgid, gid, gid, gid) != 0 {
            return Err(fail("setresgid"));
        }
        if libc::syscall(libc::SYS_setresuid, uid, uid, uid) != 0 {
            return Err(fail("setresuid"));
        }
    }
    Ok(())
}

/// Reduces this process and all that it starts to [`KEPT`]. `no_new_privs` stays unset: sudo must work inside.
pub(crate) fn trim() -> Result<()> {
    let kept = KEPT.iter().fold(0u64, |set, (number, _)| set | 1 << number);
    for number in (0..=LAST).filter(|number| kept & 1 << number == 0) {
        // SAFETY: prctl with plain numbers.
        let outcome = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, libc::c_ulong::from(number), 0, 0, 0) };
        if outcome != 0 {
            match io::Error::last_os_error() {
                error if error.raw_os_error() == Some(libc::EINVAL) => break,
                error => return Err(KeeperError::system("drop a capability", error)),
            }
        }
    }
    let low = u32::try_from(kept & 0xFFFF_FFFF).unwrap_or(0);
    let header = [CAPABILITY_VERSION, 0];
    // Effective, permitted, inheritable for the low word, then for the high one. Nothing is inheritable.
    let sets = [low, low, 0, 0, 0, 0];
    // SAFETY: header and data have the layout of version 3 and live through the call.
    match unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) } {
        0 => Ok(()),
        _ => Err(KeeperError::last("reduce capabilities")),
    }
}

/// Resource limits of PID 1 and thereby of everything inside. A hard limit that the keeper itself does not have
/// cannot be granted (root here may lack CAP_SYS_RESOURCE), so it is clamped.
pub(crate) fn set_limits(open_files: u64) -> Result<()> {
    let have = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let hard = open_files.min(have);
    let files = Rlimit { current: Some(SOFT_FILES.min(hard)), maximum: Some(hard) };
    let cores = Rlimit { current: Some(0), maximum: getrlimit(Resource::Core).maximum };
    setrlimit(Resource::Nofile, files)
        .and_then(|()| setrlimit(Resource::Core, cores))
        .map_err(|error| KeeperError::system("set resource limits", error))
}

/// Overwrites the command line inherited from the keeper, which names paths of the host and which every
/// process of the machine could read in /proc/1/cmdline.
pub(crate) fn disguise() {
    // SAFETY: a zero-terminated name of less than 16 bytes.
    unsafe { libc::prctl(libc::PR_SET_NAME, c"init".as_ptr(), 0, 0, 0) };
    let Some((start, end)) = argument_area() else { return };
    let mut title = b"/sbin/init".iter().copied();
    for address in start..end {
        // SAFETY: the kernel says that this range of our own writable stack holds the argument strings. This
        // forked copy of the process never looks at its arguments again.
        unsafe {
            std::ptr::with_exposed_provenance_mut::<u8>(address).write_volatile(title.next().unwrap_or(0));
        };
    }
}

/// Fields 48 and 49 of /proc/self/stat (proc_pid_stat(5)).
fn argument_area() -> Option<(usize, usize)> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let rest: Vec<&str> = text.get(text.rfind(')')? + 2..)?.split(' ').collect();
    Some((rest.get(45)?.parse().ok()?, rest.get(46)?.parse().ok()?))
}
