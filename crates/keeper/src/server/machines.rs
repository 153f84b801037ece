//! Machines after their launch: release, stop, exit.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use super::{Keeper, Timer};
use crate::error::{KeeperError, Refusal, Result};
use crate::init::{POWER_OFF_SIGNAL, REBOOT_SIGNAL};
use crate::init::{console, status};
use crate::journal::{MachineRecord, Record};
use crate::process::{self, End, Fate};
use crate::protocol::{Event, ExitCause, MachineState, MachineStatus};
use crate::seqpacket;

/// A machine and what the keeper holds of it.
pub(super) struct Machine {
    pub(super) status: MachineStatus,
    pub(super) record: MachineRecord,
    /// Absent once it has exited.
    pub(super) alive: Option<Alive>,
}

/// What is held of a machine that runs.
pub(super) struct Alive {
    pub(super) pidfd: OwnedFd,
    pub(super) token: u64,
    /// Socket to PID 1 until it is released, with its token.
    pub(super) control: Option<(OwnedFd, u64)>,
    /// The client that launched it; matters until release.
    pub(super) owner: Option<u64>,
    pub(super) unreleased_timeout_ms: u64,
    /// Set when we end it, or when it told us why it cannot boot.
    pub(super) cause: Option<ExitCause>,
    /// Watch of its status file.
    pub(super) watch: Option<i32>,
    /// False for machines of an earlier keeper.
    pub(super) child: bool,
}

impl Machine {
    /// True when the keeper itself must reap this process.
    pub(super) fn is_child(&self, pid: i32) -> bool {
        self.status.pid == pid && self.alive.as_ref().is_some_and(|alive| alive.child)
    }

    /// True when it is gone, on its way out, or told to go.
    pub(super) fn is_ending(&self) -> bool {
        let Some(alive) = &self.alive else { return true };
        alive.cause.is_some()
            || self.status.state == MachineState::Stopping
            || process::is_exiting(self.status.pid)
    }

    fn alive_mut(&mut self) -> Result<&mut Alive> {
        let id = &self.status.id;
        self.alive.as_mut().ok_or_else(|| Refusal::WrongState(format!("machine {id} has exited")).into())
    }
}

impl Keeper {
    fn machine_mut(&mut self, id: &str) -> Result<&mut Machine> {
        self.machines.get_mut(id).ok_or_else(|| Refusal::Unknown(id.to_owned()).into())
    }

    /// Lets a held machine boot.
    pub(super) fn release(&mut self, id: &str) -> Result<()> {
        let machine = self.machine_mut(id)?;
        if machine.status.state != MachineState::Held {
            return Err(Refusal::WrongState(format!("machine {id} is not waiting for its release")).into());
        }
        let alive = machine.alive_mut()?;
        let Some((control, _)) = &alive.control else {
            return Err(Refusal::WrongState(format!("machine {id} belongs to an earlier keeper")).into());
        };
        // The message may not have been read for: then PID 1 finds it when its mounts are ready.
        seqpacket::send(control, b"release", &[])
            .map_err(|error| KeeperError::system(format!("release {id}"), error))?;
        alive.owner = None;
        machine.status.state = MachineState::Running;
        let status = machine.status.clone();
        self.journal.append(&Record::Released { id: id.to_owned() })?;
        self.publish(Event::Machine(status));
        Ok(())
    }

    pub(super) fn stop(&mut self, id: &str, grace_ms: u64) -> Result<()> {
        let machine = self.machine_mut(id)?;
        if machine.status.state == MachineState::Held {
            return self.kill(id);
        }
        let alive = machine.alive_mut()?;
        process::signal(&alive.pidfd, POWER_OFF_SIGNAL)
            .map_err(|error| KeeperError::system(format!("ask {id} to stop"), error))?;
        machine.status.state = MachineState::Stopping;
        let status = machine.status.clone();
        let at = process::monotonic_ns().saturating_add(grace_ms.saturating_mul(1_000_000));
        self.timers.insert((at, Timer::KillMachine(id.to_owned())));
        self.publish(Event::Machine(status));
        Ok(())
    }

    pub(super) fn reboot(&mut self, id: &str) -> Result<()> {
        let machine = self.machine_mut(id)?;
        if machine.status.state != MachineState::Running {
            return Err(Refusal::WrongState(format!("machine {id} is not running")).into());
        }
        let alive = machine.alive_mut()?;
        process::signal(&alive.pidfd, REBOOT_SIGNAL)
            .map_err(|error| KeeperError::system(format!("ask {id} to reboot"), error))
    }

    pub(super) fn kill(&mut self, id: &str) -> Result<()> {
        match self.machine_mut(id)?.alive {
            // Exited already: nothing to do, and no error for a caller that raced with the exit.
            None => Ok(()),
            Some(_) => self.end(id, ExitCause::Killed),
        }
    }

    /// Ends a machine for its disk usage. Frozen first, so that it writes nothing more, the console included.
    pub(super) fn end_for_disk(&mut self, id: &str, used_mib: u64, limit_mib: u64) -> Result<()> {
        let machine = self.machine_mut(id)?;
        machine.alive_mut()?;
        let path = machine.record.console_file.clone();
        let used = if used_mib > u64::MAX >> 21 {
            "too deeply nested to measure".into()
        } else {
            format!("{used_mib} MiB")
        };
        if self.cgroups.freeze(id, true).is_ok() {
            let text = format!("ended: disk usage ({used}) is beyond the limit of {limit_mib} MiB");
            console::append(&path, &text)
                .map_err(|error| KeeperError::system(format!("write {}", path.display()), error))?;
        }
        self.end(id, ExitCause::DiskLimit)
    }

    /// Kills PID 1, and with it the kernel kills everything in its PID namespace.
    fn end(&mut self, id: &str, cause: ExitCause) -> Result<()> {
        let Ok(alive) = self.machine_mut(id)?.alive_mut() else { return Ok(()) };
        alive.cause.get_or_insert(cause);
        process::signal(&alive.pidfd, libc::SIGKILL)
            .map_err(|error| KeeperError::system(format!("kill {id}"), error))?;
        // A frozen process dies only when it is thawed on v1; cgroup.kill handles both.
        self.cgroups.kill(id)
    }

    pub(super) fn grace_over(&mut self, id: &str) {
        let stopping =
            self.machines.get(id).is_some_and(|machine| machine.status.state == MachineState::Stopping);
        if stopping && let Err(error) = self.end(id, ExitCause::Killed) {
            eprintln!("keeper: {error}");
        }
    }

    /// A client went away: its unreleased machines get a last chance.
    pub(super) fn owner_gone(&mut self, client: u64) {
        let now = process::monotonic_ns();
        for (id, machine) in &self.machines {
            if let Some(alive) = &machine.alive
                && alive.owner == Some(client)
            {
                let at = now.saturating_add(alive.unreleased_timeout_ms.saturating_mul(1_000_000));
                self.timers.insert((at, Timer::Abandon(id.clone())));
            }
        }
    }

    pub(super) fn abandon(&mut self, id: &str) {
        let held = self.machines.get(id).is_some_and(|machine| {
            // Launched again by someone else in the meantime: not ours to kill.
            let owner = machine.alive.as_ref().and_then(|alive| alive.owner);
            machine.status.state == MachineState::Held
                && owner.is_some_and(|owner| !self.clients.contains_key(&owner))
        });
        if held && let Err(error) = self.end(id, ExitCause::Abandoned) {
            eprintln!("keeper: {error}");
        }
    }

    pub(super) fn forget(&mut self, id: &str) -> Result<()> {
        if self.machine_mut(id)?.alive.is_some() {
            return Err(Refusal::WrongState(format!("machine {id} is alive")).into());
        }
        self.machines.remove(id);
        self.journal.append(&Record::Forgotten { id: id.to_owned() })
    }

    pub(super) fn set_weight(&mut self, id: &str, weight: u32) -> Result<()> {
        self.machine_mut(id)?.alive_mut()?;
        if !(1..=10_000).contains(&weight) {
            return Err(Refusal::Invalid(format!("weight {weight} is not in 1–10,000")).into());
        }
        self.cgroups.set_weight(id, weight)
    }

    pub(super) fn freeze(&mut self, id: &str, frozen: bool) -> Result<()> {
        self.machine_mut(id)?.alive_mut()?;
        self.cgroups.freeze(id, frozen)
    }

    /// PID 1 reports that it cannot boot, or closes its end because it booted or died.
    pub(super) fn control_ready(&mut self, id: &str) {
        let Some(alive) = self.machines.get_mut(id).and_then(|machine| machine.alive.as_mut()) else {
            return;
        };
        let Some((control, token)) = alive.control.take() else { return };
        let mut buffer = [0; 4_096];
        if let Ok((length @ 1.., _)) = seqpacket::receive(&control, &mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            alive.cause.get_or_insert(ExitCause::BootFailed(text));
        }
        self.unwatch(&control, token);
    }

    pub(super) fn progress_changed(&mut self, id: &str) {
        let Some(machine) = self.machines.get_mut(id) else { return };
        let (progress, _) = status::read(&machine.record.status_file);
        if machine.alive.is_some() && machine.status.progress != progress {
            machine.status.progress = progress;
            let status = machine.status.clone();
            self.publish(Event::Machine(status));
        }
    }

    /// The pidfd of PID 1 is readable.
    pub(super) fn machine_ready(&mut self, id: &str) {
        // The report of a failed boot may have arrived in the same turn; read it before judging the exit.
        self.control_ready(id);
        let Some(machine) = self.machines.get_mut(id) else { return };
        let Some(alive) = machine.alive.take_if(|alive| process::readable(&alive.pidfd)) else { return };
        let fate = process::collect(&alive.pidfd, machine.status.pid);
        if fate == Fate::Alive {
            machine.alive = Some(alive);
            return;
        }
        let (progress, reason) = status::read(&machine.record.status_file);
        machine.status.progress = progress;
        let cause = judge(fate, alive.cause.clone(), reason);
        if machine.status.state == MachineState::Stopping {
            // A later life of the same id must not be killed by the patience of this one.
            let over = Timer::KillMachine(id.to_owned());
            self.timers.retain(|(_, timer)| *timer != over);
        }
        machine.status.state = MachineState::Exited(cause.clone());
        let status = machine.status.clone();
        self.unwatch(&alive.pidfd, alive.token);
        if let Some(watch) = alive.watch {
            let _ = rustix::fs::inotify::remove_watch(&self.inotify, watch);
            self.watches.remove(&watch);
        }
        self.note_last_words(id, &cause);
        self.remove_groups(id.to_owned(), None);
        if let Err(error) = self.journal.append(&Record::Exited { id: id.to_owned(), cause }) {
            eprintln!("keeper: {error}");
        }
        self.publish(Event::Machine(status));
    }

    /// An end that nobody asked for stands on the console, where the machine's owner looks first.
    fn note_last_words(&self, id: &str, cause: &ExitCause) {
        let text = match cause {
            ExitCause::Signaled(number) => format!("ended: the first process was killed by signal {number}"),
            ExitCause::Exited(code) => format!("ended: the first process left with status {code}"),
            _ => return,
        };
        let Some(machine) = self.machines.get(id) else { return };
        if let Err(error) = console::append(&machine.record.console_file, &text) {
            eprintln!("keeper: the console of {id}: {error}");
        }
    }

    /// Removes control groups now, or later when they are still busy.
    pub(super) fn remove_groups(&mut self, id: String, command: Option<u64>) {
        let gone = match command {
            Some(number) => self.cgroups.remove_command(&id, number),
            None => self.cgroups.remove(&id),
        };
        if !gone {
            self.leftovers.push((id, command));
            self.plan_sweep();
        }
    }

    /// Notes where a machine reports its progress.
    pub(super) fn watch_progress(&mut self, id: &str, file: &PathBuf) -> Option<i32> {
        let watch =
            rustix::fs::inotify::add_watch(&self.inotify, file, rustix::fs::inotify::WatchFlags::MODIFY)
                .ok()?;
        self.watches.insert(watch, id.to_owned());
        Some(watch)
    }
}

/// Why a machine ended. `reboot(2)` inside shows as SIGHUP, power off as SIGINT (reboot(2), "Behavior inside PID
/// namespaces"); `asked` is what we know ourselves, `noted` what PID 1 wrote before it ended.
pub(super) fn judge(fate: Fate, asked: Option<ExitCause>, noted: Option<ExitCause>) -> ExitCause {
    match (fate, asked, noted) {
        (Fate::Ended(End::Signaled(libc::SIGINT)), ..) => ExitCause::PowerOff,
        (Fate::Ended(End::Signaled(libc::SIGHUP)), ..) => ExitCause::Reboot,
        (_, Some(asked), _) => asked,
        (Fate::Ended(End::Signaled(number)), ..) => ExitCause::Signaled(number),
        (_, _, Some(noted)) => noted,
        (Fate::Ended(End::Exited(code)), ..) => ExitCause::Exited(code),
        _ => ExitCause::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_apart() {
        let ended = |end| Fate::Ended(end);
        let cases = [
            (ended(End::Signaled(2)), None, None, ExitCause::PowerOff),
            (ended(End::Signaled(1)), Some(ExitCause::Killed), None, ExitCause::Reboot),
            (ended(End::Signaled(9)), Some(ExitCause::Killed), None, ExitCause::Killed),
            (ended(End::Signaled(9)), None, Some(ExitCause::PowerOff), ExitCause::Signaled(9)),
            (
                ended(End::Exited(1)),
                Some(ExitCause::BootFailed("x".into())),
                None,
                ExitCause::BootFailed("x".into()),
            ),
            (ended(End::Exited(0)), None, Some(ExitCause::PowerOff), ExitCause::PowerOff),
            (ended(End::Exited(7)), None, None, ExitCause::Exited(7)),
            (Fate::Unknown, None, Some(ExitCause::PowerOff), ExitCause::PowerOff),
            (Fate::Unknown, None, None, ExitCause::Unknown),
        ];
        for (fate, asked, noted, expected) in cases {
            assert_eq!(judge(fate, asked, noted), expected);
        }
    }
}
