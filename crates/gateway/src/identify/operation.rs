//! Which operation of the service is meant.

use aws_schema::{Fault, OperationSpec, Protocol};
use aws_wire::{Label, QueryForm, RouteMiss};

use super::{cbor_path, target};
use crate::catalogue::Service;
use crate::head::Head;

/// An identified operation.
#[derive(Debug)]
pub(crate) enum Found {
    /// One that is modelled here.
    Modelled {
        /// Its description.
        spec: &'static OperationSpec,
        /// What the path of a REST request holds.
        labels: Vec<Label>,
    },
    /// One that AWS has and this cloud has not; answered as [`not_implemented`] once the caller is known.
    Unmodelled(String),
}

impl Found {
    /// Whether AWS takes this operation without a signature.
    pub(crate) fn may_be_unsigned(&self) -> bool {
        matches!(self, Self::Modelled { spec, .. } if spec.unsigned)
    }
}

/// The operation of a request, or the fault that AWS answers to one it does not know.
pub(crate) fn operation(
    service: &Service,
    protocol: Protocol,
    head: &Head,
    form: Option<&QueryForm<'_>>,
) -> Result<Found, Fault> {
    match protocol {
        Protocol::Json10 | Protocol::Json11 => {
            let (prefix, name) = target(head).unwrap_or_default();
            let own_prefix = service.spec().target_prefix == Some(prefix);
            named(service, protocol, if own_prefix { name } else { "" })
        }
        Protocol::Cbor => named(service, protocol, cbor_path(head.path()).unwrap_or_default().1),
        Protocol::Query | Protocol::Ec2 => {
            let missing = || aws_wire::WireError::MissingAction.fault(protocol);
            let action = form.and_then(QueryForm::action).ok_or_else(missing)?;
            check_version(service, protocol, action, form.and_then(QueryForm::version))?;
            named(service, protocol, action)
        }
        Protocol::RestJson | Protocol::RestXml => routed(service, head),
    }
}

fn named(service: &Service, protocol: Protocol, name: &str) -> Result<Found, Fault> {
    match service.spec().operation(name) {
        Some(spec) => Ok(Found::Modelled { spec, labels: Vec::new() }),
        None if service.knows(name) => Ok(Found::Unmodelled(name.to_owned())),
        None => Err(unknown(service, protocol, name)),
    }
}

/// EC2 answers to every version it ever had; the query services only to theirs.
fn check_version(
    service: &Service,
    protocol: Protocol,
    action: &str,
    version: Option<&str>,
) -> Result<(), Fault> {
    match version {
        Some(version) if protocol == Protocol::Query && version != service.spec().api_version => {
            let (action, version) = (shortened(action), shortened(version));
            Err(Fault::sender(
                "InvalidAction",
                format!("Could not find operation {action} for version {version}"),
            ))
        }
        _ => Ok(()),
    }
}

fn routed(service: &Service, head: &Head) -> Result<Found, Fault> {
    match service.router().find(head.method(), head.path(), head.query(), &head.headers()) {
        Ok(found) => Ok(Found::Modelled { spec: found.operation, labels: found.labels }),
        Err(RouteMiss::Path) => {
            Err(Fault::sender("UnknownOperationException", "Unknown operation.").with_status(404))
        }
        Err(RouteMiss::Method) => Err(Fault::sender(
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        )
        .with_status(405)),
        Err(RouteMiss::Encoding) => Err(Fault::sender("InvalidURI", "Couldn't parse the specified URI.")),
    }
}

fn unknown(service: &Service, protocol: Protocol, name: &str) -> Fault {
    let name = shortened(name);
    match protocol {
        Protocol::Ec2 => {
            Fault::sender("InvalidAction", format!("The action {name} is not valid for this web service."))
        }
        Protocol::Query => Fault::sender(
            "InvalidAction",
            format!("Could not find operation {name} for version {}", service.spec().api_version),
        ),
        _ => Fault::sender("UnknownOperationException", format!("The operation '{name}' is not known.")),
    }
}

/// The fault of an operation that exists in AWS but not (yet) here: 501, which SDKs do not retry,
/// and words that send nobody searching for a misspelling.
pub(crate) fn not_implemented(service: &Service, protocol: Protocol, name: &str) -> Fault {
    let code = match protocol {
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => "NotImplemented",
        _ => "NotImplementedException",
    };
    let message = format!(
        "{name} of {} is not implemented by this cloud; `allod coverage` lists what is.",
        service.spec().service_id
    );
    Fault::sender(code, message).with_status(501)
}

/// A stranger's text, short enough for an answer.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}
