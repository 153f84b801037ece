//! Connections: reading requests, answering them, pushing events.

use std::collections::VecDeque;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::SocketFlags;

use super::{Keeper, Target};
use crate::error::{Refusal, Result};
use crate::protocol::{Answer, Event, Frame, MachineStatus, PAGE, Reply, Request};
use crate::seqpacket;

/// Connections at a time.
const MAX_CLIENTS: usize = 64;
/// Messages kept for a client that does not read; beyond this it is disconnected and must ask for the pages.
const MAX_BACKLOG: usize = 4_096;
/// Requests taken from one client per turn, so that no client keeps the others waiting.
const TURN: usize = 32;

/// One connection.
pub(super) struct Client {
    socket: OwnedFd,
    token: u64,
    subscribed: bool,
    backlog: VecDeque<(Vec<u8>, Vec<OwnedFd>)>,
}

/// A message that leaves once the journal is safe.
pub(super) struct Outgoing {
    /// One client, or all that subscribed.
    client: Option<u64>,
    bytes: Vec<u8>,
    fds: Vec<OwnedFd>,
}

impl Keeper {
    pub(super) fn accept(&mut self) {
        while let Ok(socket) =
            rustix::net::accept_with(&self.listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)
        {
            // Too many: closing tells the peer at once.
            if self.clients.len() >= MAX_CLIENTS {
                continue;
            }
            let number = self.next_token;
            if let Ok(token) = self.watch(&socket, Target::Client(number), EventFlags::IN) {
                let client = Client { socket, token, subscribed: false, backlog: VecDeque::new() };
                self.clients.insert(number, client);
            }
        }
    }

    pub(super) fn client_ready(&mut self, number: u64, flags: EventFlags) {
        if flags.contains(EventFlags::OUT) {
            self.send_backlog(number);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        for _ in 0..TURN {
            let Some(client) = self.clients.get(&number) else { break };
            match seqpacket::receive(&client.socket, &mut buffer) {
                // Descriptors sent along are closed by dropping them: no request takes any.
                Ok((length @ 1.., _fds)) => self.request(number, &buffer[..length]),
                Err(Errno::AGAIN) => break,
                Ok((0, _)) | Err(_) => {
                    self.client_gone(number);
                    break;
                }
            }
        }
        self.buffer = buffer;
    }

    fn client_gone(&mut self, number: u64) {
        if let Some(client) = self.clients.remove(&number) {
            self.unwatch(&client.socket, client.token);
        }
        self.owner_gone(number);
    }

    fn request(&mut self, client: u64, bytes: &[u8]) {
        let Ok(frame) = serde_json::from_slice::<Frame>(bytes) else {
            // Without a number there is no way to answer; the peer speaks another language.
            return self.client_gone(client);
        };
        let outcome = match frame.request {
            // Answered when the command is inside, which takes as long as the machine lets it.
            Request::Exec(spec) => match self.begin_exec(client, frame.number, *spec) {
                Ok(()) => return,
                Err(error) => Err(error),
            },
            other => self.handle(client, other),
        };
        self.reply(client, frame.number, outcome);
    }

    /// Answers a request, after the next commit.
    pub(super) fn reply(&mut self, client: u64, number: u64, outcome: Result<(Reply, Vec<OwnedFd>)>) {
        let (result, fds) = match outcome {
            Ok((reply, fds)) => (Ok(reply), fds),
            Err(error) => (Err(error.into_refusal()), Vec::new()),
        };
        self.post(Some(client), &Answer::Reply { number, result }, fds);
    }

    fn handle(&mut self, client: u64, request: Request) -> Result<(Reply, Vec<OwnedFd>)> {
        let done = |()| (Reply::Done, Vec::new());
        match request {
            Request::Hello => {
                let pid = i32::try_from(std::process::id()).unwrap_or(0);
                Ok((Reply::Hello { pid, mode: self.mode }, Vec::new()))
            }
            Request::Subscribe => {
                if let Some(client) = self.clients.get_mut(&client) {
                    client.subscribed = true;
                }
                Ok(done(()))
            }
            Request::Launch(spec) => self.launch(client, *spec),
            Request::Release { id } => self.release(&id).map(done),
            Request::Stop { id, grace_ms } => self.stop(&id, grace_ms).map(done),
            Request::Reboot { id } => self.reboot(&id).map(done),
            Request::Kill { id } => self.kill(&id).map(done),
            Request::EndForDisk { id, used_mib, limit_mib } => {
                self.end_for_disk(&id, used_mib, limit_mib).map(done)
            }
            Request::Forget { id } => self.forget(&id).map(done),
            Request::SetWeight { id, weight } => self.set_weight(&id, weight).map(done),
            Request::Freeze { id, frozen } => self.freeze(&id, frozen).map(done),
            Request::Machine { id } => {
                let machine = self.machines.get(&id).ok_or(Refusal::Unknown(id))?;
                Ok((Reply::Machine(machine.status.clone()), Vec::new()))
            }
            Request::Usage { id } => {
                if !self.machines.contains_key(&id) {
                    return Err(Refusal::Unknown(id).into());
                }
                Ok((Reply::Usage(self.cgroups.usage(&id)), Vec::new()))
            }
            Request::Machines { after } => {
                let page: Vec<MachineStatus> = page(&self.machines, after, |machine| machine.status.clone());
                Ok((Reply::Machines(page), Vec::new()))
            }
            Request::Exec(spec) => Err(Refusal::Invalid(format!("command {} out of turn", spec.id)).into()),
            Request::KillExec { id } => self.kill_exec(&id).map(done),
            Request::ExecStatus { id } => {
                let command = self.commands.get(&id).ok_or(Refusal::Unknown(id))?;
                Ok((Reply::Command(command.status()), Vec::new()))
            }
            Request::ForgetExec { id } => self.forget_exec(&id).map(done),
            Request::Commands { after } => Ok((
                Reply::Commands(page(&self.commands, after, super::commands::Command::status)),
                Vec::new(),
            )),
            Request::Shutdown => {
                self.ending = true;
                Ok(done(()))
            }
        }
    }

    /// Tells all subscribers, after the next commit.
    pub(super) fn publish(&mut self, event: Event) {
        self.post(None, &Answer::Event(event), Vec::new());
    }

    fn post(&mut self, client: Option<u64>, answer: &Answer, fds: Vec<OwnedFd>) {
        // Our own types always serialise; a page is bounded well below the limit.
        if let Ok(bytes) = serde_json::to_vec(answer) {
            self.outbox.push(Outgoing { client, bytes, fds });
        }
    }

    pub(super) fn send_outbox(&mut self) {
        for message in std::mem::take(&mut self.outbox) {
            if let Some(number) = message.client {
                self.send_to(number, message.bytes, message.fds);
                continue;
            }
            let subscribed = self.clients.iter().filter(|(_, client)| client.subscribed);
            let subscribers: Vec<u64> = subscribed.map(|(number, _)| *number).collect();
            for number in subscribers {
                self.send_to(number, message.bytes.clone(), Vec::new());
            }
        }
    }

    fn send_to(&mut self, number: u64, bytes: Vec<u8>, fds: Vec<OwnedFd>) {
        let Some(client) = self.clients.get_mut(&number) else { return };
        if client.backlog.len() >= MAX_BACKLOG {
            return self.client_gone(number);
        }
        client.backlog.push_back((bytes, fds));
        // With a longer backlog the socket was full a moment ago; epoll will tell when it is not.
        if client.backlog.len() == 1 {
            self.send_backlog(number);
        }
    }

    fn send_backlog(&mut self, number: u64) {
        let Some(client) = self.clients.get_mut(&number) else { return };
        let had_waited = client.backlog.len();
        while let Some((bytes, fds)) = client.backlog.front() {
            let borrowed: Vec<_> = fds.iter().map(|fd| fd.as_fd()).collect();
            match seqpacket::send(&client.socket, bytes, &borrowed) {
                Ok(()) => drop(client.backlog.pop_front()),
                Err(Errno::AGAIN) => break,
                Err(_) => return self.client_gone(number),
            }
        }
        let waiting = !client.backlog.is_empty();
        if waiting || had_waited > 1 {
            let flags = if waiting { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
            let _ = epoll::modify(&self.epoll, &client.socket, EventData::new_u64(client.token), flags);
        }
    }
}

/// Up to [`PAGE`] entries behind `after`.
fn page<T, S>(
    all: &std::collections::BTreeMap<String, T>,
    after: Option<String>,
    show: impl Fn(&T) -> S,
) -> Vec<S> {
    use std::ops::Bound::{Excluded, Unbounded};
    let start = after.map_or(Unbounded, Excluded);
    all.range::<String, _>((start, Unbounded)).take(PAGE).map(|(_, item)| show(item)).collect()
}
