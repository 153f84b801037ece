//! The records a VPC begins with: itself, its main route table, its default group and network ACL.

use crate::cidr::{anywhere_v4, anywhere_v6};
use crate::network_acl;
use crate::resource_kind::ResourceKind;
use aws_schema::Fault;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use records::address::pool_scope;
use records::{
    AccountNetwork, CidrAssociation, DhcpOptions, Ipv6BlockClaim, Millis, Peer, Route, RouteOrigin,
    RouteTable, RouteTarget, Rule, SecurityGroup, TableAssociation, Vpc,
};
use state_store::typed::{Scope, Tx};
use std::net::Ipv6Addr;

/// What differs between VPCs at birth.
pub(super) struct NewVpc {
    pub(super) cidr: Ipv4Net,
    pub(super) tenancy: String,
    pub(super) is_default: bool,
    pub(super) ipv6: bool,
    pub(super) now: Millis,
}

/// A rule that lets everything pass between a group and `peer`.
pub(crate) fn all_traffic(egress: bool, peer: Peer) -> Rule {
    let id = ResourceKind::SecurityGroupRule.new_id();
    Rule { id, egress, protocol: -1, from: None, to: None, peer, description: None }
}

/// A VPC's own block as a route.
pub(crate) fn local_route(destination: IpNet) -> Route {
    Route {
        destination,
        prefix_list: None,
        target: RouteTarget::Local,
        origin: RouteOrigin::CreateRouteTable,
    }
}

/// Local routes for every block of a VPC.
pub(crate) fn local_routes(vpc: &Vpc) -> Vec<Route> {
    let blocks = vpc.ipv4_blocks().map(IpNet::V4).chain(vpc.ipv6_blocks().map(IpNet::V6));
    blocks.map(local_route).collect()
}

/// The option set of new VPCs, made again when somebody has deleted it.
fn default_dhcp_options(tx: &mut Tx<'_>, scope: &Scope) -> String {
    if let Some(known) = tx.get::<AccountNetwork>(scope, AccountNetwork::ID)
        && tx.exists::<DhcpOptions>(scope, &known.default_dhcp_options_id)
    {
        return known.default_dhcp_options_id.clone();
    }
    // AWS: "DHCP option sets": us-east-1 kept its old domain name.
    let domain = match &*scope.region {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    };
    let options = DhcpOptions {
        id: ResourceKind::DhcpOptions.new_id(),
        configuration: vec![
            ("domain-name".to_owned(), vec![domain]),
            ("domain-name-servers".to_owned(), vec!["AmazonProvidedDNS".to_owned()]),
        ],
    };
    let id = options.id.clone();
    tx.put(scope, options);
    // An account without this record has no VPC yet, so none is without its network ACL either. When the record is
    // made again, what it said of ACLs still holds.
    let has_acls = tx.get::<AccountNetwork>(scope, AccountNetwork::ID).is_none_or(|known| known.has_acls);
    let network =
        AccountNetwork { id: AccountNetwork::ID.to_owned(), default_dhcp_options_id: id.clone(), has_acls };
    tx.put(scope, network);
    id
}

/// First 32 bits of every VPC's IPv6 block. The range is reserved for documentation (RFC 3849), so it never meets a
/// real host of the internet.
const IPV6_POOL: u128 = 0x2001_0db8 << 96;

/// A /56 no other VPC of the cloud has.
///
/// # Errors
/// `InsufficientCidrBlocks` when none of many random tries was free.
pub(super) fn claim_ipv6(tx: &mut Tx<'_>, vpc_id: &str) -> Result<CidrAssociation<Ipv6Net>, Fault> {
    for _ in 0..64 {
        // 24 bits choose among the /56 blocks of the /32.
        let choice = u128::from_str_radix(&contracts::hex_id(6), 16).unwrap_or_default();
        let Ok(cidr) = Ipv6Net::new(Ipv6Addr::from(IPV6_POOL | (choice << 72)), 56) else { continue };
        let id = cidr.addr().to_string();
        if !tx.exists::<Ipv6BlockClaim>(&pool_scope(), &id) {
            tx.put(&pool_scope(), Ipv6BlockClaim { id, vpc_id: vpc_id.to_owned() });
            return Ok(associated(ResourceKind::VpcCidrAssociation, cidr));
        }
    }
    Err(Fault::sender("InsufficientCidrBlocks", "There are no free IPv6 CIDR blocks left in this cloud."))
}

/// Gives a /56 back.
pub(super) fn release_ipv6(tx: &mut Tx<'_>, cidr: &Ipv6Net) {
    tx.delete::<Ipv6BlockClaim>(&pool_scope(), &cidr.addr().to_string());
}

/// A block with a fresh association id.
pub(crate) fn associated<N>(kind: ResourceKind, cidr: N) -> CidrAssociation<N> {
    CidrAssociation { association_id: kind.new_id(), cidr, state: "associated".to_owned() }
}

/// Writes a VPC with its main route table, default group and default network ACL.
pub(super) fn put_vpc(tx: &mut Tx<'_>, scope: &Scope, new: NewVpc) -> Result<(Vpc, RouteTable), Fault> {
    let id = ResourceKind::Vpc.new_id();
    let ipv6_associations = if new.ipv6 { vec![claim_ipv6(tx, &id)?] } else { Vec::new() };
    let vpc = Vpc {
        id: id.clone(),
        cidr_block: new.cidr,
        cidr_associations: vec![associated(ResourceKind::VpcCidrAssociation, new.cidr)],
        ipv6_associations,
        dhcp_options_id: default_dhcp_options(tx, scope),
        instance_tenancy: new.tenancy,
        is_default: new.is_default,
        enable_dns_support: true,
        // Only the default VPC names its public addresses from the start.
        enable_dns_hostnames: new.is_default,
        enable_network_address_usage_metrics: false,
        created: new.now,
    };
    let table = RouteTable {
        id: ResourceKind::RouteTable.new_id(),
        vpc_id: id.clone(),
        routes: local_routes(&vpc),
        associations: vec![TableAssociation {
            id: ResourceKind::RouteTableAssociation.new_id(),
            main: true,
            subnet_id: None,
            gateway_id: None,
        }],
        propagating: Vec::new(),
    };
    let group_id = ResourceKind::SecurityGroup.new_id();
    let itself = Peer::Group { id: group_id.clone(), account: scope.account.to_string() };
    let mut rules = vec![all_traffic(false, itself), all_traffic(true, Peer::Cidr(anywhere_v4()))];
    if new.ipv6 {
        rules.push(all_traffic(true, Peer::Cidr(anywhere_v6())));
    }
    let group = SecurityGroup {
        id: group_id,
        vpc_id: id,
        name: "default".to_owned(),
        description: "default VPC security group".to_owned(),
        rules,
    };
    network_acl::put_default(tx, scope, &vpc);
    tx.put(scope, vpc.clone());
    tx.put(scope, table.clone());
    tx.put(scope, group);
    Ok((vpc, table))
}
