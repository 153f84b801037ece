//! What a route leads to.

use crate::resource_kind::ResourceKind;
use crate::{faults, lookup};
use api_ec2::{CreateRouteRequest, ReplaceRouteRequest};
use aws_schema::Fault;
use ipnet::IpNet;
use records::{
    EgressOnlyInternetGateway, Instance, InstanceState, InternetGateway, Millis, NatGateway,
    NetworkInterface, PeeringSide, RouteTarget, VpcPeering, VpnGateway,
};
use state_store::typed::{Scope, Tx};

/// The target members of CreateRoute and ReplaceRoute.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    gateway: Option<String>,
    instance: Option<String>,
    interface: Option<String>,
    egress_only: Option<String>,
    nat: Option<String>,
    peering: Option<String>,
    local: bool,
    /// Members for things this cloud has not built, with whether they were given.
    unbuilt: Vec<(&'static str, bool)>,
}

/// Both requests have the same members, but no type in common.
macro_rules! target_of {
    ($input:expr, $local:expr) => {
        Target {
            gateway: $input.gateway_id.clone(),
            instance: $input.instance_id.clone(),
            interface: $input.network_interface_id.clone(),
            egress_only: $input.egress_only_internet_gateway_id.clone(),
            nat: $input.nat_gateway_id.clone(),
            peering: $input.vpc_peering_connection_id.clone(),
            local: $local,
            unbuilt: vec![
                // Routes of gateway endpoints come with the endpoint; only load balancer endpoints are named here.
                ("VpcEndpointId", $input.vpc_endpoint_id.is_some()),
                ("TransitGatewayId", $input.transit_gateway_id.is_some()),
                ("LocalGatewayId", $input.local_gateway_id.is_some()),
                ("CarrierGatewayId", $input.carrier_gateway_id.is_some()),
                ("CoreNetworkArn", $input.core_network_arn.is_some()),
                ("OdbNetworkArn", $input.odb_network_arn.is_some()),
            ],
        }
    };
}

impl From<&CreateRouteRequest> for Target {
    fn from(input: &CreateRouteRequest) -> Target {
        target_of!(input, false)
    }
}

impl From<&ReplaceRouteRequest> for Target {
    fn from(input: &ReplaceRouteRequest) -> Target {
        target_of!(input, input.local_target == Some(true))
    }
}

/// Where a route is to stand, for the checks of its target.
pub(super) struct Place<'a> {
    pub(super) scope: &'a Scope,
    pub(super) table_id: &'a str,
    pub(super) vpc_id: &'a str,
    pub(super) destinations: &'a [IpNet],
    pub(super) now: Millis,
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
        let given =
            [&self.gateway, &self.instance, &self.interface, &self.egress_only, &self.nat, &self.peering];
        match given.iter().filter(|given| given.is_some()).count() + usize::from(self.local) {
            1 => Ok(()),
            0 => Err(faults::missing_parameter(
                "gatewayId, instanceId, networkInterfaceId, vpcPeeringConnectionId or natGatewayId",
            )),
            _ => Err(faults::invalid_combination("The route must have exactly one target.")),
        }
    }

    /// The target, which must exist in the table's VPC.
    ///
    /// # Errors
    /// The target's `NotFound`; `InvalidParameterValue` for one of another VPC or for destinations it cannot serve.
    pub(super) fn resolve(&self, tx: &mut Tx<'_>, place: &Place<'_>) -> Result<RouteTarget, Fault> {
        match self {
            Target { local: true, .. } => Ok(RouteTarget::Local),
            Target { gateway: Some(id), .. } => gateway(tx, place, id),
            Target { instance: Some(id), .. } => instance(tx, place, id),
            Target { egress_only: Some(id), .. } => egress_only(tx, place, id),
            Target { nat: Some(id), .. } => nat(tx, place, id),
            Target { peering: Some(id), .. } => peering(tx, place, id),
            Target { interface, .. } => {
                network_interface(tx, place, interface.as_deref().unwrap_or_default())
            }
        }
    }
}

impl Place<'_> {
    /// The fault for a target in another VPC.
    fn other_network(&self, what: &str) -> Fault {
        let table_id = self.table_id;
        faults::invalid_parameter_value(format!(
            "route table {table_id} and {what} belong to different networks"
        ))
    }

    fn any_v6(&self) -> bool {
        self.destinations.iter().any(|net| matches!(net, IpNet::V6(_)))
    }

    fn any_v4(&self) -> bool {
        self.destinations.iter().any(|net| matches!(net, IpNet::V4(_)))
    }
}

/// `InvalidGatewayID.NotFound`.
fn no_gateway(id: &str) -> Fault {
    let shown: String = id.chars().take(200).collect();
    Fault::sender("InvalidGatewayID.NotFound", format!("The gateway ID '{shown}' does not exist"))
}

/// An internet gateway or virtual private gateway of this VPC, or `local`. Gateways of other kinds have members of their own.
fn gateway(tx: &mut Tx<'_>, place: &Place<'_>, id: &str) -> Result<RouteTarget, Fault> {
    if id == "local" {
        return Ok(RouteTarget::Local);
    }
    if id.starts_with("vgw-") {
        let found = tx.get::<VpnGateway>(place.scope, id).ok_or_else(|| no_gateway(id))?;
        if found.vpc_id.as_deref() != Some(place.vpc_id) {
            return Err(place.other_network(&format!("network gateway {id}")));
        }
        return Ok(RouteTarget::VpnGateway(id.to_owned()));
    }
    if !id.starts_with("igw-") {
        if ["nat-", "eigw-", "cagw-", "vpce-"].iter().any(|prefix| id.starts_with(prefix)) {
            return Err(no_gateway(id));
        }
        return Err(ResourceKind::InternetGateway.check(id).err().unwrap_or_else(|| no_gateway(id)));
    }
    let found = lookup::find::<InternetGateway>(tx, place.scope, ResourceKind::InternetGateway, id)?;
    if found.vpc_id.as_deref() != Some(place.vpc_id) {
        return Err(place.other_network(&format!("network gateway {id}")));
    }
    Ok(RouteTarget::InternetGateway(id.to_owned()))
}

/// An egress-only gateway, for IPv6 destinations.
fn egress_only(tx: &mut Tx<'_>, place: &Place<'_>, id: &str) -> Result<RouteTarget, Fault> {
    let kind = ResourceKind::EgressOnlyInternetGateway;
    let found = lookup::find::<EgressOnlyInternetGateway>(tx, place.scope, kind, id)?;
    if found.vpc_id != place.vpc_id {
        return Err(place.other_network(&format!("egress only internet gateway {id}")));
    }
    if place.any_v4() {
        return Err(faults::invalid_parameter_value(format!(
            "The egress-only internet gateway '{id}' can be the target of IPv6 destinations only"
        )));
    }
    Ok(RouteTarget::EgressOnlyInternetGateway(id.to_owned()))
}

/// A NAT gateway that translates, or is about to. This operation has a code of its own for others.
fn nat(tx: &mut Tx<'_>, place: &Place<'_>, id: &str) -> Result<RouteTarget, Fault> {
    ResourceKind::NatGateway.check(id)?;
    let found = tx.get::<NatGateway>(place.scope, id).filter(|gateway| gateway.is_wanted());
    let found = found.ok_or_else(|| {
        Fault::sender("InvalidNatGatewayID.NotFound", format!("The natGateway ID '{id}' does not exist"))
    })?;
    if found.vpc_id != place.vpc_id {
        return Err(place.other_network(&format!("NAT gateway {id}")));
    }
    if place.any_v6() {
        return Err(faults::unsupported(
            "A NAT gateway of this cloud translates IPv4 only (no NAT64): the destination must be an IPv4 CIDR block.",
        ));
    }
    Ok(RouteTarget::NatGateway(id.to_owned()))
}

/// A peering connection that stands, or waits for its answer: until then the route is a blackhole (VPC Peering Guide,
/// "Update your route tables").
fn peering(tx: &mut Tx<'_>, place: &Place<'_>, id: &str) -> Result<RouteTarget, Fault> {
    let kind = ResourceKind::VpcPeering;
    let found = lookup::find::<VpcPeering>(tx, place.scope, kind, id)?;
    if !crate::peering::is_open(&found, place.now) {
        return Err(kind.not_found(id));
    }
    let here = |side: &PeeringSide| side.vpc_id == place.vpc_id && side.scope() == *place.scope;
    if !here(&found.requester) && !here(&found.accepter) {
        return Err(place.other_network(&format!("vpc peering connection {id}")));
    }
    Ok(RouteTarget::VpcPeering(id.to_owned()))
}

/// An interface of a machine; those of NAT gateways and endpoints are reached by their own targets.
fn network_interface(tx: &mut Tx<'_>, place: &Place<'_>, id: &str) -> Result<RouteTarget, Fault> {
    let interface = lookup::find::<NetworkInterface>(tx, place.scope, ResourceKind::NetworkInterface, id)?;
    if interface.vpc_id != place.vpc_id {
        return Err(place.other_network(&format!("interface {id}")));
    }
    if interface.requester_managed {
        let kind = &interface.interface_type;
        return Err(faults::invalid_parameter_value(format!(
            "The network interface '{id}' is of type {kind} and cannot be the target of a route"
        )));
    }
    if interface.ipv6_addresses.is_empty() && place.any_v6() {
        return Err(faults::invalid_parameter_value(format!(
            "The network interface '{id}' does not have an IPv6 address"
        )));
    }
    Ok(RouteTarget::NetworkInterface(id.to_owned()))
}

/// An instance stands for its only interface.
fn instance(tx: &mut Tx<'_>, place: &Place<'_>, id: &str) -> Result<RouteTarget, Fault> {
    let instance = lookup::find::<Instance>(tx, place.scope, ResourceKind::Instance, id)?;
    if instance.state == InstanceState::Terminated {
        return Err(ResourceKind::Instance.not_found(id));
    }
    if instance.vpc_id != place.vpc_id {
        return Err(place.other_network(&format!("instance {id}")));
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
