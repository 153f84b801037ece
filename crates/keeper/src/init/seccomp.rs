//! The system call filter of machines.
//!
//! It refuses what the default profile of the usual container runtimes refuses to a process without
//! CAP_SYS_ADMIN, written as a list of what is denied: new kernels add calls to both worlds, and a list of what
//! is allowed breaks programs at every libc release. The user namespace and the capability set deny most of
//! these already; the filter removes the kernel code behind them from reach.

use libc::{
    BPF_ABS, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter, sock_fprog,
};

use crate::error::{KeeperError, Result};

/// Calls answered with EPERM.
const DENIED: &[libc::c_long] = &[
    // Kernel keyrings are not namespaced.
    libc::SYS_add_key,
    libc::SYS_keyctl,
    libc::SYS_request_key,
    // Loading code into the kernel, or another kernel.
    libc::SYS_bpf,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_kexec_load,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_kexec_file_load,
    // Clocks and accounting of the host.
    libc::SYS_acct,
    libc::SYS_clock_settime,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_quotactl,
    // Hardware.
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    // Mounts and namespaces.
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_pivot_root,
    libc::SYS_setns,
    libc::SYS_umount2,
    libc::SYS_unshare,
    // Large or old surfaces with a record of holes.
    libc::SYS_fanotify_init,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_lookup_dcookie,
    libc::SYS_nfsservctl,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
    #[cfg(target_arch = "x86_64")]
    libc::SYS__sysctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_sysfs,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_uselib,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ustat,
];
/// Address families a machine may use. Others would make the host load a protocol module on demand.
const FAMILIES: [i32; 5] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK, libc::AF_PACKET];
/// Every CLONE_NEW* flag.
const NEW_NAMESPACES: u32 = 0x7E02_0080;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;
/// x86-64 calls with 32-bit pointers start here; nothing uses them.
const X32: u32 = 0x4000_0000;

/// Offsets into `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const FIRST_ARGUMENT: u32 = 16;

/// Puts the filter on this process and everything it will start.
pub(crate) fn install() -> Result<()> {
    let mut filter = program();
    let program =
        sock_fprog { len: u16::try_from(filter.len()).unwrap_or(u16::MAX), filter: filter.as_mut_ptr() };
    // SAFETY: the program points to instructions that live through the call; the kernel checks them.
    match unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) } {
        0 => Ok(()),
        _ => Err(KeeperError::last("install the system call filter")),
    }
}

/// The filter, straight-line: each refusal stands right behind its test, so no jump is longer than a few steps.
fn program() -> Vec<sock_filter> {
    let eperm = refuse(libc::EPERM);
    let enosys = refuse(libc::ENOSYS);
    let mut code = vec![
        load(ARCH),
        jump(BPF_JEQ, ARCHITECTURE, 1, 0),
        enosys,
        load(NUMBER),
        jump(BPF_JGE, X32, 0, 1),
        enosys,
        // Flags of clone3 lie in memory, where a filter cannot look: callers fall back to clone.
        jump(BPF_JEQ, call(libc::SYS_clone3), 0, 1),
        enosys,
    ];
    for &number in DENIED {
        code.extend([jump(BPF_JEQ, call(number), 0, 1), eperm]);
    }
    code.extend([
        jump(BPF_JEQ, call(libc::SYS_clone), 0, 4),
        load(FIRST_ARGUMENT),
        jump(BPF_JSET, NEW_NAMESPACES, 0, 1),
        eperm,
        allow(),
    ]);
    for number in [libc::SYS_socket, libc::SYS_socketpair] {
        let families = u8::try_from(FAMILIES.len()).unwrap_or(0);
        code.extend([jump(BPF_JEQ, call(number), 0, families + 3), load(FIRST_ARGUMENT)]);
        for (family, left) in FAMILIES.into_iter().zip((1..=families).rev()) {
            code.push(jump(BPF_JEQ, u32::try_from(family).unwrap_or(0), left, 0));
        }
        code.extend([refuse(libc::EAFNOSUPPORT), allow()]);
    }
    code.push(allow());
    code
}

fn call(number: libc::c_long) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn instruction(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: u16::try_from(code).unwrap_or(0), jt, jf, k }
}

fn load(offset: u32) -> sock_filter {
    instruction(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0)
}

fn jump(test: u32, value: u32, yes: u8, no: u8) -> sock_filter {
    instruction(BPF_JMP | test | BPF_K, value, yes, no)
}

fn refuse(errno: i32) -> sock_filter {
    instruction(BPF_RET | BPF_K, libc::SECCOMP_RET_ERRNO | u32::try_from(errno).unwrap_or(1), 0, 0)
}

fn allow() -> sock_filter {
    instruction(BPF_RET | BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small interpreter of the instructions used, as independent judge of the jumps.
    fn judge(arch: u32, number: u32, argument: u32) -> u32 {
        let code = program();
        let (mut at, mut accumulator) = (0, 0);
        loop {
            let step = code[at];
            let operation = u32::from(step.code);
            at += 1;
            if operation == BPF_LD | BPF_W | BPF_ABS {
                accumulator = match step.k {
                    NUMBER => number,
                    ARCH => arch,
                    FIRST_ARGUMENT => argument,
                    other => panic!("load from {other}"),
                };
            } else if operation == BPF_RET | BPF_K {
                return step.k;
            } else {
                let yes = match operation & 0xf0 {
                    BPF_JEQ => accumulator == step.k,
                    BPF_JGE => accumulator >= step.k,
                    BPF_JSET => accumulator & step.k != 0,
                    other => panic!("jump {other}"),
                };
                at += usize::from(if yes { step.jt } else { step.jf });
            }
        }
    }

    fn errno(number: i32) -> u32 {
        libc::SECCOMP_RET_ERRNO | u32::try_from(number).unwrap()
    }

    #[test]
    fn ordinary_calls_pass() {
        for number in [libc::SYS_read, libc::SYS_execve, libc::SYS_openat, libc::SYS_reboot, libc::SYS_ptrace]
        {
            assert_eq!(judge(ARCHITECTURE, call(number), 0), libc::SECCOMP_RET_ALLOW);
        }
    }

    #[test]
    fn every_denied_call_is_refused() {
        for &number in DENIED {
            assert_eq!(judge(ARCHITECTURE, call(number), 0), errno(libc::EPERM), "call {number}");
        }
    }

    #[test]
    fn threads_may_be_made_but_not_namespaces() {
        let clone = call(libc::SYS_clone);
        assert_eq!(judge(ARCHITECTURE, clone, 0x003d_0f00), libc::SECCOMP_RET_ALLOW);
        for flag in [libc::CLONE_NEWUSER, libc::CLONE_NEWNS, libc::CLONE_NEWNET, libc::CLONE_NEWCGROUP] {
            assert_eq!(judge(ARCHITECTURE, clone, flag.cast_unsigned() | 0x11), errno(libc::EPERM));
        }
        assert_eq!(judge(ARCHITECTURE, call(libc::SYS_clone3), 0), errno(libc::ENOSYS));
    }

    #[test]
    fn only_known_address_families_open() {
        for number in [libc::SYS_socket, libc::SYS_socketpair] {
            for family in 0..64 {
                let expected = if FAMILIES.contains(&family) {
                    libc::SECCOMP_RET_ALLOW
                } else {
                    errno(libc::EAFNOSUPPORT)
                };
                let got = judge(ARCHITECTURE, call(number), family.cast_unsigned());
                assert_eq!(got, expected, "family {family}");
            }
        }
    }

    #[test]
    fn foreign_architectures_are_refused() {
        assert_eq!(judge(0x4000_0003, 1, 0), errno(libc::ENOSYS));
        assert_eq!(judge(ARCHITECTURE, X32 + 1, 0), errno(libc::ENOSYS));
    }
}
