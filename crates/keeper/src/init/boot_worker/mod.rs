//! The process that makes a booted machine out of a mounted one: identity, keys, user-data. A child of PID 1
//! that ends when it is done, so that its memory does not stay.

mod files;
mod identity;
mod steps;
mod users;

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;

use super::status::{Field, StatusFile};
use crate::boot::BootPlan;
use crate::process;

/// Remembers for which instance the first-boot steps of this root were done.
const MARKER: &str = "/var/lib/cloud/data/instance-id";
/// Largest boot plan: four times the largest decoded user-data the host accepts, for base64 and names.
const MAX_PLAN: u64 = 64 << 20;

/// Carries out a boot plan; returns the worker's exit status, the number of failed steps at most 100.
pub(super) fn main(plan: &File, status: &StatusFile) -> i32 {
    open_output();
    let plan = match read_plan(plan) {
        Ok(plan) => plan,
        Err(error) => {
            log(&format!("boot plan: {error}"));
            status.set(Field::Failed, 1);
            status.set(Field::Finished, process::monotonic_ns());
            return 1;
        }
    };
    let begun = process::monotonic_ns();
    let mut failed = 0u32;
    let mut note = |what: &str, outcome: std::io::Result<()>| {
        if let Err(error) = outcome {
            failed += 1;
            log(&format!("{what}: {error}"));
        }
    };
    note("identity", identity::write(&plan));
    let first = fs::read_to_string(MARKER).unwrap_or_default().trim() != plan.instance_id;
    for user in &plan.login_users {
        note("authorized keys", users::login_user(user, &plan.authorized_keys));
    }
    let mut runner = steps::Runner::new(&plan.instance_id, status);
    for action in plan.actions.iter().filter(|action| first || action.every_boot) {
        note(&steps::title(&action.step), runner.run(&action.step));
    }
    runner.finish();
    if first {
        note("first-boot marker", files::write_all(MARKER, plan.instance_id.as_bytes(), 0o644));
    }
    status.set(Field::Failed, u64::from(failed));
    status.set(Field::Finished, process::monotonic_ns());
    let took = (process::monotonic_ns() - begun) / 1_000_000;
    log(&format!("boot finished in {took} ms, {failed} failed steps"));
    i32::try_from(failed.min(100)).unwrap_or(100)
}

/// Sends the worker's own output, and that of all it starts, to the console.
fn open_output() {
    if let Ok(console) = File::options().write(true).open("/dev/console") {
        for number in [1, 2] {
            let _ = process::place_fd(&console, number);
        }
    }
}

fn read_plan(file: &File) -> std::io::Result<BootPlan> {
    let length = file.metadata()?.len();
    if length > MAX_PLAN {
        return Err(std::io::Error::other(format!("{length} bytes are too many")));
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(std::io::Error::other)?];
    // Read at a position: the descriptor is shared with the worker of the next boot.
    file.read_exact_at(&mut bytes, 0)?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// A line on the console.
fn log(text: &str) {
    let _ = writeln!(std::io::stdout(), "[allod] {text}");
}
