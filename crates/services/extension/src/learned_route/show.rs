//! A learned route as the API shows it.

use aws_schema::Timestamp;
use records::{LearnedRoute, RouteTarget, VpnGateway};
use state_store::typed::{Scope, Store};

/// `active` when packets can go there now; a gateway without a VPC leads nowhere.
pub(super) fn state(store: &Store, scope: &Scope, route: &LearnedRoute) -> &'static str {
    let gateway = store.get::<VpnGateway>(scope, &route.gateway_id);
    let alive = gateway.and_then(|gateway| gateway.vpc_id.clone()).is_some_and(|vpc_id| {
        RouteTarget::NetworkInterface(route.network_interface_id.clone()).is_alive(store, scope, &vpc_id)
    });
    if alive { "active" } else { "blackhole" }
}

/// The route with its present state.
pub(super) fn shown(store: &Store, scope: &Scope, route: &LearnedRoute) -> api_allod::LearnedRoute {
    api_allod::LearnedRoute {
        vpn_gateway_id: Some(route.gateway_id.clone()),
        destination_cidr_block: Some(route.destination.to_string()),
        network_interface_id: Some(route.network_interface_id.clone()),
        state: Some(state(store, scope, route).into()),
        learned_time: Some(Timestamp::from_millis(route.learned)),
    }
}
