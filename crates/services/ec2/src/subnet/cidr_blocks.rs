//! IPv6 blocks of a subnet.

use super::show;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, cidr, faults, lookup};
use api_ec2::{
    AssociateSubnetCidrBlockRequest, AssociateSubnetCidrBlockResult, DisassociateSubnetCidrBlockRequest,
    DisassociateSubnetCidrBlockResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use ipnet::Ipv6Net;
use records::{CidrAssociation, NetworkInterface, Subnet, Vpc};
use std::sync::Arc;

/// A /64 inside the VPC's blocks that no other subnet has.
pub(super) fn check_ipv6(vpc: &Vpc, existing: &[Arc<Subnet>], block: &Ipv6Net) -> Result<(), Fault> {
    if block.prefix_len() != 64 || !vpc.ipv6_blocks().any(|have| have.contains(block)) {
        return Err(Fault::sender("InvalidSubnet.Range", format!("The IPv6 CIDR '{block}' is invalid.")));
    }
    let taken = |s: &Subnet| s.ipv6_associations.iter().any(|a| cidr::overlap_v6(&a.cidr, block));
    if existing.iter().any(|s| taken(s)) {
        return Err(Fault::sender(
            "InvalidSubnet.Conflict",
            format!("The IPv6 CIDR '{block}' conflicts with another subnet"),
        ));
    }
    Ok(())
}

/// AssociateSubnetCidrBlock. A subnet has at most one IPv6 block.
///
/// # Errors
/// `InvalidSubnet.Range` for what is no /64 of the VPC, `InvalidSubnet.Conflict`, `InvalidSubnetID.NotFound`.
pub(super) async fn associate_subnet_cidr_block(
    call: Call<Ec2>,
    input: AssociateSubnetCidrBlockRequest,
) -> Reply<AssociateSubnetCidrBlockResult> {
    if input.ipv6_ipam_pool_id.is_some() || input.ipv6_netmask_length.is_some() {
        return Err(faults::unsupported_parameter("Ipv6IpamPoolId"));
    }
    let id = faults::required(input.subnet_id, "subnetId")?;
    let block = cidr::v6("ipv6CidrBlock", &faults::required(input.ipv6_cidr_block, "ipv6CidrBlock")?)?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut subnet = lookup::find_mut::<Subnet>(tx, scope, ResourceKind::Subnet, &id)?;
        let vpc = lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &subnet.vpc_id)?;
        check_ipv6(&vpc, &tx.by_index::<Subnet>(scope, "vpc", &vpc.id), &block)?;
        if !subnet.ipv6_associations.is_empty() {
            let message = format!("The subnet '{id}' already has an IPv6 CIDR block associated.");
            return Err(Fault::sender("SubnetAlreadyHasIPv6Cidr", message));
        }
        let association = CidrAssociation {
            association_id: ResourceKind::SubnetCidrAssociation.new_id(),
            cidr: block,
            state: "associated".to_owned(),
        };
        subnet.ipv6_associations.push(association.clone());
        tx.put(scope, subnet);
        Ok((vpc.id.clone(), association))
    });
    let done = changed.await?;
    let (vpc_id, association) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    Ok(AssociateSubnetCidrBlockResult {
        subnet_id: Some(id),
        ipv6_cidr_block_association: Some(show::ipv6_block(&association, "associating")),
    })
}

/// DisassociateSubnetCidrBlock: refused while an interface has an address from the block.
///
/// # Errors
/// `DependencyViolation`, `InvalidSubnetCidrBlockAssociationID.NotFound`.
pub(super) async fn disassociate_subnet_cidr_block(
    call: Call<Ec2>,
    input: DisassociateSubnetCidrBlockRequest,
) -> Reply<DisassociateSubnetCidrBlockResult> {
    let id = faults::required(input.association_id, "associationId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let kind = ResourceKind::SubnetCidrAssociation;
        kind.check(&id)?;
        let subnets = tx.list::<Subnet>(scope);
        let found = subnets.iter().find_map(|subnet| {
            let at = subnet.ipv6_associations.iter().position(|a| a.association_id == id)?;
            Some((Subnet::clone(subnet), at))
        });
        let (mut subnet, at) = found.ok_or_else(|| kind.not_found(&id))?;
        let association = subnet.ipv6_associations.remove(at);
        let interfaces = tx.by_index::<NetworkInterface>(scope, "subnet", &subnet.id);
        if interfaces.iter().flat_map(|i| &i.ipv6_addresses).any(|a| association.cidr.contains(a))
            || interfaces.iter().flat_map(|i| &i.ipv6_prefixes).any(|p| association.cidr.contains(p))
        {
            return Err(faults::dependency_violation(format!(
                "The IPv6 CIDR block '{}' is in use and cannot be disassociated.",
                association.cidr
            )));
        }
        subnet.assign_ipv6_address_on_creation = false;
        let names = (subnet.vpc_id.clone(), subnet.id.clone());
        tx.put(scope, subnet);
        Ok((names, association))
    });
    let done = changed.await?;
    let ((vpc_id, subnet_id), association) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    Ok(DisassociateSubnetCidrBlockResult {
        subnet_id: Some(subnet_id),
        ipv6_cidr_block_association: Some(show::ipv6_block(&association, "disassociating")),
    })
}
