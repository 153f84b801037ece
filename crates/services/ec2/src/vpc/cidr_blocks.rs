//! AssociateVpcCidrBlock and DisassociateVpcCidrBlock.

use super::build::{associated, claim_ipv6, local_route, release_ipv6};
use super::{rules, show};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, cidr, faults, limits, lookup, network_acl, peering};
use api_ec2::{
    AssociateVpcCidrBlockRequest, AssociateVpcCidrBlockResult, DisassociateVpcCidrBlockRequest,
    DisassociateVpcCidrBlockResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use records::{CidrAssociation, RouteOrigin, RouteTable, RouteTarget, Subnet, Vpc};
use state_store::typed::{Scope, Tx};

/// The block an operation has added or removed.
enum Block {
    V4(CidrAssociation<Ipv4Net>),
    V6(CidrAssociation<Ipv6Net>),
}

/// `CidrLimitExceeded`.
fn limit_reached(vpc_id: &str) -> Fault {
    let message = format!(
        "This network '{vpc_id}' has met its maximum number of allowed CIDRs: {}",
        limits::CIDRS_PER_VPC
    );
    Fault::sender("CidrLimitExceeded", message)
}

/// Copies of a VPC's tables, to be changed.
fn tables_of(tx: &mut Tx<'_>, scope: &Scope, vpc_id: &str) -> Vec<RouteTable> {
    tx.by_index::<RouteTable>(scope, "vpc", vpc_id).iter().map(|t| RouteTable::clone(t)).collect()
}

/// Every table of a VPC leads to every block of it.
fn add_local(tx: &mut Tx<'_>, scope: &Scope, vpc_id: &str, block: IpNet) {
    for mut table in tables_of(tx, scope, vpc_id) {
        let at = table.routes.iter().take_while(|r| r.target == RouteTarget::Local).count();
        table.routes.insert(at, local_route(block));
        tx.put(scope, table);
    }
}

/// The counterpart of [`add_local`]. The block's own route goes too when ReplaceRoute has sent it to a machine: nobody
/// could delete it otherwise.
fn remove_local(tx: &mut Tx<'_>, scope: &Scope, vpc_id: &str, block: IpNet) {
    for mut table in tables_of(tx, scope, vpc_id) {
        table.routes.retain(|r| r.destination != block || r.origin != RouteOrigin::CreateRouteTable);
        tx.put(scope, table);
    }
}

/// Checks a secondary block against the primary, the other blocks and the routes, and adds it.
fn add_v4(tx: &mut Tx<'_>, scope: &Scope, vpc: &mut Vpc, block: Ipv4Net) -> Result<Block, Fault> {
    rules::check_secondary(&vpc.cidr_block, &block)?;
    if vpc.ipv4_blocks().any(|have| cidr::overlap(&have, &block)) {
        let message = format!("The CIDR '{block}' conflicts with another CIDR of the VPC '{}'.", vpc.id);
        return Err(Fault::sender("InvalidVpc.Range", message));
    }
    if vpc.cidr_associations.len() >= limits::CIDRS_PER_VPC {
        return Err(limit_reached(&vpc.id));
    }
    // A block may not swallow the destination of an existing route.
    let swallowed = tables_of(tx, scope, &vpc.id).iter().flat_map(|t| &t.routes).any(|route| {
        matches!(route.destination, IpNet::V4(net) if route.target != RouteTarget::Local && block.contains(&net))
    });
    if swallowed {
        let message =
            format!("The CIDR '{block}' is the same as or larger than a route of the VPC '{}'.", vpc.id);
        return Err(Fault::sender("InvalidVpc.Range", message));
    }
    let association = associated(ResourceKind::VpcCidrAssociation, block);
    vpc.cidr_associations.push(association.clone());
    add_local(tx, scope, &vpc.id, IpNet::V4(block));
    Ok(Block::V4(association))
}

/// AssociateVpcCidrBlock: a secondary IPv4 block, or an IPv6 block from the cloud's pool.
///
/// # Errors
/// `InvalidVpc.Range` for bad, overlapping or restricted blocks, `CidrLimitExceeded` for the sixth, `InvalidVpcID.NotFound`.
pub(super) async fn associate_vpc_cidr_block(
    call: Call<Ec2>,
    input: AssociateVpcCidrBlockRequest,
) -> Reply<AssociateVpcCidrBlockResult> {
    let given = [
        ("Ipv6Pool", input.ipv6_pool.is_some()),
        ("Ipv6CidrBlock", input.ipv6_cidr_block.is_some()),
        ("Ipv4IpamPoolId", input.ipv4_ipam_pool_id.is_some()),
        ("Ipv6IpamPoolId", input.ipv6_ipam_pool_id.is_some()),
    ];
    if let Some((name, _)) = given.iter().find(|(_, given)| *given) {
        return Err(faults::unsupported_parameter(name));
    }
    let id = faults::required(input.vpc_id, "vpcId")?;
    let ipv6 = input.amazon_provided_ipv6_cidr_block == Some(true);
    let block = match (input.cidr_block, ipv6) {
        (Some(_), true) => {
            return Err(faults::invalid_combination(
                "The parameters cidrBlock and amazonProvidedIpv6CidrBlock cannot be used together",
            ));
        }
        (Some(text), false) => Some(cidr::v4("cidrBlock", &text)?),
        (None, true) => None,
        (None, false) => return Err(faults::missing_parameter("cidrBlock")),
    };
    let (scope, now) = (call.scope(), call.now());
    let changed = call.platform.transact(|tx| {
        let mut vpc = lookup::find_mut::<Vpc>(tx, scope, ResourceKind::Vpc, &id)?;
        let added = match block {
            Some(block) => {
                peering::check_new_v4_block(tx, scope, &id, block, now)?;
                add_v4(tx, scope, &mut vpc, block)?
            }
            None if vpc.ipv6_associations.len() >= limits::CIDRS_PER_VPC => return Err(limit_reached(&id)),
            None => {
                if vpc.ipv6_associations.is_empty() {
                    network_acl::allow_ipv6(tx, scope, &id);
                }
                let association = claim_ipv6(tx, &id)?;
                vpc.ipv6_associations.push(association.clone());
                add_local(tx, scope, &id, IpNet::V6(association.cidr));
                Block::V6(association)
            }
        };
        peering::follow_blocks(tx, scope, &vpc);
        tx.put(scope, vpc);
        Ok(added)
    });
    let done = changed.await?;
    call.settled(scope, &id, done.revision).await?;
    let mut result = AssociateVpcCidrBlockResult { vpc_id: Some(id), ..Default::default() };
    match done.value {
        Block::V4(a) => result.cidr_block_association = Some(show::block(&a, "associating")),
        Block::V6(a) => result.ipv6_cidr_block_association = Some(show::ipv6_block(&a, "associating", scope)),
    }
    Ok(result)
}

/// DisassociateVpcCidrBlock: never the primary block, and none a subnet lies in.
///
/// # Errors
/// `OperationNotPermitted` for the primary block, `DependencyViolation` while a subnet lies in it,
/// `InvalidVpcCidrBlockAssociationID.NotFound`.
pub(super) async fn disassociate_vpc_cidr_block(
    call: Call<Ec2>,
    input: DisassociateVpcCidrBlockRequest,
) -> Reply<DisassociateVpcCidrBlockResult> {
    let id = faults::required(input.association_id, "associationId")?;
    let scope = call.scope();
    let in_use = |cidr: String| {
        faults::dependency_violation(format!(
            "The CIDR block '{cidr}' is in use and cannot be disassociated."
        ))
    };
    let changed = call.platform.transact(|tx| {
        let kind = ResourceKind::VpcCidrAssociation;
        kind.check(&id)?;
        let has = |vpc: &Vpc| {
            vpc.cidr_associations.iter().any(|a| a.association_id == id)
                || vpc.ipv6_associations.iter().any(|a| a.association_id == id)
        };
        let vpc =
            tx.list::<Vpc>(scope).into_iter().find(|vpc| has(vpc)).ok_or_else(|| kind.not_found(&id))?;
        let mut vpc = Vpc::clone(&vpc);
        let subnets = tx.by_index::<Subnet>(scope, "vpc", &vpc.id);
        let removed = if let Some(at) = vpc.cidr_associations.iter().position(|a| a.association_id == id) {
            if at == 0 {
                return Err(faults::not_permitted(format!(
                    "The vpc CIDR block with association ID {id} may not be disassociated. \
                     It is the primary IPv4 CIDR block of the VPC"
                )));
            }
            let association = vpc.cidr_associations.remove(at);
            if subnets.iter().any(|s| association.cidr.contains(&s.cidr_block)) {
                return Err(in_use(association.cidr.to_string()));
            }
            remove_local(tx, scope, &vpc.id, IpNet::V4(association.cidr));
            Block::V4(association)
        } else {
            let at = vpc.ipv6_associations.iter().position(|a| a.association_id == id);
            let association = vpc.ipv6_associations.remove(at.ok_or_else(|| kind.not_found(&id))?);
            let used = |s: &Subnet| s.ipv6_associations.iter().any(|a| association.cidr.contains(&a.cidr));
            if subnets.iter().any(|s| used(s)) {
                return Err(in_use(association.cidr.to_string()));
            }
            remove_local(tx, scope, &vpc.id, IpNet::V6(association.cidr));
            release_ipv6(tx, &association.cidr);
            Block::V6(association)
        };
        let vpc_id = vpc.id.clone();
        peering::follow_blocks(tx, scope, &vpc);
        tx.put(scope, vpc);
        Ok((vpc_id, removed))
    });
    let done = changed.await?;
    let (vpc_id, removed) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    let mut result = DisassociateVpcCidrBlockResult { vpc_id: Some(vpc_id), ..Default::default() };
    match removed {
        Block::V4(a) => result.cidr_block_association = Some(show::block(&a, "disassociating")),
        Block::V6(a) => {
            result.ipv6_cidr_block_association = Some(show::ipv6_block(&a, "disassociating", scope));
        }
    }
    Ok(result)
}
