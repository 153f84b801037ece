//! Questions over TCP (RFC 7766): several on one connection, answered one after the other.

use crate::engine::{Engine, Step, Transport, View};
use crate::task;
use crate::wire::{query, writer};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Connections of one machine.
const MAX_OF_ONE: usize = 16;
/// Connections to one address of a VPC's name server.
const MAX_OF_ALL: usize = 256;
/// Until the next question must have come, or an answer must have been taken.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest question that is looked at.
const MAX_QUESTION: usize = 4_096;

/// Open connections by machine.
type Guests = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// Serves a listener until the task is aborted; its connections end with it.
pub(crate) async fn serve(engine: Arc<Engine>, view: Arc<View>, listener: TcpListener) {
    let guests = Guests::default();
    let mut conversations = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // Those that have ended are forgotten at once.
            Some(_) = conversations.join_next() => continue,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, vpc = &*view.key.vpc_id, "a name server cannot accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Without a seat the connection is closed at once: the machine may come back.
        if let Some(seat) = Seat::take(&guests, peer.ip()) {
            let (engine, view) = (engine.clone(), view.clone());
            conversations.spawn(async move {
                // A machine that hangs up, or is too slow, is no event of ours.
                let _ = converse(&engine, &view, stream, seat.address).await;
                drop(seat);
            });
        }
    }
}

async fn converse(
    engine: &Arc<Engine>,
    view: &Arc<View>,
    mut stream: TcpStream,
    source: IpAddr,
) -> io::Result<()> {
    let late = || io::Error::from(io::ErrorKind::TimedOut);
    let mut answer = Vec::new();
    loop {
        let packet = timeout(PATIENCE, read(&mut stream)).await.map_err(|_| late())??;
        match engine.step(view, source, Transport::Tcp, &packet, &mut answer) {
            Step::Reply => {}
            Step::Silence => continue,
            Step::Wait(waiting) => {
                let found = task::resolve(engine, view, &waiting).await;
                let Ok(query) = query::parse(&packet) else { continue };
                writer::write(&query, &found, Transport::Tcp.limit(&query), &mut answer);
            }
        }
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        answer.splice(..0, length.to_be_bytes());
        timeout(PATIENCE, stream.write_all(&answer)).await.map_err(|_| late())??;
    }
}

async fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = usize::from(stream.read_u16().await?);
    if length > MAX_QUESTION {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut packet = vec![0; length];
    stream.read_exact(&mut packet).await?;
    Ok(packet)
}

/// One of the connections a machine may have; given back when dropped.
struct Seat {
    guests: Guests,
    address: IpAddr,
}

impl Seat {
    fn take(guests: &Guests, address: IpAddr) -> Option<Seat> {
        let mut table = guests.lock();
        if table.values().sum::<usize>() >= MAX_OF_ALL {
            return None;
        }
        let count = table.entry(address).or_default();
        if *count >= MAX_OF_ONE {
            return None;
        }
        *count += 1;
        drop(table);
        Some(Seat { guests: guests.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut table = self.guests.lock();
        if let Some(count) = table.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                table.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_machine_cannot_take_every_seat() {
        let guests = Guests::default();
        let greedy = IpAddr::from([10, 0, 0, 1]);
        let seats: Vec<_> = (0..100).map_while(|_| Seat::take(&guests, greedy)).collect();
        assert_eq!(seats.len(), MAX_OF_ONE);
        assert!(Seat::take(&guests, [10, 0, 0, 2].into()).is_some());
        drop(seats);
        assert!(Seat::take(&guests, greedy).is_some());
        assert!(guests.lock().is_empty(), "nothing is remembered of those who left");
    }
}
