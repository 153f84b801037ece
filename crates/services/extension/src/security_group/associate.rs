//! AssociateNetworkSecurityGroup and DisassociateNetworkSecurityGroup.

use super::show;
use crate::kind::Kind;
use crate::{Extension, faults, limits};
use api_allod::{
    AssociateNetworkSecurityGroupRequest, AssociateNetworkSecurityGroupResult,
    DisassociateNetworkSecurityGroupRequest, DisassociateNetworkSecurityGroupResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{NetworkInterface, NetworkSecurityGroup, Subnet};
use state_store::typed::{Scope, Tx};

/// What a group can guard.
enum Place<'a> {
    Subnet(&'a str),
    Interface(&'a str),
}

impl<'a> Place<'a> {
    /// Exactly one of the two members.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidParameterCombination`.
    fn parse(subnet: Option<&'a str>, interface: Option<&'a str>) -> Result<Place<'a>, Fault> {
        match (subnet, interface) {
            (Some(id), None) => Ok(Place::Subnet(id)),
            (None, Some(id)) => Ok(Place::Interface(id)),
            (None, None) => Err(faults::missing_parameter("SubnetId or NetworkInterfaceId")),
            (Some(_), Some(_)) => Err(faults::invalid_combination(
                "You may specify SubnetId or NetworkInterfaceId, but not both in the same call",
            )),
        }
    }

    fn id(&self) -> &'a str {
        match self {
            Place::Subnet(id) | Place::Interface(id) => id,
        }
    }

    /// The list of a group it stands in.
    fn list<'g>(&self, group: &'g mut NetworkSecurityGroup) -> &'g mut Vec<String> {
        match self {
            Place::Subnet(_) => &mut group.subnet_ids,
            Place::Interface(_) => &mut group.network_interface_ids,
        }
    }

    /// The VPC it is in. Interfaces of NAT gateways and endpoints are none of the user's.
    ///
    /// # Errors
    /// `NotFound` and `Malformed` faults, `OperationNotPermitted`.
    fn vpc_id(&self, tx: &mut Tx<'_>, scope: &Scope) -> Result<String, Fault> {
        match self {
            Place::Subnet(id) => Ok(Kind::SUBNET.find::<Subnet>(tx, scope, id)?.vpc_id.clone()),
            Place::Interface(id) => {
                let interface = Kind::INTERFACE.find::<NetworkInterface>(tx, scope, id)?;
                if interface.requester_managed {
                    let message =
                        format!("You do not have permission to guard the network interface '{id}'.");
                    return Err(Fault::sender("OperationNotPermitted", message));
                }
                Ok(interface.vpc_id.clone())
            }
        }
    }
}

/// AssociateNetworkSecurityGroup. A place has at most one group; with `AllowReassociation` the new one takes the old
/// one's place in one step, so that no packet meets neither. Again the same is no error.
///
/// # Errors
/// `Resource.AlreadyAssociated`, `InvalidParameterValue` for a place in another VPC,
/// `NetworkSecurityGroupAssociationLimitExceeded`, `OperationNotPermitted`, `NotFound` faults.
pub(crate) async fn associate_network_security_group(
    call: Call<Extension>,
    input: AssociateNetworkSecurityGroupRequest,
) -> Reply<AssociateNetworkSecurityGroupResult> {
    let place = Place::parse(input.subnet_id.as_deref(), input.network_interface_id.as_deref())?;
    let (scope, id) = (call.scope(), input.network_security_group_id());
    let changed = call.platform.transact(|tx| {
        let group = Kind::SECURITY_GROUP.find::<NetworkSecurityGroup>(tx, scope, id)?;
        let mut group = NetworkSecurityGroup::clone(&group);
        if place.vpc_id(tx, scope)? != group.vpc_id {
            let message = format!("{} is not in the VPC of '{id}', {}.", place.id(), group.vpc_id);
            return Err(Fault::sender("InvalidParameterValue", message));
        }
        for other in tx.by_index::<NetworkSecurityGroup>(scope, "attached", place.id()) {
            if other.id == id {
                return Ok(group);
            }
            if input.allow_reassociation != Some(true) {
                return Err(faults::already_associated(place.id(), &other.id));
            }
            let mut other = NetworkSecurityGroup::clone(&other);
            place.list(&mut other).retain(|guarded| guarded != place.id());
            tx.put(scope, other);
        }
        if group.subnet_ids.len() + group.network_interface_ids.len() >= limits::PLACES_PER_GROUP {
            let code = "NetworkSecurityGroupAssociationLimitExceeded";
            return Err(faults::limit_exceeded(
                code,
                &format!("subnets and interfaces of {id}"),
                limits::PLACES_PER_GROUP,
            ));
        }
        place.list(&mut group).push(place.id().to_owned());
        tx.put(scope, group.clone());
        Ok(group)
    });
    let done = changed.await?;
    call.settled(scope, &done.value.vpc_id, done.revision).await?;
    Ok(AssociateNetworkSecurityGroupResult { network_security_group: Some(show::shown(&done.value)) })
}

/// DisassociateNetworkSecurityGroup.
///
/// # Errors
/// `InvalidAssociation.NotFound` when the group does not guard the place, `NotFound` faults.
pub(crate) async fn disassociate_network_security_group(
    call: Call<Extension>,
    input: DisassociateNetworkSecurityGroupRequest,
) -> Reply<DisassociateNetworkSecurityGroupResult> {
    let place = Place::parse(input.subnet_id.as_deref(), input.network_interface_id.as_deref())?;
    let (scope, id) = (call.scope(), input.network_security_group_id());
    let changed = call.platform.transact(|tx| {
        let group = Kind::SECURITY_GROUP.find::<NetworkSecurityGroup>(tx, scope, id)?;
        let mut group = NetworkSecurityGroup::clone(&group);
        let guarded = place.list(&mut group);
        let before = guarded.len();
        guarded.retain(|other| other != place.id());
        if guarded.len() == before {
            let shown: String = place.id().chars().take(200).collect();
            let message = format!("The network security group '{id}' does not guard '{shown}'");
            return Err(Fault::sender("InvalidAssociation.NotFound", message));
        }
        tx.put(scope, group.clone());
        Ok(group)
    });
    let done = changed.await?;
    call.settled(scope, &done.value.vpc_id, done.revision).await?;
    Ok(DisassociateNetworkSecurityGroupResult { network_security_group: Some(show::shown(&done.value)) })
}
