//! Health, metrics and reset.

use std::sync::atomic::Ordering;

use aws_schema::{Operation, Protocol};
use gateway::{Gateway, GatewayConfig, GatewayError, Mode};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::client::Request;
use crate::echo::{self, Say, SayRequest};
use crate::world::World;

#[tokio::test]
async fn health_names_every_service() {
    let world = World::start(Mode::Open).await;
    let own: Value =
        serde_json::from_slice(&Request::new("GET", "/_allod/health").send(world.address).await.body)
            .unwrap();
    assert_eq!((&own["status"], &own["mode"]), (&Value::from("ok"), &Value::from("open")));
    assert_eq!(own["services"]["jsonecho"], serde_json::json!({ "built": 4, "modelled": 5, "all": 6 }));
    let theirs = Request::new("GET", "/_localstack/health").send(world.address).await;
    assert_eq!(theirs.header("content-type"), Some("application/json"));
    let theirs: Value = serde_json::from_slice(&theirs.body).unwrap();
    assert_eq!(theirs["services"]["ec2echo"], "running");
    assert_eq!(Request::new("POST", "/_allod/health").send(world.address).await.status, 405);
    assert_eq!(Request::new("GET", "/_allod/nothing").send(world.address).await.status, 404);
}

#[tokio::test]
async fn reset_only_where_allowed() {
    let world = World::start(Mode::Open).await;
    for path in ["/_allod/reset", "/_localstack/state/reset"] {
        assert_eq!(Request::new("GET", path).send(world.address).await.status, 405);
        assert_eq!(Request::new("POST", path).send(world.address).await.status, 200);
    }
    assert_eq!(world.resets.0.load(Ordering::SeqCst), 2);
    let careful = World::with(GatewayConfig::default(), false).await;
    let response = Request::new("POST", "/_allod/reset").send(careful.address).await;
    assert_eq!(response.status, 403);
    assert!(response.text().contains("--allow-reset"));
    assert_eq!(careful.resets.0.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let world = World::start(Mode::Open).await;
    for text in ["hi", "hi", "fault"] {
        let input = SayRequest { text: Some(text.to_owned()), ..SayRequest::default() };
        Request::call(Protocol::Json11, &echo::JSON, Say::SPEC, &input)
            .signed_by("test", &echo::JSON)
            .send(world.address)
            .await;
    }
    Request::new("GET", "/").header("Host", "attacker.example").send(world.address).await;
    Request::new("GET", "/").send(world.address).await;
    let metrics = Request::new("GET", "/_allod/metrics").send(world.address).await.text();
    for line in [
        "allod_requests_total{service=\"jsonecho\",operation=\"Say\",outcome=\"ok\"} 2",
        "allod_requests_total{service=\"jsonecho\",operation=\"Say\",outcome=\"sender_fault\"} 1",
        "allod_requests_refused_total 1",
        "allod_requests_unidentified_total 1",
    ] {
        assert!(metrics.lines().any(|known| known == line), "{line}\n{metrics}");
    }
    assert!(metrics.contains("allod_request_seconds_total{service=\"jsonecho\",operation=\"Say\"} 0."));
}

#[tokio::test]
async fn an_open_gateway_stays_on_loopback() {
    let world = World::with(GatewayConfig::default(), false).await;
    drop(world);
    let listener = TcpListener::bind(("0.0.0.0", 0)).await.unwrap();
    let gateway = Gateway::new(crate::world::parts(GatewayConfig::default()));
    let refused = gateway.serve(listener, std::future::ready(())).await;
    assert!(matches!(refused, Err(GatewayError::OpenBeyondLoopback(_))), "{refused:?}");
    let listener = TcpListener::bind(("0.0.0.0", 0)).await.unwrap();
    let enforced =
        Gateway::new(crate::world::parts(GatewayConfig { mode: Mode::Enforced, ..GatewayConfig::default() }));
    enforced.serve(listener, std::future::ready(())).await.unwrap();
}
