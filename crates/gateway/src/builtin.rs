//! The gateway's own paths: health, metrics, reset. No AWS service has a path that begins so.

use contracts::BoxFuture;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::answer::{self, Body};
use crate::config::Mode;
use crate::gateway::Gateway;
use crate::head::Head;
use crate::metrics;

/// Dropped packets in an answer when the question does not say how many.
const DROPS_SHOWN: u64 = 1_000;

/// What the gateway can ask of the cloud behind it.
pub trait ControlHooks: Send + Sync {
    /// Wipes all accounts. Offered only by a cloud that was started with resets allowed.
    fn reset(&self) -> BoxFuture<'static, Result<(), String>>;
}

/// Answers a request for one of the gateway's own paths; `None` if it is for a service.
pub(crate) async fn answer(gateway: &Gateway, head: &Head) -> Option<Response<Body>> {
    let path = head.path();
    if !path.starts_with("/_allod/") && !path.starts_with("/_localstack/") {
        return None;
    }
    let reads = matches!(head.parts.method, Method::GET | Method::HEAD);
    Some(match path {
        "/_allod/health" if reads => answer::json(StatusCode::OK, &health(gateway)),
        "/_localstack/health" if reads => answer::json(StatusCode::OK, &localstack_health(gateway)),
        // Who calls what how often is nobody's business but the operator's.
        "/_allod/metrics" if reads && gateway.config.mode == Mode::Enforced && !is_local(head) => {
            problem(StatusCode::FORBIDDEN, "Metrics are shown to this machine only.")
        }
        "/_allod/metrics" if reads => {
            let text = metrics::text(&gateway.counters, &gateway.catalogue, gateway.network.as_deref());
            answer::text(StatusCode::OK, "text/plain; version=0.0.4", text)
        }
        "/_allod/network/drops" if reads => drops(gateway, head).await,
        "/_allod/reset" | "/_localstack/state/reset" if head.parts.method == Method::POST => {
            reset(gateway, head).await
        }
        "/_allod/health"
        | "/_localstack/health"
        | "/_allod/metrics"
        | "/_allod/network/drops"
        | "/_allod/reset"
        | "/_localstack/state/reset" => {
            problem(StatusCode::METHOD_NOT_ALLOWED, "This path does not take this method.")
        }
        _ => problem(StatusCode::NOT_FOUND, "There is nothing at this path."),
    })
}

/// Version, mode and, per service, how much of it is built.
fn health(gateway: &Gateway) -> Value {
    let mut services = Map::new();
    for service in gateway.catalogue.services() {
        let spec = service.spec();
        let built =
            spec.operations.iter().filter(|operation| service.table().is_built(operation.name)).count();
        let counts =
            json!({ "built": built, "modelled": spec.operations.len(), "all": spec.all_operations.len() });
        services.insert(spec.id.to_owned(), counts);
    }
    let mode = match gateway.config.mode {
        Mode::Open => "open",
        Mode::Enforced => "enforced",
    };
    json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "mode": mode, "services": services })
}

/// The same in the form that tools made for LocalStack wait for.
fn localstack_health(gateway: &Gateway) -> Value {
    let services: Map<String, Value> = gateway
        .catalogue
        .services()
        .iter()
        .map(|service| (service.spec().id.to_owned(), Value::from("running")))
        .collect();
    json!({ "services": services, "edition": "allod", "version": env!("CARGO_PKG_VERSION") })
}

/// Wipes the cloud if that was allowed at start, and only for a caller on this machine: a reset
/// carries no signature.
async fn reset(gateway: &Gateway, head: &Head) -> Response<Body> {
    let Some(hooks) = &gateway.hooks else {
        return problem(StatusCode::FORBIDDEN, "Resets are not allowed; start the cloud with --allow-reset.");
    };
    if !is_local(head) {
        return problem(StatusCode::FORBIDDEN, "Resets are taken from this machine only.");
    }
    match hooks.reset().await {
        Ok(()) => {
            gateway.signing_keys.clear();
            answer::json(StatusCode::OK, &json!({ "status": "ok" }))
        }
        Err(reason) => problem(StatusCode::INTERNAL_SERVER_ERROR, &reason),
    }
}

/// The last packets dropped in a VPC: `?vpc=vpc-…`, and `&after=NUMBER` and `&limit=NUMBER` for the rest of a list.
/// It shows headers of everybody's packets, so in enforced mode only to this machine.
async fn drops(gateway: &Gateway, head: &Head) -> Response<Body> {
    let Some(network) = &gateway.network else {
        return problem(StatusCode::NOT_FOUND, "There is nothing at this path.");
    };
    if gateway.config.mode == Mode::Enforced && !is_local(head) {
        return problem(StatusCode::FORBIDDEN, "Dropped packets are shown to this machine only.");
    }
    let member =
        |name: &str| head.query().split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let number = |name: &str, absent: u64| member(name).map_or(Ok(absent), str::parse::<u64>);
    let (Some(vpc), Ok(after), Ok(limit)) = (member("vpc"), number("after", 0), number("limit", DROPS_SHOWN))
    else {
        return problem(StatusCode::BAD_REQUEST, "Give vpc=vpc-…, and numbers for after and limit.");
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    match network.drops(vpc.to_owned(), after, limit).await {
        Ok(found) => answer::json(StatusCode::OK, &found),
        Err(reason) => problem(StatusCode::INTERNAL_SERVER_ERROR, &reason),
    }
}

/// Whether the request comes from this machine.
fn is_local(head: &Head) -> bool {
    head.peer.is_some_and(|peer| peer.is_loopback())
}

fn problem(status: StatusCode, message: &str) -> Response<Body> {
    answer::json(status, &json!({ "message": message }))
}
