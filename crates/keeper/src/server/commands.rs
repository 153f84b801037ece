//! Commands inside machines: start, output, end.

use std::fs::File;
use std::io::PipeReader;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use rustix::event::epoll::EventFlags;
use rustix::io::retry_on_intr;

use super::exec_child::{self, Passage};
use super::output::{Moved, Output, Stream};
use super::{Keeper, Target, Timer};
use crate::error::{KeeperError, Refusal, Result};
use crate::journal::{CommandRecord, Record};
use crate::process::{self, End, Fate, Forked, ProcessHandle};
use crate::protocol::{CommandEnd, CommandOutcome, CommandStatus, Event, ExecSpec, MachineState, Reply};

/// Commands known at a time, finished ones not yet forgotten included.
const MAX_COMMANDS: usize = 50_000;
/// Commands on their way into machines at a time.
const MAX_ENTRIES: usize = 1_000;
/// Time a command may take to get inside, in nanoseconds; beyond this the machine is stuck.
const ENTRY_LIMIT_NS: u64 = 30_000_000_000;
/// Rounds of output moved when a command has ended: a descendant that floods on must not hold its result back.
const LAST_ROUNDS: usize = 64;

/// A command and what the keeper holds of it.
pub(super) struct Command {
    pub(super) record: CommandRecord,
    pub(super) outcome: Option<CommandOutcome>,
    /// Absent once it has ended.
    pub(super) alive: Option<AliveCommand>,
    /// Standard output and error; dropped when both have ended and the command too.
    pub(super) outputs: [Option<Output>; 2],
}

/// A command on its way into its machine, under that machine's limits: a starved one must not stop the keeper.
pub(super) struct Entry {
    client: u64,
    number: u64,
    spec: ExecSpec,
    group: u64,
    started_ns: u64,
    /// The process that enters and forks.
    first: OwnedFd,
    /// Where it tells the outcome.
    report: PipeReader,
    token: u64,
    outputs: [Output; 2],
}

/// What is held of a command that runs.
pub(super) struct AliveCommand {
    pub(super) pidfd: OwnedFd,
    pub(super) token: u64,
    /// Set when we end it.
    pub(super) cause: Option<CommandEnd>,
    /// False for commands of an earlier keeper.
    pub(super) child: bool,
}

impl Command {
    pub(super) fn status(&self) -> CommandStatus {
        CommandStatus {
            id: self.record.id.clone(),
            machine: self.record.machine.clone(),
            pid: self.record.process.pid,
            outcome: self.outcome.clone(),
        }
    }

    /// True when the keeper itself must reap this process.
    pub(super) fn is_child(&self, pid: i32) -> bool {
        self.record.process.pid == pid && self.alive.as_ref().is_some_and(|alive| alive.child)
    }

    fn output(&mut self, stream: Stream) -> &mut Option<Output> {
        &mut self.outputs[stream as usize]
    }
}

impl Keeper {
    /// Starts a command; the client is answered when it is inside. On failure nothing is left but perhaps empty
    /// output files.
    pub(super) fn begin_exec(&mut self, client: u64, number: u64, spec: ExecSpec) -> Result<()> {
        check(&spec)?;
        self.journal.check()?;
        if self.commands.contains_key(&spec.id) || self.entries.contains_key(&spec.id) {
            return Err(Refusal::InUse(spec.id).into());
        }
        if self.commands.len() >= MAX_COMMANDS || self.entries.len() >= MAX_ENTRIES {
            return Err(Refusal::Limit(format!("{MAX_COMMANDS} commands, {MAX_ENTRIES} starting")).into());
        }
        let machine =
            self.machines.get(&spec.machine).ok_or_else(|| Refusal::Unknown(spec.machine.clone()))?;
        if !matches!(machine.status.state, MachineState::Running | MachineState::Stopping) {
            return Err(Refusal::WrongState(format!("machine {} is not running", spec.machine)).into());
        }
        let group = self.next_group;
        self.next_group += 1;
        let started_ns = process::monotonic_ns();
        let started = self.start_command(&spec, group).and_then(|(first, report, outputs)| {
            let token = self.watch(&report, Target::Entry(spec.id.clone()), EventFlags::IN)?;
            Ok(Entry { client, number, spec: spec.clone(), group, started_ns, first, report, token, outputs })
        });
        match started {
            Ok(entry) => {
                let at = started_ns.saturating_add(ENTRY_LIMIT_NS);
                self.timers.insert((at, Timer::GiveUpEntry(spec.id.clone())));
                self.entries.insert(spec.id, entry);
                Ok(())
            }
            Err(error) => {
                self.remove_groups(spec.machine, Some(group));
                Err(error)
            }
        }
    }

    /// The first process of a command tells the pid of the second, or why there is none.
    pub(super) fn entry_ready(&mut self, id: &str) {
        let Some(entry) = self.entries.remove(id) else { return };
        self.unwatch(&entry.report, entry.token);
        self.timers
            .remove(&(entry.started_ns.saturating_add(ENTRY_LIMIT_NS), Timer::GiveUpEntry(id.to_owned())));
        // One write of at most a page: whole or not at all. The second process holds the pipe too until it has
        // closed its inherited descriptors, so reading to the end would wait for it.
        let mut buffer = [0; 1_024];
        let length = retry_on_intr(|| rustix::io::read(&entry.report, &mut buffer)).unwrap_or(0);
        let machine = entry.spec.machine.clone();
        let (client, number, group) = (entry.client, entry.number, entry.group);
        let outcome = if let Ok(pid) = <[u8; 4]>::try_from(&buffer[..length]) {
            self.enter_command(entry, i32::from_ne_bytes(pid))
        } else {
            self.leaders.push(entry.first);
            let text = match &buffer[..length] {
                [] => "killed on the way, as happens when the machine has no memory left".into(),
                told => String::from_utf8_lossy(told),
            };
            Err(Refusal::Kernel(format!("enter {machine}: {text}")).into())
        };
        if outcome.is_err() {
            self.remove_groups(machine, Some(group));
        }
        self.reply(client, number, outcome.map(|()| (Reply::Done, Vec::new())));
    }

    /// A machine that is frozen, or starved by what runs in it, takes no command in time.
    pub(super) fn give_up_entry(&mut self, id: &str) {
        let Some(entry) = self.entries.remove(id) else { return };
        self.unwatch(&entry.report, entry.token);
        let machine = entry.spec.machine;
        // Both processes, if there are two; they are reaped as strays when they get to die.
        let _ = process::signal(&entry.first, libc::SIGKILL);
        self.leaders.push(entry.first);
        let _ = self.cgroups.kill_command(&machine, entry.group);
        let refusal = Refusal::Kernel(format!("machine {machine} takes no command"));
        self.remove_groups(machine, Some(entry.group));
        self.reply(entry.client, entry.number, Err(refusal.into()));
    }

    fn start_command(&self, spec: &ExecSpec, group: u64) -> Result<(OwnedFd, PipeReader, [Output; 2])> {
        let gone = || Refusal::WrongState(format!("machine {} has exited", spec.machine));
        let machine = self.machines.get(&spec.machine).ok_or_else(gone)?;
        let machine_fd = &machine.alive.as_ref().ok_or_else(gone)?.pidfd;
        let input = spec.stdin.as_deref().unwrap_or(Path::new("/dev/null"));
        let input = File::open(input)
            .map_err(|error| KeeperError::system(format!("open {}", input.display()), error))?;
        let (out, out_write) = Output::create(&spec.stdout)?;
        let (err, err_write) = Output::create(&spec.stderr)?;
        let (answer, report) = std::io::pipe().map_err(|error| KeeperError::system("make a pipe", error))?;
        let directory = self.cgroups.create_command(&spec.machine, group)?;
        let passage = Passage {
            spec,
            cgroups: &self.cgroups,
            mode: self.mode,
            machine: machine_fd,
            open_files: machine.record.open_files,
            stdio: [input.into(), out_write, err_write],
            report: report.into(),
        };
        let forked = process::fork(0, directory.as_ref().map(|fd| fd.as_fd()), false)
            .map_err(|error| KeeperError::system("fork a command", error))?;
        let first = match forked {
            Forked::Child => process::child_main(|| exec_child::enter(&passage)),
            Forked::Parent(_, first) => first,
        };
        // Our copies of the write ends must go, or neither report nor output would ever end.
        drop(passage);
        Ok((first, answer, [out, err]))
    }

    /// Takes a command that is inside into the books.
    fn enter_command(&mut self, entry: Entry, pid: i32) -> Result<()> {
        let Entry { spec, group, started_ns, outputs, first, .. } = entry;
        self.leaders.push(first);
        let pidfd =
            process::open(pid).map_err(|error| KeeperError::system("open the command's pidfd", error))?;
        let deadline_ns =
            spec.timeout_ms.map(|limit| started_ns.saturating_add(limit.saturating_mul(1_000_000)));
        let record = CommandRecord {
            id: spec.id.clone(),
            machine: spec.machine,
            process: ProcessHandle::of(&pidfd, pid),
            group,
            started_ns,
            deadline_ns,
            stdout: spec.stdout,
            stderr: spec.stderr,
        };
        self.journal.append(&Record::Command(record.clone()))?;
        let alive = AliveCommand { pidfd, token: 0, cause: None, child: true };
        let command = Command { record, outcome: None, alive: Some(alive), outputs: outputs.map(Some) };
        self.commands.insert(spec.id.clone(), command);
        self.watch_command(&spec.id);
        Ok(())
    }

    /// Puts pidfd, pipes and time limit of a command under watch.
    pub(super) fn watch_command(&mut self, id: &str) {
        let Some(mut command) = self.commands.remove(id) else { return };
        for (stream, output) in [Stream::Out, Stream::Err].into_iter().zip(&mut command.outputs) {
            let Some(output) = output else { continue };
            let target = Target::Output(id.to_owned(), stream);
            let token = output.pipe().and_then(|pipe| self.watch(pipe, target, EventFlags::IN).ok());
            output.token = token.unwrap_or(0);
        }
        if let Some(alive) = &mut command.alive {
            let target = Target::Command(id.to_owned());
            alive.token = self.watch(&alive.pidfd, target, EventFlags::IN).unwrap_or(0);
        }
        if let Some(at) = command.record.deadline_ns {
            self.timers.insert((at, Timer::Expire(id.to_owned())));
        }
        self.commands.insert(id.to_owned(), command);
    }

    pub(super) fn kill_exec(&mut self, id: &str) -> Result<()> {
        self.end_command(id, CommandEnd::Cancelled)
    }

    pub(super) fn command_expired(&mut self, id: &str) {
        let _ = self.end_command(id, CommandEnd::TimedOut);
    }

    /// Kills the whole tree of a command; one that has ended already is left as it is.
    fn end_command(&mut self, id: &str, cause: CommandEnd) -> Result<()> {
        let command = self.commands.get_mut(id).ok_or_else(|| Refusal::Unknown(id.to_owned()))?;
        let (machine, group) = (command.record.machine.clone(), command.record.group);
        let Some(alive) = &mut command.alive else { return Ok(()) };
        alive.cause.get_or_insert(cause);
        if !self.cgroups.kill_command(&machine, group)? {
            // Without control groups: its session, which it leads.
            if let Some(leader) = rustix::process::Pid::from_raw(command.record.process.pid) {
                let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
            }
        }
        process::signal(&alive.pidfd, libc::SIGKILL)
            .map_err(|error| KeeperError::system(format!("kill command {id}"), error))
    }

    pub(super) fn forget_exec(&mut self, id: &str) -> Result<()> {
        let command = self.commands.get(id).ok_or_else(|| Refusal::Unknown(id.to_owned()))?;
        if command.outcome.is_none() {
            return Err(Refusal::WrongState(format!("command {id} is running")).into());
        }
        self.close_outputs(id);
        self.commands.remove(id);
        self.journal.append(&Record::ForgottenCommand { id: id.to_owned() })
    }

    /// Lets go of the pipes of a command that is forgotten; descendants that still write get SIGPIPE.
    fn close_outputs(&mut self, id: &str) {
        for stream in [Stream::Out, Stream::Err] {
            self.close_output(id, stream);
        }
    }

    fn close_output(&mut self, id: &str, stream: Stream) {
        let Some(command) = self.commands.get_mut(id) else { return };
        if let Some(output) = command.output(stream)
            && let Some(pipe) = output.take_pipe()
        {
            let token = output.token;
            self.unwatch(&pipe, token);
        }
    }

    pub(super) fn output_ready(&mut self, id: &str, stream: Stream) {
        let Some(command) = self.commands.get_mut(id) else { return };
        let Some(output) = command.output(stream) else { return };
        if output.pump(&self.null) == Moved::End {
            self.close_output(id, stream);
        }
    }

    /// The pidfd of a command is readable.
    pub(super) fn command_ready(&mut self, id: &str) {
        let Some(command) = self.commands.get_mut(id) else { return };
        let Some(alive) = command.alive.take() else { return };
        // Asked before reaping: a PID 1 that is on its way out kills its commands with SIGKILL.
        let machine_gone =
            self.machines.get(&command.record.machine).is_none_or(super::machines::Machine::is_ending);
        let fate = process::collect(&alive.pidfd, command.record.process.pid);
        if fate == Fate::Alive {
            command.alive = Some(alive);
            return;
        }
        let group = (command.record.machine.clone(), command.record.group);
        // A shell that the kernel killed for memory leaves children that nothing would end any more, a time limit
        // included; systemd.service(5), OOMPolicy=stop, answers alike. After any other end they are daemons and stay.
        if fate == Fate::Ended(End::Signaled(libc::SIGKILL))
            && let Err(error) = self.cgroups.kill_command(&group.0, group.1)
        {
            eprintln!("keeper: {error}");
        }
        for output in command.outputs.iter_mut().flatten() {
            for _ in 0..LAST_ROUNDS {
                if output.pump(&self.null) != Moved::More {
                    break;
                }
            }
        }
        let counted = |output: &Option<Output>| output.as_ref().map_or((0, 0), |o| (o.kept, o.dropped));
        let [(stdout_bytes, stdout_dropped), (stderr_bytes, stderr_dropped)] =
            [counted(&command.outputs[0]), counted(&command.outputs[1])];
        for output in command.outputs.iter_mut().flatten() {
            output.close_file();
        }
        let outcome = CommandOutcome {
            end: judge(fate, alive.cause, machine_gone),
            duration_ms: process::monotonic_ns().saturating_sub(command.record.started_ns) / 1_000_000,
            stdout_bytes,
            stdout_dropped,
            stderr_bytes,
            stderr_dropped,
        };
        command.outcome = Some(outcome.clone());
        if let Some(at) = command.record.deadline_ns {
            self.timers.remove(&(at, Timer::Expire(id.to_owned())));
        }
        let status = command.status();
        self.unwatch(&alive.pidfd, alive.token);
        self.remove_groups(group.0, Some(group.1));
        if let Err(error) = self.journal.append(&Record::Ended { id: id.to_owned(), outcome }) {
            eprintln!("keeper: {error}");
        }
        self.publish(Event::Command(status));
    }
}

/// How a command ended; a SIGKILL while its machine is going down is the machine's end, not its own.
fn judge(fate: Fate, asked: Option<CommandEnd>, machine_gone: bool) -> CommandEnd {
    match (fate, asked) {
        (Fate::Ended(End::Signaled(libc::SIGKILL)), Some(asked)) => asked,
        (Fate::Ended(End::Signaled(libc::SIGKILL)) | Fate::Unknown, None) if machine_gone => {
            CommandEnd::MachineGone
        }
        (Fate::Ended(End::Exited(code)), _) => CommandEnd::Exited(code),
        (Fate::Ended(End::Signaled(number)), _) => CommandEnd::Signaled(number),
        _ => CommandEnd::Unknown,
    }
}

fn check(spec: &ExecSpec) -> Result<()> {
    let invalid = |why: &str| Err(Refusal::Invalid(why.to_owned()).into());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if spec.id.is_empty() || spec.id.len() > 128 || !spec.id.bytes().all(plain) {
        return invalid("a command id is [A-Za-z0-9._-]{1,128}");
    }
    if spec.argv.is_empty() {
        return invalid("a command needs a program");
    }
    let words = spec.argv.iter().chain(spec.env.iter().flat_map(|(name, value)| [name, value]));
    if words.chain(&spec.cwd).chain(&spec.user).any(|word| word.contains('\0')) {
        return invalid("zero byte in a command");
    }
    if spec.env.iter().any(|(name, _)| name.is_empty() || name.contains('=')) {
        return invalid("a variable name is empty or contains =");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_apart() {
        let killed = Fate::Ended(End::Signaled(9));
        assert_eq!(judge(killed, None, false), CommandEnd::Signaled(9));
        assert_eq!(judge(killed, None, true), CommandEnd::MachineGone);
        assert_eq!(judge(killed, Some(CommandEnd::TimedOut), true), CommandEnd::TimedOut);
        assert_eq!(
            judge(Fate::Ended(End::Exited(3)), Some(CommandEnd::Cancelled), false),
            CommandEnd::Exited(3)
        );
        assert_eq!(judge(Fate::Unknown, None, false), CommandEnd::Unknown);
    }
}
