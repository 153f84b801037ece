//! What the kernel tells about processes and the host (proc_pid_stat(5), proc_pid_status(5), proc_meminfo(5)).

use std::fs;

/// Ticks of process times per second: USER_HZ, 100 on every architecture we build for.
const TICKS: f64 = 100.0;

/// User and system time a process and all its threads have used so far, in seconds; 0 when it is gone.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    parse_cpu(&fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default())
}

/// The name may hold blanks and brackets, so the numbers are counted from the last bracket: utime is the 12th word
/// after it, stime the 13th.
fn parse_cpu(stat: &str) -> f64 {
    let after = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    after.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// User and system time of these processes, of all that descend from them and of those they have waited for, in seconds:
/// what a peer of several programs uses. Between two calls it only grows.
pub(crate) fn tree_cpu_seconds(roots: &[u32]) -> f64 {
    let processes: Vec<(u32, u32, f64)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (parent, seconds) = parse_family(&stat)?;
            Some((pid, parent, seconds))
        })
        .collect();
    let mut tree: Vec<u32> = roots.to_vec();
    let mut at = 0;
    while let Some(parent) = tree.get(at).copied() {
        tree.extend(processes.iter().filter(|process| process.1 == parent).map(|process| process.0));
        at += 1;
    }
    processes.iter().filter(|process| tree.contains(&process.0)).map(|process| process.2).sum()
}

/// The parent, and the process's own seconds with those of children it has waited for: `ppid` is the second word after
/// the name, `utime`, `stime`, `cutime`, `cstime` are the 12th to the 15th.
fn parse_family(stat: &str) -> Option<(u32, f64)> {
    let (_, after) = stat.rsplit_once(')')?;
    let words: Vec<&str> = after.split_whitespace().collect();
    let ticks: f64 = words.get(11..15)?.iter().filter_map(|word| word.parse::<f64>().ok()).sum();
    Some((words.get(1)?.parse().ok()?, ticks / TICKS))
}

/// Most resident memory a process ever had, in MiB.
pub(crate) fn peak_mib(pid: u32) -> Option<f64> {
    field_mib(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmHWM:")
}

/// Resident memory of a process in MiB.
pub(crate) fn resident_mib(pid: u32) -> Option<f64> {
    field_mib(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:")
}

/// Memory of a process with shared pages divided among those who share them, in MiB.
pub(crate) fn proportional_mib(pid: u32) -> Option<f64> {
    field_mib(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?, "Pss:")
}

/// Memory the kernel could give to new work without swapping, in MiB.
pub(crate) fn available_mib() -> Option<f64> {
    field_mib(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

/// Memory of the kernel that it cannot give back, with memory file systems, in MiB: what machines cost beside their
/// processes. Unlike `MemAvailable` it moves little with other work on the host.
pub(crate) fn kernel_mib() -> f64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    ["SUnreclaim:", "KernelStack:", "PageTables:", "Percpu:", "Shmem:"]
        .iter()
        .filter_map(|name| field_mib(&text, name))
        .sum()
}

fn field_mib(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}

/// Processes that were ready to run on average over the last minute.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// Machines need root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// CPU time that the cloud's processes use between two points.
pub(crate) struct Meter {
    server: u32,
    keeper: Option<u32>,
    before: (f64, f64),
}

/// CPU-seconds used.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cpu {
    /// By the server.
    pub(crate) server: f64,
    /// By the keeper, where one has part in it; without the machines.
    pub(crate) keeper: Option<f64>,
}

impl Meter {
    /// Starts now.
    pub(crate) fn start(server: u32, keeper: Option<u32>) -> Meter {
        Meter { server, keeper, before: (cpu_seconds(server), keeper.map_or(0.0, cpu_seconds)) }
    }

    /// Used since the start.
    pub(crate) fn used(&self) -> Cpu {
        let since = |now: f64, before: f64| (now - before).max(0.0);
        Cpu {
            server: since(cpu_seconds(self.server), self.before.0),
            keeper: self.keeper.map(|pid| since(cpu_seconds(pid), self.before.1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_read_past_odd_names() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 9 9 20 0 3 0 11";
        assert!((parse_cpu(stat) - 2.0).abs() < 1e-9);
        assert!(parse_cpu("").abs() < 1e-9);
    }

    #[test]
    fn a_family_is_counted_with_those_that_are_gone() {
        let stat = "7 (a ) b) S 3 7 7 0 -1 4194560 1 0 0 0 150 50 100 100 20 0 3 0 11";
        assert_eq!(parse_family(stat), Some((3, 4.0)));
        assert_eq!(parse_family("7 (a) S"), None);
        // An ancestor of this process uses at least what this process does.
        let own = cpu_seconds(std::process::id());
        assert!(tree_cpu_seconds(&[std::os::unix::process::parent_id()]) >= own);
    }

    #[test]
    fn fields_are_mebibytes() {
        assert_eq!(field_mib("VmPeak:\t9 kB\nVmRSS:\t    2048 kB\n", "VmRSS:"), Some(2.0));
        assert_eq!(field_mib("", "VmRSS:"), None);
        assert!(resident_mib(std::process::id()).is_some_and(|mib| mib > 0.1));
    }
}
