//! Too large, too slow, too many.

use std::time::Duration;

use aws_schema::{Operation, Protocol, Unit};
use gateway::{GatewayConfig, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Request, Response, until_closed};
use crate::echo::{self, Hang, Say, SayRequest};
use crate::world::World;

async fn world(limits: Limits) -> World {
    World::with(GatewayConfig { limits, ..GatewayConfig::default() }, false).await
}

fn say() -> Request {
    let input = SayRequest { text: Some("hi".to_owned()), ..SayRequest::default() };
    Request::call(Protocol::Json11, &echo::JSON, Say::SPEC, &input).signed_by("test", &echo::JSON)
}

/// Sends raw bytes and reads one answer, if there is one before the connection closes.
async fn exchange(world: &World, bytes: &[u8]) -> Option<Response> {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    // The server may close before all is written.
    let _ = stream.write_all(bytes).await;
    Response::read(&mut stream).await
}

#[tokio::test]
async fn announced_oversize_is_refused_unread() {
    let world = world(Limits { body: 1_000, ..Limits::default() }).await;
    let head = |length: u64| {
        format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        )
    };
    for length in [1_001, 1 << 40, u64::MAX] {
        // Nothing but the head is ever sent.
        let response = exchange(&world, head(length).as_bytes()).await.unwrap();
        // The largest number there is, the HTTP library refuses by itself, as too large a head.
        let status = if length == u64::MAX { 431 } else { 413 };
        assert_eq!(response.status, status, "{length}");
    }
    let fits = Request::new("POST", "/").body(vec![b'x'; 1_000]).send(world.address).await;
    assert_eq!(fits.status, 403, "not too large, only unsigned");
}

#[tokio::test]
async fn unannounced_oversize_is_cut_off() {
    let world = world(Limits { body: 1_000, ..Limits::default() }).await;
    let mut bytes = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..3 {
        bytes.extend(format!("190\r\n{}\r\n", "x".repeat(400)).as_bytes());
    }
    assert_eq!(exchange(&world, &bytes).await.unwrap().status, 413);
    for nonsense in ["zz\r\n", "fffffffffffffffffff\r\n", "-1\r\n"] {
        let request =
            format!("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{nonsense}");
        assert_eq!(exchange(&world, request.as_bytes()).await.unwrap().status, 400, "{nonsense}");
    }
}

#[tokio::test]
async fn a_service_may_take_more() {
    let by_service = [("jsonecho".to_owned(), 200_000)].into();
    let world = world(Limits { body: 1_000, body_by_service: by_service, ..Limits::default() }).await;
    let large = |service| {
        let padded = format!("{{\"Text\":\"hi\",\"Padding\":\"{}\"}}", "x".repeat(100_000));
        let request =
            Request::call(Protocol::Json11, service, Say::SPEC, &SayRequest::default()).body(padded);
        request.signed_by("test", service)
    };
    assert_eq!(large(&echo::JSON).send(world.address).await.status, 200);
    let refused = exchange(&world, &large(&echo::CBOR).bytes()).await.unwrap();
    assert_eq!(refused.status, 413);
    assert!(refused.says("EntityTooLarge"), "in the protocol of the request: {}", refused.text());
    assert_eq!(refused.header("content-type"), Some("application/x-amz-json-1.1"));
}

#[tokio::test]
async fn heads_are_bounded() {
    let world = world(Limits { head: 16 << 10, headers: 50, ..Limits::default() }).await;
    let many = "x-number: y\r\n".repeat(60);
    let long = format!("x: {}\r\n", "y".repeat(20 << 10));
    for (headers, what) in [(many, "many"), (long, "long")] {
        let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        let status = exchange(&world, request.as_bytes()).await.map(|response| response.status);
        assert!(matches!(status, Some(431)), "{what}: {status:?}");
    }
    let long_path = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "y".repeat(20 << 10));
    let status = exchange(&world, long_path.as_bytes()).await.map(|response| response.status);
    assert!(matches!(status, Some(414 | 431)), "{status:?}");
    assert_eq!(say().send(world.address).await.status, 200);
}

/// A limit that the slow reach soon, and the honest do not, even where processes get their turn late.
const SHORT: Duration = Duration::from_secs(2);

/// Byte by byte and never done: the connection is closed, others are served meanwhile.
#[tokio::test]
async fn a_slow_head_does_not_hold_a_seat() {
    let world = world(Limits { head_time: SHORT, ..Limits::default() }).await;
    let mut slow = TcpStream::connect(world.address).await.unwrap();
    slow.write_all(b"POST / HTTP/1.1\r\nHost: loc").await.unwrap();
    let mut silent = TcpStream::connect(world.address).await.unwrap();
    assert_eq!(say().send(world.address).await.status, 200);
    until_closed(&mut slow).await;
    assert!(until_closed(&mut silent).await.is_empty());
}

#[tokio::test]
async fn a_slow_body_is_refused() {
    let limits = Limits { body_grace: SHORT, body_rate: 1 << 20, ..Limits::default() };
    let world = world(limits).await;
    let mut slow = TcpStream::connect(world.address).await.unwrap();
    slow.write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nsome")
        .await
        .unwrap();
    assert_eq!(say().send(world.address).await.status, 200);
    assert_eq!(Response::read(&mut slow).await.unwrap().status, 408);
    until_closed(&mut slow).await;
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing_behind() {
    let world = world(Limits { bodies: 1_500, ..Limits::default() }).await;
    for _ in 0..5 {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        stream
            .write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
            .await
            .unwrap();
        stream.write_all(&[b'x'; 800]).await.unwrap();
        stream.shutdown().await.unwrap();
        until_closed(&mut stream).await;
    }
    // Their share of the memory is free again.
    let fits = Request::new("POST", "/").body(vec![b'x'; 1_400]).send(world.address).await;
    assert_eq!(fits.status, 403, "{}", fits.text());
}

#[tokio::test]
async fn all_bodies_together_are_bounded() {
    let world = world(Limits { bodies: 1_500, ..Limits::default() }).await;
    let mut holder = TcpStream::connect(world.address).await.unwrap();
    holder.write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1200\r\n\r\n").await.unwrap();
    holder.write_all(&[b'x'; 1_000]).await.unwrap();
    // The holder's bytes may not have been read yet; sooner or later there is no room beside them.
    loop {
        let response = Request::new("POST", "/").body(vec![b'x'; 1_000]).send(world.address).await;
        if response.status == 503 {
            break;
        }
        assert_eq!(response.status, 403);
    }
    holder.write_all(&[b'x'; 200]).await.unwrap();
    assert_eq!(Response::read(&mut holder).await.unwrap().status, 403);
}

/// A large answer that nobody reads does not keep its seat.
#[tokio::test]
async fn an_answer_that_is_not_taken_is_given_up() {
    let limits = Limits { answer_grace: SHORT, answer_rate: 1 << 30, ..Limits::default() };
    let world = world(limits).await;
    let input = SayRequest { text: Some("x".repeat(100)), count: Some(1_000_000), dry_run: None };
    let large =
        Request::call(Protocol::Json11, &echo::JSON, Say::SPEC, &input).signed_by("test", &echo::JSON);
    let mut deaf = TcpStream::connect(world.address).await.unwrap();
    deaf.write_all(&large.bytes()).await.unwrap();
    let open_connections = async || {
        let metrics = Request::new("GET", "/_allod/metrics").send(world.address).await.text();
        metrics
            .lines()
            .find_map(|line| line.strip_prefix("allod_connections_open ")?.parse::<u32>().ok())
            .unwrap()
    };
    // It hears that the answer begins, and nothing more.
    deaf.read_exact(&mut [0; 15]).await.unwrap();
    // Connections that asked before may take a moment to go; the deaf one must go too.
    while open_connections().await > 1 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut said = Vec::new();
    let _ = deaf.read_to_end(&mut said).await;
    assert!(said.len() < 100_000_000, "it was all sent");
}

#[tokio::test]
async fn a_full_house_says_so() {
    let world = world(Limits { connections: 2, ..Limits::default() }).await;
    let mut seated = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        stream.write_all(&say().bytes()).await.unwrap();
        assert_eq!(Response::read(&mut stream).await.unwrap().status, 200);
        seated.push(stream);
    }
    let mut third = TcpStream::connect(world.address).await.unwrap();
    let said = until_closed(&mut third).await;
    assert!(said.starts_with(b"HTTP/1.1 503 "), "{}", String::from_utf8_lossy(&said));
    // Those inside are served on, and a seat that is left can be taken again.
    let mut stream = seated.pop().unwrap();
    stream.write_all(&say().bytes()).await.unwrap();
    assert_eq!(Response::read(&mut stream).await.unwrap().status, 200);
    drop(stream);
    loop {
        let mut next = TcpStream::connect(world.address).await.unwrap();
        let _ = next.write_all(&say().bytes()).await;
        if Response::read(&mut next).await.is_some_and(|response| response.status == 200) {
            break;
        }
    }
}

#[tokio::test]
async fn running_requests_are_bounded() {
    let world = world(Limits { requests: 1, ..Limits::default() }).await;
    let hang = Request::call(Protocol::Json11, &echo::JSON, Hang::SPEC, &Unit).signed_by("test", &echo::JSON);
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(&hang.bytes()).await.unwrap();
    world.echo.hanging.notified().await;
    assert_eq!(say().send(world.address).await.status, 503);
    // The place is the handler's, not the connection's.
    drop(stream);
    assert_eq!(say().send(world.address).await.status, 503);
    assert_eq!(Request::new("GET", "/_allod/health").send(world.address).await.status, 200);
    world.echo.go_on.notify_one();
    world.echo.finished.notified().await;
    while say().send(world.address).await.status != 200 {}
}

#[tokio::test]
async fn requests_that_are_not_http() {
    let world = world(Limits::default()).await;
    for nonsense in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\n\x00",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        let _ = stream.write_all(nonsense).await;
        stream.shutdown().await.unwrap();
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
        let shown = String::from_utf8_lossy(&said).into_owned();
        assert!(said.is_empty() || shown.starts_with("HTTP/1.1 4"), "{nonsense:?}: {shown}");
    }
    assert_eq!(say().send(world.address).await.status, 200);
}
