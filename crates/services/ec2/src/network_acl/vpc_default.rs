//! The ACL that comes with every VPC, and the subnets it takes in (VPC user guide, "Default network ACL for a VPC").

use crate::Ec2;
use crate::cidr::{anywhere_v4, anywhere_v6};
use crate::resource_kind::ResourceKind;
use crate::tags;
use aws_schema::Fault;
use ipnet::IpNet;
use records::{AccountNetwork, AclAssociation, AclEntry, NetworkAcl, Subnet, Vpc};
use state_store::typed::{Scope, Tx};
use std::sync::Arc;

/// Number of the entry that lets all IPv4 packets pass; the one for IPv6 follows it.
const ALL_V4: i32 = 100;
const ALL_V6: i32 = 101;

/// An entry that lets everything of a family pass.
fn allow_all(number: i32, egress: bool, cidr: IpNet) -> AclEntry {
    AclEntry { number, egress, protocol: -1, ports: None, icmp: None, cidr, allow: true }
}

/// The default ACL of a VPC that guards these subnets.
fn default_acl(vpc: &Vpc, subnets: &[Arc<Subnet>]) -> NetworkAcl {
    let mut entries = Vec::new();
    for egress in [true, false] {
        entries.push(allow_all(ALL_V4, egress, anywhere_v4()));
        if !vpc.ipv6_associations.is_empty() {
            entries.push(allow_all(ALL_V6, egress, anywhere_v6()));
        }
    }
    NetworkAcl {
        id: ResourceKind::NetworkAcl.new_id(),
        vpc_id: vpc.id.clone(),
        is_default: true,
        entries,
        associations: subnets.iter().map(|subnet| association(&subnet.id)).collect(),
    }
}

/// A fresh association of a subnet.
pub(super) fn association(subnet_id: &str) -> AclAssociation {
    AclAssociation { id: ResourceKind::NetworkAclAssociation.new_id(), subnet_id: subnet_id.to_owned() }
}

/// Writes the default ACL of a VPC made in this transaction.
pub(crate) fn put_default(tx: &mut Tx<'_>, scope: &Scope, vpc: &Vpc) {
    tx.put(scope, default_acl(vpc, &[]));
}

/// A VPC's default ACL. It can be missing only in a data directory older than network ACLs, before
/// [`ensure_for_old_vpcs`] has come to this VPC.
pub(super) fn default_of(tx: &mut Tx<'_>, scope: &Scope, vpc_id: &str) -> Option<NetworkAcl> {
    let all = tx.by_index::<NetworkAcl>(scope, "vpc", vpc_id);
    all.iter().find(|acl| acl.is_default).map(|acl| NetworkAcl::clone(acl))
}

/// Puts a subnet made in this transaction under its VPC's default ACL.
pub(crate) fn guard_subnet(tx: &mut Tx<'_>, scope: &Scope, subnet: &Subnet) {
    if let Some(mut acl) = default_of(tx, scope, &subnet.vpc_id) {
        acl.associations.push(association(&subnet.id));
        tx.put(scope, acl);
    }
}

/// Takes a subnet that goes away from its ACL.
pub(crate) fn forget_subnet(tx: &mut Tx<'_>, scope: &Scope, subnet_id: &str) {
    for acl in tx.by_index::<NetworkAcl>(scope, "subnet", subnet_id) {
        let mut acl = NetworkAcl::clone(&acl);
        acl.associations.retain(|a| a.subnet_id != subnet_id);
        tx.put(scope, acl);
    }
}

/// Whether a VPC has ACLs beside the default one, which keep it from being deleted.
pub(crate) fn has_custom(tx: &mut Tx<'_>, scope: &Scope, vpc_id: &str) -> bool {
    tx.by_index::<NetworkAcl>(scope, "vpc", vpc_id).iter().any(|acl| !acl.is_default)
}

/// Deletes what [`put_default`] made, with a VPC.
pub(crate) fn forget_all(tx: &mut Tx<'_>, scope: &Scope, vpc_id: &str) {
    for acl in tx.by_index::<NetworkAcl>(scope, "vpc", vpc_id) {
        tags::delete(tx, scope, &acl.id);
        tx.delete::<NetworkAcl>(scope, &acl.id);
    }
}

/// A VPC has got its first IPv6 block: the default ACL lets the family pass in each direction whose entries are still the
/// ones it was made with.
pub(crate) fn allow_ipv6(tx: &mut Tx<'_>, scope: &Scope, vpc_id: &str) {
    let Some(mut acl) = default_of(tx, scope, vpc_id) else { return };
    for egress in [true, false] {
        let untouched = [allow_all(ALL_V4, egress, anywhere_v4())];
        if acl.entries.iter().filter(|entry| entry.egress == egress).eq(&untouched) {
            acl.entries.push(allow_all(ALL_V6, egress, anywhere_v6()));
        }
    }
    sort(&mut acl.entries);
    tx.put(scope, acl);
}

/// The order in which entries are kept and shown: outbound first, as AWS does, then by number.
pub(super) fn sort(entries: &mut [AclEntry]) {
    entries.sort_by_key(|entry| (!entry.egress, entry.number));
}

/// Makes the default ACLs of VPCs from before this cloud had ACLs; they let everything pass, as those VPCs did. One
/// transaction for each VPC, since a transaction's size is limited.
///
/// # Errors
/// What the store refuses with; VPCs done before that stay done.
pub(crate) async fn ensure_for_old_vpcs(ec2: &Ec2, scope: &Scope) -> Result<(), Fault> {
    for vpc in ec2.store().list::<Vpc>(scope) {
        let made = ec2.platform.transact(|tx| {
            let Some(vpc) = tx.get::<Vpc>(scope, &vpc.id) else { return Ok(()) };
            if default_of(tx, scope, &vpc.id).is_none() {
                let subnets = tx.by_index::<Subnet>(scope, "vpc", &vpc.id);
                tx.put(scope, default_acl(&vpc, &subnets));
            }
            Ok(())
        });
        made.await?;
    }
    let done = ec2.platform.transact(|tx| {
        tx.update::<AccountNetwork>(scope, AccountNetwork::ID, |network| network.has_acls = true);
        Ok(())
    });
    done.await.map(drop)
}
