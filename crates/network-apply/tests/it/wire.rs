//! Real packets: connections, datagrams, echoes, frames.

use std::io;
use std::mem::size_of;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::datagrams::{Datagrams, PATIENCE, counted};
use crate::world::Namespace;

pub fn listen(at: &Namespace, address: &str) -> TcpListener {
    at.inside(|| TcpListener::bind(address).unwrap())
}

/// Connects; the address may be a name with a port in any usual form.
pub fn connect(at: &Namespace, to: &str) -> io::Result<TcpStream> {
    at.inside(|| {
        let address = to.to_socket_addrs()?.next().unwrap();
        TcpStream::connect_timeout(&address, PATIENCE)
    })
}

/// Connects and returns the address under which the listener sees us.
pub fn seen_as(at: &Namespace, to: &str, listener: &TcpListener) -> IpAddr {
    let _stream = connect(at, to).unwrap();
    let (_, peer) = listener.accept().unwrap();
    peer.ip()
}

/// Begins a connection without waiting for it; the packet is on its way when
/// this returns.
pub fn begin(at: &Namespace, to: &str) -> OwnedFd {
    at.inside(|| {
        let address: SocketAddr = to.parse().unwrap();
        let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
        let socket = open(family, libc::SOCK_STREAM | libc::SOCK_NONBLOCK, 0);
        let (raw, len) = raw_address(address);
        // SAFETY: `raw` is a live sockaddr of `len` bytes.
        let result = unsafe { libc::connect(socket.as_raw_fd(), raw.as_ptr().cast(), len) };
        assert!(result == 0 || io::Error::last_os_error().raw_os_error() == Some(libc::EINPROGRESS));
        socket
    })
}

pub fn bind_udp(at: &Namespace, address: &str) -> Datagrams {
    Datagrams::new(at.inside(|| UdpSocket::bind(address).unwrap()))
}

/// Sends an ICMP or ICMPv6 message of any type and code.
pub fn send_icmp(at: &Namespace, to: IpAddr, kind: u8, code: u8) -> OwnedFd {
    at.inside(|| {
        let (family, protocol) = match to {
            IpAddr::V4(_) => (libc::AF_INET, libc::IPPROTO_ICMP),
            IpAddr::V6(_) => (libc::AF_INET6, libc::IPPROTO_ICMPV6),
        };
        let socket = open(family, libc::SOCK_RAW, protocol);
        let mut message = [kind, code, 0, 0, 0x12, 0x34, 0, 1, 1, 2, 3, 4];
        if to.is_ipv4() {
            let sum = checksum(&message);
            message[2..4].copy_from_slice(&sum.to_be_bytes());
        }
        send_to(&socket, to, &message);
        socket
    })
}

/// Sends a bare packet of a transport protocol.
pub fn send_protocol(at: &Namespace, to: Ipv4Addr, protocol: u8) {
    at.inside(|| {
        let socket = open(libc::AF_INET, libc::SOCK_RAW, protocol.into());
        send_to(&socket, to.into(), &[0; 16]);
    });
}

/// A socket that receives a raw protocol.
pub fn receive_protocol(at: &Namespace, protocol: u8) -> OwnedFd {
    at.inside(|| open(libc::AF_INET, libc::SOCK_RAW, protocol.into()))
}

/// Waits for the next message; `None` after a long silence.
pub fn receive(socket: &OwnedFd) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 2048];
    let len = counted(|| {
        // SAFETY: the buffer is valid for its length.
        unsafe { libc::recv(socket.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), 0) }
    });
    buffer.truncate(len.ok()?);
    Some(buffer)
}

/// Whether an echo comes back.
pub fn ping(at: &Namespace, to: &str) -> bool {
    let to: IpAddr = to.parse().unwrap();
    let (request, reply) = if to.is_ipv4() { (8, 0) } else { (128, 129) };
    let socket = send_icmp(at, to, request, 0);
    loop {
        let Some(message) = receive(&socket) else { return false };
        // IPv4 raw sockets deliver the IP header too.
        let skip = if to.is_ipv4() { usize::from(message[0] & 0xf) * 4 } else { 0 };
        if message[skip] == reply {
            return true;
        }
    }
}

/// Asks by ARP (RFC 826) for an address, quickly and in the name of 200 others.
pub fn flood_arp(at: &Namespace, source_mac: [u8; 6], wanted: Ipv4Addr) {
    let question = |last: u8| {
        let mut message = vec![0, 1, 8, 0, 6, 4, 0, 1];
        message.extend(source_mac);
        message.extend([10, 0, 9, last]);
        message.extend([0; 6]);
        message.extend(wanted.octets());
        message
    };
    send_ethernet(at, source_mac, [8, 6], (0..200).map(question).collect());
}

/// Sends an IPv4 packet inside an Ethernet frame of our own making.
pub fn send_frame(at: &Namespace, source_mac: [u8; 6], source: Ipv4Addr, to: Ipv4Addr) {
    let mut packet = vec![0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0];
    packet.extend(source.octets());
    packet.extend(to.octets());
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    // UDP to port 9, without a checksum.
    packet.extend([0x80, 0, 0, 9, 0, 8, 0, 0]);
    send_ethernet(at, source_mac, [8, 0], vec![packet]);
}

/// Sends frames that are no honest packets, as fast as it goes, until told to stop; counts those that went out.
pub fn send_garbage(at: &Namespace, sent: &AtomicU64, over: &AtomicBool) {
    at.inside(|| {
        let socket = open(libc::AF_PACKET, libc::SOCK_RAW, 0);
        let address = link_address();
        let mut noise: u64 = 0x9e37_79b9_7f4a_7c15;
        while !over.load(Ordering::Relaxed) {
            // Xorshift (Marsaglia 2003): other bytes each time, the same in each run.
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            let bytes = noise.to_ne_bytes();
            let mut frame: Vec<u8> =
                bytes.iter().copied().cycle().take(14 + usize::from(bytes[7]) * 5).collect();
            // To everybody, to the router under any name, or with a broken header of a known protocol.
            match noise % 4 {
                0 => frame[..6].fill(0xff),
                1 => frame[12..14].copy_from_slice(&[8, 0]),
                2 => frame[12..14].copy_from_slice(&[0x86, 0xdd]),
                _ => frame[12..14].copy_from_slice(&[8, 6]),
            }
            // A full queue is no failure: the next one is as good.
            let done = send_to_link(&socket, &address, &frame).is_ok();
            sent.fetch_add(u64::from(done), Ordering::Relaxed);
        }
    });
}

/// Sends frames to the router.
fn send_ethernet(at: &Namespace, source_mac: [u8; 6], kind: [u8; 2], packets: Vec<Vec<u8>>) {
    at.inside(|| {
        let socket = open(libc::AF_PACKET, libc::SOCK_RAW, 0);
        let address = link_address();
        for packet in packets {
            let mut frame = vec![0x0a, 0xa1, 0, 0, 2, 1];
            frame.extend(source_mac);
            frame.extend(kind);
            frame.extend(packet);
            assert_eq!(send_to_link(&socket, &address, &frame).unwrap(), frame.len());
        }
    });
}

/// The address of the machine's link.
fn link_address() -> libc::sockaddr_ll {
    // SAFETY: the name is a live, zero-terminated string.
    let index = unsafe { libc::if_nametoindex(c"eth0".as_ptr()) };
    // SAFETY: all-zero bytes are a valid sockaddr_ll.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = u16::try_from(libc::AF_PACKET).unwrap();
    address.sll_ifindex = i32::try_from(index).unwrap();
    address
}

/// Sends one frame; what the kernel answers.
fn send_to_link(socket: &OwnedFd, address: &libc::sockaddr_ll, frame: &[u8]) -> io::Result<usize> {
    let (raw, len) =
        (std::ptr::from_ref(address).cast(), u32::try_from(size_of::<libc::sockaddr_ll>()).unwrap());
    counted(|| {
        // SAFETY: frame and address are live for their stated lengths.
        unsafe { libc::sendto(socket.as_raw_fd(), frame.as_ptr().cast(), frame.len(), 0, raw, len) }
    })
}

fn open(family: i32, kind: i32, protocol: i32) -> OwnedFd {
    // SAFETY: no pointers; the result is checked.
    let raw = unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) };
    assert!(raw >= 0, "{}", io::Error::last_os_error());
    // SAFETY: fresh and owned by nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(raw) };
    let patience = libc::timeval { tv_sec: PATIENCE.as_secs().try_into().unwrap(), tv_usec: 0 };
    // SAFETY: the pointer is to a live timeval of the stated size.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVTIMEO,
            std::ptr::from_ref(&patience).cast(),
            u32::try_from(size_of::<libc::timeval>()).unwrap(),
        )
    };
    assert_eq!(result, 0);
    socket
}

fn send_to(socket: &OwnedFd, to: IpAddr, message: &[u8]) {
    let (raw, len) = raw_address(SocketAddr::new(to, 0));
    let raw = raw.as_ptr().cast();
    let sent = counted(|| {
        // SAFETY: message and address are live for their stated lengths.
        unsafe { libc::sendto(socket.as_raw_fd(), message.as_ptr().cast(), message.len(), 0, raw, len) }
    });
    assert_eq!(sent.unwrap(), message.len());
}

/// A sockaddr as bytes.
fn raw_address(address: SocketAddr) -> (Vec<u8>, u32) {
    let mut raw = Vec::new();
    match address {
        SocketAddr::V4(v4) => {
            raw.extend(u16::try_from(libc::AF_INET).unwrap().to_ne_bytes());
            raw.extend(v4.port().to_be_bytes());
            raw.extend(v4.ip().octets());
            raw.extend([0; 8]);
        }
        SocketAddr::V6(v6) => {
            raw.extend(u16::try_from(libc::AF_INET6).unwrap().to_ne_bytes());
            raw.extend(v6.port().to_be_bytes());
            raw.extend([0; 4]);
            raw.extend(v6.ip().octets());
            raw.extend([0; 4]);
        }
    }
    let len = u32::try_from(raw.len()).unwrap();
    (raw, len)
}

/// The internet checksum (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in bytes.chunks(2) {
        sum += u32::from(u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}
