//! Where a process stands when memory runs out: PID 1 of a machine must be the kernel's last choice in it.
//!
//! The kernel kills the process with the highest badness, which is its share of the memory, in thousandths, plus
//! `oom_score_adj` (proc_pid_oom_score_adj(5)). Against a bomb of many small processes PID 1 is the largest of all,
//! so it would go first, and the machine with it. Lowering one's number takes CAP_SYS_RESOURCE, which even root may
//! lack; so everything else in the machine is raised instead, which anybody may do.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;

use crate::process;

/// How far, in thousandths of the memory at stake, everything else stands above PID 1. Memory of PID 1 is 2 MiB, and
/// a tenth of the smallest instance type is 50. More would make machines the first victims of a host out of memory,
/// whatever the host's own processes hold.
const STEP: i32 = 100;
/// `OOM_SCORE_ADJ_MAX` of linux/oom.h.
const MOST: i32 = 1_000;
/// The kernel's file for the process that opens it.
const OWN: &str = "/proc/self/oom_score_adj";

/// PID 1's hold on its own number. Opened while /proc of the host is in sight and the process is still the owner of
/// its files there; later neither is so.
#[derive(Debug)]
pub(super) struct Standing {
    /// Absent where the host does not let it be written.
    file: Option<File>,
    own: i32,
}

impl Standing {
    /// Notes where PID 1 stands.
    pub(super) fn open() -> Self {
        let file = File::options().read(true).write(true).open(OWN).ok();
        let text = file.as_ref().and_then(|file| io::read_to_string(file).ok());
        Self { own: parse(&text.unwrap_or_default()), file }
    }

    /// Forks a child that stands above PID 1, see [`process::fork_inside`]. PID 1 steps up for the moment of the
    /// fork, because the child could not do it: nobody inside may write to files of a process that is not dumpable.
    pub(super) fn fork(&self) -> io::Result<Option<i32>> {
        self.write(raised(self.own));
        let forked = process::fork_inside();
        if !matches!(forked, Ok(None)) {
            self.write(self.own);
        }
        forked
    }

    /// Without effect where the kernel refuses it: a machine that is easier to kill still is a machine.
    fn write(&self, number: i32) {
        let _ = self.file.as_ref().map(|file| file.write_all_at(number.to_string().as_bytes(), 0));
    }
}

/// Puts a command that is about to enter a machine above its PID 1.
pub(crate) fn step_up() {
    if let Ok(text) = fs::read_to_string(OWN) {
        let _ = fs::write(OWN, raised(parse(&text)).to_string());
    }
}

fn parse(text: &str) -> i32 {
    text.trim().parse().unwrap_or(0)
}

fn raised(own: i32) -> i32 {
    own.saturating_add(STEP).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_else_stands_above() {
        for (own, others) in [(0, 100), (-900, -800), (950, 1_000), (1_000, 1_000)] {
            assert_eq!(raised(own), others);
        }
    }

    #[test]
    fn the_kernel_writes_numbers_as_lines() {
        assert_eq!((parse("-17\n"), parse("")), (-17, 0));
    }
}
