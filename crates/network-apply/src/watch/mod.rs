//! Listening to a router: what its filter dropped, which connections ended, which there are.
//!
//! The sockets stand in the router's namespace for ever and do not block, so that one executor serves them all. The
//! kernel never waits for a listener: what does not fit into a socket's buffer is lost, and said to be.

mod drops;
mod flow;
mod flows;
mod pressure;

use std::io;
use std::os::fd::AsFd;

pub use drops::{DropListener, DroppedPacket};
pub use flow::{Flow, Tuple};
pub use flows::{FlowListener, FlowTable};
pub use pressure::Pressure;

use crate::netlink::Socket;
use crate::router::Router;
use crate::{ApplyError, netns};

/// What came out of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard<T> {
    /// Some events, at least one.
    Some(Vec<T>),
    /// There is nothing (more) now.
    Nothing,
    /// The listener was too slow: an unknown number of events is lost. More may be waiting.
    Lost,
}

impl Router {
    /// See [`crate::Network::listen_to_drops`].
    pub(crate) fn listen_to_drops(&self) -> Result<DropListener, ApplyError> {
        DropListener::begin(self.socket()?)
    }

    /// See [`crate::Network::listen_to_flows`].
    pub(crate) fn listen_to_flows(&self) -> Result<(FlowListener, FlowTable), ApplyError> {
        Ok((FlowListener::begin(self.socket()?)?, FlowTable::new(self.socket()?)))
    }

    /// See [`crate::Network::pressure`].
    pub(crate) fn pressure(&mut self) -> Result<Pressure, ApplyError> {
        pressure::read(&mut self.filter)
    }

    fn socket(&self) -> Result<Socket, ApplyError> {
        netns::inside(self.namespace.as_fd(), Socket::netfilter)?
            .map_err(ApplyError::io("opening a netlink socket"))
    }
}

/// Reads what waits in a socket, once.
fn hear<T>(socket: &Socket, mut parse: impl FnMut(u16, &[u8]) -> Option<T>) -> io::Result<Heard<T>> {
    match socket.next() {
        Ok(Some(datagram)) => {
            let events = crate::netlink::split(&datagram);
            let found: Vec<T> = events.filter_map(|(kind, _, _, body)| parse(kind, body)).collect();
            // A datagram without events of ours says only that there may be another one.
            if found.is_empty() { hear(socket, parse) } else { Ok(Heard::Some(found)) }
        }
        Ok(None) => Ok(Heard::Nothing),
        Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => Ok(Heard::Lost),
        Err(error) => Err(error),
    }
}
