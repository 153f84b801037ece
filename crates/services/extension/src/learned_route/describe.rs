//! DescribeLearnedRoutes.

use super::show;
use crate::Extension;
use crate::kind::Kind;
use crate::listing::{Listing, check_ids};
use api_allod::{DescribeLearnedRoutesRequest, DescribeLearnedRoutesResult};
use contracts::{Call, Reply};
use records::{LearnedRoute, VpnGateway};

const FILTERS: &[&str] = &["vpn-gateway-id", "destination-cidr-block", "network-interface-id", "state"];

/// DescribeLearnedRoutes, by gateway and prefix.
///
/// # Errors
/// `InvalidVpnGatewayID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter,
/// `InvalidNextToken`.
pub(crate) async fn describe_learned_routes(
    call: Call<Extension>,
    input: DescribeLearnedRoutesRequest,
) -> Reply<DescribeLearnedRoutesResult> {
    let (scope, store) = (call.scope(), &call.platform.store);
    let ids = input.vpn_gateway_ids.unwrap_or_default();
    let operation = "DescribeLearnedRoutes";
    let listing =
        Listing::new(operation, scope, FILTERS, &ids, input.filters, input.max_results, input.next_token)?;
    check_ids(&ids, &Kind::VPN_GATEWAY)?;
    let unknown: Vec<String> =
        ids.iter().filter(|id| store.get::<VpnGateway>(scope, id).is_none()).cloned().collect();
    if !unknown.is_empty() {
        return Err(Kind::VPN_GATEWAY.not_found(&unknown));
    }
    let mut found = store.list::<LearnedRoute>(scope);
    found.retain(|route| ids.is_empty() || ids.contains(&route.gateway_id));
    found.retain(|route| {
        listing.passes(|filter| match filter {
            "vpn-gateway-id" => vec![route.gateway_id.clone()],
            "destination-cidr-block" => vec![route.destination.to_string()],
            "network-interface-id" => vec![route.network_interface_id.clone()],
            "state" => vec![show::state(store, scope, route).to_owned()],
            _ => Vec::new(),
        })
    });
    let page = listing.page(&call, found, |route| route.id.clone())?;
    Ok(DescribeLearnedRoutesResult {
        learned_routes: Some(page.items.iter().map(|route| show::shown(store, scope, route)).collect()),
        next_token: page.next,
    })
}
