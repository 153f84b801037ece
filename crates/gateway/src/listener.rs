//! Taking connections: how many, how long, and how they end.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::chain;
use crate::gateway::Gateway;
use crate::metrics::GatewayCounters;
use crate::pace::{Pace, Paced};

/// What a client gets to see of a full house, before its request is even read.
const FULL_HOUSE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
/// Smallest head buffer the HTTP library takes.
const SMALLEST_HEAD: usize = 8 << 10;

/// Connections the kernel keeps while they wait to be accepted; it cuts this to its own limit. What
/// finds no place there tries again after a second, which a burst of clients would notice.
const WAITING_ROOM: u32 = 4_096;

/// Binds a listener fit for [`Gateway::serve`].
///
/// # Errors
/// What the system says: the address is in use, or not ours.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A server that was just stopped leaves its port in use for a minute otherwise.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING_ROOM)
}

/// Accepts until `stop`, then waits for open requests.
pub(crate) async fn serve(gateway: &Arc<Gateway>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let seats = Arc::new(Semaphore::new(gateway.config.limits.connections.min(Semaphore::MAX_PERMITS)));
    let (closing, closed) = watch::channel(false);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => admit(gateway, &seats, &closed, stream, peer),
            Err(error) => {
                // Out of descriptors, mostly. They come back when connections end; spinning helps nobody.
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
    drop(listener);
    drop(closed);
    closing.send_replace(true);
    // Every connection holds a receiver; when the last is gone, all are done.
    if timeout(gateway.config.limits.farewell, closing.closed()).await.is_err() {
        tracing::warn!("requests were still open at the end and are cut off");
    }
}

/// Gives the connection a seat, or shows it the full house.
fn admit(
    gateway: &Arc<Gateway>,
    seats: &Arc<Semaphore>,
    closing: &watch::Receiver<bool>,
    stream: TcpStream,
    peer: SocketAddr,
) {
    let Ok(seat) = Arc::clone(seats).try_acquire_owned() else {
        GatewayCounters::add(&gateway.counters.refused_connections);
        // If even this does not fit into the socket, closing says the same.
        let _ = stream.try_write(FULL_HOUSE);
        return;
    };
    let (gateway, closing) = (Arc::clone(gateway), closing.clone());
    #[expect(clippy::disallowed_methods, reason = "ends with its connection, which a stop closes")]
    tokio::spawn(async move {
        gateway.counters.open_connections.fetch_add(1, Ordering::Relaxed);
        converse(Arc::clone(&gateway), closing, stream, peer).await;
        gateway.counters.open_connections.fetch_sub(1, Ordering::Relaxed);
        drop(seat);
    });
}

/// Serves one connection to its end.
async fn converse(
    gateway: Arc<Gateway>,
    mut closing: watch::Receiver<bool>,
    stream: TcpStream,
    peer: SocketAddr,
) {
    let limits = &gateway.config.limits;
    let local = stream.local_addr().ok();
    // Small answers go out at once instead of waiting for company.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let stream = Paced::new(stream, Pace { grace: limits.answer_grace, rate: limits.answer_rate });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_headers(limits.headers)
        .max_buf_size(limits.head.max(SMALLEST_HEAD));
    let service = service_fn(move |request: Request<Incoming>| {
        let gateway = Arc::clone(&gateway);
        async move { Ok::<_, Infallible>(chain::serve(&gateway, peer, local, request).await) }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = closing.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Clients break off, time out and talk nonsense all day; that is their affair.
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}
