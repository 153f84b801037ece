//! DescribeInternetGateways.

use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeInternetGatewaysRequest, DescribeInternetGatewaysResult, InternetGatewayAttachment};
use contracts::{Call, Reply};
use records::InternetGateway;
use state_store::typed::{Scope, Store};

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &["attachment.state", "attachment.vpc-id", "internet-gateway-id", "owner-id"];

/// The gateway with its tags. AWS calls the state of an attached one `available`.
pub(super) fn show(store: &Store, scope: &Scope, gateway: &InternetGateway) -> api_ec2::InternetGateway {
    let attachment = |vpc_id: &String| InternetGatewayAttachment {
        state: Some("available".into()),
        vpc_id: Some(vpc_id.clone()),
    };
    api_ec2::InternetGateway {
        internet_gateway_id: Some(gateway.id.clone()),
        owner_id: Some(scope.account.to_string()),
        attachments: Some(gateway.vpc_id.iter().map(attachment).collect()),
        tags: Some(tags::to_api(&tags::of(store, scope, &gateway.id))),
    }
}

/// DescribeInternetGateways.
///
/// # Errors
/// `InvalidInternetGatewayID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter.
pub(super) async fn describe_internet_gateways(
    call: Call<Ec2>,
    input: DescribeInternetGatewaysRequest,
) -> Reply<DescribeInternetGatewaysResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.internet_gateway_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeInternetGateways",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("internetGatewayIdSet"),
    };
    paging.check(USUAL)?;
    let mut found = lookup::select::<InternetGateway>(store, scope, ResourceKind::InternetGateway, &ids)?;
    found.retain(|gateway| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &gateway.id), |name| match name {
                "attachment.state" => gateway.vpc_id.iter().map(|_| "available".to_owned()).collect(),
                "attachment.vpc-id" => gateway.vpc_id.iter().cloned().collect(),
                "internet-gateway-id" => one(&gateway.id),
                "owner-id" => one(&*scope.account),
                _ => Vec::new(),
            })
    });
    let page = paging.page(&call, found, |gateway| gateway.id.clone())?;
    let gateways = page.items.iter().map(|gateway| show(store, scope, gateway)).collect();
    Ok(DescribeInternetGatewaysResult { internet_gateways: Some(gateways), next_token: page.next })
}
