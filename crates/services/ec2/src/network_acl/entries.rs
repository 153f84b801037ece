//! CreateNetworkAclEntry, ReplaceNetworkAclEntry and DeleteNetworkAclEntry.

use super::{parse, vpc_default};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{CreateNetworkAclEntryRequest, DeleteNetworkAclEntryRequest, ReplaceNetworkAclEntryRequest};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use ipnet::IpNet;
use records::{AclEntry, NetworkAcl};

/// Changes the entries of an ACL and waits until packets meet the change.
async fn change(
    call: &Call<Ec2>,
    id: &str,
    step: impl Fn(&mut Vec<AclEntry>) -> Result<(), Fault> + Send + Sync,
) -> Reply<Unit> {
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut acl = lookup::find_mut::<NetworkAcl>(tx, scope, ResourceKind::NetworkAcl, id)?;
        step(&mut acl.entries)?;
        vpc_default::sort(&mut acl.entries);
        let vpc_id = acl.vpc_id.clone();
        tx.put(scope, acl);
        Ok(vpc_id)
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}

/// Where an entry stands in the list.
fn position(entries: &[AclEntry], egress: bool, number: i32) -> Option<usize> {
    entries.iter().position(|entry| entry.egress == egress && entry.number == number)
}

/// `InvalidNetworkAclEntry.NotFound`.
fn no_entry(number: i32) -> Fault {
    let message = format!("The specified network acl entry does not exist: {number}");
    Fault::sender("InvalidNetworkAclEntry.NotFound", message)
}

/// AWS counts each direction and family by itself, and the final deny entry counts too.
fn check_quota(entries: &[AclEntry], new: &AclEntry) -> Result<(), Fault> {
    let family = |cidr: &IpNet| matches!(cidr, IpNet::V6(_));
    let alike = |entry: &&AclEntry| entry.egress == new.egress && family(&entry.cidr) == family(&new.cidr);
    if entries.iter().filter(alike).count() + 1 >= limits::ENTRIES_PER_ACL {
        let message = "The maximum number of network acl entries has been reached.";
        return Err(Fault::sender("NetworkAclEntryLimitExceeded", message));
    }
    Ok(())
}

/// CreateNetworkAclEntry.
///
/// # Errors
/// `NetworkAclEntryAlreadyExists`, `NetworkAclEntryLimitExceeded`, `InvalidNetworkAclID.NotFound`; `MissingParameter`,
/// `InvalidParameterValue` and `InvalidParameterCombination` for what is no entry.
pub(super) async fn create_network_acl_entry(
    call: Call<Ec2>,
    input: CreateNetworkAclEntryRequest,
) -> Reply<Unit> {
    let id = faults::required(input.network_acl_id.clone(), "networkAclId")?;
    let new = parse::entry(&input)?;
    change(&call, &id, |entries| {
        if position(entries, new.egress, new.number).is_some() {
            return Err(Fault::sender(
                "NetworkAclEntryAlreadyExists",
                format!("The network acl entry identified by {} already exists.", new.number),
            ));
        }
        check_quota(entries, &new)?;
        entries.push(new.clone());
        Ok(())
    })
    .await
}

/// ReplaceNetworkAclEntry: another entry under the same number and direction.
///
/// # Errors
/// `InvalidNetworkAclEntry.NotFound`; otherwise as CreateNetworkAclEntry.
pub(super) async fn replace_network_acl_entry(
    call: Call<Ec2>,
    input: ReplaceNetworkAclEntryRequest,
) -> Reply<Unit> {
    let id = faults::required(input.network_acl_id, "networkAclId")?;
    let new = parse::entry(&CreateNetworkAclEntryRequest {
        rule_number: input.rule_number,
        protocol: input.protocol,
        rule_action: input.rule_action,
        egress: input.egress,
        cidr_block: input.cidr_block,
        ipv6_cidr_block: input.ipv6_cidr_block,
        icmp_type_code: input.icmp_type_code,
        port_range: input.port_range,
        ..CreateNetworkAclEntryRequest::default()
    })?;
    change(&call, &id, |entries| {
        let at = position(entries, new.egress, new.number).ok_or_else(|| no_entry(new.number))?;
        // It may come into the other family, which has a quota of its own.
        entries.remove(at);
        check_quota(entries, &new)?;
        entries.push(new.clone());
        Ok(())
    })
    .await
}

/// DeleteNetworkAclEntry.
///
/// # Errors
/// `InvalidNetworkAclEntry.NotFound`, `InvalidNetworkAclID.NotFound`; `InvalidParameterValue` for the final entry.
pub(super) async fn delete_network_acl_entry(
    call: Call<Ec2>,
    input: DeleteNetworkAclEntryRequest,
) -> Reply<Unit> {
    let id = faults::required(input.network_acl_id, "networkAclId")?;
    let number = parse::number(input.rule_number)?;
    let egress = faults::required(input.egress, "egress")?;
    change(&call, &id, |entries| {
        let at = position(entries, egress, number).ok_or_else(|| no_entry(number))?;
        entries.remove(at);
        Ok(())
    })
    .await
}
