//! CreateSubnet.

use super::cidr_blocks::check_ipv6;
use super::{invalid_zone, show};
use crate::places::catalogue::{Zone, zone_of, zones_of};
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, cidr, faults, limits, lookup, network_acl};
use api_ec2::{CreateSubnetRequest, CreateSubnetResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use ipnet::Ipv4Net;
use records::{CidrAssociation, Subnet, Vpc};

/// The zone asked for by name or id.
fn zone(region: &str, input: &CreateSubnetRequest) -> Result<Zone, Fault> {
    let wanted = match (&input.availability_zone, &input.availability_zone_id) {
        (Some(_), Some(_)) => {
            return Err(faults::invalid_combination(
                "The parameters availabilityZone and availabilityZoneId cannot be used together",
            ));
        }
        (Some(wanted), None) | (None, Some(wanted)) => wanted,
        // AWS chooses; we take the first, so that what is built twice stands in one place.
        (None, None) => {
            return zones_of(region).into_iter().next().ok_or_else(|| invalid_zone(region, ""));
        }
    };
    zone_of(region, wanted).ok_or_else(|| invalid_zone(region, wanted))
}

/// Members for things this cloud has not built are refused: a caller who asked for them must not believe to have them.
fn refuse_unbuilt(input: &CreateSubnetRequest) -> Result<(), Fault> {
    let given = [
        ("OutpostArn", input.outpost_arn.is_some()),
        ("Ipv6Native", input.ipv6_native == Some(true)),
        ("Ipv4IpamPoolId", input.ipv4_ipam_pool_id.is_some()),
        ("Ipv4NetmaskLength", input.ipv4_netmask_length.is_some()),
        ("Ipv6IpamPoolId", input.ipv6_ipam_pool_id.is_some()),
        ("Ipv6NetmaskLength", input.ipv6_netmask_length.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(faults::unsupported_parameter(name)),
        None => Ok(()),
    }
}

/// A subnet lies inside one block of its VPC and beside the other subnets (AWS: "Subnet CIDR blocks").
fn check_place(vpc: &Vpc, existing: &[std::sync::Arc<Subnet>], cidr: &Ipv4Net) -> Result<(), Fault> {
    let inside = vpc.ipv4_blocks().any(|block| block.contains(cidr));
    if !inside || !(16..=28).contains(&cidr.prefix_len()) {
        return Err(Fault::sender("InvalidSubnet.Range", format!("The CIDR '{cidr}' is invalid.")));
    }
    if existing.iter().any(|other| cidr::overlap(&other.cidr_block, cidr)) {
        return Err(Fault::sender(
            "InvalidSubnet.Conflict",
            format!("The CIDR '{cidr}' conflicts with another subnet"),
        ));
    }
    Ok(())
}

/// CreateSubnet. Answers `available`, since nothing has to be waited for.
///
/// # Errors
/// `InvalidSubnet.Range` outside of the VPC or of /16–/28, `InvalidSubnet.Conflict` over another subnet,
/// `InvalidParameterValue` for a zone the region does not have, `SubnetLimitExceeded`, `InvalidVpcID.NotFound`.
pub(super) async fn create_subnet(call: Call<Ec2>, input: CreateSubnetRequest) -> Reply<CreateSubnetResult> {
    refuse_unbuilt(&input)?;
    let zone = zone(call.caller.region(), &input)?;
    let vpc_id = faults::required(input.vpc_id, "vpcId")?;
    let cidr = cidr::v4("cidrBlock", &faults::required(input.cidr_block, "cidrBlock")?)?;
    let ipv6 = input.ipv6_cidr_block.map(|text| cidr::v6("ipv6CidrBlock", &text)).transpose()?;
    let specified = TagSpecifications::parse(input.tag_specifications, &[ResourceKind::Subnet])?;
    let (scope, now) = (call.scope(), call.now());
    let made = call.platform.transact(|tx| {
        let vpc = lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &vpc_id)?;
        let existing = tx.by_index::<Subnet>(scope, "vpc", &vpc_id);
        check_place(&vpc, &existing, &cidr)?;
        if existing.len() >= limits::SUBNETS_PER_VPC {
            return Err(Fault::sender(
                "SubnetLimitExceeded",
                "The maximum number of subnets has been reached.",
            ));
        }
        let mut subnet = super::new(&vpc, zone.clone(), cidr, now);
        if let Some(block) = ipv6 {
            check_ipv6(&vpc, &existing, &block)?;
            subnet.ipv6_associations.push(CidrAssociation {
                association_id: ResourceKind::SubnetCidrAssociation.new_id(),
                cidr: block,
                state: "associated".to_owned(),
            });
        }
        tags::put(tx, scope, ResourceKind::Subnet, &subnet.id, &specified.of(ResourceKind::Subnet));
        network_acl::guard_subnet(tx, scope, &subnet);
        tx.put(scope, subnet.clone());
        Ok(subnet)
    });
    let subnet = made.await?.value;
    Ok(CreateSubnetResult { subnet: Some(show(call.store(), scope, &subnet)) })
}
