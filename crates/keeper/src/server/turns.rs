//! One turn of the loop: wait, dispatch, fire timers, commit, send.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd};

use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::fs::inotify;

use super::{Keeper, Target, Timer};
use crate::error::{KeeperError, Result};
use crate::process;

/// Events taken from the kernel per turn.
const BATCH: usize = 64;
/// Pause before the journal is tried again, in nanoseconds.
const RETRY_NS: u64 = 1_000_000_000;
/// Pause between attempts to remove busy control groups, in nanoseconds.
pub(super) const SWEEP_NS: u64 = 500_000_000;

impl Keeper {
    /// Serves until [`crate::protocol::Request::Shutdown`] or SIGTERM.
    pub(super) fn serve(&mut self) -> Result<()> {
        while !self.ending {
            let ready = self.wait()?;
            for (token, flags) in ready {
                // An earlier event of this turn may have closed what this one is about.
                if let Some(target) = self.targets.get(&token).cloned() {
                    self.dispatch(target, flags);
                }
            }
            self.fire_timers();
            self.reap_strays();
            self.finish_turn();
        }
        let _ = std::fs::remove_file(&self.config.socket);
        self.cgroups.remove_parents();
        Ok(())
    }

    fn wait(&self) -> Result<Vec<(u64, EventFlags)>> {
        let mut space = [MaybeUninit::<Event>::uninit(); BATCH];
        let timeout = self.timers.first().map(|(at, _)| {
            let left = at.saturating_sub(process::monotonic_ns());
            Timespec {
                tv_sec: i64::try_from(left / 1_000_000_000).unwrap_or(i64::MAX),
                tv_nsec: i64::try_from(left % 1_000_000_000).unwrap_or(0),
            }
        });
        match epoll::wait(&self.epoll, &mut space[..], timeout.as_ref()) {
            Ok((events, _)) => Ok(events.iter().map(|event| (event.data.u64(), event.flags)).collect()),
            Err(rustix::io::Errno::INTR) => Ok(Vec::new()),
            Err(error) => Err(KeeperError::system("wait for events", error)),
        }
    }

    fn dispatch(&mut self, target: Target, flags: EventFlags) {
        match target {
            Target::Listener => self.accept(),
            Target::Signals => self.read_signals(),
            Target::Progress => self.read_progress(),
            Target::Client(client) => self.client_ready(client, flags),
            Target::Machine(id) => self.machine_ready(&id),
            Target::Control(id) => self.control_ready(&id),
            Target::Command(id) => self.command_ready(&id),
            Target::Entry(id) => self.entry_ready(&id),
            Target::Output(id, stream) => self.output_ready(&id, stream),
        }
    }

    fn fire_timers(&mut self) {
        let now = process::monotonic_ns();
        while self.timers.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, timer)) = self.timers.pop_first() else { return };
            match timer {
                Timer::KillMachine(id) => self.grace_over(&id),
                Timer::Abandon(id) => self.abandon(&id),
                Timer::GiveUpEntry(id) => self.give_up_entry(&id),
                Timer::Expire(id) => self.command_expired(&id),
                Timer::Sweep => self.sweep(),
                Timer::RetryCommit => {}
            }
        }
    }

    /// Journal first, then the world. What could not be written is kept and tried again.
    fn finish_turn(&mut self) {
        if let Err(error) = self.journal.commit() {
            eprintln!("keeper: {error}");
            self.timers.insert((process::monotonic_ns() + RETRY_NS, Timer::RetryCommit));
            return;
        }
        if self.journal.wants_rewrite() {
            let records = self.snapshot();
            if let Err(error) = self.journal.rewrite(&records) {
                eprintln!("keeper: {error}");
            }
        }
        self.send_outbox();
    }

    /// Removes control groups that were busy when their machine or command ended.
    fn sweep(&mut self) {
        let cgroups = &self.cgroups;
        self.leftovers.retain(|(id, command)| match command {
            Some(number) => !cgroups.remove_command(id, *number),
            None => !cgroups.remove(id),
        });
        self.plan_sweep();
    }

    /// Makes sure a sweep is due while anything is left over.
    pub(super) fn plan_sweep(&mut self) {
        let planned = self.timers.iter().any(|(_, timer)| *timer == Timer::Sweep);
        if !self.leftovers.is_empty() && !planned {
            self.timers.insert((process::monotonic_ns() + SWEEP_NS, Timer::Sweep));
        }
    }

    /// Watches a descriptor and returns its token.
    pub(super) fn watch(&mut self, fd: impl AsFd, target: Target, flags: EventFlags) -> Result<u64> {
        let token = self.next_token;
        self.next_token += 1;
        epoll::add(&self.epoll, fd, EventData::new_u64(token), flags)
            .map_err(|error| KeeperError::system("watch a descriptor", error))?;
        self.targets.insert(token, target);
        Ok(token)
    }

    /// Stops watching. Needed before closing, since a copy of the descriptor may live on in a client.
    pub(super) fn unwatch(&mut self, fd: impl AsFd, token: u64) {
        let _ = epoll::delete(&self.epoll, fd);
        self.targets.remove(&token);
    }

    /// Watches the listener, the signals and the progress of machines.
    pub(super) fn watch_own(&mut self) -> Result<()> {
        let dup =
            |fd: &OwnedFd| fd.try_clone().map_err(|error| KeeperError::system("copy a descriptor", error));
        let (listener, signals, inotify) = (dup(&self.listener)?, dup(&self.signals)?, dup(&self.inotify)?);
        self.watch(&listener, Target::Listener, EventFlags::IN)?;
        self.watch(&signals, Target::Signals, EventFlags::IN)?;
        self.watch(&inotify, Target::Progress, EventFlags::IN)?;
        // Closing the copies here would leave the registrations without a descriptor to delete them by; they
        // are wanted as long as the keeper lives.
        std::mem::forget((listener, signals, inotify));
        Ok(())
    }

    fn read_signals(&mut self) {
        // SAFETY: signalfd_siginfo is plain data of which the kernel fills a whole one.
        unsafe {
            let mut info: libc::signalfd_siginfo = std::mem::zeroed();
            let size = std::mem::size_of::<libc::signalfd_siginfo>();
            while libc::read(self.signals.as_raw_fd(), (&raw mut info).cast(), size) == size.cast_signed() {
                if info.ssi_signo.cast_signed() != libc::SIGCHLD {
                    self.ending = true;
                }
            }
        }
    }

    /// Reaps processes that led a command into its machine, and orphans that came to us as subreaper. Children we
    /// hold a pidfd of are left to their own event; behind one of them an orphan waits for a later turn. While
    /// commands are on their way, a child we do not know may be one of them, whose end must not be lost.
    fn reap_strays(&mut self) {
        self.leaders.retain(|leader| !process::reap(leader));
        if !self.entries.is_empty() {
            return;
        }
        // SAFETY: siginfo_t is plain data; waitid fills it.
        unsafe {
            loop {
                let mut info: libc::siginfo_t = std::mem::zeroed();
                let peek = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
                if libc::waitid(libc::P_ALL, 0, &raw mut info, peek) != 0 || info.si_pid() == 0 {
                    return;
                }
                let pid = info.si_pid();
                let known = self.machines.values().any(|machine| machine.is_child(pid))
                    || self.commands.values().any(|command| command.is_child(pid));
                if known {
                    return;
                }
                libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG);
            }
        }
    }

    fn read_progress(&mut self) {
        let mut space = [MaybeUninit::<u8>::uninit(); 4_096];
        let mut changed = std::collections::BTreeSet::new();
        let mut reader = inotify::Reader::new(&self.inotify, &mut space);
        // Ends with EAGAIN. A lost event (queue overflow) is made up for by the next one or by a question.
        while let Ok(event) = reader.next() {
            changed.extend(self.watches.get(&event.wd()).cloned());
        }
        for id in changed {
            self.progress_changed(&id);
        }
    }
}

/// SIGCHLD wakes the loop for strays; SIGTERM and SIGINT end it. Blocked, so that they are read, not delivered.
pub(super) fn watch_signals() -> Result<OwnedFd> {
    // SAFETY: sigset_t is plain data, initialised by sigemptyset; the descriptor is fresh.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for number in [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT] {
            libc::sigaddset(&raw mut set, number);
        }
        let mut blocked = set;
        // PID 1 inherits the mask: a request to stop that comes before it listens must wait, not be dropped.
        for number in crate::init::WISH_SIGNALS {
            libc::sigaddset(&raw mut blocked, number);
        }
        if libc::sigprocmask(libc::SIG_BLOCK, &raw const blocked, std::ptr::null_mut()) != 0 {
            return Err(KeeperError::last("block signals"));
        }
        match libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) {
            -1 => Err(KeeperError::last("watch signals")),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}
