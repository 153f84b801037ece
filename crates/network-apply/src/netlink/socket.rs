//! A netlink socket. It belongs for ever to the network namespace of the thread
//! that opened it, which is how one process serves all namespaces.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use super::message::{HEADER, Messages};
use super::{attributes, nested};

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const ACK: u16 = 4;
const DUMP: u16 = 0x300;
/// In a reply: the refused message is not repeated behind its header.
const CAPPED: u16 = 0x100;
/// Attributes of an extended acknowledgement.
const ERROR_TEXT: u16 = 1;
const ERROR_OFFSET: u16 = 2;
/// Room for the largest batch (100,000 elements are about 15 MB) …
const SEND_BUFFER: libc::c_int = 64 << 20;
/// … and for the errors it may cause.
const RECEIVE_BUFFER: libc::c_int = 4 << 20;

/// The kernel's refusal of one message of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Which message, counted from 0; `None` if the whole send failed.
    pub(crate) message: Option<usize>,
    /// The error number.
    pub(crate) errno: i32,
    /// The kernel's words, if it had any.
    pub(crate) text: Option<String>,
    /// Byte offset of the offending attribute inside the message.
    pub(crate) offset: Option<u32>,
}

/// A message of a dump: its type and everything behind the netlink header.
pub(crate) struct Reply {
    pub(crate) kind: u16,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Socket {
    fd: OwnedFd,
    sequence: u32,
}

impl Socket {
    /// Routes, links, addresses, neighbours, rules of the current namespace.
    pub(crate) fn route() -> io::Result<Self> {
        Self::open(libc::NETLINK_ROUTE)
    }

    /// Netfilter of the current namespace.
    pub(crate) fn netfilter() -> io::Result<Self> {
        Self::open(libc::NETLINK_NETFILTER)
    }

    fn open(protocol: libc::c_int) -> io::Result<Self> {
        // SAFETY: plain system call without pointers; the result is checked.
        let raw = unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, protocol) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `raw` was just returned by socket(2) and is owned by nobody else.
        let fd = unsafe { OwnedFd::from_raw_fd(raw) };
        let socket = Self { fd, sequence: 1 };
        socket.option(libc::SOL_NETLINK, libc::NETLINK_EXT_ACK, 1)?;
        socket.option(libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, 1)?;
        // The forced variants need rights outside the user namespace; without
        // them the system's own limits apply.
        for (forced, plain, size) in [
            (libc::SO_SNDBUFFORCE, libc::SO_SNDBUF, SEND_BUFFER),
            (libc::SO_RCVBUFFORCE, libc::SO_RCVBUF, RECEIVE_BUFFER),
        ] {
            socket
                .option(libc::SOL_SOCKET, forced, size)
                .or_else(|_| socket.option(libc::SOL_SOCKET, plain, size))?;
        }
        Ok(socket)
    }

    fn option(&self, level: libc::c_int, name: libc::c_int, value: libc::c_int) -> io::Result<()> {
        let len = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
        // SAFETY: the pointer is to a live c_int and `len` is its size.
        let result = unsafe {
            libc::setsockopt(self.fd.as_raw_fd(), level, name, std::ptr::from_ref(&value).cast(), len)
        };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Gets an address, of the kernel's choosing; one that has an address keeps it.
    fn bind(&self) -> io::Result<()> {
        // SAFETY: all zero is a valid address: no port, no groups.
        let mut address: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
        address.nl_family = libc::sa_family_t::try_from(libc::AF_NETLINK).unwrap_or_default();
        let len = libc::socklen_t::try_from(size_of::<libc::sockaddr_nl>()).unwrap_or_default();
        // SAFETY: the pointer is to a live address of `len` bytes.
        let result = unsafe { libc::bind(self.fd.as_raw_fd(), std::ptr::from_ref(&address).cast(), len) };
        // EINVAL: it has another one already, which is as good.
        match io::Error::last_os_error() {
            error if result < 0 && error.raw_os_error() != Some(libc::EINVAL) => Err(error),
            _ => Ok(()),
        }
    }

    /// Takes part in a multicast group: the kernel's events come in from now on.
    pub(crate) fn join(&self, group: libc::c_int) -> io::Result<()> {
        // A socket without an address of its own passes for the kernel, which does not tell itself.
        self.bind()?;
        self.option(libc::SOL_NETLINK, libc::NETLINK_ADD_MEMBERSHIP, group)
    }

    /// The next datagram of events; `None` if there is none now. ENOBUFS says that some were lost.
    pub(crate) fn next(&self) -> io::Result<Option<Vec<u8>>> {
        self.receive(false).map_err(|refusal| io::Error::from_raw_os_error(refusal.errno))
    }

    /// Makes the send buffer small, as an unprivileged process has it.
    #[cfg(test)]
    pub(crate) fn limit_send_buffer(&self, bytes: libc::c_int) -> io::Result<()> {
        self.option(libc::SOL_SOCKET, libc::SO_SNDBUF, bytes)
    }

    /// Sends messages and waits for the kernel's word on all of them. The kernel
    /// works synchronously: when this returns, it is done. A refusal of one does
    /// not stop the others; all refusals are returned. (Inside a transaction one
    /// refusal stops everything.)
    ///
    /// Only refusals are answered, except for `last`, which is acknowledged.
    pub(crate) fn send(&mut self, messages: &mut Messages, last: usize) -> Result<Vec<Refusal>, Refusal> {
        if messages.count() == 0 {
            return Ok(Vec::new());
        }
        messages.add_flags(last, ACK);
        let first = self.start(messages)?;
        let mut refusals = Vec::new();
        let mut finished = false;
        while !finished {
            // A batch that fails as a whole is answered for its first message
            // only, and nothing follows.
            let wait = refusals.is_empty();
            let Some(datagram) = self.receive(wait)? else { break };
            for (kind, sequence, flags, body) in split(&datagram) {
                let Some(index) = sequence.checked_sub(first).map(|index| index as usize) else {
                    continue;
                };
                if kind != NLMSG_ERROR || index >= messages.count() {
                    continue;
                }
                match refusal(index, flags, body) {
                    Some(refusal) => refusals.push(refusal),
                    None => finished |= index == last,
                }
            }
        }
        // Leave nothing behind for the next request.
        while self.receive(false)?.is_some() {}
        Ok(refusals)
    }

    /// Asks for everything of a kind.
    pub(crate) fn dump(&mut self, request: &mut Messages) -> Result<Vec<Reply>, Refusal> {
        self.ask(request, DUMP)
    }

    /// Asks for one object.
    pub(crate) fn get(&mut self, request: &mut Messages) -> Result<Vec<Reply>, Refusal> {
        // The acknowledgement marks the end, as a dump's last message does.
        self.ask(request, ACK)
    }

    fn ask(&mut self, request: &mut Messages, flags: u16) -> Result<Vec<Reply>, Refusal> {
        request.add_flags(0, flags);
        let first = self.start(request)?;
        let mut replies = Vec::new();
        loop {
            let Some(datagram) = self.receive(true)? else { continue };
            for (kind, sequence, flags, body) in split(&datagram) {
                if sequence != first {
                    continue;
                }
                match kind {
                    NLMSG_DONE => return Ok(replies),
                    NLMSG_ERROR => match refusal(0, flags, body) {
                        Some(refusal) => return Err(refusal),
                        None => return Ok(replies),
                    },
                    _ => replies.push(Reply { kind, body: body.to_vec() }),
                }
            }
        }
    }

    /// For waiting.
    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    fn start(&mut self, messages: &mut Messages) -> Result<u32, Refusal> {
        let first = self.sequence;
        let count = u32::try_from(messages.count()).unwrap_or(u32::MAX);
        // Never wraps into a range that overlaps an earlier one in flight: there
        // is none, every request is answered before the next.
        self.sequence = match first.checked_add(count) {
            Some(next) if next < u32::MAX / 2 => next,
            _ => 1,
        };
        let bytes = messages.seal(first);
        loop {
            // SAFETY: the buffer is valid for its length during the call.
            let sent = unsafe { libc::send(self.fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), 0) };
            if sent >= 0 {
                return Ok(first);
            }
            let refusal = os_refusal();
            if refusal.errno != libc::EINTR {
                return Err(refusal);
            }
        }
    }

    /// One datagram; `None` if there is none and `wait` is false.
    fn receive(&self, wait: bool) -> Result<Option<Vec<u8>>, Refusal> {
        let mut buffer = vec![0_u8; 64 << 10];
        let flags = if wait { 0 } else { libc::MSG_DONTWAIT };
        loop {
            // SAFETY: the buffer is valid for its length during the call.
            let got =
                unsafe { libc::recv(self.fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), flags) };
            if let Ok(len) = usize::try_from(got) {
                buffer.truncate(len);
                return Ok(Some(buffer));
            }
            let refusal = os_refusal();
            match refusal.errno {
                libc::EINTR => {}
                libc::EAGAIN if !wait => return Ok(None),
                _ => return Err(refusal),
            }
        }
    }
}

fn os_refusal() -> Refusal {
    let errno = io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
    Refusal { message: None, errno, text: None, offset: None }
}

/// Type, sequence, flags and body of each message in a datagram.
pub(crate) fn split(mut datagram: &[u8]) -> impl Iterator<Item = (u16, u32, u16, &[u8])> {
    std::iter::from_fn(move || {
        let header = datagram.get(..HEADER)?;
        let len = u32::from_ne_bytes(header[..4].try_into().ok()?) as usize;
        let kind = u16::from_ne_bytes([header[4], header[5]]);
        let flags = u16::from_ne_bytes([header[6], header[7]]);
        let sequence = u32::from_ne_bytes(header[8..12].try_into().ok()?);
        let body = datagram.get(HEADER..len)?;
        datagram = datagram.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, sequence, flags, body))
    })
}

/// An error reply; `None` if it is an acknowledgement.
fn refusal(index: usize, flags: u16, body: &[u8]) -> Option<Refusal> {
    let errno = -i32::from_ne_bytes(body.get(..4)?.try_into().ok()?);
    if errno == 0 {
        return None;
    }
    // Behind the number: the refused message's header, its body unless capped,
    // then attributes.
    let repeated = u32::from_ne_bytes(body.get(4..8)?.try_into().ok()?) as usize;
    let skip = if flags & CAPPED != 0 { HEADER } else { repeated };
    let extra = body.get(4 + skip.next_multiple_of(4)..).unwrap_or_default();
    let offset = nested(extra, &[ERROR_OFFSET])
        .and_then(|value| Some(u32::from_ne_bytes(value.get(..4)?.try_into().ok()?)));
    let text =
        attributes(extra).find(|attribute| attribute.kind == ERROR_TEXT).map(|attribute| attribute.text());
    Some(Refusal { message: Some(index), errno, text, offset })
}
