//! A network ACL as the API shows it.

use super::vpc_default::sort;
use crate::cidr::{anywhere_v4, anywhere_v6};
use crate::tags;
use ipnet::IpNet;
use records::{AclEntry, NetworkAcl, Vpc};
use state_store::typed::{Scope, Store};

/// Number of the last entry, which the console shows as `*`; the one for IPv6 follows it.
pub(super) const LAST: i32 = 32_767;

/// The entries with the final ones that are never stored: those for IPv6 where the VPC has such a block.
pub(super) fn entries(store: &Store, scope: &Scope, acl: &NetworkAcl) -> Vec<AclEntry> {
    let ipv6 = store.get::<Vpc>(scope, &acl.vpc_id).is_some_and(|vpc| !vpc.ipv6_associations.is_empty());
    let deny = |number: i32, egress: bool, cidr: IpNet| AclEntry {
        number,
        egress,
        protocol: -1,
        ports: None,
        icmp: None,
        cidr,
        allow: false,
    };
    let mut all = acl.entries.clone();
    for egress in [true, false] {
        all.push(deny(LAST, egress, anywhere_v4()));
        if ipv6 {
            all.push(deny(LAST + 1, egress, anywhere_v6()));
        }
    }
    sort(&mut all);
    all
}

/// `allow` or `deny`.
pub(super) fn action(entry: &AclEntry) -> &'static str {
    if entry.allow { "allow" } else { "deny" }
}

fn entry(entry: &AclEntry) -> api_ec2::NetworkAclEntry {
    let mut shown = api_ec2::NetworkAclEntry {
        egress: Some(entry.egress),
        protocol: Some(entry.protocol.to_string()),
        rule_action: Some(action(entry).into()),
        rule_number: Some(entry.number),
        port_range: entry
            .ports
            .map(|(from, to)| api_ec2::PortRange { from: Some(from.into()), to: Some(to.into()) }),
        icmp_type_code: entry
            .icmp
            .map(|(kind, code)| api_ec2::IcmpTypeCode { type_: Some(kind), code: Some(code) }),
        ..api_ec2::NetworkAclEntry::default()
    };
    match entry.cidr {
        IpNet::V4(net) => shown.cidr_block = Some(net.to_string()),
        IpNet::V6(net) => shown.ipv6_cidr_block = Some(net.to_string()),
    }
    shown
}

/// The ACL with its entries, associations and tags.
pub(super) fn acl(store: &Store, scope: &Scope, acl: &NetworkAcl) -> api_ec2::NetworkAcl {
    let association = |found: &records::AclAssociation| api_ec2::NetworkAclAssociation {
        network_acl_association_id: Some(found.id.clone()),
        network_acl_id: Some(acl.id.clone()),
        subnet_id: Some(found.subnet_id.clone()),
    };
    api_ec2::NetworkAcl {
        network_acl_id: Some(acl.id.clone()),
        vpc_id: Some(acl.vpc_id.clone()),
        owner_id: Some(scope.account.to_string()),
        is_default: Some(acl.is_default),
        associations: Some(acl.associations.iter().map(association).collect()),
        entries: Some(entries(store, scope, acl).iter().map(entry).collect()),
        tags: Some(tags::to_api(&tags::of(store, scope, &acl.id))),
    }
}
