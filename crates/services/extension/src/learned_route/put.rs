//! PutLearnedRoutes.

use super::show;
use crate::kind::Kind;
use crate::{Extension, faults, text};
use api_allod::{PutLearnedRoutesRequest, PutLearnedRoutesResult, RouteAnnouncement};
use aws_schema::Fault;
use contracts::{Call, Reply};
use ipnet::IpNet;
use records::transitions::propagate_gateway;
use records::{LearnedRoute, NetworkInterface, VpnGateway};
use std::collections::BTreeMap;

/// Destinations with their next hops. The model limits their number: tables are written in the same transaction.
///
/// # Errors
/// `InvalidParameterValue`, also for a prefix told twice and for one no packet is routed to.
fn parse(routes: &[RouteAnnouncement]) -> Result<BTreeMap<IpNet, String>, Fault> {
    let mut parsed = BTreeMap::new();
    for route in routes {
        let written = route.destination_cidr_block();
        let destination = text::block("DestinationCidrBlock", written)?;
        // Everything begins at the unspecified address; any other prefix must begin at one that can be meant.
        if destination.prefix_len() > 0 && !text::is_routable(destination.network()) {
            let why = "Packets are not routed there.";
            return Err(faults::invalid_value("DestinationCidrBlock", written, why));
        }
        if parsed.insert(destination, route.network_interface_id().to_owned()).is_some() {
            let why = "It is in the request twice.";
            return Err(faults::invalid_value("DestinationCidrBlock", written, why));
        }
    }
    Ok(parsed)
}

/// PutLearnedRoutes: every table that propagates the gateway has the routes when the call answers. A known prefix gets its
/// new next hop.
///
/// # Errors
/// `InvalidVpnGatewayID.NotFound`, `Gateway.NotAttached`, `InvalidNetworkInterfaceID.NotFound`, `InvalidParameterValue` for
/// an interface of another VPC, `LearnedRouteLimitExceeded`.
pub(crate) async fn put_learned_routes(
    call: Call<Extension>,
    input: PutLearnedRoutesRequest,
) -> Reply<PutLearnedRoutesResult> {
    let routes = parse(input.routes())?;
    let (scope, id, now) = (call.scope(), input.vpn_gateway_id(), call.platform.clock.now());
    let changed = call.platform.transact(|tx| {
        let gateway = Kind::VPN_GATEWAY.find::<VpnGateway>(tx, scope, id)?;
        let vpc_id = gateway.vpc_id.as_ref().ok_or_else(|| faults::not_attached(id))?;
        for interface_id in routes.values() {
            let interface = Kind::INTERFACE.find::<NetworkInterface>(tx, scope, interface_id)?;
            if interface.vpc_id != *vpc_id {
                let why = format!("The interface is not in the VPC of the gateway, {vpc_id}.");
                return Err(faults::invalid_value("NetworkInterfaceId", interface_id, &why));
            }
        }
        let mut told = Vec::new();
        for (destination, interface) in &routes {
            let route = LearnedRoute {
                id: LearnedRoute::id_of(id, destination),
                gateway_id: id.to_owned(),
                destination: *destination,
                network_interface_id: interface.clone(),
                learned: now,
            };
            tx.put(scope, route.clone());
            told.push(route);
        }
        if tx.by_index::<LearnedRoute>(scope, "gateway", id).len() > LearnedRoute::MOST {
            let of = format!("learned routes of {id}");
            return Err(faults::limit_exceeded("LearnedRouteLimitExceeded", &of, LearnedRoute::MOST));
        }
        Ok((told, propagate_gateway(tx, scope, id)))
    });
    let done = changed.await?;
    let (told, vpcs) = done.value;
    for vpc in vpcs {
        call.settled(scope, &vpc, done.revision.clone()).await?;
    }
    let store = &call.platform.store;
    let shown = told.iter().map(|route| show::shown(store, scope, route)).collect();
    Ok(PutLearnedRoutesResult { learned_routes: Some(shown) })
}
