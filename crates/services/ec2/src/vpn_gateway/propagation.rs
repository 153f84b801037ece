//! EnableVgwRoutePropagation and DisableVgwRoutePropagation.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{DisableVgwRoutePropagationRequest, EnableVgwRoutePropagationRequest};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::transitions::propagate;
use records::{RouteTable, VpnGateway};

/// EnableVgwRoutePropagation: what the gateway has learned, and will learn, becomes routes of the table. Again the same is no
/// error.
///
/// # Errors
/// `Gateway.NotAttached` for a gateway of another VPC or none, `InvalidParameterValue` for the table of an internet gateway,
/// `NotFound` faults.
pub(super) async fn enable_vgw_route_propagation(
    call: Call<Ec2>,
    input: EnableVgwRoutePropagationRequest,
) -> Reply<Unit> {
    let table_id = faults::required(input.route_table_id, "routeTableId")?;
    let id = faults::required(input.gateway_id, "gatewayId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut table = lookup::find_mut::<RouteTable>(tx, scope, ResourceKind::RouteTable, &table_id)?;
        let gateway = lookup::find::<VpnGateway>(tx, scope, ResourceKind::VpnGateway, &id)?;
        if gateway.vpc_id.as_ref() != Some(&table.vpc_id) {
            return Err(Fault::sender(
                "Gateway.NotAttached",
                format!("resource {id} is not attached to network {}", table.vpc_id),
            ));
        }
        if table.associations.iter().any(|a| a.gateway_id.is_some()) {
            return Err(faults::invalid_parameter_value(format!(
                "Route table {table_id} is associated with a gateway and cannot propagate routes"
            )));
        }
        if !table.propagating.contains(&id) {
            table.propagating.push(id.clone());
        }
        propagate(tx, scope, &mut table);
        let vpc_id = table.vpc_id.clone();
        tx.put(scope, table);
        Ok(vpc_id)
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}

/// DisableVgwRoutePropagation: the gateway's routes leave the table.
///
/// # Errors
/// `NotFound` faults. A gateway the table does not propagate is no error.
pub(super) async fn disable_vgw_route_propagation(
    call: Call<Ec2>,
    input: DisableVgwRoutePropagationRequest,
) -> Reply<Unit> {
    let table_id = faults::required(input.route_table_id, "routeTableId")?;
    let id = faults::required(input.gateway_id, "gatewayId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut table = lookup::find_mut::<RouteTable>(tx, scope, ResourceKind::RouteTable, &table_id)?;
        lookup::find::<VpnGateway>(tx, scope, ResourceKind::VpnGateway, &id)?;
        table.propagating.retain(|other| *other != id);
        propagate(tx, scope, &mut table);
        let vpc_id = table.vpc_id.clone();
        tx.put(scope, table);
        Ok(vpc_id)
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}
