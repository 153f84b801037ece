//! A program of a peer: its complaints kept, ended with all it started.

use crate::host::tree_cpu_seconds;
use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Until a program that was asked to end is killed.
const END: Duration = Duration::from_secs(10);

/// A running program; ended when dropped.
pub(super) struct Process {
    name: &'static str,
    child: Child,
    output: PathBuf,
    /// Asked to end by this, where it has to clean up; killed otherwise.
    quit: Option<Signal>,
}

impl Process {
    /// Starts it in a group of its own (Ctrl-C is for us); what it says goes to a file in `folder`.
    pub(super) fn start(
        name: &'static str,
        command: &mut Command,
        folder: &Path,
        quit: Option<Signal>,
    ) -> anyhow::Result<Process> {
        let output = folder.join(format!("{name}.output"));
        let file = fs::File::create(&output)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
        let child = command.spawn().with_context(|| format!("{name} does not start"))?;
        Ok(Process { name, child, output, quit })
    }

    /// An error with its last words when it has ended.
    pub(super) fn lives(&mut self) -> anyhow::Result<()> {
        let Some(status) = self.child.try_wait()? else { return Ok(()) };
        let said = fs::read_to_string(&self.output).unwrap_or_default();
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        bail!("{} ended with {status}: {}", self.name, last.trim())
    }

    fn end(&mut self) {
        let pid = Pid::from_child(&self.child);
        if let Some(quit) = self.quit {
            let _ = kill_process(pid, quit);
            let begun = Instant::now();
            while begun.elapsed() < END && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        // A child that was waited for has given its id back: only then may the group be another's.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process_group(pid, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// CPU-seconds of programs and of all they started.
pub(super) fn cpu_seconds(processes: &[Process]) -> f64 {
    let pids: Vec<u32> = processes.iter().map(|process| process.child.id()).collect();
    tree_cpu_seconds(&pids)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether any process of a group lives.
    fn lives(group: u32) -> bool {
        let stat = |pid: &str| fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        fs::read_dir("/proc").unwrap().flatten().any(|entry| {
            let stat = stat(&entry.file_name().to_string_lossy());
            let after = stat.rsplit_once(')').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
            let words: Vec<&str> = after.split_whitespace().collect();
            words.get(2) == Some(&group.to_string().as_str()) && words.first() != Some(&"Z")
        })
    }

    #[test]
    fn all_it_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & sleep 600"]);
        let mut process = Process::start("sh", &mut command, folder.path(), None).unwrap();
        process.lives().unwrap();
        let group = process.child.id();
        drop(process);
        let end = Instant::now() + Duration::from_secs(60);
        while lives(group) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!lives(group));
    }

    #[test]
    fn what_ends_by_itself_is_told_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no; echo such port; exit 3"]);
        let mut process = Process::start("sh", &mut command, folder.path(), None).unwrap();
        let end = Instant::now() + Duration::from_secs(60);
        while process.lives().is_ok() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        let error = process.lives().unwrap_err().to_string();
        assert!(error.contains("sh ended with exit status: 3: such port"), "{error}");
    }
}
