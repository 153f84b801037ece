//! Which table a subnet or gateway uses.

use super::inside::Inside;
use super::show::association_state;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{
    AssociateRouteTableRequest, AssociateRouteTableResult, DisassociateRouteTableRequest,
    ReplaceRouteTableAssociationRequest, ReplaceRouteTableAssociationResult,
};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::{InternetGateway, RouteTable, RouteTarget, Subnet, TableAssociation, Vpc};
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

/// What a table is associated with, beside being main.
enum With {
    Subnet(String),
    Gateway(String),
}

impl With {
    /// Exactly one of the two members.
    fn parse(subnet_id: Option<String>, gateway_id: Option<String>) -> Result<With, Fault> {
        match (subnet_id, gateway_id) {
            (Some(id), None) => Ok(With::Subnet(id)),
            (None, Some(id)) if id.starts_with("vgw-") => Err(faults::unsupported(
                "A virtual private gateway of this cloud brings no packets in, so it needs no route table.",
            )),
            (None, Some(id)) => Ok(With::Gateway(id)),
            (None, None) => Err(faults::missing_parameter("subnetId")),
            (Some(_), Some(_)) => Err(faults::invalid_combination(
                "The parameters subnetId and gatewayId cannot be used together",
            )),
        }
    }

    /// The subnet or internet gateway with its VPC.
    fn vpc(&self, tx: &mut Tx<'_>, scope: &Scope) -> Result<Option<String>, Fault> {
        match self {
            With::Subnet(id) => {
                let subnet = lookup::find::<Subnet>(tx, scope, ResourceKind::Subnet, id)?;
                Ok(Some(subnet.vpc_id.clone()))
            }
            With::Gateway(id) => {
                let gateway = lookup::find::<InternetGateway>(tx, scope, ResourceKind::InternetGateway, id)?;
                Ok(gateway.vpc_id.clone())
            }
        }
    }

    /// Its name in the index of tables, with its id.
    fn key(&self) -> (&'static str, &str) {
        match self {
            With::Subnet(id) => ("subnet", id),
            With::Gateway(id) => ("gateway", id),
        }
    }

    fn is_of(&self, association: &TableAssociation) -> bool {
        match self {
            With::Subnet(id) => association.subnet_id.as_ref() == Some(id),
            With::Gateway(id) => association.gateway_id.as_ref() == Some(id),
        }
    }

    fn association(&self) -> TableAssociation {
        let mut new = TableAssociation {
            id: ResourceKind::RouteTableAssociation.new_id(),
            main: false,
            subnet_id: None,
            gateway_id: None,
        };
        match self {
            With::Subnet(id) => new.subnet_id = Some(id.clone()),
            With::Gateway(id) => new.gateway_id = Some(id.clone()),
        }
        new
    }
}

/// Whether a table may steer what comes in through a gateway: only into the VPC, only by way of machines, and nothing that
/// changes by itself (VPC user guide, "Gateway route tables").
fn check_for_gateway(tx: &mut Tx<'_>, scope: &Scope, table: &RouteTable) -> Result<(), Fault> {
    if !table.propagating.is_empty() {
        return Err(faults::invalid_parameter_value(format!(
            "Route table {} propagates routes and cannot be associated with a gateway",
            table.id
        )));
    }
    let vpc = lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &table.vpc_id)?;
    let inside = Inside::of(tx, scope, &vpc);
    let mut routes = table.routes.iter().filter(|route| route.target != RouteTarget::Local);
    routes.try_for_each(|route| inside.check_at_gateway(&route.destination, &route.target))
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
    let with = With::parse(input.subnet_id, input.gateway_id)?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut table = lookup::find_mut::<RouteTable>(tx, scope, ResourceKind::RouteTable, &table_id)?;
        let vpc_id = table.vpc_id.clone();
        let (index, id) = with.key();
        if with.vpc(tx, scope)?.as_ref() != Some(&vpc_id) {
            return Err(faults::invalid_parameter_value(format!(
                "Route table {table_id} and {index} {id} belong to different networks"
            )));
        }
        // The same association again is no error: AWS answers its id.
        if let Some(have) = table.associations.iter().find(|a| with.is_of(a)) {
            return Ok((have.id.clone(), vpc_id));
        }
        if !tx.by_index::<RouteTable>(scope, index, id).is_empty() {
            return Err(Fault::sender(
                "Resource.AlreadyAssociated",
                format!("the specified association for route table {table_id} conflicts with an existing association"),
            ));
        }
        if matches!(with, With::Gateway(_)) {
            check_for_gateway(tx, scope, &table)?;
        }
        let new = with.association();
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
