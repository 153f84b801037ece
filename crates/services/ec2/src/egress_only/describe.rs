//! DescribeEgressOnlyInternetGateways.

use crate::filters::Filters;
use crate::paging::Paging;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{
    DescribeEgressOnlyInternetGatewaysRequest, DescribeEgressOnlyInternetGatewaysResult,
    InternetGatewayAttachment,
};
use contracts::{Call, Reply};
use records::EgressOnlyInternetGateway;
use state_store::typed::{Scope, Store};

/// The gateway with its tags.
pub(super) fn show(
    store: &Store,
    scope: &Scope,
    gateway: &EgressOnlyInternetGateway,
) -> api_ec2::EgressOnlyInternetGateway {
    let attachment =
        InternetGatewayAttachment { state: Some("attached".into()), vpc_id: Some(gateway.vpc_id.clone()) };
    api_ec2::EgressOnlyInternetGateway {
        egress_only_internet_gateway_id: Some(gateway.id.clone()),
        attachments: Some(vec![attachment]),
        tags: Some(tags::to_api(&tags::of(store, scope, &gateway.id))),
    }
}

/// DescribeEgressOnlyInternetGateways: AWS documents filters by tags only.
///
/// # Errors
/// `InvalidEgressOnlyInternetGatewayId.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter or
/// `MaxResults` outside of 5–255.
pub(super) async fn describe_egress_only_internet_gateways(
    call: Call<Ec2>,
    input: DescribeEgressOnlyInternetGatewaysRequest,
) -> Reply<DescribeEgressOnlyInternetGatewaysResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, &[])?;
    let ids = input.egress_only_internet_gateway_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeEgressOnlyInternetGateways",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("egressOnlyInternetGatewayIds"),
    };
    paging.check(5..=255)?;
    let kind = ResourceKind::EgressOnlyInternetGateway;
    let mut found = lookup::select::<EgressOnlyInternetGateway>(store, scope, kind, &ids)?;
    found.retain(|gateway| {
        filters.is_empty() || filters.matches(&tags::of(store, scope, &gateway.id), |_| Vec::new())
    });
    let page = paging.page(&call, found, |gateway| gateway.id.clone())?;
    let gateways = page.items.iter().map(|gateway| show(store, scope, gateway)).collect();
    Ok(DescribeEgressOnlyInternetGatewaysResult {
        egress_only_internet_gateways: Some(gateways),
        next_token: page.next,
    })
}
