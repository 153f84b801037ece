//! DescribeVpcPeeringConnections.

use super::{show, status};
use crate::filters::{Filters, one};
use crate::instances::time_text::iso;
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeVpcPeeringConnectionsRequest, DescribeVpcPeeringConnectionsResult};
use contracts::{Call, Reply};
use records::{Millis, VpcPeering};
use state_store::typed::Store;

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &[
    "accepter-vpc-info.cidr-block",
    "accepter-vpc-info.owner-id",
    "accepter-vpc-info.vpc-id",
    "expiration-time",
    "requester-vpc-info.cidr-block",
    "requester-vpc-info.owner-id",
    "requester-vpc-info.vpc-id",
    "status-code",
    "status-message",
    "vpc-peering-connection-id",
];

/// The values of a connection for a filter.
fn values(store: &Store, peering: &VpcPeering, now: Millis, filter: &str) -> Vec<String> {
    let (member, side) = match filter.split_once("-vpc-info.") {
        Some(("accepter", member)) => (member, &peering.accepter),
        Some((_, member)) => (member, &peering.requester),
        None => (filter, &peering.requester),
    };
    match member {
        "cidr-block" => show::blocks(store, peering, side).0.iter().map(ToString::to_string).collect(),
        "owner-id" => one(&side.account),
        "vpc-id" => one(&side.vpc_id),
        "expiration-time" => one(iso(peering.expires)),
        "status-code" => one(status::at(peering, now).0),
        "status-message" => one(status::at(peering, now).1),
        "vpc-peering-connection-id" => one(&peering.id),
        _ => Vec::new(),
    }
}

/// DescribeVpcPeeringConnections: those of both directions, ended ones for a while.
///
/// # Errors
/// `InvalidVpcPeeringConnectionID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter.
pub(super) async fn describe_vpc_peering_connections(
    call: Call<Ec2>,
    input: DescribeVpcPeeringConnectionsRequest,
) -> Reply<DescribeVpcPeeringConnectionsResult> {
    let (scope, store, now) = (call.scope(), call.store(), call.now());
    let kind = ResourceKind::VpcPeering;
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.vpc_peering_connection_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeVpcPeeringConnections",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("vpcPeeringConnectionIds"),
    };
    paging.check(USUAL)?;
    let mut found = lookup::select::<VpcPeering>(store, scope, kind, &ids)?;
    let hidden = |p: &VpcPeering| !status::is_visible(p, scope, now);
    let unknown: Vec<String> = found.iter().filter(|p| hidden(p)).map(|p| p.id.clone()).collect();
    if !ids.is_empty() && !unknown.is_empty() {
        return Err(kind.not_found_all(&unknown));
    }
    found.retain(|peering| {
        !hidden(peering)
            && (filters.is_empty()
                || filters
                    .matches(&tags::of(store, scope, &peering.id), |name| values(store, peering, now, name)))
    });
    let page = paging.page(&call, found, |peering| peering.id.clone())?;
    let shown = page.items.iter().map(|p| show::peering(store, scope, p, status::at(p, now))).collect();
    Ok(DescribeVpcPeeringConnectionsResult { vpc_peering_connections: Some(shown), next_token: page.next })
}
