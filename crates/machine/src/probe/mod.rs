//! What this host offers, found by trying: the part of `allod doctor` that is about machines.

mod kvm;

use std::fs;
use std::io;
use std::path::Path;

/// One capability of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Short name, stable between versions.
    pub name: &'static str,
    /// Whether it can be used.
    pub present: bool,
    /// What was found, or what is missing and what that means.
    pub why: String,
}

impl Feature {
    fn new(name: &'static str, present: bool, why: impl Into<String>) -> Self {
        Self { name, present, why: why.into() }
    }
}

/// Tries everything machines need. Takes a few milliseconds and changes nothing.
pub fn probe() -> Vec<Feature> {
    let mut features = vec![root(), id_ranges()];
    for (name, flag, purpose) in NAMESPACES {
        features.push(namespace(name, flag, purpose));
    }
    features.push(file_system("overlay", "overlay", "layered roots"));
    features.push(resource_capability());
    features.extend(control_groups());
    features.push(pidfs());
    features.push(seccomp());
    features.push(if root_of_host() {
        program("sshd", "/usr/sbin/sshd", "SSH login to machines of the host image")
    } else {
        // It gives up its groups and its uid before it speaks to anyone, and a machine of one uid has no other.
        Feature::new(
            "sshd",
            false,
            "without root a machine has a single uid, which sshd refuses: no SSH login",
        )
    });
    features.push(kvm::probe());
    features
}

const NAMESPACES: [(&str, i32, &str); 3] = [
    ("user namespaces", libc::CLONE_NEWUSER, "machines whose root is nobody on the host"),
    ("PID namespaces", libc::CLONE_NEWUSER | libc::CLONE_NEWPID, "a process tree per machine"),
    ("network namespaces", libc::CLONE_NEWUSER | libc::CLONE_NEWNET, "a network per machine"),
];

/// Makes the namespaces in a child that ends at once.
fn namespace(name: &'static str, flags: i32, purpose: &str) -> Feature {
    match try_in_child(|| {
        // SAFETY: unshare with namespace flags changes only the child that runs this.
        if unsafe { libc::unshare(flags) } == 0 {
            0
        } else {
            io::Error::last_os_error().raw_os_error().unwrap_or(1)
        }
    }) {
        Ok(0) => Feature::new(name, true, purpose),
        Ok(code) => {
            Feature::new(name, false, format!("{}; no {purpose}", io::Error::from_raw_os_error(code)))
        }
        Err(error) => Feature::new(name, false, format!("not tried: {error}")),
    }
}

/// Runs a few system calls in a forked child; returns its exit status. The body must not allocate or lock,
/// because the caller may have threads.
fn try_in_child(body: impl FnOnce() -> i32) -> io::Result<i32> {
    // SAFETY: the child makes only system calls and ends by _exit; the parent waits for exactly this child.
    unsafe {
        match libc::fork() {
            -1 => Err(io::Error::last_os_error()),
            0 => libc::_exit(body()),
            pid => {
                let mut status = 0;
                while libc::waitpid(pid, &raw mut status, 0) == -1 {
                    let error = io::Error::last_os_error();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
                Ok(if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 })
            }
        }
    }
}

/// Whether this is root over the whole host, and not only over a user namespace.
fn root_of_host() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    rustix::process::geteuid().is_root() && map.split_whitespace().eq(["0", "0", "4294967295"])
}

fn root() -> Feature {
    let root = root_of_host();
    let why =
        if root { "runs as root" } else { "runs as a user: machines without limits and with a single uid" };
    Feature::new("root", root, why)
}

fn id_ranges() -> Feature {
    let root = root_of_host();
    let why = if root {
        "every machine gets 65,536 ids of its own; layers are idmapped"
    } else {
        "not root of the host: all machines share one uid, kept apart by their namespaces only"
    };
    Feature::new("id ranges", root, why)
}

fn file_system(name: &'static str, kind: &str, purpose: &str) -> Feature {
    let known = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    let present = known.lines().any(|line| line.split_whitespace().last() == Some(kind));
    let why = if present { purpose.to_owned() } else { format!("the kernel has no {kind}: no {purpose}") };
    Feature::new(name, present, why)
}

fn resource_capability() -> Feature {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let set = status
        .lines()
        .find_map(|line| u64::from_str_radix(line.strip_prefix("CapEff:")?.trim(), 16).ok())
        .unwrap_or(0);
    // CAP_SYS_RESOURCE is number 24; a user namespace's own root shows it too, but limits heed only the host's.
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let present = set & 1 << 24 != 0 && map.split_whitespace().nth(2) == Some("4294967295");
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    let most = files.map_or("no limit".to_owned(), |files| files.to_string());
    let why = if present {
        "resource limits can be raised".to_owned()
    } else {
        format!(
            "resource limits cannot be raised: at most {most} open files, which bounds the number of machines"
        )
    };
    Feature::new("CAP_SYS_RESOURCE", present, why)
}

fn control_groups() -> Vec<Feature> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mounts: Vec<(&str, &str, &str)> = table
        .lines()
        .filter_map(|line| {
            let (left, right) = line.split_once(" - ")?;
            let mut right = right.split(' ');
            Some((left.split(' ').nth(4)?, right.next()?, right.nth(1).unwrap_or("")))
        })
        .collect();
    let v2 = mounts.iter().find(|(_, kind, _)| *kind == "cgroup2");
    let controllers = v2.map(|(point, ..)| {
        fs::read_to_string(Path::new(point).join("cgroup.controllers")).unwrap_or_default()
    });
    let in_v2 = |name: &str| controllers.as_deref().unwrap_or("").split_whitespace().any(|have| have == name);
    let in_v1 = |name: &str| {
        mounts
            .iter()
            .any(|(_, kind, options)| *kind == "cgroup" && options.split(',').any(|have| have == name))
    };
    let mut features = Vec::new();
    // A keeper that is not root of the host uses no groups at all, whatever there is.
    let root = root_of_host();
    for (name, key) in [("cgroup cpu", "cpu"), ("cgroup memory", "memory"), ("cgroup pids", "pids")] {
        let (present, why) = match (in_v2(key), in_v1(key)) {
            _ if !root => (false, "not used without root: this limit of machines is not enforced"),
            (true, _) => (true, "cgroup v2"),
            (false, true) => (true, "cgroup v1 (hybrid)"),
            (false, false) => (false, "no such controller: this limit of machines is not enforced"),
        };
        features.push(Feature::new(name, present, why));
    }
    let writable = root
        && v2.is_some_and(|(point, ..)| rustix::fs::access(*point, rustix::fs::Access::WRITE_OK).is_ok());
    let why = match (v2.is_some(), writable) {
        (_, true) => "can be written: commands are killed with everything they started",
        (true, false) => {
            "cannot be written: no limits, and a command that leaves its session escapes its kill"
        }
        (false, false) => "not mounted; a keeper that is root mounts it for itself",
    };
    features.push(Feature::new("cgroup v2 core", writable, why));
    features
}

/// Whether processes can be found again by a handle that never names another process.
fn pidfs() -> Feature {
    let own = rustix::process::pidfd_open(rustix::process::getpid(), rustix::process::PidfdFlags::empty());
    let Ok(own) = own else {
        return Feature::new("pidfd handles", false, "no pidfd_open: kernel 5.3 or later is needed");
    };
    // PID_FS_MAGIC of linux/magic.h.
    let present = rustix::fs::fstatfs(&own).is_ok_and(|data| data.f_type == 0x5049_4446);
    let why = if present {
        "machines are found again exactly, and their exit status is known even to a new keeper"
    } else {
        "no pidfs (kernel 6.9): machines are found again by pid and start time, exits may be \"unknown\""
    };
    Feature::new("pidfd handles", present, why)
}

fn seccomp() -> Feature {
    let status = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    let present = status.split_whitespace().any(|action| action == "errno");
    let why =
        if present { "dangerous system calls are refused" } else { "no seccomp: machines will not start" };
    Feature::new("seccomp", present, why)
}

fn program(name: &'static str, path: &str, purpose: &str) -> Feature {
    let present = Path::new(path).exists();
    let why = if present { purpose.to_owned() } else { format!("{path} is not installed: no {purpose}") };
    Feature::new(name, present, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_is_named_once_and_explained() {
        let features = probe();
        for feature in &features {
            assert!(!feature.why.is_empty(), "{feature:?}");
            assert_eq!(features.iter().filter(|other| other.name == feature.name).count(), 1, "{feature:?}");
        }
    }

    #[test]
    fn a_child_reports_what_it_found() {
        assert_eq!(try_in_child(|| 7).unwrap(), 7);
    }

    #[test]
    fn an_unknown_file_system_is_absent() {
        assert!(!file_system("x", "no-such-fs", "anything").present);
        assert!(file_system("x", "proc", "anything").present);
    }
}
