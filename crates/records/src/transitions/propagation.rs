//! Routes that tables take over from virtual private gateways (VPC user guide, "Route propagation").

use crate::{LearnedRoute, Route, RouteOrigin, RouteTable, RouteTarget, VpnGateway};
use state_store::typed::{Scope, Tx};
use std::collections::BTreeSet;

/// Makes the propagated routes of a table equal to what its gateways have learned; other routes stay. A gateway that is not
/// attached to the table's VPC contributes nothing. The caller writes the table.
pub fn propagate(tx: &mut Tx<'_>, scope: &Scope, table: &mut RouteTable) {
    table.routes.retain(|route| route.origin != RouteOrigin::EnableVgwRoutePropagation);
    for id in &table.propagating {
        let gateway = tx.get::<VpnGateway>(scope, id);
        if gateway.is_none_or(|gateway| gateway.vpc_id.as_ref() != Some(&table.vpc_id)) {
            continue;
        }
        let learned = tx.by_index::<LearnedRoute>(scope, "gateway", id);
        table.routes.extend(learned.iter().map(|route| Route {
            destination: route.destination,
            prefix_list: None,
            target: RouteTarget::NetworkInterface(route.network_interface_id.clone()),
            origin: RouteOrigin::EnableVgwRoutePropagation,
        }));
    }
}

/// [`propagate`] for every table that propagates a gateway, after what it has learned or where it is attached has changed.
/// Answers the VPCs in which packets can notice. Writes at most one record per table of the gateway's VPC.
pub fn propagate_gateway(tx: &mut Tx<'_>, scope: &Scope, gateway_id: &str) -> BTreeSet<String> {
    let mut vpcs = BTreeSet::new();
    for table in tx.by_index::<RouteTable>(scope, "propagating", gateway_id) {
        let mut table = RouteTable::clone(&table);
        propagate(tx, scope, &mut table);
        vpcs.insert(table.vpc_id.clone());
        tx.put(scope, table);
    }
    vpcs
}

#[cfg(test)]
mod tests {
    use super::*;
    use state_store::StoreError;
    use state_store::typed::Store;

    fn route(destination: &str, origin: RouteOrigin) -> Route {
        let destination = destination.parse().unwrap();
        Route { destination, prefix_list: None, target: RouteTarget::Local, origin }
    }

    fn learned(destination: &str) -> LearnedRoute {
        let destination = destination.parse().unwrap();
        LearnedRoute {
            id: LearnedRoute::id_of("vgw-1", &destination),
            gateway_id: "vgw-1".into(),
            destination,
            network_interface_id: "eni-1".into(),
            learned: 0,
        }
    }

    /// The destinations of the table after `step` and a propagation.
    async fn after(store: &Store, step: impl Fn(&mut Tx<'_>, &Scope) + Send + Sync) -> Vec<String> {
        let here = Scope::new("000000000000", "us-east-1");
        let done = store.transact(|tx| {
            step(tx, &here);
            Ok::<_, StoreError>(propagate_gateway(tx, &here, "vgw-1"))
        });
        assert_eq!(done.await.unwrap().value, BTreeSet::from(["vpc-1".to_owned()]));
        let table = store.get::<RouteTable>(&here, "rtb-1").unwrap();
        table.routes.iter().map(|route| route.destination.to_string()).collect()
    }

    #[tokio::test]
    async fn tables_follow_what_the_gateway_knows_and_where_it_is() {
        let store = Store::in_memory();
        let gateway = |vpc: Option<&str>| VpnGateway {
            id: "vgw-1".into(),
            vpc_id: vpc.map(str::to_owned),
            asn: 64_512,
        };
        let begin = |tx: &mut Tx<'_>, here: &Scope| {
            tx.put(here, gateway(Some("vpc-1")));
            tx.put(
                here,
                RouteTable {
                    id: "rtb-1".into(),
                    vpc_id: "vpc-1".into(),
                    routes: vec![
                        route("10.0.0.0/16", RouteOrigin::CreateRouteTable),
                        route("192.168.0.0/24", RouteOrigin::CreateRoute),
                    ],
                    associations: Vec::new(),
                    propagating: vec!["vgw-1".into()],
                },
            );
            tx.put(here, learned("192.168.0.0/24"));
            tx.put(here, learned("2001:db8::/32"));
        };
        let all = after(&store, begin).await;
        // A static route to the same place stays beside the learned one; which of them wins is the plan's business.
        assert_eq!(all, ["10.0.0.0/16", "192.168.0.0/24", "192.168.0.0/24", "2001:db8::/32"]);
        let gone = learned("192.168.0.0/24").id;
        let all = after(&store, |tx, here| assert!(tx.delete::<LearnedRoute>(here, &gone))).await;
        assert_eq!(all, ["10.0.0.0/16", "192.168.0.0/24", "2001:db8::/32"]);
        let all = after(&store, |tx, here| tx.put(here, gateway(None))).await;
        assert_eq!(all, ["10.0.0.0/16", "192.168.0.0/24"]);
        let all = after(&store, |tx, here| tx.put(here, gateway(Some("vpc-2")))).await;
        assert_eq!(all, ["10.0.0.0/16", "192.168.0.0/24"], "attached elsewhere");
    }
}
