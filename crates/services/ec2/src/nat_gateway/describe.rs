//! DescribeNatGateways.

use super::show;
use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeNatGatewaysRequest, DescribeNatGatewaysResult};
use contracts::{Call, Reply};
use records::NatGateway;

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &["nat-gateway-id", "state", "subnet-id", "vpc-id"];

/// DescribeNatGateways. Deleted and failed ones are shown for about an hour.
///
/// # Errors
/// `NatGatewayNotFound` with every unknown id, `InvalidParameterValue` for an unknown filter, `InvalidNextToken`.
pub(super) async fn describe_nat_gateways(
    call: Call<Ec2>,
    input: DescribeNatGatewaysRequest,
) -> Reply<DescribeNatGatewaysResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filter, FILTERS)?;
    let ids = input.nat_gateway_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeNatGateways",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("natGatewayIds"),
    };
    paging.check(USUAL)?;
    let mut found = lookup::select::<NatGateway>(store, scope, ResourceKind::NatGateway, &ids)?;
    found.retain(|gateway| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &gateway.id), |name| match name {
                "nat-gateway-id" => one(&gateway.id),
                "state" => one(show::state(gateway.state)),
                "subnet-id" => one(&gateway.subnet_id),
                "vpc-id" => one(&gateway.vpc_id),
                _ => Vec::new(),
            })
    });
    let page = paging.page(&call, found, |gateway| gateway.id.clone())?;
    let gateways = page.items.iter().map(|gateway| show::gateway(store, scope, gateway)).collect();
    Ok(DescribeNatGatewaysResult { nat_gateways: Some(gateways), next_token: page.next })
}
