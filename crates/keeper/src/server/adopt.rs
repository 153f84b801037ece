//! What an earlier keeper left: replaying the journal and finding its processes again.

use std::{fs, io};

use super::commands::{AliveCommand, Command};
use super::machines::{Alive, Machine, judge};
use super::output::{Output, Stream};
use super::{Keeper, Target};
use crate::error::Result;
use crate::init::status;
use crate::journal::Record;
use crate::process::{self, Fate};
use crate::protocol::{CommandEnd, CommandOutcome, ExitCause, MachineState, MachineStatus, Mode, Progress};

use rustix::event::epoll::EventFlags;

impl Keeper {
    /// Rebuilds the books; processes are looked for in [`Keeper::adopt`].
    pub(super) fn replay(&mut self, records: Vec<Record>) {
        for record in records {
            match record {
                Record::HostBoot(boot) => self.journal_boot = boot,
                Record::Machine(record) => {
                    let status = MachineStatus {
                        id: record.id.clone(),
                        pid: record.process.pid,
                        state: MachineState::Held,
                        id_base: record.id_base,
                        progress: Progress::default(),
                    };
                    self.machines.insert(record.id.clone(), Machine { status, record, alive: None });
                }
                Record::Released { id } => self.set_state(&id, MachineState::Running),
                Record::Exited { id, cause } => self.set_state(&id, MachineState::Exited(cause)),
                Record::Forgotten { id } => drop(self.machines.remove(&id)),
                Record::Command(record) => {
                    self.next_group = self.next_group.max(record.group + 1);
                    let command = Command { record, outcome: None, alive: None, outputs: [None, None] };
                    self.commands.insert(command.record.id.clone(), command);
                }
                Record::Ended { id, outcome } => {
                    if let Some(command) = self.commands.get_mut(&id) {
                        command.outcome = Some(outcome);
                    }
                }
                Record::ForgottenCommand { id } => drop(self.commands.remove(&id)),
            }
        }
    }

    fn set_state(&mut self, id: &str, state: MachineState) {
        if let Some(machine) = self.machines.get_mut(id) {
            machine.status.state = state;
        }
    }

    /// The records from which the present books can be rebuilt.
    pub(super) fn snapshot(&self) -> Vec<Record> {
        let mut records = vec![Record::HostBoot(host_boot())];
        for machine in self.machines.values() {
            let id = machine.status.id.clone();
            records.push(Record::Machine(machine.record.clone()));
            match &machine.status.state {
                MachineState::Held => {}
                MachineState::Running | MachineState::Stopping => records.push(Record::Released { id }),
                MachineState::Exited(cause) => records.push(Record::Exited { id, cause: cause.clone() }),
            }
        }
        for command in self.commands.values() {
            records.push(Record::Command(command.record.clone()));
            if let Some(outcome) = command.outcome.clone() {
                records.push(Record::Ended { id: command.record.id.clone(), outcome });
            }
        }
        records
    }

    /// Finds the machines and commands of the journal among the living; the others ended unseen.
    pub(super) fn adopt(&mut self) -> Result<()> {
        // Processes of an earlier boot of the host are gone, whatever a reused pid may suggest.
        let same_boot = self.journal_boot == host_boot();
        let machines: Vec<String> = self.machines.keys().cloned().collect();
        for id in &machines {
            self.adopt_machine(id, same_boot)?;
        }
        let commands: Vec<String> = self.commands.keys().cloned().collect();
        for id in &commands {
            self.adopt_command(id, same_boot)?;
        }
        // Groups of machines that were forgotten while they could not be removed yet.
        for id in self.cgroups.names() {
            if !self.machines.contains_key(&id) {
                self.remove_groups(id, None);
            }
        }
        let records = self.snapshot();
        self.journal.rewrite(&records)
    }

    fn adopt_machine(&mut self, id: &str, same_boot: bool) -> Result<()> {
        let Some(machine) = self.machines.get(id) else { return Ok(()) };
        let (progress, noted) = status::read(&machine.record.status_file);
        let ended = matches!(machine.status.state, MachineState::Exited(_));
        let found = if same_boot && !ended { machine.record.process.reopen() } else { None };
        let status_file = machine.record.status_file.clone();
        let lost =
            found.is_some() && self.mode == Mode::SingleUid && out_of_reach(machine.record.process.pid);
        let alive = match found {
            None => None,
            Some(pidfd) => {
                let token = self.watch(&pidfd, Target::Machine(id.to_owned()), EventFlags::IN)?;
                let watch = self.watch_progress(id, &status_file);
                Some(Alive {
                    pidfd,
                    token,
                    control: None,
                    owner: None,
                    unreleased_timeout_ms: 0,
                    cause: None,
                    watch,
                    child: false,
                })
            }
        };
        let Some(machine) = self.machines.get_mut(id) else { return Ok(()) };
        machine.status.progress = progress;
        machine.alive = alive;
        match &mut machine.alive {
            // Its PID 1 saw the old keeper's end of the socket close and is about to give up.
            Some(alive) if machine.status.state == MachineState::Held => {
                alive.cause = Some(ExitCause::Abandoned);
            }
            Some(alive) if lost => {
                // To its client this is a restart: it comes back with its disk, where it can be reached.
                alive.cause = Some(ExitCause::Reboot);
                if let Err(error) = process::signal(&alive.pidfd, libc::SIGKILL) {
                    eprintln!("keeper: {id} is out of reach and cannot be ended: {error}");
                }
            }
            Some(_) => {}
            None if !ended => {
                machine.status.state = MachineState::Exited(judge(Fate::Unknown, None, noted));
                self.remove_groups(id.to_owned(), None);
            }
            // The keeper may have died between noting the exit and removing the groups.
            None => self.remove_groups(id.to_owned(), None),
        }
        Ok(())
    }

    fn adopt_command(&mut self, id: &str, same_boot: bool) -> Result<()> {
        let Some(command) = self.commands.get_mut(id) else { return Ok(()) };
        if command.outcome.is_some() {
            return Ok(());
        }
        let record = command.record.clone();
        let found = if same_boot { record.process.reopen() } else { None };
        if let Some(pidfd) = found {
            let pid = record.process.pid;
            command.alive = Some(AliveCommand { pidfd, token: 0, cause: None, child: false });
            command.outputs = [
                Output::resume(&record.stdout, pid, Stream::Out).ok(),
                Output::resume(&record.stderr, pid, Stream::Err).ok(),
            ];
            self.watch_command(id);
            return Ok(());
        }
        let length = |path| fs::metadata(path).map_or(0, |file| file.len());
        let gone = self.machines.get(&record.machine).is_none_or(|machine| machine.alive.is_none());
        let Some(command) = self.commands.get_mut(id) else { return Ok(()) };
        command.outcome = Some(CommandOutcome {
            end: if gone { CommandEnd::MachineGone } else { CommandEnd::Unknown },
            duration_ms: 0,
            stdout_bytes: length(&record.stdout.path),
            stdout_dropped: 0,
            stderr_bytes: length(&record.stderr.path),
            stderr_dropped: 0,
        });
        self.remove_groups(record.machine, Some(record.group));
        Ok(())
    }
}

/// Whether a machine stands where this keeper cannot enter. Without root that is so when keeper and control plane
/// died together: the user namespace between the host's and the machine's was theirs, and nobody else gets into it.
fn out_of_reach(pid: i32) -> bool {
    let refused = |error: io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    fs::File::open(format!("/proc/{pid}/ns/net")).is_err_and(refused)
}

/// Names this boot of the host.
fn host_boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}
