//! CreateRoute, ReplaceRoute and DeleteRoute.

use super::destination::Destination;
use super::target::Target;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{CreateRouteRequest, CreateRouteResult, DeleteRouteRequest, ReplaceRouteRequest};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use ipnet::IpNet;
use records::{Route, RouteOrigin, RouteTable, RouteTarget, Vpc};

/// AWS's words for a route that is not there.
fn no_route(destination: &Destination, table_id: &str) -> String {
    format!("no route with destination-cidr-block {} in route table {table_id}", destination.words())
}

/// A block inside of the VPC may only be sent to a machine (an appliance), and never one that swallows the VPC's own.
fn check_against_local(vpc: &Vpc, destination: &IpNet, target: &RouteTarget) -> Result<(), Fault> {
    let blocks = vpc.ipv4_blocks().map(IpNet::V4).chain(vpc.ipv6_blocks().map(IpNet::V6));
    let inside = blocks.into_iter().any(|block| block.contains(destination));
    let machine = matches!(target, RouteTarget::Instance(..) | RouteTarget::NetworkInterface(_));
    if inside && !machine {
        return Err(faults::invalid_parameter_value(format!(
            "The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR blocks. \
             This route can target only an interface or an instance."
        )));
    }
    Ok(())
}

/// CreateRoute.
///
/// # Errors
/// `RouteAlreadyExists`, `RouteLimitExceeded`; `InvalidParameterValue` for targets of other VPCs and for blocks of the VPC
/// sent elsewhere than to a machine; `NotFound` faults of the target; `UnsupportedOperation` for targets not built yet.
pub(super) async fn create_route(call: Call<Ec2>, input: CreateRouteRequest) -> Reply<CreateRouteResult> {
    let target = Target {
        gateway_id: input.gateway_id,
        instance_id: input.instance_id,
        network_interface_id: input.network_interface_id,
        local: false,
        unbuilt: vec![
            ("VpcEndpointId", input.vpc_endpoint_id.is_some()),
            ("TransitGatewayId", input.transit_gateway_id.is_some()),
            ("LocalGatewayId", input.local_gateway_id.is_some()),
            ("CarrierGatewayId", input.carrier_gateway_id.is_some()),
            ("CoreNetworkArn", input.core_network_arn.is_some()),
            ("OdbNetworkArn", input.odb_network_arn.is_some()),
            ("EgressOnlyInternetGatewayId", input.egress_only_internet_gateway_id.is_some()),
            ("VpcPeeringConnectionId", input.vpc_peering_connection_id.is_some()),
            ("NatGatewayId", input.nat_gateway_id.is_some()),
        ],
    };
    target.check()?;
    let table_id = faults::required(input.route_table_id, "routeTableId")?;
    let destination = Destination::parse(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut table = lookup::find_mut::<RouteTable>(tx, scope, ResourceKind::RouteTable, &table_id)?;
        let vpc = lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &table.vpc_id)?;
        if table.routes.iter().any(|route| destination.is_of(route)) {
            return Err(Fault::sender(
                "RouteAlreadyExists",
                format!("The route identified by {} already exists.", destination.words()),
            ));
        }
        let blocks = destination.blocks(tx, scope)?;
        if table.routes.len() + blocks.len() > limits::ROUTES_PER_TABLE {
            return Err(Fault::sender(
                "RouteLimitExceeded",
                "The maximum number of routes has been reached.",
            ));
        }
        let to = target.resolve(tx, scope, &table_id, &vpc.id, &blocks)?;
        if to == RouteTarget::Local {
            return Err(faults::invalid_parameter_value("A local route is made with the route table only."));
        }
        for block in &blocks {
            check_against_local(&vpc, block, &to)?;
            table.routes.push(Route {
                destination: *block,
                prefix_list: match &destination {
                    Destination::List(id) => Some(id.clone()),
                    Destination::Block(_) => None,
                },
                target: to.clone(),
                origin: RouteOrigin::CreateRoute,
            });
        }
        tx.put(scope, table);
        Ok(vpc.id.clone())
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(CreateRouteResult { return_: Some(true) })
}

/// ReplaceRoute. A local route may be sent to a machine and, with `LocalTarget`, back.
///
/// # Errors
/// `InvalidParameterValue` when there is no such route; otherwise as CreateRoute.
pub(super) async fn replace_route(call: Call<Ec2>, input: ReplaceRouteRequest) -> Reply<Unit> {
    let target = Target {
        gateway_id: input.gateway_id,
        instance_id: input.instance_id,
        network_interface_id: input.network_interface_id,
        local: input.local_target == Some(true),
        unbuilt: vec![
            ("VpcEndpointId", input.vpc_endpoint_id.is_some()),
            ("TransitGatewayId", input.transit_gateway_id.is_some()),
            ("LocalGatewayId", input.local_gateway_id.is_some()),
            ("CarrierGatewayId", input.carrier_gateway_id.is_some()),
            ("CoreNetworkArn", input.core_network_arn.is_some()),
            ("OdbNetworkArn", input.odb_network_arn.is_some()),
            ("EgressOnlyInternetGatewayId", input.egress_only_internet_gateway_id.is_some()),
            ("VpcPeeringConnectionId", input.vpc_peering_connection_id.is_some()),
            ("NatGatewayId", input.nat_gateway_id.is_some()),
        ],
    };
    target.check()?;
    let table_id = faults::required(input.route_table_id, "routeTableId")?;
    let destination = Destination::parse(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut table = lookup::find_mut::<RouteTable>(tx, scope, ResourceKind::RouteTable, &table_id)?;
        let vpc = lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &table.vpc_id)?;
        let blocks: Vec<IpNet> =
            table.routes.iter().filter(|r| destination.is_of(r)).map(|r| r.destination).collect();
        if blocks.is_empty() {
            return Err(faults::invalid_parameter_value(format!(
                "There is {}. Use CreateRoute instead.",
                no_route(&destination, &table_id)
            )));
        }
        let to = target.resolve(tx, scope, &table_id, &vpc.id, &blocks)?;
        for route in table.routes.iter_mut().filter(|r| destination.is_of(r)) {
            if to == RouteTarget::Local && route.origin != RouteOrigin::CreateRouteTable {
                return Err(faults::invalid_parameter_value(
                    "LocalTarget may be used for the routes of the VPC's own CIDR blocks only.",
                ));
            }
            if to != RouteTarget::Local {
                check_against_local(&vpc, &route.destination, &to)?;
            }
            route.target = to.clone();
        }
        tx.put(scope, table);
        Ok(vpc.id.clone())
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}

/// DeleteRoute: not the routes of the VPC's own blocks.
///
/// # Errors
/// `InvalidRoute.NotFound`; `InvalidParameterValue` for a local route.
pub(super) async fn delete_route(call: Call<Ec2>, input: DeleteRouteRequest) -> Reply<Unit> {
    let table_id = faults::required(input.route_table_id, "routeTableId")?;
    let destination = Destination::parse(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut table = lookup::find_mut::<RouteTable>(tx, scope, ResourceKind::RouteTable, &table_id)?;
        let Some(found) = table.routes.iter().find(|route| destination.is_of(route)) else {
            return Err(Fault::sender("InvalidRoute.NotFound", no_route(&destination, &table_id)));
        };
        if found.origin == RouteOrigin::CreateRouteTable {
            return Err(faults::invalid_parameter_value(format!(
                "cannot remove local route {} in route table {table_id}",
                destination.words()
            )));
        }
        table.routes.retain(|route| !destination.is_of(route));
        let vpc_id = table.vpc_id.clone();
        tx.put(scope, table);
        Ok(vpc_id)
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}
