//! Services inside a VPC: sockets opened in the router's namespace stay there,
//! whoever uses them later.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsFd;

use crate::router::Router;
use crate::{ApplyError, netns};

impl Router {
    /// See [`crate::Network::listen_in_vpc`].
    pub(crate) fn listen(&self, address: SocketAddr) -> Result<TcpListener, ApplyError> {
        self.open(address, || TcpListener::bind(address))
    }

    /// See [`crate::Network::datagrams_in_vpc`].
    pub(crate) fn datagrams(&self, address: SocketAddr) -> Result<UdpSocket, ApplyError> {
        self.open(address, || UdpSocket::bind(address))
    }

    fn open<T: Send>(
        &self,
        address: SocketAddr,
        bind: impl FnOnce() -> io::Result<T> + Send,
    ) -> Result<T, ApplyError> {
        netns::inside(self.namespace.as_fd(), bind)?
            .map_err(ApplyError::io(format!("listening on {address} inside a VPC")))
    }
}
