//! A subnet as the API shows it.

use crate::tags;
use ipnet::Ipv6Net;
use records::{CidrAssociation, NetworkInterface, Subnet};
use state_store::typed::{Scope, Store};

/// Addresses nobody can have: the first four and the last (AWS: "Subnet CIDR blocks").
pub(super) const RESERVED: usize = 5;

/// How many addresses of the subnet no interface has.
pub(crate) fn available(store: &Store, scope: &Scope, subnet: &Subnet) -> i32 {
    let interfaces = store.by_index::<NetworkInterface>(scope, "subnet", &subnet.id);
    // A delegated prefix takes all of its 16 addresses.
    let used: usize = interfaces.iter().map(|i| i.private_addresses.len() + 16 * i.ipv4_prefixes.len()).sum();
    let all = 1usize << (32 - subnet.cidr_block.prefix_len());
    i32::try_from(all.saturating_sub(used + RESERVED)).unwrap_or(i32::MAX)
}

/// The subnet's ARN.
pub(super) fn arn(scope: &Scope, id: &str) -> String {
    format!("arn:aws:ec2:{}:{}:subnet/{id}", scope.region, scope.account)
}

/// An IPv6 block in a given state.
pub(super) fn ipv6_block(
    association: &CidrAssociation<Ipv6Net>,
    state: &str,
) -> api_ec2::SubnetIpv6CidrBlockAssociation {
    api_ec2::SubnetIpv6CidrBlockAssociation {
        association_id: Some(association.association_id.clone()),
        ipv6_cidr_block: Some(association.cidr.to_string()),
        ipv6_cidr_block_state: Some(api_ec2::SubnetCidrBlockState {
            state: Some(state.to_owned().into()),
            status_message: None,
        }),
        ipv6_address_attribute: Some("public".into()),
        ip_source: Some("amazon".into()),
    }
}

/// The subnet with its tags and free addresses.
pub(crate) fn subnet(store: &Store, scope: &Scope, subnet: &Subnet) -> api_ec2::Subnet {
    api_ec2::Subnet {
        subnet_id: Some(subnet.id.clone()),
        subnet_arn: Some(arn(scope, &subnet.id)),
        vpc_id: Some(subnet.vpc_id.clone()),
        owner_id: Some(scope.account.to_string()),
        state: Some("available".into()),
        cidr_block: Some(subnet.cidr_block.to_string()),
        available_ip_address_count: Some(available(store, scope, subnet)),
        availability_zone: Some(subnet.availability_zone.clone()),
        availability_zone_id: Some(subnet.availability_zone_id.clone()),
        default_for_az: Some(subnet.default_for_az),
        map_public_ip_on_launch: Some(subnet.map_public_ip_on_launch),
        map_customer_owned_ip_on_launch: Some(false),
        assign_ipv6_address_on_creation: Some(subnet.assign_ipv6_address_on_creation),
        ipv6_cidr_block_association_set: Some(
            subnet.ipv6_associations.iter().map(|a| ipv6_block(a, &a.state)).collect(),
        ),
        enable_dns64: Some(subnet.enable_dns64),
        ipv6_native: Some(false),
        private_dns_name_options_on_launch: Some(api_ec2::PrivateDnsNameOptionsOnLaunch {
            hostname_type: Some(hostname_type(subnet).to_owned().into()),
            enable_resource_name_dns_a_record: Some(subnet.resource_name_a_record),
            enable_resource_name_dns_aaaa_record: Some(subnet.resource_name_aaaa_record),
        }),
        tags: Some(tags::to_api(&tags::of(store, scope, &subnet.id))),
        ..api_ec2::Subnet::default()
    }
}

/// `ip-name` unless chosen otherwise.
pub(super) fn hostname_type(subnet: &Subnet) -> &str {
    subnet.hostname_type.as_deref().unwrap_or("ip-name")
}
