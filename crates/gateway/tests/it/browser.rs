//! What web pages of other people can make a browser send, and that none of it gets through.

use std::sync::atomic::Ordering;

use aws_schema::{Operation, Protocol};
use gateway::{GatewayConfig, Mode};

use crate::client::Request;
use crate::echo::{self, Say, SayRequest};
use crate::world::World;

fn call() -> Request {
    let input = SayRequest { text: Some("hi".to_owned()), ..SayRequest::default() };
    Request::call(Protocol::Query, &echo::QUERY, Say::SPEC, &input)
}

/// A form on a foreign page can post what it likes to any address, but not without an `Origin`.
#[tokio::test]
async fn a_cross_site_form_post() {
    let world = World::start(Mode::Open).await;
    for origin in ["http://attacker.example", "null", "http://localhost:3000", "https://localhost"] {
        // Even with a (forged, and in open mode sufficient) signature.
        let forged = call().header("Origin", origin).signed_by("000000000000", &echo::QUERY);
        let response = forged.send(world.address).await;
        assert_eq!(response.status, 403, "{origin}");
        assert!(response.text().contains("web page"), "{}", response.text());
        let reset = Request::new("POST", "/_allod/reset").header("Origin", origin);
        assert_eq!(reset.send(world.address).await.status, 403, "{origin}");
    }
    // A browser too old to send an Origin cannot sign a form in a header either.
    assert_eq!(call().send(world.address).await.status, 403);
    assert_eq!(world.resets.0.load(Ordering::SeqCst), 0);
    let audited = world.audit.0.lock();
    assert!(
        audited.iter().all(|entry| matches!(entry.who, gateway::Who::Claimed(_))),
        "nothing reached a handler"
    );
}

/// An image or link to a presigned GET has no `Origin`, but says where it comes from.
#[tokio::test]
async fn a_cross_site_image() {
    let world = World::start(Mode::Open).await;
    let mut image = Request::new("GET", "/").header("Sec-Fetch-Site", "cross-site");
    image.query = "Action=Say&Version=2026-01-01&Text=hi".to_owned();
    assert_eq!(image.signed_by("test", &echo::QUERY).send(world.address).await.status, 403);
}

/// The name of the attacker's page, pointed at 127.0.0.1 after it was loaded.
#[tokio::test]
async fn a_rebound_host() {
    let world = World::start(Mode::Open).await;
    let call = |host: &str| call().header("Host", host).signed_by("test", &echo::QUERY);
    for host in
        ["attacker.example", "attacker.example:4566", "localhost.attacker.example", "127.0.0.1.nip.example"]
    {
        let response = call(host).send(world.address).await;
        assert_eq!(response.status, 403, "{host}");
        let reset = Request::new("POST", "/_localstack/state/reset").header("Host", host);
        assert_eq!(reset.send(world.address).await.status, 403, "{host}");
    }
    let port = world.address.port();
    for host in [
        format!("127.0.0.1:{port}"),
        "localhost".to_owned(),
        "sts.localhost.localstack.cloud:4566".to_owned(),
    ] {
        assert_eq!(call(&host).send(world.address).await.status, 200, "{host}");
    }
    assert_eq!(world.resets.0.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn further_names_can_be_configured() {
    let config = GatewayConfig { host_names: vec!["cloud.example".to_owned()], ..GatewayConfig::default() };
    let world = World::with(config, false).await;
    let call = |host: &str| call().header("Host", host).signed_by("test", &echo::QUERY);
    assert_eq!(call("cloud.example:443").send(world.address).await.status, 200);
    assert_eq!(call("other.example").send(world.address).await.status, 403);
}

/// No answer ever invites a page of another site.
#[tokio::test]
async fn no_cors_headers() {
    let world = World::start(Mode::Open).await;
    let preflight = Request::new("OPTIONS", "/")
        .header("Origin", "http://attacker.example")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization,x-amz-target");
    let same_origin = call().header("Origin", "http://localhost:4566").signed_by("test", &echo::QUERY);
    let health = Request::new("GET", "/_allod/health");
    for (request, status) in [(preflight, 403), (same_origin, 200), (health, 200)] {
        let response = request.send(world.address).await;
        assert_eq!(response.status, status);
        let inviting = response.headers.iter().find(|(name, _)| name.starts_with("access-control-"));
        assert_eq!(inviting, None);
    }
}
