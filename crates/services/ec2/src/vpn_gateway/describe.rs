//! DescribeVpnGateways.

use crate::filters::{Filters, one};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeVpnGatewaysRequest, DescribeVpnGatewaysResult, VpcAttachment};
use contracts::{Call, Reply};
use records::VpnGateway;
use state_store::typed::{Scope, Store};

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &[
    "amazon-side-asn",
    "attachment.state",
    "attachment.vpc-id",
    "availability-zone",
    "state",
    "type",
    "vpn-gateway-id",
];

/// The gateway with its tags.
pub(super) fn show(store: &Store, scope: &Scope, gateway: &VpnGateway) -> api_ec2::VpnGateway {
    let attachment =
        |vpc_id: &String| VpcAttachment { state: Some("attached".into()), vpc_id: Some(vpc_id.clone()) };
    api_ec2::VpnGateway {
        vpn_gateway_id: Some(gateway.id.clone()),
        state: Some("available".into()),
        type_: Some("ipsec.1".into()),
        amazon_side_asn: Some(gateway.asn),
        vpc_attachments: Some(gateway.vpc_id.iter().map(attachment).collect()),
        tags: Some(tags::to_api(&tags::of(store, scope, &gateway.id))),
        ..api_ec2::VpnGateway::default()
    }
}

/// DescribeVpnGateways; AWS has no pages here.
///
/// # Errors
/// `InvalidVpnGatewayID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter.
pub(super) async fn describe_vpn_gateways(
    call: Call<Ec2>,
    input: DescribeVpnGatewaysRequest,
) -> Reply<DescribeVpnGatewaysResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.vpn_gateway_ids.unwrap_or_default();
    let mut found = lookup::select::<VpnGateway>(store, scope, ResourceKind::VpnGateway, &ids)?;
    found.retain(|gateway| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &gateway.id), |name| match name {
                "amazon-side-asn" => one(gateway.asn.to_string()),
                "attachment.state" => gateway.vpc_id.iter().map(|_| "attached".to_owned()).collect(),
                "attachment.vpc-id" => gateway.vpc_id.iter().cloned().collect(),
                "state" => one("available"),
                "type" => one("ipsec.1"),
                "vpn-gateway-id" => one(&gateway.id),
                _ => Vec::new(),
            })
    });
    let gateways = found.iter().map(|gateway| show(store, scope, gateway)).collect();
    Ok(DescribeVpnGatewaysResult { vpn_gateways: Some(gateways) })
}
