//! DescribePortForwardings.

use super::show;
use crate::Extension;
use crate::kind::Kind;
use crate::listing::{Listing, check_ids, select};
use api_allod::{DescribePortForwardingsRequest, DescribePortForwardingsResult};
use contracts::{Call, Reply};
use records::PortForwarding;

const FILTERS: &[&str] = &[
    "port-forwarding-id",
    "gateway-id",
    "vpc-id",
    "protocol",
    "address",
    "allocation-id",
    "port",
    "to-address",
    "to-port",
];

fn values(forwarding: &PortForwarding, filter: &str) -> Vec<String> {
    match filter {
        "port-forwarding-id" => vec![forwarding.id.clone()],
        "gateway-id" => vec![forwarding.gateway_id.clone()],
        "vpc-id" => vec![forwarding.vpc_id.clone()],
        "protocol" => vec![show::protocol(forwarding.protocol).to_owned()],
        "address" => vec![forwarding.public_ip.to_string()],
        "allocation-id" => forwarding.allocation_id.iter().cloned().collect(),
        "port" => vec![forwarding.port.to_string()],
        "to-address" => vec![forwarding.to_address.to_string()],
        "to-port" => vec![forwarding.to_port.to_string()],
        _ => Vec::new(),
    }
}

/// DescribePortForwardings, by id.
///
/// # Errors
/// `InvalidPortForwardingID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter,
/// `InvalidNextToken`.
pub(crate) async fn describe_port_forwardings(
    call: Call<Extension>,
    input: DescribePortForwardingsRequest,
) -> Reply<DescribePortForwardingsResult> {
    let scope = call.scope();
    let ids = input.port_forwarding_ids.unwrap_or_default();
    let operation = "DescribePortForwardings";
    let listing =
        Listing::new(operation, scope, FILTERS, &ids, input.filters, input.max_results, input.next_token)?;
    let kind = &Kind::PORT_FORWARDING;
    check_ids(&ids, kind)?;
    let all = call.platform.store.list::<PortForwarding>(scope);
    let mut found = select(all, &ids, |forwarding| &forwarding.id, |unknown| kind.not_found(unknown))?;
    found.retain(|forwarding| listing.passes(|filter| values(forwarding, filter)));
    let page = listing.page(&call, found, |forwarding| forwarding.id.clone())?;
    Ok(DescribePortForwardingsResult {
        port_forwardings: Some(page.items.iter().map(|forwarding| show::shown(forwarding)).collect()),
        next_token: page.next,
    })
}
