//! Calls that wait with a time limit, and the signals in between.
//!
//! A process that is stopped and continued (as machines that run many tests do) gets `EINTR` from every call that
//! waits on a socket with a time limit, handler or not (signal(7), "Interruption of system calls and library
//! functions by stop signals"). The standard library tries `accept`, `connect`, `read_exact` and `write_all` again,
//! but not `recv` of a datagram and not `read`.

use std::io::{self, Read as _};
use std::net::{SocketAddr, UdpSocket};
use std::ops::Deref;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Long enough for a busy machine; only failing tests wait it out.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Makes a call again that a signal broke off, with the usual patience.
pub fn unbroken<T>(call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    test_support::unbroken(PATIENCE, call)
}

/// The same for a system call that answers a count, or -1.
pub fn counted(mut call: impl FnMut() -> isize) -> io::Result<usize> {
    unbroken(|| usize::try_from(call()).map_err(|_| io::Error::last_os_error()))
}

/// A UDP socket that waits out its patience whatever signals come.
pub struct Datagrams(UdpSocket);

impl Datagrams {
    pub fn new(socket: UdpSocket) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        unbroken(|| self.0.recv(buffer))
    }

    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        unbroken(|| self.0.recv_from(buffer))
    }
}

/// For all that does not wait.
impl Deref for Datagrams {
    type Target = UdpSocket;

    fn deref(&self) -> &UdpSocket {
        &self.0
    }
}

/// Tells this test, started a second time, where the first one hears it.
const CHILD: &str = "NETWORK_APPLY_STOPPED";

#[test]
fn a_stop_breaks_no_waiting_off() {
    let socket = Datagrams::new(UdpSocket::bind("127.0.0.1:0").unwrap());
    if let Ok(parent) = std::env::var(CHILD) {
        socket.send_to(b"here", parent).unwrap();
        assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 4);
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "datagrams::a_stop_breaks_no_waiting_off"])
        .env(CHILD, socket.local_addr().unwrap().to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (_, peer) = socket.recv_from(&mut [0; 8]).unwrap();
    for signal in [Signal::STOP, Signal::CONT].repeat(5) {
        kill_process(Pid::from_child(&child), signal).unwrap();
        let end = Instant::now() + PATIENCE;
        while stopped(&child) != (signal == Signal::STOP) {
            assert!(Instant::now() < end, "{signal:?} has no effect");
            std::thread::yield_now();
        }
    }
    socket.send_to(b"word", peer).unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
}

/// Whether a process is stopped (proc_pid_stat(5), the state).
fn stopped(child: &Child) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    stat.rsplit(") ").next().unwrap().starts_with('T')
}
