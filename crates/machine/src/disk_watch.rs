//! The disk limit of machines.
//!
//! Writable layers share the file system of the data directory. Where that has no project quotas (and many
//! kernels are built without them), the kernel does not know which machine a block belongs to; a file system
//! per machine on a loop device would enforce a size, but costs 11 ms and a journal per launch. So usage is
//! watched: a machine beyond its limit is ended, with a line on its console that says so, and its root is kept.
//!
//! What this does not do: a machine that writes at full speed overshoots by what it writes between two looks,
//! and limits that together exceed the disk are not reserved. While no control plane runs, nobody watches.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keeper::protocol::MachineState;

use crate::machines::Machines;
use crate::paths::MachineDir;
use crate::tree;

/// Pause between two looks at the file system as a whole (one system call).
const PAUSE: Duration = Duration::from_millis(250);
/// Growth of the file system that makes a look at every machine worth its cost, in bytes.
const GROWTH: u64 = 8 << 20;
/// Every so many pauses all machines are looked at anyway: what others free may hide what one writes.
const ANYWAY: u32 = 40;

/// Watches until it is dropped.
#[derive(Debug)]
pub(crate) struct DiskWatch {
    end: Arc<AtomicBool>,
}

impl DiskWatch {
    /// Starts the watching thread.
    pub(crate) fn start(machines: Machines) -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&end);
        std::thread::spawn(move || watch(&machines, &told));
        Self { end }
    }
}

impl Drop for DiskWatch {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
    }
}

fn watch(machines: &Machines, end: &AtomicBool) {
    let mut free_before = 0;
    for round in 0u32.. {
        if end.load(Ordering::Relaxed) {
            return;
        }
        let free = rustix::fs::statvfs(&machines.data_dir).map_or(0, |data| data.f_bavail * data.f_frsize);
        if round.is_multiple_of(ANYWAY) || free + GROWTH < free_before {
            look(machines);
            free_before = free;
        }
        // What is freed counts at once; what is taken counts until the next look.
        free_before = free_before.max(free);
        std::thread::sleep(PAUSE);
    }
}

/// Measures every machine that runs and ends those beyond their limit.
fn look(machines: &Machines) {
    let Ok(known) = machines.adopt() else { return };
    let running = known.into_iter().filter(|status| status.state == MachineState::Running);
    let used: HashMap<String, (u64, u64)> = running
        .filter_map(|status| {
            let dir = MachineDir::new(&machines.data_dir, &status.id);
            let limit: u64 = std::fs::read_to_string(dir.disk_limit_file()).ok()?.trim().parse().ok()?;
            let used = tree::disk_usage(&dir.root()).ok()? >> 20;
            (used > limit).then_some((status.id, (used, limit)))
        })
        .collect();
    for (id, (used, limit)) in used {
        tracing::warn!(id, used, limit, "machine beyond its disk limit");
        if let Err(error) = machines.end_for_disk(&id, used, limit) {
            tracing::warn!(id, %error, "cannot end it");
        }
    }
}
