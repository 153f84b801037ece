//! A VPC as the API shows it.

use crate::tags;
use ipnet::{Ipv4Net, Ipv6Net};
use records::{CidrAssociation, Vpc};
use state_store::typed::{Scope, Store};

/// The VPC with its tags.
pub(super) fn vpc(store: &Store, scope: &Scope, vpc: &Vpc) -> api_ec2::Vpc {
    api_ec2::Vpc {
        vpc_id: Some(vpc.id.clone()),
        state: Some("available".into()),
        cidr_block: Some(vpc.cidr_block.to_string()),
        dhcp_options_id: Some(vpc.dhcp_options_id.clone()),
        owner_id: Some(scope.account.to_string()),
        instance_tenancy: Some(vpc.instance_tenancy.clone().into()),
        is_default: Some(vpc.is_default),
        cidr_block_association_set: Some(vpc.cidr_associations.iter().map(|a| block(a, &a.state)).collect()),
        ipv6_cidr_block_association_set: Some(
            vpc.ipv6_associations.iter().map(|a| ipv6_block(a, &a.state, scope)).collect(),
        ),
        tags: Some(tags::to_api(&tags::of(store, scope, &vpc.id))),
        ..api_ec2::Vpc::default()
    }
}

/// A block's state.
fn state(state: &str) -> api_ec2::VpcCidrBlockState {
    api_ec2::VpcCidrBlockState { state: Some(state.to_owned().into()), status_message: None }
}

/// An IPv4 block in a given state: answers of Associate and Disassociate show the state on the way.
pub(super) fn block(association: &CidrAssociation<Ipv4Net>, shown: &str) -> api_ec2::VpcCidrBlockAssociation {
    api_ec2::VpcCidrBlockAssociation {
        association_id: Some(association.association_id.clone()),
        cidr_block: Some(association.cidr.to_string()),
        cidr_block_state: Some(state(shown)),
    }
}

/// An IPv6 block in a given state.
pub(super) fn ipv6_block(
    association: &CidrAssociation<Ipv6Net>,
    shown: &str,
    scope: &Scope,
) -> api_ec2::VpcIpv6CidrBlockAssociation {
    api_ec2::VpcIpv6CidrBlockAssociation {
        association_id: Some(association.association_id.clone()),
        ipv6_cidr_block: Some(association.cidr.to_string()),
        ipv6_cidr_block_state: Some(state(shown)),
        network_border_group: Some(scope.region.to_string()),
        ipv6_pool: Some("Amazon".to_owned()),
        ipv6_address_attribute: Some("public".into()),
        ip_source: Some("amazon".into()),
    }
}
