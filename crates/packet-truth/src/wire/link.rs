//! An interface that frames are put on and read from (packet(7)).

use rustix::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::io;

/// `ETH_P_ALL`: every protocol.
const ALL_PROTOCOLS: u16 = 3;
/// Enough for every frame of a burst.
const BUFFER: usize = 8 << 20;

/// A packet socket on one interface.
pub struct Link {
    socket: OwnedFd,
}

impl Link {
    /// Opens interfaces of a namespace by name, on a thread that is thrown away, after `prepare` has run there.
    ///
    /// # Errors
    /// When there is no such interface, or the process may not open packet sockets.
    pub fn open_in(
        namespace: &File,
        names: &[String],
        prepare: impl FnOnce() -> io::Result<()> + Send,
    ) -> io::Result<Vec<Self>> {
        std::thread::scope(|scope| {
            let work = scope.spawn(|| {
                let kind = Some(LinkNameSpaceType::Network);
                move_into_link_name_space(namespace.as_fd(), kind)?;
                prepare()?;
                names.iter().map(|name| Self::open(name)).collect()
            });
            work.join().unwrap_or_else(|_| Err(io::Error::other("the thread panicked")))
        })
    }

    /// Opens an interface of our own namespace.
    ///
    /// # Errors
    /// As [`Self::open_in`].
    pub fn open(name: &str) -> io::Result<Self> {
        // Without a protocol it hears nothing until it is bound, so nothing of other interfaces either.
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = net::socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None)?;
        let index = net::netdevice::name_to_index(&socket, name)?;
        bind(&socket, index)?;
        // The limit for unprivileged processes does not matter to the privileged one that we are.
        let _ = net::sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER);
        Ok(Self { socket })
    }

    /// A second handle of the same socket.
    ///
    /// # Errors
    /// When there are too many open files.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { socket: self.socket.try_clone()? })
    }

    /// Puts a frame on the wire. When this returns it has left the interface.
    ///
    /// # Errors
    /// When the interface is down or gone.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        loop {
            match net::send(&self.socket, frame, SendFlags::empty()) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR | Errno::AGAIN | Errno::NOBUFS) => std::thread::yield_now(),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The next frame that has arrived; `None` when there is none now.
    ///
    /// # Errors
    /// When the interface is gone.
    pub fn receive<'b>(&self, buffer: &'b mut [u8]) -> io::Result<Option<&'b [u8]>> {
        match net::recv(&self.socket, &mut *buffer, RecvFlags::empty()) {
            Ok((length, _)) => Ok(buffer.get(..length)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

#[allow(unsafe_code, reason = "no safe wrapper knows the address form of packet sockets")]
fn bind(socket: &OwnedFd, index: u32) -> io::Result<()> {
    // SAFETY: all-zero bytes are a valid value of this plain C struct.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = u16::try_from(libc::AF_PACKET).unwrap_or_default();
    address.sll_protocol = ALL_PROTOCOLS.to_be();
    address.sll_ifindex = i32::try_from(index).unwrap_or_default();
    let length = u32::try_from(size_of_val(&address)).unwrap_or_default();
    // SAFETY: `address` is live and of the given length; the descriptor is owned by `socket`.
    let result = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
