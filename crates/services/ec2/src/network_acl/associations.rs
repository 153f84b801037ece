//! ReplaceNetworkAclAssociation.

use super::vpc_default;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{ReplaceNetworkAclAssociationRequest, ReplaceNetworkAclAssociationResult};
use contracts::{Call, Reply};
use records::NetworkAcl;

/// ReplaceNetworkAclAssociation: the subnet of an association gets another ACL. It is never without one.
///
/// # Errors
/// `InvalidAssociationID.NotFound`, `InvalidNetworkAclID.NotFound`, `InvalidParameterValue` across VPCs.
pub(super) async fn replace_network_acl_association(
    call: Call<Ec2>,
    input: ReplaceNetworkAclAssociationRequest,
) -> Reply<ReplaceNetworkAclAssociationResult> {
    let id = faults::required(input.association_id, "associationId")?;
    let acl_id = faults::required(input.network_acl_id, "networkAclId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let kind = ResourceKind::NetworkAclAssociation;
        kind.check(&id)?;
        let old = tx.by_index::<NetworkAcl>(scope, "association", &id).into_iter().next();
        let mut old = NetworkAcl::clone(&*old.ok_or_else(|| kind.not_found(&id))?);
        let mut new = lookup::find_mut::<NetworkAcl>(tx, scope, ResourceKind::NetworkAcl, &acl_id)?;
        let at = old.associations.iter().position(|a| a.id == id).ok_or_else(|| kind.not_found(&id))?;
        let subnet_id = old.associations[at].subnet_id.clone();
        let vpc_id = old.vpc_id.clone();
        if new.vpc_id != vpc_id {
            return Err(faults::invalid_parameter_value(format!(
                "Network ACL {acl_id} and subnet {subnet_id} belong to different networks"
            )));
        }
        if new.id == old.id {
            return Ok((id.clone(), vpc_id));
        }
        old.associations.remove(at);
        let fresh = vpc_default::association(&subnet_id);
        new.associations.push(fresh.clone());
        tx.put(scope, old);
        tx.put(scope, new);
        Ok((fresh.id, vpc_id))
    });
    let done = changed.await?;
    let (fresh, vpc_id) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    Ok(ReplaceNetworkAclAssociationResult { new_association_id: Some(fresh) })
}
