//! What a route table can be associated with.

use super::inside::Inside;
use crate::resource_kind::ResourceKind;
use crate::{faults, lookup};
use aws_schema::Fault;
use records::{InternetGateway, RouteTable, RouteTarget, Subnet, TableAssociation, Vpc};
use state_store::typed::{Scope, Tx};

/// What a table is associated with, beside being main.
pub(super) enum Partner {
    Subnet(String),
    Gateway(String),
}

impl Partner {
    /// Exactly one of the two members.
    pub(super) fn parse(subnet_id: Option<String>, gateway_id: Option<String>) -> Result<Partner, Fault> {
        match (subnet_id, gateway_id) {
            (Some(id), None) => Ok(Partner::Subnet(id)),
            (None, Some(id)) if id.starts_with("vgw-") => Err(faults::unsupported(
                "A virtual private gateway of this cloud brings no packets in, so it needs no route table.",
            )),
            (None, Some(id)) => Ok(Partner::Gateway(id)),
            (None, None) => Err(faults::missing_parameter("subnetId")),
            (Some(_), Some(_)) => Err(faults::invalid_combination(
                "The parameters subnetId and gatewayId cannot be used together",
            )),
        }
    }

    /// The subnet or internet gateway with its VPC.
    pub(super) fn vpc(&self, tx: &mut Tx<'_>, scope: &Scope) -> Result<Option<String>, Fault> {
        match self {
            Partner::Subnet(id) => {
                let subnet = lookup::find::<Subnet>(tx, scope, ResourceKind::Subnet, id)?;
                Ok(Some(subnet.vpc_id.clone()))
            }
            Partner::Gateway(id) => {
                let gateway = lookup::find::<InternetGateway>(tx, scope, ResourceKind::InternetGateway, id)?;
                Ok(gateway.vpc_id.clone())
            }
        }
    }

    /// Its name in the index of tables, with its id.
    pub(super) fn key(&self) -> (&'static str, &str) {
        match self {
            Partner::Subnet(id) => ("subnet", id),
            Partner::Gateway(id) => ("gateway", id),
        }
    }

    /// Whether an association is with it.
    pub(super) fn is_of(&self, association: &TableAssociation) -> bool {
        match self {
            Partner::Subnet(id) => association.subnet_id.as_ref() == Some(id),
            Partner::Gateway(id) => association.gateway_id.as_ref() == Some(id),
        }
    }

    /// A fresh association with it.
    pub(super) fn association(&self) -> TableAssociation {
        let mut new = TableAssociation {
            id: ResourceKind::RouteTableAssociation.new_id(),
            main: false,
            subnet_id: None,
            gateway_id: None,
        };
        match self {
            Partner::Subnet(id) => new.subnet_id = Some(id.clone()),
            Partner::Gateway(id) => new.gateway_id = Some(id.clone()),
        }
        new
    }
}

/// Whether a table may steer what comes in through a gateway: only into the VPC, only by way of machines, and nothing that
/// changes by itself (VPC user guide, "Gateway route tables").
pub(super) fn check_for_gateway(tx: &mut Tx<'_>, scope: &Scope, table: &RouteTable) -> Result<(), Fault> {
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
