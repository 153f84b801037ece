//! DescribeVpcEndpoints.

use super::show;
use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeVpcEndpointsRequest, DescribeVpcEndpointsResult};
use contracts::{Call, Reply};
use records::VpcEndpoint;

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &[
    "ip-address-type",
    "service-name",
    "service-region",
    "vpc-endpoint-id",
    "vpc-endpoint-state",
    "vpc-endpoint-type",
    "vpc-id",
];

/// DescribeVpcEndpoints.
///
/// # Errors
/// `InvalidVpcEndpointId.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter.
pub(super) async fn describe_vpc_endpoints(
    call: Call<Ec2>,
    input: DescribeVpcEndpointsRequest,
) -> Reply<DescribeVpcEndpointsResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.vpc_endpoint_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeVpcEndpoints",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("vpcEndpointIds"),
    };
    paging.check(USUAL)?;
    let mut found = lookup::select::<VpcEndpoint>(store, scope, ResourceKind::VpcEndpoint, &ids)?;
    found.retain(|endpoint| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &endpoint.id), |name| match name {
                "ip-address-type" => one(&endpoint.ip_address_type),
                "service-name" => one(&endpoint.service_name),
                "service-region" => one(&*scope.region),
                "vpc-endpoint-id" => one(&endpoint.id),
                "vpc-endpoint-state" => one(&endpoint.state),
                "vpc-endpoint-type" => one(show::kind(endpoint)),
                "vpc-id" => one(&endpoint.vpc_id),
                _ => Vec::new(),
            })
    });
    let page = paging.page(&call, found, |endpoint| endpoint.id.clone())?;
    let shown = page.items.iter().map(|endpoint| show::endpoint(store, scope, endpoint)).collect();
    Ok(DescribeVpcEndpointsResult { vpc_endpoints: Some(shown), next_token: page.next })
}
