//! The interfaces of an endpoint: one in each of its subnets, of which each zone has at most one.

use super::faults::invalid;
use crate::interface::{Planner, Wanted};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, cidr, lookup};
use api_ec2::SubnetConfiguration;
use aws_schema::Fault;
use records::{NetworkInterface, Subnet, VpcEndpoint};
use state_store::typed::{Scope, Tx};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// `InterfaceType` of an endpoint's interfaces.
const TYPE: &str = "vpc_endpoint";

/// Addresses asked for, by subnet.
///
/// # Errors
/// `InvalidParameter` for subnets that are not the endpoint's and for IPv6 addresses, which endpoints do not have;
/// `InvalidParameterValue` for texts that are no address.
pub(super) fn wanted_addresses(
    given: Option<Vec<SubnetConfiguration>>,
    subnets: &[String],
) -> Result<BTreeMap<String, Ipv4Addr>, Fault> {
    let mut wanted = BTreeMap::new();
    for configuration in given.unwrap_or_default() {
        let id = crate::faults::required(configuration.subnet_id, "SubnetId")?;
        if !subnets.contains(&id) {
            return Err(invalid(format!(
                "The subnet ID '{id}' of a subnet configuration is not among the subnet IDs."
            )));
        }
        if configuration.ipv6.is_some() {
            return Err(invalid("Endpoint IP address type (ipv4) does not allow IPv6 addresses."));
        }
        if let Some(text) = configuration.ipv4 {
            wanted.insert(id, cidr::address_v4("ipv4", &text)?);
        }
    }
    Ok(wanted)
}

/// Makes the interfaces in further subnets of an endpoint's VPC and notes them.
///
/// # Errors
/// `InvalidSubnetID.NotFound`, `InvalidParameter` for a subnet of another VPC, `DuplicateSubnetsInSameZone`, faults about
/// addresses.
pub(super) fn add(
    ec2: &Ec2,
    tx: &mut Tx<'_>,
    scope: &Scope,
    endpoint: &mut VpcEndpoint,
    subnets: &[String],
    addresses: &BTreeMap<String, Ipv4Addr>,
) -> Result<(), Fault> {
    let mut planner = Planner::default();
    let mut zones: Vec<String> = Vec::new();
    for id in &endpoint.network_interface_ids {
        zones.extend(tx.get::<NetworkInterface>(scope, id).map(|i| i.availability_zone.clone()));
    }
    for id in subnets {
        if endpoint.subnet_ids.contains(id) {
            continue;
        }
        let subnet = lookup::find::<Subnet>(tx, scope, ResourceKind::Subnet, id)?;
        if subnet.vpc_id != endpoint.vpc_id {
            return Err(invalid(format!(
                "The subnet ID '{id}' does not belong to the VPC '{}'.",
                endpoint.vpc_id
            )));
        }
        if zones.contains(&subnet.availability_zone) {
            let message = format!("Found another VPC endpoint subnet in the availability zone of {id}");
            return Err(Fault::sender("DuplicateSubnetsInSameZone", message));
        }
        zones.push(subnet.availability_zone.clone());
        let wanted = Wanted {
            description: format!("VPC Endpoint Interface {}", endpoint.id),
            primary: addresses.get(id).copied(),
            groups: endpoint.group_ids.clone(),
            // Endpoints listen on IPv4 only, whatever the subnet gives to others.
            ipv6_count: Some(0),
            ..Wanted::default()
        };
        let interface = NetworkInterface {
            interface_type: TYPE.to_owned(),
            requester_managed: true,
            ..planner.plan(ec2, tx, scope, &subnet, &wanted)?
        };
        endpoint.subnet_ids.push(id.clone());
        endpoint.network_interface_ids.push(interface.id.clone());
        tx.put(scope, interface);
    }
    Ok(())
}

/// Takes the interfaces out of some subnets.
///
/// # Errors
/// `InvalidParameter` for a subnet the endpoint is not in.
pub(super) fn remove(
    tx: &mut Tx<'_>,
    scope: &Scope,
    endpoint: &mut VpcEndpoint,
    subnets: &[String],
) -> Result<(), Fault> {
    if let Some(unknown) = subnets.iter().find(|id| !endpoint.subnet_ids.contains(id)) {
        return Err(invalid(format!("The subnet ID '{unknown}' is not associated with '{}'.", endpoint.id)));
    }
    for id in endpoint.network_interface_ids.clone() {
        let Some(interface) = tx.get::<NetworkInterface>(scope, &id) else { continue };
        if subnets.contains(&interface.subnet_id) {
            crate::interface::release_in_tx(tx, scope, &interface);
            endpoint.network_interface_ids.retain(|other| *other != id);
        }
    }
    endpoint.subnet_ids.retain(|id| !subnets.contains(id));
    Ok(())
}

/// Gives all interfaces the endpoint's groups.
pub(super) fn regroup(tx: &mut Tx<'_>, scope: &Scope, endpoint: &VpcEndpoint) {
    for id in &endpoint.network_interface_ids {
        tx.update::<NetworkInterface>(scope, id, |i| i.groups.clone_from(&endpoint.group_ids));
    }
}
