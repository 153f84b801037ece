//! The ends of a path: resources by id or ARN.

use super::faults::{Which, no_end};
use crate::faults;
use crate::resource_kind::ResourceKind;
use aws_schema::Fault;
use state_store::typed::{Scope, Tx};

/// What can be an end (Reachability Analyzer guide, "Source and destination resources"), as far as this cloud has it.
/// Transit gateways and VPN gateways carry no packets here.
const KINDS: [ResourceKind; 5] = [
    ResourceKind::Instance,
    ResourceKind::NetworkInterface,
    ResourceKind::InternetGateway,
    ResourceKind::VpcPeering,
    ResourceKind::VpcEndpoint,
];

/// A resource at an end of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) kind: ResourceKind,
    pub(super) id: String,
}

impl End {
    /// From an id or ARN.
    ///
    /// # Errors
    /// `InvalidParameterValue` for what is neither, or a kind that cannot be an end; `NotFound` for an ARN of another
    /// account or region.
    pub(super) fn parse(which: Which, text: &str, scope: &Scope) -> Result<End, Fault> {
        let malformed = || {
            faults::invalid_value(which.parameter(), text, "It is not the ID or ARN of a supported resource.")
        };
        let id = match text.strip_prefix("arn:") {
            None => text,
            Some(rest) => {
                let parts: Vec<&str> = rest.splitn(5, ':').collect();
                let &[_, "ec2", region, account, resource] = parts.as_slice() else {
                    return Err(malformed());
                };
                if region != &*scope.region || account != &*scope.account {
                    return Err(no_end(which, text));
                }
                let (kind, id) = resource.split_once('/').ok_or_else(malformed)?;
                if ResourceKind::of_id(id).and_then(ResourceKind::tag_type) != Some(kind) {
                    return Err(malformed());
                }
                id
            }
        };
        End::of_id(id).ok_or_else(malformed)
    }

    /// From an id alone.
    pub(super) fn of_id(id: &str) -> Option<End> {
        let kind = ResourceKind::of_id(id).filter(|kind| KINDS.contains(kind))?;
        Some(End { kind, id: id.to_owned() })
    }

    /// Refuses a resource that is not there.
    ///
    /// # Errors
    /// `NetworkInsightsSource.NotFound`, `NetworkInsightsDestination.NotFound`.
    pub(super) fn check(&self, which: Which, tx: &mut Tx<'_>, scope: &Scope) -> Result<(), Fault> {
        let id = &*self.id;
        let there = match self.kind {
            ResourceKind::Instance => tx.exists::<records::Instance>(scope, id),
            ResourceKind::NetworkInterface => tx.exists::<records::NetworkInterface>(scope, id),
            ResourceKind::InternetGateway => tx.exists::<records::InternetGateway>(scope, id),
            ResourceKind::VpcPeering => tx.exists::<records::VpcPeering>(scope, id),
            ResourceKind::VpcEndpoint => tx.exists::<records::VpcEndpoint>(scope, id),
            _ => false,
        };
        if there { Ok(()) } else { Err(no_end(which, id)) }
    }
}

/// `arn:aws:ec2:<region>:<account>:<type>/<id>` of a resource that has tags, an empty text for what is none.
pub(super) fn arn(scope: &Scope, id: &str) -> String {
    let Some(kind) = ResourceKind::of_id(id).and_then(ResourceKind::tag_type) else { return String::new() };
    format!("arn:aws:ec2:{}:{}:{kind}/{id}", scope.region, scope.account)
}
