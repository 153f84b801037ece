//! Where a launch's interfaces go: subnets, groups and existing interfaces, looked up inside the transaction.

use super::interfaces::{InterfaceSpec, Interfaces};
use crate::interface::{Planner, Wanted};
use crate::lookup::find;
use crate::places::catalogue::Zone;
use crate::resource_kind::ResourceKind;
use crate::security_group::resolve_groups;
use crate::vpc::default_vpc_of;
use crate::{Ec2, faults};
use aws_schema::Fault;
use records::{Attachment, Millis, NetworkInterface, Subnet};
use state_store::typed::{Scope, Tx};
use std::sync::Arc;

/// One interface with its place.
pub(super) struct Placed {
    /// As asked for.
    spec: InterfaceSpec,
    /// Where it is or will be.
    subnet: Arc<Subnet>,
    /// The record of an interface that was there before.
    existing: Option<Arc<NetworkInterface>>,
    /// With groups by id and the question of a public address settled.
    wanted: Wanted,
}

/// All interfaces of each instance, the primary one first.
pub(super) struct Network {
    placed: Vec<Placed>,
}

/// Finds subnets and groups.
///
/// # Errors
/// The `NotFound` and `Malformed` faults of what is named; `MissingInput` and `VPCIdNotSpecified` where nothing is named
/// and there is no default; `InvalidParameterCombination` for interfaces of several zones or VPCs.
pub(super) fn resolve(tx: &mut Tx<'_>, scope: &Scope, interfaces: &Interfaces) -> Result<Network, Fault> {
    let alone = interfaces.specs.len() == 1;
    let mut placed: Vec<Placed> = Vec::with_capacity(interfaces.specs.len());
    for spec in &interfaces.specs {
        let existing = spec.existing.as_ref().map(|id| unused(tx, scope, id)).transpose()?;
        let subnet = match (&existing, &spec.subnet_id) {
            (Some(found), _) => find::<Subnet>(tx, scope, ResourceKind::Subnet, &found.subnet_id)?,
            (None, Some(id)) => find::<Subnet>(tx, scope, ResourceKind::Subnet, id)?,
            (None, None) => default_subnet(tx, scope, interfaces.zone.as_ref())?,
        };
        if let Some(zone) = interfaces.zone.as_ref().filter(|zone| zone.name != subnet.availability_zone) {
            return Err(faults::invalid_value(
                "availabilityZone",
                &zone.name,
                &format!(
                    "The subnet '{}' is in the availability zone {}.",
                    subnet.id, subnet.availability_zone
                ),
            ));
        }
        // A machine stands in one zone, and its router namespace belongs to one VPC.
        if let Some(first) = placed.first() {
            if first.subnet.vpc_id != subnet.vpc_id {
                return Err(faults::unsupported(
                    "Network interfaces of one instance in several VPCs are not supported by this cloud.",
                ));
            }
            if first.subnet.availability_zone != subnet.availability_zone {
                return Err(faults::invalid_combination(
                    "All network interfaces of an instance must be in the same availability zone.",
                ));
            }
        }
        let mut wanted = spec.wanted.clone();
        if existing.is_none() {
            wanted.groups = resolve_groups(tx, scope, &subnet.vpc_id, &wanted.groups, &spec.group_names)?;
            // The subnet's setting counts for an only interface; with several nothing public is given by itself.
            wanted.public = spec.public.unwrap_or(alone && subnet.map_public_ip_on_launch);
        }
        placed.push(Placed { spec: spec.clone(), subnet, existing, wanted });
    }
    Ok(Network { placed })
}

/// An existing interface that hangs on nothing.
fn unused(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> Result<Arc<NetworkInterface>, Fault> {
    let found = find::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, id)?;
    if found.attachment.is_some() {
        return Err(Fault::sender("InvalidNetworkInterface.InUse", format!("Interface: [{id}] in use.")));
    }
    Ok(found)
}

/// The default subnet of a zone, or of the first zone that has one.
fn default_subnet(tx: &mut Tx<'_>, scope: &Scope, zone: Option<&Zone>) -> Result<Arc<Subnet>, Fault> {
    let vpc = default_vpc_of(tx, scope)
        .ok_or_else(|| Fault::sender("VPCIdNotSpecified", "No default VPC for this user"))?;
    let mut subnets = tx.by_index::<Subnet>(scope, "vpc", &vpc.id);
    subnets.retain(|s| s.default_for_az && zone.is_none_or(|z| z.name == s.availability_zone));
    // AWS chooses a zone as it likes; the first one keeps small clouds in one place.
    subnets.sort_by(|a, b| a.availability_zone.cmp(&b.availability_zone));
    subnets.into_iter().next().ok_or_else(|| {
        let message = match zone {
            Some(zone) => format!("No default subnet for availability zone: '{}'.", zone.name),
            None => format!("No subnets found for the default VPC '{}'. Please specify a subnet.", vpc.id),
        };
        Fault::sender("MissingInput", message)
    })
}

impl Network {
    /// Subnet of the primary interface.
    pub(super) fn subnet(&self) -> Option<&Arc<Subnet>> {
        self.placed.first().map(|placed| &placed.subnet)
    }

    /// The primary interface gets a public address of its own at every start.
    pub(super) fn auto_public(&self) -> bool {
        self.placed.first().is_some_and(|placed| placed.existing.is_none() && placed.wanted.public)
    }

    /// The most store writes the interfaces of one instance take: each one, its public address, its tags.
    pub(super) fn writes(interfaces: &Interfaces) -> usize {
        interfaces.specs.len() * 3
    }

    /// New addresses each instance takes from the subnet of its primary interface.
    pub(super) fn addresses_per_instance(&self) -> usize {
        let Some(first) = self.subnet() else { return 0 };
        let same = self.placed.iter().filter(|p| p.existing.is_none() && p.subnet.id == first.id);
        same.map(|p| 1 + p.wanted.secondary.len() + p.wanted.secondary_count).sum()
    }

    /// The interfaces of one instance, attached to it and not yet written.
    pub(super) fn plan(
        &self,
        ec2: &Ec2,
        planner: &mut Planner,
        tx: &mut Tx<'_>,
        scope: &Scope,
        instance_id: &str,
        now: Millis,
    ) -> Result<Vec<NetworkInterface>, Fault> {
        let mut all = Vec::with_capacity(self.placed.len());
        for placed in &self.placed {
            let mut interface = match &placed.existing {
                Some(found) => NetworkInterface::clone(found),
                None => planner.plan(ec2, tx, scope, &placed.subnet, &placed.wanted)?,
            };
            interface.attachment = Some(Attachment {
                id: ResourceKind::NetworkInterfaceAttachment.new_id(),
                instance_id: instance_id.to_owned(),
                device_index: placed.spec.device_index,
                status: "attached".to_owned(),
                attached: now,
                delete_on_termination: placed.spec.delete_on_termination,
            });
            all.push(interface);
        }
        Ok(all)
    }

    /// Whether the interface at this position is new, so that the launch's tags are its tags.
    pub(super) fn is_new(&self, position: usize) -> bool {
        self.placed.get(position).is_some_and(|placed| placed.existing.is_none())
    }
}
