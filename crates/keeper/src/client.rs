//! The client side of the socket: blocking, one request at a time per connection.

use std::os::fd::OwnedFd;
use std::path::Path;

use crate::error::{KeeperError, Result};
use crate::protocol::{Answer, Event, Frame, MAX_MESSAGE, Reply, Request};
use crate::seqpacket;

/// A connection to the keeper. Use one for requests and another one for events.
#[derive(Debug)]
pub struct Connection {
    socket: OwnedFd,
    next: u64,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to the keeper listening at `path`.
    pub fn open(path: &Path) -> Result<Self> {
        let socket = seqpacket::connect(path)?;
        Ok(Self { socket, next: 1, buffer: vec![0; MAX_MESSAGE] })
    }

    /// Sends a request and waits for its answer and the descriptors that come with it.
    pub fn call(&mut self, request: Request) -> Result<(Reply, Vec<OwnedFd>)> {
        let number = self.next;
        self.next += 1;
        let bytes = serde_json::to_vec(&Frame { number, request })
            .map_err(|error| KeeperError::Malformed(error.to_string()))?;
        if bytes.len() > MAX_MESSAGE {
            return Err(KeeperError::Malformed(format!(
                "request of {} bytes, limit {MAX_MESSAGE}",
                bytes.len()
            )));
        }
        seqpacket::send(&self.socket, &bytes, &[]).map_err(gone)?;
        loop {
            // Events may arrive on a connection that subscribed; a caller of `call` does not want them.
            if let (Answer::Reply { number: got, result }, fds) = self.read()?
                && got == number
            {
                return Ok((result?, fds));
            }
        }
    }

    /// Turns this connection into a source of events.
    pub fn subscribe(mut self) -> Result<Events> {
        self.call(Request::Subscribe)?;
        Ok(Events(self))
    }

    fn read(&mut self) -> Result<(Answer, Vec<OwnedFd>)> {
        let (length, fds) = seqpacket::receive(&self.socket, &mut self.buffer).map_err(gone)?;
        if length == 0 {
            return Err(KeeperError::Disconnected);
        }
        let answer = serde_json::from_slice(&self.buffer[..length])
            .map_err(|error| KeeperError::Malformed(error.to_string()))?;
        Ok((answer, fds))
    }
}

/// A subscribed connection.
#[derive(Debug)]
pub struct Events(Connection);

impl Events {
    /// Waits for the next event; [`KeeperError::Disconnected`] when the keeper is gone.
    pub fn next_event(&mut self) -> Result<Event> {
        loop {
            if let (Answer::Event(event), _) = self.0.read()? {
                return Ok(event);
            }
        }
    }
}

fn gone(error: rustix::io::Errno) -> KeeperError {
    use rustix::io::Errno;
    match error {
        Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN => KeeperError::Disconnected,
        other => KeeperError::system("keeper socket", other),
    }
}
