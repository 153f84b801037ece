//! One request's misfortune stays its own, and the end is orderly.

use aws_schema::{Operation, Protocol, Unit};
use gateway::Mode;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::client::{Request, Response, until_closed};
use crate::echo::{self, ALL, Hang, Panic, Say, SayRequest};
use crate::world::World;

fn say() -> Request {
    let input = SayRequest { text: Some("hi".to_owned()), ..SayRequest::default() };
    Request::call(Protocol::Json11, &echo::JSON, Say::SPEC, &input).signed_by("test", &echo::JSON)
}

fn hang() -> Request {
    Request::call(Protocol::Json11, &echo::JSON, Hang::SPEC, &Unit).signed_by("test", &echo::JSON)
}

#[tokio::test]
async fn a_panic_is_a_500_with_a_request_id() {
    let world = World::start(Mode::Open).await;
    for (service, protocol) in ALL {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        let panic = Request::call(protocol, service, Panic::SPEC, &Unit).signed_by("test", service);
        stream.write_all(&panic.bytes()).await.unwrap();
        let response = Response::read(&mut stream).await.unwrap();
        assert_eq!(response.status, 500, "{protocol:?}");
        assert!(response.header("x-amzn-requestid").is_some(), "{protocol:?}");
        assert!(!response.text().contains("on purpose"), "the reason stays in the log: {}", response.text());
        // The same connection serves the next request.
        stream.write_all(&say().bytes()).await.unwrap();
        assert_eq!(Response::read(&mut stream).await.unwrap().status, 200);
    }
    let metrics = Request::new("GET", "/_allod/metrics").send(world.address).await.text();
    assert!(metrics.contains("allod_handler_panics_total 7"), "{metrics}");
}

/// A handler that has begun runs to its end, so that nothing is left half-done.
#[tokio::test]
async fn hanging_up_does_not_stop_a_handler() {
    let world = World::start(Mode::Open).await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(&hang().bytes()).await.unwrap();
    world.echo.hanging.notified().await;
    drop(stream);
    assert_eq!(say().send(world.address).await.status, 200);
    world.echo.go_on.notify_one();
    world.echo.finished.notified().await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let world = World::start(Mode::Open).await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let mut bytes = say().bytes();
    bytes.extend(Request::new("GET", "/_allod/nothing").bytes());
    bytes.extend(say().header("Connection", "close").bytes());
    stream.write_all(&bytes).await.unwrap();
    let said = String::from_utf8(until_closed(&mut stream).await).unwrap();
    let statuses: Vec<&str> = said.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "404", "200"], "{said}");
}

/// Open requests are finished, idle connections closed, new ones not taken.
#[tokio::test]
async fn an_orderly_end() {
    let mut world = World::start(Mode::Open).await;
    let mut idle = TcpStream::connect(world.address).await.unwrap();
    idle.write_all(&say().bytes()).await.unwrap();
    assert_eq!(Response::read(&mut idle).await.unwrap().status, 200);
    let mut busy = TcpStream::connect(world.address).await.unwrap();
    busy.write_all(&hang().bytes()).await.unwrap();
    world.echo.hanging.notified().await;
    world.stop();
    assert!(until_closed(&mut idle).await.is_empty());
    assert!(TcpStream::connect(world.address).await.is_err());
    world.echo.go_on.notify_one();
    assert_eq!(Response::read(&mut busy).await.unwrap().status, 200);
    (&mut world.served).await.unwrap().unwrap();
}

#[tokio::test]
async fn every_request_has_an_id_of_its_own() {
    let world = World::start(Mode::Open).await;
    let mut ids = std::collections::HashSet::new();
    for request in [say(), hang().header("Host", "attacker.example"), say(), Request::new("GET", "/")] {
        let response = request.send(world.address).await;
        let id = response.header("x-amzn-requestid").unwrap().to_owned();
        assert!(ids.insert(id));
    }
    let audited = world.audit.0.lock();
    assert_eq!(audited.len(), 2);
    assert!(audited.iter().all(|entry| ids.contains(&entry.request_id)));
    assert!(audited[0].input.contains("\"text\":\"hi\""), "{}", audited[0].input);
}
