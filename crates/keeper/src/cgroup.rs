//! Control groups: limits and bookkeeping of machines, on cgroup v2 and on the v1 hybrid.
//!
//! A cgroup v2 directory always exists per machine, because its core files (`cgroup.kill`, `cgroup.freeze`,
//! birth by CLONE_INTO_CGROUP) work even where all controllers belong to v1. Limits go to v2 when it has the
//! controllers and to the v1 hierarchies otherwise.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use crate::error::{KeeperError, Result};
use crate::protocol::Limits;

/// Controllers the limits need.
const CONTROLLERS: [&str; 3] = ["cpu", "memory", "pids"];
/// Length of a scheduling period in microseconds; the kernel's default.
const PERIOD_US: u64 = 100_000;
/// Least quota the kernel accepts in microseconds.
const MIN_QUOTA_US: u64 = 1_000;

/// The control group file systems of this host.
#[derive(Debug, Clone)]
pub struct Cgroups {
    /// Directory in the v2 hierarchy under which machines are made; absent when cgroups cannot be written.
    v2: Option<PathBuf>,
    /// True when v2 has the controllers.
    v2_limits: bool,
    /// Directories in v1 hierarchies under which machines are made, by controller.
    v1: Vec<(&'static str, PathBuf)>,
}

/// What a machine uses, read from its control groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CgroupUsage {
    /// CPU time in nanoseconds.
    pub cpu_ns: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Processes and threads.
    pub pids: u32,
}

/// Where the cgroup file systems are mounted.
#[derive(Debug, Default)]
pub(crate) struct Mounts {
    pub(crate) v2: Option<PathBuf>,
    pub(crate) v2_options: String,
    pub(crate) v1: Vec<(&'static str, PathBuf)>,
}

impl Mounts {
    /// Reads the mount table of this process.
    pub(crate) fn read() -> io::Result<Self> {
        Ok(Self::parse(&fs::read_to_string("/proc/self/mountinfo")?))
    }

    /// Understands mountinfo (proc_pid_mountinfo(5)): `… root mountpoint options … - type source superoptions`.
    fn parse(text: &str) -> Self {
        let mut mounts = Self::default();
        for line in text.lines() {
            let Some((left, right)) = line.split_once(" - ") else { continue };
            let Some(point) = left.split(' ').nth(4) else { continue };
            let mut right = right.split(' ');
            let (kind, _source, options) =
                (right.next().unwrap_or(""), right.next(), right.next().unwrap_or(""));
            match kind {
                "cgroup2" if mounts.v2.is_none() => {
                    mounts.v2 = Some(point.into());
                    mounts.v2_options = options
                        .split(',')
                        .filter(|option| !matches!(*option, "rw" | "ro"))
                        .collect::<Vec<_>>()
                        .join(",");
                }
                "cgroup" => {
                    for name in CONTROLLERS {
                        let known = mounts.v1.iter().any(|(known, _)| *known == name);
                        if !known && options.split(',').any(|option| option == name) {
                            mounts.v1.push((name, point.into()));
                        }
                    }
                }
                _ => {}
            }
        }
        mounts
    }
}

impl Cgroups {
    /// Groups that do nothing: for hosts where none may be written.
    pub fn none() -> Self {
        Self { v2: None, v2_limits: false, v1: Vec::new() }
    }

    /// Finds the hierarchies and makes the parent directories, named `parent`. Needs root.
    ///
    /// `scratch` is a directory where cgroup2 is mounted when nobody has mounted it yet.
    pub fn detect(parent: &str, scratch: &Path) -> Result<Self> {
        let mut mounts =
            Mounts::read().map_err(|error| KeeperError::system("read the mount table", error))?;
        if mounts.v2.is_none() {
            mounts.v2 = mount_v2(&scratch.join("cgroup2"), "").ok();
        }
        let mut groups = Self::none();
        if let Some(root) = &mounts.v2 {
            let controllers = fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default();
            groups.v2_limits =
                CONTROLLERS.iter().all(|name| controllers.split_whitespace().any(|have| have == *name));
            let directory = root.join(parent);
            make(&directory)?;
            if groups.v2_limits {
                for level in [root, &directory] {
                    write(&level.join("cgroup.subtree_control"), "+cpu +memory +pids")?;
                }
            }
            groups.v2 = Some(directory);
        }
        if !groups.v2_limits {
            for (name, root) in &mounts.v1 {
                let directory = root.join(parent);
                make(&directory)?;
                groups.v1.push((name, directory));
            }
            if !groups.v1.is_empty() && groups.v2.is_some() {
                favour_moves(&scratch.join("cgroup2-options"), &mounts.v2_options);
            }
        }
        Ok(groups)
    }

    /// True when limits are enforced.
    pub fn has_limits(&self) -> bool {
        self.v2_limits || CONTROLLERS.iter().all(|name| self.v1.iter().any(|(have, _)| have == name))
    }

    /// Makes the groups of a machine and sets its limits. An empty left-over of the same name is reused.
    pub fn create(&self, id: &str, limits: &Limits) -> Result<()> {
        for directory in self.directories(id) {
            make(&directory)?;
        }
        let quota = (u64::from(limits.cpu_millis) * PERIOD_US / 1_000).max(MIN_QUOTA_US);
        if self.v2_limits {
            let Some(directory) = self.v2_directory(id) else { return Ok(()) };
            write(&directory.join("cpu.max"), &format!("{quota} {PERIOD_US}"))?;
            write(&directory.join("memory.max"), &limits.memory_bytes.to_string())?;
            write_if_present(&directory.join("memory.swap.max"), "0")?;
            write(&directory.join("pids.max"), &limits.pids.to_string())?;
        }
        for (name, parent) in &self.v1 {
            let directory = parent.join(id);
            match *name {
                "cpu" => {
                    write(&directory.join("cpu.cfs_period_us"), &PERIOD_US.to_string())?;
                    write(&directory.join("cpu.cfs_quota_us"), &quota.to_string())?;
                }
                "memory" => {
                    let bytes = limits.memory_bytes.to_string();
                    write(&directory.join("memory.limit_in_bytes"), &bytes)?;
                    // Memory and swap together may not exceed memory alone: no swap.
                    write_if_present(&directory.join("memory.memsw.limit_in_bytes"), &bytes)?;
                }
                _ => write(&directory.join("pids.max"), &limits.pids.to_string())?,
            }
        }
        Ok(())
    }

    /// Sets the share of a busy processor, as cgroup v2 counts it (1–10,000, default 100).
    pub fn set_weight(&self, id: &str, weight: u32) -> Result<()> {
        let weight = weight.clamp(1, 10_000);
        if self.v2_limits
            && let Some(directory) = self.v2_directory(id)
        {
            write(&directory.join("cpu.weight"), &weight.to_string())?;
        }
        for (_, parent) in self.v1.iter().filter(|(name, _)| *name == "cpu") {
            // v1 counts from 1,024 where v2 counts from 100; 2 is the least.
            let shares = (u64::from(weight) * 1_024 / 100).max(2);
            write(&parent.join(id).join("cpu.shares"), &shares.to_string())?;
        }
        Ok(())
    }

    /// Moves a process (by its pid as seen from here) into the v1 groups of a machine; 0 means the caller.
    pub(crate) fn join_v1(&self, id: &str, pid: i32) -> Result<()> {
        for (_, parent) in &self.v1 {
            write(&parent.join(id).join("cgroup.procs"), &pid.to_string())?;
        }
        Ok(())
    }

    /// The v2 directory of a machine, for CLONE_INTO_CGROUP.
    pub(crate) fn open_v2(&self, id: &str) -> Result<Option<OwnedFd>> {
        match self.v2_directory(id) {
            None => Ok(None),
            Some(path) => open_directory(&path).map(Some),
        }
    }

    /// Makes the sub-group of a command; the processes in it can be killed without touching the rest.
    pub(crate) fn create_command(&self, id: &str, command: u64) -> Result<Option<OwnedFd>> {
        let Some(directory) = self.v2_directory(id) else { return Ok(None) };
        let path = directory.join(command_name(command));
        make(&path)?;
        open_directory(&path).map(Some)
    }

    /// Kills what is left of a command, including processes that left its session.
    pub(crate) fn kill_command(&self, id: &str, command: u64) -> Result<bool> {
        match self.v2_directory(id) {
            None => Ok(false),
            Some(directory) => kill_all(&directory.join(command_name(command))).map(|()| true),
        }
    }

    /// Removes the sub-group of a command; false while processes remain in it.
    pub(crate) fn remove_command(&self, id: &str, command: u64) -> bool {
        self.v2_directory(id).is_none_or(|directory| remove(&directory.join(command_name(command))))
    }

    /// Stops or continues all processes of a machine.
    pub(crate) fn freeze(&self, id: &str, frozen: bool) -> Result<()> {
        match self.v2_directory(id) {
            None => {
                Err(KeeperError::system("freeze without cgroups", io::Error::from(ErrorKind::Unsupported)))
            }
            Some(directory) => write(&directory.join("cgroup.freeze"), if frozen { "1" } else { "0" }),
        }
    }

    /// Kills every process of a machine.
    pub(crate) fn kill(&self, id: &str) -> Result<()> {
        match self.v2_directory(id) {
            None => Ok(()),
            Some(directory) => kill_all(&directory),
        }
    }

    /// Removes the groups of a machine; false while processes remain in one of them.
    pub fn remove(&self, id: &str) -> bool {
        if let Some(directory) = self.v2_directory(id)
            && let Ok(entries) = fs::read_dir(&directory)
        {
            for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
                remove(&entry.path());
            }
        }
        // Every one of them, also when an earlier one is still busy.
        let mut all = true;
        for directory in self.directories(id) {
            all &= remove(&directory);
        }
        all
    }

    /// Removes the parent directories of a keeper that ends; those of machines that live on stay with them.
    pub(crate) fn remove_parents(&self) {
        for parent in self.v2.iter().chain(self.v1.iter().map(|(_, parent)| parent)) {
            // Not empty means that a machine still lives there, which the next keeper will find.
            let _ = fs::remove_dir(parent);
        }
    }

    /// Names of the machines that have groups.
    pub(crate) fn names(&self) -> std::collections::BTreeSet<String> {
        let parents = self.v2.iter().chain(self.v1.iter().map(|(_, parent)| parent));
        let entries = parents.flat_map(|parent| fs::read_dir(parent).into_iter().flatten().flatten());
        entries
            .filter(|entry| entry.path().is_dir())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect()
    }

    /// What a machine uses at the moment.
    pub fn usage(&self, id: &str) -> CgroupUsage {
        let v2 = |name: &str| {
            self.v2_directory(id).and_then(|directory| fs::read_to_string(directory.join(name)).ok())
        };
        let v1 = |controller: &str, name: &str| {
            let (_, parent) = self.v1.iter().find(|(have, _)| *have == controller)?;
            fs::read_to_string(parent.join(id).join(name)).ok()
        };
        // cpu.stat is a core file of v2: it counts even where the controller belongs to v1.
        let cpu_us: u64 = v2("cpu.stat")
            .and_then(|text| text.lines().find_map(|line| line.strip_prefix("usage_usec ")?.parse().ok()))
            .unwrap_or(0);
        let number =
            |text: Option<String>| text.and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(0);
        CgroupUsage {
            cpu_ns: cpu_us * 1_000,
            memory_bytes: number(v2("memory.current").or_else(|| v1("memory", "memory.usage_in_bytes"))),
            pids: u32::try_from(number(v2("pids.current").or_else(|| v1("pids", "pids.current"))))
                .unwrap_or(u32::MAX),
        }
    }

    fn v2_directory(&self, id: &str) -> Option<PathBuf> {
        self.v2.as_ref().map(|parent| parent.join(id))
    }

    fn directories(&self, id: &str) -> Vec<PathBuf> {
        self.v2.iter().chain(self.v1.iter().map(|(_, parent)| parent)).map(|parent| parent.join(id)).collect()
    }
}

fn command_name(command: u64) -> String {
    format!("c{command}")
}

fn mount_v2(point: &Path, options: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(point)?;
    let options = std::ffi::CString::new(options)?;
    rustix::mount::mount(
        "cgroup2",
        point,
        "cgroup2",
        rustix::mount::MountFlags::empty(),
        Some(options.as_c_str()),
    )?;
    Ok(point.to_owned())
}

/// Moving a process between v1 groups waits 8 ms for an RCU grace period unless the kernel's `favordynmods`
/// option is set; on a hybrid host that would be the largest part of a launch. The option is a property of the
/// hierarchy, not of the mount, so a short-lived mount sets it; the options already in force are repeated,
/// because a mount replaces them. Kernels before 6.0 do not know it: launches are slower there, nothing else.
fn favour_moves(point: &Path, options: &str) {
    if options.split(',').any(|option| option == "favordynmods") {
        return;
    }
    let options =
        if options.is_empty() { "favordynmods".to_owned() } else { format!("{options},favordynmods") };
    if mount_v2(point, &options).is_ok() {
        let _ = rustix::mount::unmount(point, rustix::mount::UnmountFlags::DETACH);
    }
    let _ = fs::remove_dir(point);
}

fn open_directory(path: &Path) -> Result<OwnedFd> {
    File::open(path)
        .map(OwnedFd::from)
        .map_err(|error| KeeperError::system(format!("open {}", path.display()), error))
}

fn make(path: &Path) -> Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(KeeperError::system(format!("make {}", path.display()), error))
        }
        _ => Ok(()),
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)
        .map_err(|error| KeeperError::system(format!("write {text:?} to {}", path.display()), error))
}

fn write_if_present(path: &Path, text: &str) -> Result<()> {
    if path.exists() { write(path, text) } else { Ok(()) }
}

/// True when the group is gone.
fn remove(path: &Path) -> bool {
    match fs::remove_dir(path) {
        Ok(()) => true,
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

/// `cgroup.kill` (kernel 5.14) kills atomically; before that, freeze so that nothing forks, kill one by one.
fn kill_all(directory: &Path) -> Result<()> {
    match fs::write(directory.join("cgroup.kill"), "1") {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(KeeperError::system(format!("kill {}", directory.display()), error)),
    }
    if !directory.exists() {
        return Ok(());
    }
    write_if_present(&directory.join("cgroup.freeze"), "1")?;
    let text = fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
    for pid in
        text.lines().filter_map(|line| line.parse::<i32>().ok().and_then(rustix::process::Pid::from_raw))
    {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
    write_if_present(&directory.join("cgroup.freeze"), "0")
}

#[cfg(test)]
mod tests {
    use super::Mounts;

    #[test]
    fn hybrid_mount_table_yields_each_controller_once() {
        let mounts = Mounts::parse(concat!(
            "30 20 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n",
            "31 20 0:27 / /sys/fs/cgroup/memory rw shared:3 - cgroup cgroup rw,memory\n",
            "32 20 0:27 / /elsewhere rw shared:3 - cgroup cgroup rw,memory\n",
            "33 20 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n",
        ));
        assert_eq!(mounts.v2.as_deref(), Some("/sys/fs/cgroup/unified".as_ref()));
        assert_eq!(mounts.v2_options, "nsdelegate");
        let v1: Vec<_> = mounts.v1.iter().map(|(name, path)| (*name, path.to_str().unwrap())).collect();
        assert_eq!(v1, [("cpu", "/sys/fs/cgroup/cpu"), ("memory", "/sys/fs/cgroup/memory")]);
    }

    #[test]
    fn unified_mount_table_has_no_v1() {
        let mounts = Mounts::parse(
            "33 20 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n",
        );
        assert_eq!(mounts.v2.as_deref(), Some("/sys/fs/cgroup".as_ref()));
        assert!(mounts.v1.is_empty());
        assert_eq!(mounts.v2_options, "nsdelegate,memory_recursiveprot");
    }

    #[test]
    fn lines_that_make_no_sense_are_skipped() {
        assert!(Mounts::parse("nonsense\n - cgroup2\n1 2 3 - cgroup2").v2.is_none());
    }
}
