//! A route table as the API shows it.

use crate::tags;
use ipnet::IpNet;
use records::{Instance, Route, RouteOrigin, RouteTable, RouteTarget, TableAssociation};
use state_store::typed::{Scope, Store};

/// The `State` of an association.
pub(super) fn association_state(state: &str) -> api_ec2::RouteTableAssociationState {
    api_ec2::RouteTableAssociationState { state: Some(state.to_owned().into()), status_message: None }
}

/// An association; it is in force from the moment it is recorded.
fn association(table: &RouteTable, association: &TableAssociation) -> api_ec2::RouteTableAssociation {
    api_ec2::RouteTableAssociation {
        main: Some(association.main),
        route_table_association_id: Some(association.id.clone()),
        route_table_id: Some(table.id.clone()),
        subnet_id: association.subnet_id.clone(),
        gateway_id: association.gateway_id.clone(),
        association_state: Some(association_state("associated")),
        ..Default::default()
    }
}

/// The name of an origin.
pub(super) fn origin(origin: RouteOrigin) -> &'static str {
    match origin {
        RouteOrigin::CreateRouteTable => "CreateRouteTable",
        RouteOrigin::CreateRoute => "CreateRoute",
        RouteOrigin::EnableVgwRoutePropagation => "EnableVgwRoutePropagation",
    }
}

/// `active` or `blackhole`, as it is now.
pub(super) fn state(store: &Store, scope: &Scope, vpc_id: &str, route: &Route) -> &'static str {
    if route.target.is_alive(store, scope, vpc_id) { "active" } else { "blackhole" }
}

/// A route with its present state. Routes to an interface also show the machine behind it, as AWS does.
fn route(store: &Store, scope: &Scope, table: &RouteTable, route: &Route) -> api_ec2::Route {
    let mut shown = api_ec2::Route {
        origin: Some(origin(route.origin).into()),
        state: Some(state(store, scope, &table.vpc_id, route).into()),
        destination_prefix_list_id: route.prefix_list.clone(),
        ..api_ec2::Route::default()
    };
    if route.prefix_list.is_none() {
        match route.destination {
            IpNet::V4(net) => shown.destination_cidr_block = Some(net.to_string()),
            IpNet::V6(net) => shown.destination_ipv6_cidr_block = Some(net.to_string()),
        }
    }
    match &route.target {
        RouteTarget::Local => shown.gateway_id = Some("local".to_owned()),
        RouteTarget::InternetGateway(id) | RouteTarget::VpnGateway(id) | RouteTarget::VpcEndpoint(id) => {
            shown.gateway_id = Some(id.clone());
        }
        RouteTarget::EgressOnlyInternetGateway(id) => {
            shown.egress_only_internet_gateway_id = Some(id.clone());
        }
        RouteTarget::NatGateway(id) => shown.nat_gateway_id = Some(id.clone()),
        RouteTarget::VpcPeering(id) => shown.vpc_peering_connection_id = Some(id.clone()),
        RouteTarget::Instance(instance, interface) => {
            shown.instance_id = Some(instance.clone());
            shown.instance_owner_id = Some(scope.account.to_string());
            shown.network_interface_id = Some(interface.clone());
        }
        RouteTarget::NetworkInterface(id) => {
            shown.network_interface_id = Some(id.clone());
            if let Some(instance) = attached_to(store, scope, id) {
                shown.instance_owner_id = Some(scope.account.to_string());
                shown.instance_id = Some(instance);
            }
        }
    }
    shown
}

/// The instance an interface hangs on.
fn attached_to(store: &Store, scope: &Scope, interface: &str) -> Option<String> {
    let interface = store.get::<records::NetworkInterface>(scope, interface)?;
    let id = &interface.attachment.as_ref()?.instance_id;
    store.get::<Instance>(scope, id).map(|instance| instance.id.clone())
}

/// Routes as shown: the entries of one prefix list are one route.
pub(super) fn distinct(table: &RouteTable) -> impl Iterator<Item = &Route> {
    let mut lists = std::collections::HashSet::new();
    table.routes.iter().filter(move |r| r.prefix_list.as_ref().is_none_or(|id| lists.insert(id.clone())))
}

/// A table with routes, associations and tags.
pub(super) fn table(store: &Store, scope: &Scope, table: &RouteTable) -> api_ec2::RouteTable {
    api_ec2::RouteTable {
        route_table_id: Some(table.id.clone()),
        vpc_id: Some(table.vpc_id.clone()),
        owner_id: Some(scope.account.to_string()),
        associations: Some(table.associations.iter().map(|a| association(table, a)).collect()),
        routes: Some(distinct(table).map(|r| route(store, scope, table, r)).collect()),
        propagating_vgws: Some(
            table
                .propagating
                .iter()
                .map(|id| api_ec2::PropagatingVgw { gateway_id: Some(id.clone()) })
                .collect(),
        ),
        tags: Some(tags::to_api(&tags::of(store, scope, &table.id))),
    }
}
