//! What a route leads to.

use crate::resource_kind::ResourceKind;
use crate::{faults, lookup};
use aws_schema::Fault;
use ipnet::IpNet;
use records::{Instance, InstanceState, InternetGateway, NetworkInterface, RouteTarget};
use state_store::typed::{Scope, Tx};

/// The target members of CreateRoute and ReplaceRoute.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    pub(super) gateway_id: Option<String>,
    pub(super) instance_id: Option<String>,
    pub(super) network_interface_id: Option<String>,
    pub(super) local: bool,
    /// Members for things this cloud has not built, with whether they were given.
    pub(super) unbuilt: Vec<(&'static str, bool)>,
}

impl Target {
    /// Exactly one built target must be named.
    ///
    /// # Errors
    /// `UnsupportedOperation`, `InvalidParameterCombination`.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if let Some((name, _)) = self.unbuilt.iter().find(|(_, given)| *given) {
            return Err(faults::unsupported_parameter(name));
        }
        let given = [
            self.gateway_id.is_some(),
            self.instance_id.is_some(),
            self.network_interface_id.is_some(),
            self.local,
        ];
        match given.iter().filter(|given| **given).count() {
            1 => Ok(()),
            0 => Err(faults::missing_parameter(
                "gatewayId, instanceId, networkInterfaceId, vpcPeeringConnectionId or natGatewayId",
            )),
            _ => Err(faults::invalid_combination("The route must have exactly one target.")),
        }
    }

    /// The target, which must exist in the table's VPC.
    pub(super) fn resolve(
        &self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        table_id: &str,
        vpc_id: &str,
        destinations: &[IpNet],
    ) -> Result<RouteTarget, Fault> {
        if self.local {
            return Ok(RouteTarget::Local);
        }
        if let Some(id) = &self.gateway_id {
            return gateway(tx, scope, table_id, vpc_id, id);
        }
        if let Some(id) = &self.instance_id {
            return instance(tx, scope, table_id, vpc_id, id);
        }
        let id = self.network_interface_id.as_deref().unwrap_or_default();
        let interface = lookup::find::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, id)?;
        if interface.vpc_id != vpc_id {
            return Err(other_network(table_id, &format!("interface {id}")));
        }
        let has_v6 = !interface.ipv6_addresses.is_empty();
        if !has_v6 && destinations.iter().any(|net| matches!(net, IpNet::V6(_))) {
            return Err(faults::invalid_parameter_value(format!(
                "The network interface '{id}' does not have an IPv6 address"
            )));
        }
        Ok(RouteTarget::NetworkInterface(id.to_owned()))
    }
}

/// The fault for a target in another VPC.
fn other_network(table_id: &str, what: &str) -> Fault {
    faults::invalid_parameter_value(format!("route table {table_id} and {what} belong to different networks"))
}

/// An internet gateway of this VPC, or `local`. Gateways of kinds that are not built cannot exist, so they are not found.
fn gateway(
    tx: &mut Tx<'_>,
    scope: &Scope,
    table_id: &str,
    vpc_id: &str,
    id: &str,
) -> Result<RouteTarget, Fault> {
    if id == "local" {
        return Ok(RouteTarget::Local);
    }
    if !id.starts_with("igw-") {
        if ["vgw-", "nat-", "eigw-", "cagw-", "vpce-"].iter().any(|prefix| id.starts_with(prefix)) {
            return Err(Fault::sender(
                "InvalidGatewayID.NotFound",
                format!("The gateway ID '{id}' does not exist"),
            ));
        }
        return Err(ResourceKind::InternetGateway.check(id).err().unwrap_or_else(|| {
            Fault::sender("InvalidGatewayID.NotFound", format!("The gateway ID '{id}' does not exist"))
        }));
    }
    let found = lookup::find::<InternetGateway>(tx, scope, ResourceKind::InternetGateway, id)?;
    if found.vpc_id.as_deref() != Some(vpc_id) {
        return Err(other_network(table_id, &format!("network gateway {id}")));
    }
    Ok(RouteTarget::InternetGateway(id.to_owned()))
}

/// An instance stands for its only interface.
fn instance(
    tx: &mut Tx<'_>,
    scope: &Scope,
    table_id: &str,
    vpc_id: &str,
    id: &str,
) -> Result<RouteTarget, Fault> {
    let instance = lookup::find::<Instance>(tx, scope, ResourceKind::Instance, id)?;
    if instance.state == InstanceState::Terminated {
        return Err(ResourceKind::Instance.not_found(id));
    }
    if instance.vpc_id != vpc_id {
        return Err(other_network(table_id, &format!("instance {id}")));
    }
    match instance.network_interfaces.as_slice() {
        [only] => Ok(RouteTarget::Instance(id.to_owned(), only.clone())),
        _ => Err(Fault::sender(
            "InvalidInstanceID",
            format!(
                "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the operation instead."
            ),
        )),
    }
}
