//! Subnets.

mod attributes;
mod cidr_blocks;
mod create;
mod delete;
mod describe;
mod show;

use crate::places::catalogue::{Zone, zones_of};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::ops;
use aws_schema::Fault;
use contracts::ServiceTable;
use ipnet::Ipv4Net;
use records::{Millis, Subnet, Vpc};
use std::sync::Arc;

pub(crate) use show::{available, subnet as show};

/// Adds the operations on subnets.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateSubnet => create::create_subnet,
        DeleteSubnet => delete::delete_subnet,
        DescribeSubnets => describe::describe_subnets,
        ModifySubnetAttribute => attributes::modify_subnet_attribute,
        AssociateSubnetCidrBlock => cidr_blocks::associate_subnet_cidr_block,
        DisassociateSubnetCidrBlock => cidr_blocks::disassociate_subnet_cidr_block,
    });
}

/// A subnet with the attributes every new one has.
pub(crate) fn new(vpc: &Vpc, zone: Zone, cidr_block: Ipv4Net, created: Millis) -> Subnet {
    Subnet {
        id: ResourceKind::Subnet.new_id(),
        vpc_id: vpc.id.clone(),
        cidr_block,
        ipv6_associations: Vec::new(),
        availability_zone: zone.name,
        availability_zone_id: zone.id,
        default_for_az: false,
        map_public_ip_on_launch: false,
        assign_ipv6_address_on_creation: false,
        hostname_type: None,
        resource_name_a_record: false,
        resource_name_aaaa_record: false,
        enable_dns64: false,
        created,
    }
}

/// The fault for a zone the region does not have, with the zones it has.
pub(crate) fn invalid_zone(region: &str, wanted: &str) -> Fault {
    let zones: Vec<String> = zones_of(region).into_iter().map(|zone| zone.name).collect();
    faults::invalid_value(
        "availabilityZone",
        wanted,
        &format!(
            "Subnets can currently only be created in the following availability zones: {}.",
            zones.join(", ")
        ),
    )
}
