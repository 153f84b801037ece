//! Which table a subnet or gateway uses.

use super::partner::{Partner, check_for_gateway};
use super::show::association_state;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{
    AssociateRouteTableRequest, AssociateRouteTableResult, DisassociateRouteTableRequest,
    ReplaceRouteTableAssociationRequest, ReplaceRouteTableAssociationResult,
};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::{RouteTable, TableAssociation};
use state_store::typed::{Scope, Tx};

/// A table and one of its associations.
fn association(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> Result<(RouteTable, TableAssociation), Fault> {
    let kind = ResourceKind::RouteTableAssociation;
    kind.check(id)?;
    let table = tx.by_index::<RouteTable>(scope, "association", id).into_iter().next();
    let table = table.ok_or_else(|| kind.not_found(id))?;
    let found = table.associations.iter().find(|a| a.id == id).cloned();
    Ok((RouteTable::clone(&table), found.ok_or_else(|| kind.not_found(id))?))
}

/// AssociateRouteTable: of a subnet, or of an internet gateway (edge association).
///
/// # Errors
/// `Resource.AlreadyAssociated` when the subnet or gateway has another table, `InvalidParameterValue` across VPCs and for
/// tables a gateway cannot have, `NotFound` faults.
pub(super) async fn associate_route_table(
    call: Call<Ec2>,
    input: AssociateRouteTableRequest,
) -> Reply<AssociateRouteTableResult> {
    if input.public_ipv4_pool.is_some() {
        return Err(faults::unsupported_parameter("PublicIpv4Pool"));
    }
    let table_id = faults::required(input.route_table_id, "routeTableId")?;
    let partner = Partner::parse(input.subnet_id, input.gateway_id)?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut table = lookup::find_mut::<RouteTable>(tx, scope, ResourceKind::RouteTable, &table_id)?;
        let vpc_id = table.vpc_id.clone();
        let (index, id) = partner.key();
        if partner.vpc(tx, scope)?.as_ref() != Some(&vpc_id) {
            return Err(faults::invalid_parameter_value(format!(
                "Route table {table_id} and {index} {id} belong to different networks"
            )));
        }
        // The same association again is no error: AWS answers its id.
        if let Some(have) = table.associations.iter().find(|a| partner.is_of(a)) {
            return Ok((have.id.clone(), vpc_id));
        }
        if !tx.by_index::<RouteTable>(scope, index, id).is_empty() {
            return Err(Fault::sender(
                "Resource.AlreadyAssociated",
                format!("the specified association for route table {table_id} conflicts with an existing association"),
            ));
        }
        if matches!(partner, Partner::Gateway(_)) {
            check_for_gateway(tx, scope, &table)?;
        }
        let new = partner.association();
        table.associations.push(new.clone());
        tx.put(scope, table);
        Ok((new.id, vpc_id))
    });
    let done = changed.await?;
    let (id, vpc_id) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    Ok(AssociateRouteTableResult {
        association_id: Some(id),
        association_state: Some(association_state("associated")),
    })
}

/// DisassociateRouteTable: the subnet falls back to the main table, whose own association stays.
///
/// # Errors
/// `InvalidParameterValue` for the main association, `InvalidAssociationID.NotFound`.
pub(super) async fn disassociate_route_table(
    call: Call<Ec2>,
    input: DisassociateRouteTableRequest,
) -> Reply<Unit> {
    let id = faults::required(input.association_id, "associationId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let (mut table, found) = association(tx, scope, &id)?;
        if found.main {
            return Err(faults::invalid_parameter_value(format!(
                "cannot disassociate the main route table association {id}"
            )));
        }
        table.associations.retain(|a| a.id != id);
        let vpc_id = table.vpc_id.clone();
        tx.put(scope, table);
        Ok(vpc_id)
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}

/// ReplaceRouteTableAssociation: another table for a subnet or gateway, or another main table for the VPC.
///
/// # Errors
/// `InvalidAssociationID.NotFound`, `InvalidRouteTableID.NotFound`, `InvalidParameterValue` across VPCs and for tables a
/// gateway cannot have.
pub(super) async fn replace_route_table_association(
    call: Call<Ec2>,
    input: ReplaceRouteTableAssociationRequest,
) -> Reply<ReplaceRouteTableAssociationResult> {
    let id = faults::required(input.association_id, "associationId")?;
    let table_id = faults::required(input.route_table_id, "routeTableId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let (mut old, found) = association(tx, scope, &id)?;
        let mut new = lookup::find_mut::<RouteTable>(tx, scope, ResourceKind::RouteTable, &table_id)?;
        if old.vpc_id != new.vpc_id {
            return Err(faults::invalid_parameter_value(format!(
                "Route table {} and route table {} belong to different networks",
                old.id, new.id
            )));
        }
        let vpc_id = new.vpc_id.clone();
        if old.id == new.id {
            return Ok((id.clone(), vpc_id));
        }
        if found.gateway_id.is_some() {
            check_for_gateway(tx, scope, &new)?;
        }
        let fresh = ResourceKind::RouteTableAssociation.new_id();
        old.associations.retain(|a| a.id != id);
        new.associations.push(TableAssociation { id: fresh.clone(), ..found });
        tx.put(scope, old);
        tx.put(scope, new);
        Ok((fresh, vpc_id))
    });
    let done = changed.await?;
    let (id, vpc_id) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    Ok(ReplaceRouteTableAssociationResult {
        new_association_id: Some(id),
        association_state: Some(association_state("associated")),
    })
}
