//! Questions over UDP.

use crate::engine::{Engine, Step, Transport, View, Waiting};
use crate::task;
use crate::wire::{query, writer};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::UdpSocket;

/// Packets taken from one socket before others get their turn.
const TURN: usize = 64;
/// The longest question that is looked at; usual ones have some fifty bytes.
const MAX_QUESTION: usize = 4_096;

/// Buffers that all sockets share: they are only used between two waits.
pub(crate) struct Scratch {
    question: Box<[u8]>,
    answer: Vec<u8>,
}

impl Scratch {
    pub(crate) fn new() -> Arc<Mutex<Scratch>> {
        let question = vec![0; MAX_QUESTION].into();
        Arc::new(Mutex::new(Scratch { question, answer: Vec::with_capacity(MAX_QUESTION) }))
    }
}

/// Serves a socket until the task is aborted.
pub(crate) async fn serve(
    engine: Arc<Engine>,
    view: Arc<View>,
    socket: Arc<UdpSocket>,
    scratch: Arc<Mutex<Scratch>>,
) {
    loop {
        if let Err(error) = socket.readable().await {
            tracing::warn!(%error, vpc = &*view.key.vpc_id, "a name server's socket has failed");
            return;
        }
        take_turn(&engine, &view, &socket, &mut scratch.lock());
        // A flood in one VPC must not keep the thread from the others.
        tokio::task::yield_now().await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a waiting question ends by itself: each of its steps has a time limit"
)]
fn take_turn(engine: &Arc<Engine>, view: &Arc<View>, socket: &Arc<UdpSocket>, scratch: &mut Scratch) {
    let Scratch { question, answer } = scratch;
    for _ in 0..TURN {
        let (length, peer) = match socket.try_recv_from(question) {
            Ok(received) => received,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
            // An ICMP error for an answer sent before: it concerns nobody here.
            Err(_) => continue,
        };
        let packet = &question[..length];
        match engine.step(view, peer.ip(), Transport::Udp, packet, answer) {
            // A full send buffer drops the answer, as any full queue on the way would.
            Step::Reply => drop(socket.try_send_to(answer, peer)),
            Step::Silence => {}
            Step::Wait(waiting) => {
                let (engine, view, socket) = (engine.clone(), view.clone(), socket.clone());
                tokio::spawn(answer_later(engine, view, socket, peer, packet.to_vec(), waiting));
            }
        }
    }
}

async fn answer_later(
    engine: Arc<Engine>,
    view: Arc<View>,
    socket: Arc<UdpSocket>,
    peer: SocketAddr,
    packet: Vec<u8>,
    waiting: Box<Waiting>,
) {
    let answer = task::resolve(&engine, &view, &waiting).await;
    if let Ok(query) = query::parse(&packet) {
        let mut out = Vec::new();
        writer::write(&query, &answer, Transport::Udp.limit(&query), &mut out);
        let _ = socket.try_send_to(&out, peer);
    }
}
