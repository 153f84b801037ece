//! Load between two machines, in rounds short enough to be interleaved with the same load elsewhere.

use super::facts::PORT;
use super::ground::Machine;
use crate::statistics::Times;
use anyhow::{Context as _, anyhow};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use test_support::unbroken;

/// What is lost does not come any more.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of a question and of its answer: with UDP, IP and Ethernet a frame of 64 bytes.
const QUESTION: usize = 22;

/// Median round trip in µs of `count` questions and answers over UDP.
pub(super) fn round_trip(from: &Machine, to: &Machine, count: usize) -> anyhow::Result<f64> {
    let asking = asking(from)?;
    asking.connect((to.address, PORT))?;
    answered(to, |_| {
        let mut times = Vec::with_capacity(count);
        let mut buffer = [0; QUESTION];
        for _ in 0..count {
            let begun = Instant::now();
            asking.send(&buffer)?;
            unbroken(PATIENCE, || asking.recv(&mut buffer))?;
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        Ok(Times::new(times).median())
    })
}

/// The same where every question comes from a port of its own: each is a connection that the rules must admit.
pub(super) fn first_round_trip(from: &Machine, to: &Machine, count: usize) -> anyhow::Result<f64> {
    answered(to, |target| {
        let mut times = Vec::with_capacity(count);
        let mut buffer = [0; QUESTION];
        // One namespace change for all sockets.
        let sockets = from.namespace.inside(|| {
            (0..count)
                .map(|_| Ok(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?))
                .collect::<anyhow::Result<Vec<_>>>()
        })?;
        for socket in sockets {
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.connect(target)?;
            let begun = Instant::now();
            socket.send(&buffer)?;
            unbroken(PATIENCE, || socket.recv(&mut buffer))?;
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        Ok(Times::new(times).median())
    })
}

fn asking(at: &Machine) -> anyhow::Result<UdpSocket> {
    let socket = at.namespace.inside(|| Ok(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// Runs `work` while a machine answers every datagram, both on one processor: what is compared is the path of a packet, and
/// waking another processor that sleeps takes ten times as long.
fn answered<T: Send>(
    at: &Machine,
    work: impl FnOnce(SocketAddr) -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    let target = SocketAddr::from((at.address, PORT));
    let socket = at.namespace.inside(|| Ok(UdpSocket::bind(target)?))?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = stay_on_one_processor();
            let mut buffer = [0; 64];
            while !over.load(Ordering::Relaxed) {
                // A silence only means that it is time to look whether this is over.
                if let Ok((length, peer)) = socket.recv_from(&mut buffer) {
                    let _ = socket.send_to(&buffer[..length], peer);
                }
            }
        });
        let asking = scope.spawn(|| {
            stay_on_one_processor()?;
            work(target)
        });
        let done = asking.join().unwrap_or_else(|_| Err(anyhow!("the asking thread panicked")));
        over.store(true, Ordering::Relaxed);
        done.context("a datagram or its answer was lost")
    })
}

/// Binds the calling thread to the first processor that it may use.
fn stay_on_one_processor() -> anyhow::Result<()> {
    let allowed = sched_getaffinity(None)?;
    let first = (0..CpuSet::MAX_CPU).find(|cpu| allowed.is_set(*cpu)).context("no processor")?;
    let mut one = CpuSet::new();
    one.set(first);
    Ok(sched_setaffinity(None, &one)?)
}

/// Gigabits per second of one TCP connection that carries so many bytes.
pub(super) fn throughput(from: &Machine, to: &Machine, bytes: usize) -> anyhow::Result<f64> {
    const BLOCK: usize = 1 << 17;
    let target = SocketAddr::from((to.address, PORT));
    let listener = to.namespace.inside(|| Ok(TcpListener::bind(target)?))?;
    let mut sender = from.namespace.inside(|| Ok(TcpStream::connect_timeout(&target, PATIENCE)?))?;
    sender.set_write_timeout(Some(PATIENCE))?;
    let (mut receiver, _) = listener.accept()?;
    receiver.set_read_timeout(Some(PATIENCE))?;
    let begun = Instant::now();
    let reader = thread::spawn(move || std::io::copy(&mut receiver, &mut std::io::sink()));
    let block = vec![0; BLOCK];
    for _ in 0..bytes.div_ceil(BLOCK) {
        sender.write_all(&block)?;
    }
    drop(sender);
    let got = reader.join().map_err(|_| anyhow!("the reading thread panicked"))??;
    let kilobits = u32::try_from(got * 8 / 1000)?;
    Ok(f64::from(kilobits) / 1e6 / begun.elapsed().as_secs_f64())
}
