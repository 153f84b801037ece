//! The request chain, one function per step.

use std::any::Any;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use aws_schema::{Fault, OperationSpec, Protocol, ReadMembers, WriteMembers};
use aws_signature::{Presented, SignatureError};
use aws_wire::{
    Label, QueryForm, ResponseParts, decode_form, decode_request, encode_fault, encode_response,
    validation_fault,
};
use bytes::Bytes;
use contracts::audit::{Answered, Claimed, Trail};
use contracts::{Caller, Prepared};
use http::{Request, Response, header};
use hyper::body::Incoming;
use state_store::typed::Scope;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::answer::{self, Body};
use crate::audit;
use crate::authenticate::{self, Identity, Voice};
use crate::body;
use crate::builtin;
use crate::catalogue::Service;
use crate::config::Mode;
use crate::content;
use crate::gateway::Gateway;
use crate::guard;
use crate::head::Head;
use crate::identify::{self, Found};
use crate::metrics::GatewayCounters;
use crate::refusal::Refusal;
use crate::request_id;

/// Answers one HTTP request, whatever it is.
pub(crate) async fn serve(
    gateway: &Gateway,
    peer: SocketAddr,
    local: Option<SocketAddr>,
    request: Request<Incoming>,
) -> Response<Body> {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let head = Head {
        request_id: request_id::next(),
        peer: Some(peer.ip()),
        local: local.map(|local| local.ip()),
        parts,
    };
    let received = match receive(gateway, &head, body).await {
        Ok(Received::Request(body)) => body,
        Ok(Received::Answered(response)) => return response,
        Err(refusal) => {
            GatewayCounters::add(&gateway.counters.refused_requests);
            tracing::debug!(%peer, request_id = head.request_id, %refusal, "a request was refused");
            return refusal.answer(&head);
        }
    };
    answer::response(run(gateway, &head, received, started).await)
}

/// What came in: a request for a service, or one the gateway answers itself.
enum Received {
    Request(WholeBody),
    Answered(Response<Body>),
}

/// A body that is all there, with its share of the memory and a place among the running requests.
struct WholeBody {
    bytes: Bytes,
    _share: body::BodyShare,
    place: OwnedSemaphorePermit,
}

/// Guard, own paths, limits, body.
async fn receive(gateway: &Gateway, head: &Head, body: Incoming) -> Result<Received, Refusal> {
    guard::check(head, &gateway.config.host_names)?;
    if let Some(response) = builtin::answer(gateway, head).await {
        return Ok(Received::Answered(response));
    }
    let place = Arc::clone(&gateway.requests).try_acquire_owned().map_err(|_| Refusal::Busy)?;
    let limits = &gateway.config.limits;
    let by_service = identify::signing_name_hint(head).and_then(|name| limits.body_by_service.get(name));
    let largest = by_service.copied().unwrap_or(limits.body);
    let (bytes, share) = body::read(body, largest, limits, &gateway.bodies).await?;
    Ok(Received::Request(WholeBody { bytes, _share: share, place }))
}

/// How far a request has been understood; decides the form of a fault.
#[derive(Clone, Copy)]
struct Understood<'g> {
    voice: Voice,
    service: Option<&'g Service>,
    operation: Option<&'static OperationSpec>,
}

/// A request that may run.
struct Ready {
    operation: &'static OperationSpec,
    caller: Arc<Caller>,
    prepared: Prepared,
}

/// What a handler answers with.
type Output = Box<dyn WriteMembers + Send>;

/// From the whole request to the answer in its protocol's form.
async fn run(gateway: &Gateway, head: &Head, body: WholeBody, started: Instant) -> ResponseParts {
    let WholeBody { bytes, place, _share } = body;
    let voice = Voice { protocol: identify::guess(head), service: &identify::UNKNOWN_SERVICE };
    let mut understood = Understood { voice, service: None, operation: None };
    let mut trail = Trail::default();
    let prepared = guarded(gateway, head, || prepare(gateway, head, &bytes, &mut understood, &mut trail));
    let outcome = match prepared {
        Err(fault) => Err(fault),
        Ok(ready) => {
            let operation = ready.operation;
            match handle(gateway, head, ready, place).await {
                Err(fault) => Err(fault),
                Ok(output) => {
                    guarded(gateway, head, || Ok(encode(understood.voice, operation, &*output, head)))
                }
            }
        }
    };
    let fault = outcome.as_ref().err().map(|fault| (fault.code.to_string(), fault.message.clone()));
    let response = outcome.unwrap_or_else(|fault| {
        let Voice { protocol, service } = understood.voice;
        encode_fault(protocol, service, understood.operation, &fault, &head.request_id)
    });
    account(gateway, head, understood, response.status, fault, trail, started);
    response
}

/// Identify, verify, decode, authorise: everything that needs no waiting.
fn prepare<'g>(
    gateway: &'g Gateway,
    head: &Head,
    body: &[u8],
    understood: &mut Understood<'g>,
    trail: &mut Trail,
) -> Result<Ready, Fault> {
    let headers = head.headers();
    let signed = head.signature_parts(&headers, body);
    let claim = aws_signature::parse(&signed).map_err(|error| understood.voice.signature_fault(&error))?;
    let form =
        identify::form(head, body).transpose().map_err(|error| error.fault(understood.voice.protocol))?;

    let signing_name = claim.as_ref().map(|claim| claim.scope.service());
    let service = identify::service(&gateway.catalogue, head, signing_name, form.as_ref())
        .ok_or_else(|| no_such_service(understood.voice, signing_name))?;
    let protocol = identify::protocol(service.spec(), head);
    understood.voice = Voice { protocol, service: service.spec() };
    understood.service = Some(service);
    let found = identify::operation(service, protocol, head, form.as_ref())?;
    if let Found::Modelled { spec, .. } = &found {
        understood.operation = Some(spec);
    }

    let claim = claim.as_ref();
    let voice = understood.voice;
    let mut identity = authenticate::identity(gateway, voice, head, body, claim, found.may_be_unsigned())
        .inspect_err(|_| trail.claimed = Some(claimed(gateway, claim)))?;
    let (operation, labels) = match found {
        Found::Modelled { spec, labels } => (spec, labels),
        Found::Unmodelled(name) => return Err(identify::not_implemented(service, protocol, &name)),
    };
    let content = content::unwrap(head, claim, identity.chunks.take(), body)?;
    let caller = Arc::new(caller(gateway, head, identity));
    trail.caller = Some(Arc::clone(&caller));
    let mut prepared = decode(gateway, service, operation, protocol, head, &content, form.as_ref(), &labels)?;
    trail.input = std::mem::take(&mut prepared.input);
    authorise(gateway, service, operation, &caller).inspect_err(|_| trail.denied = true)?;
    if prepared.dry_run {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(Fault::sender("DryRunOperation", message).with_status(412));
    }
    Ok(Ready { operation, caller, prepared })
}

/// The fault of a request for a service this cloud does not have, or that names none.
fn no_such_service(voice: Voice, signing_name: Option<&str>) -> Fault {
    let Some(name) = signing_name else { return voice.signature_fault(&SignatureError::Missing) };
    let name: String = name.chars().take(100).collect();
    let code = match voice.protocol {
        Protocol::Query | Protocol::Ec2 => "InvalidAction",
        _ => "UnknownOperationException",
    };
    Fault::sender(code, format!("This cloud has no service that signs as '{name}'."))
}

/// What a request without a proven caller says of itself.
fn claimed(gateway: &Gateway, claim: Option<&Presented<'_>>) -> Claimed {
    let scope = claim.map(|claim| &claim.scope);
    Claimed {
        access_key_id: scope.map_or_else(String::new, |scope| scope.access_key_id().to_owned()),
        region: scope
            .map_or_else(|| gateway.config.default_region.clone(), |scope| scope.region().to_owned()),
        account: gateway.config.default_account.clone(),
    }
}

fn caller(gateway: &Gateway, head: &Head, identity: Identity) -> Caller {
    Caller {
        scope: Scope::new(identity.account, identity.region),
        principal: identity.principal,
        access_key_id: identity.access_key_id,
        source_ip: head.peer,
        request_id: head.request_id.clone(),
        user_agent: head.header(header::USER_AGENT).unwrap_or_default().to_owned(),
        host: head.host().unwrap_or_default().to_owned(),
        enforced: gateway.config.mode == Mode::Enforced,
    }
}

/// Fills the operation's input and checks it against the limits of its model.
fn decode(
    gateway: &Gateway,
    service: &Service,
    operation: &'static OperationSpec,
    protocol: Protocol,
    head: &Head,
    body: &[u8],
    form: Option<&QueryForm<'_>>,
    labels: &[Label],
) -> Result<Prepared, Fault> {
    let headers = head.headers();
    let parts = head.wire_parts(&headers, body);
    let mut fill = |target: &mut dyn ReadMembers| {
        let decoded = match form {
            // Already parsed, to learn the action.
            Some(form) if matches!(protocol, Protocol::Query | Protocol::Ec2) => {
                decode_form(protocol, form, target)
            }
            _ => decode_request(protocol, &parts, labels, target),
        };
        decoded.map_err(|error| error.fault(protocol))
    };
    let audited = gateway.audit.is_some()
        && service.entry(operation).is_some_and(|entry| audit::wants(gateway, entry.effect));
    let prepared = service
        .table()
        .prepare(operation, &mut fill, audited)
        .unwrap_or_else(|| Err(identify::not_implemented(service, protocol, operation.name)))?;
    match validation_fault(protocol, &prepared.violations) {
        Some(fault) => Err(fault),
        None => Ok(prepared),
    }
}

/// Asks whether the caller may do this.
fn authorise(
    gateway: &Gateway,
    service: &Service,
    operation: &OperationSpec,
    caller: &Caller,
) -> Result<(), Fault> {
    let entry = service.entry(operation).ok_or_else(|| Fault::internal(UNEXPECTED))?;
    gateway.authorizer.authorize(caller, &entry.action)
}

/// Runs the handler in a task of its own: it ends by itself even if the client hangs up half-way,
/// and a panic in it is one failed request.
async fn handle(
    gateway: &Gateway,
    head: &Head,
    ready: Ready,
    place: OwnedSemaphorePermit,
) -> Result<Output, Fault> {
    let Ready { prepared, caller, .. } = ready;
    #[expect(clippy::disallowed_methods, reason = "waited for at once")]
    let task = tokio::spawn(async move {
        let output = prepared.run(caller).await;
        drop(place);
        output
    });
    match task.await {
        Ok(output) => output,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => Err(panicked(gateway, head, &*panic)),
            Err(_) => Err(Fault::internal("The server is stopping.").with_status(503)),
        },
    }
}

/// Success in the protocol's form.
fn encode(voice: Voice, operation: &OperationSpec, output: &dyn WriteMembers, head: &Head) -> ResponseParts {
    encode_response(voice.protocol, voice.service, operation, output, &head.request_id)
}

/// Metrics and audit.
fn account(
    gateway: &Gateway,
    head: &Head,
    understood: Understood<'_>,
    status: u16,
    fault: Option<(String, String)>,
    trail: Trail,
    started: Instant,
) {
    let took = started.elapsed();
    let named = understood.service.zip(understood.operation);
    let entry = named
        .and_then(|(service, operation)| service.entry(operation).map(|entry| (service, operation, entry)));
    let Some((service, operation, entry)) = entry else {
        GatewayCounters::add(&gateway.counters.unidentified_requests);
        return;
    };
    entry.counters.answered(status, took);
    let code = fault.as_ref().map(|(code, _)| code);
    tracing::debug!(action = entry.action, status, code, request_id = head.request_id, ?took, "answered");
    let named = (service.spec().signing_name, operation.name, entry.effect);
    audit::record(gateway, head, named, trail, Answered { time: gateway.clock.now(), status, fault, took });
}

/// What AWS says when it does not want to say more.
const UNEXPECTED: &str =
    "The request processing has failed because of an unknown error, exception or failure.";

/// Runs a step that does not wait; a panic in it is one failed request.
fn guarded<T>(gateway: &Gateway, head: &Head, step: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // What a step may leave half-done is thrown away with the request.
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|panic| Err(panicked(gateway, head, &*panic)))
}

/// Notes a panic; its message stays in the log.
fn panicked(gateway: &Gateway, head: &Head, panic: &(dyn Any + Send)) -> Fault {
    let message = panic.downcast_ref::<&str>().copied();
    let message =
        message.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    tracing::error!(request_id = head.request_id, message, "a request panicked");
    GatewayCounters::add(&gateway.counters.panics);
    Fault::internal(UNEXPECTED)
}
