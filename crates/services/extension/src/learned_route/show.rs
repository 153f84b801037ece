//! A learned route as the API shows it.

use aws_schema::Timestamp;
use records::{LearnedRoute, NetworkInterface, RouteTarget, VpnGateway};
use state_store::typed::{Scope, Store};

/// `active` when packets can go there now. A gateway without a VPC leads nowhere, and one that has moved to another VPC since
/// does not lead back to interfaces of the old one.
pub(super) fn state(store: &Store, scope: &Scope, route: &LearnedRoute) -> &'static str {
    let gateway = store.get::<VpnGateway>(scope, &route.gateway_id);
    let interface = store.get::<NetworkInterface>(scope, &route.network_interface_id);
    let alive = gateway.zip(interface).is_some_and(|(gateway, interface)| {
        let target = RouteTarget::NetworkInterface(interface.id.clone());
        gateway.vpc_id.as_deref() == Some(interface.vpc_id.as_str())
            && target.is_alive(store, scope, &interface.vpc_id)
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
