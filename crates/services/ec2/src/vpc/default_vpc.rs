//! The default VPC: made once for every account and region, and again only when asked for (AWS: "Default VPCs").

use super::build::{NewVpc, put_vpc};
use super::show;
use crate::places::catalogue::{Zone, zone_of, zones_of};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, network_acl, subnet};
use api_ec2::{
    CreateDefaultSubnetRequest, CreateDefaultSubnetResult, CreateDefaultVpcRequest, CreateDefaultVpcResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use ipnet::Ipv4Net;
use records::{AccountNetwork, InternetGateway, Millis, Route, RouteOrigin, RouteTarget, Subnet, Vpc};
use state_store::typed::{Scope, Tx};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// AWS's block for every default VPC.
const CIDR: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(172, 31, 0, 0), 16);
const SUBNET_LENGTH: u8 = 20;

/// Makes the default VPC when this account uses EC2 in this region for the first time. After that it is the user's:
/// once deleted it stays deleted until CreateDefaultVpc.
pub(crate) async fn ensure_default_vpc(ec2: &Ec2, scope: &Scope) -> Result<(), Fault> {
    // The fast path of every request: one look into memory.
    match ec2.store().get::<AccountNetwork>(scope, AccountNetwork::ID) {
        Some(known) if known.has_acls => return Ok(()),
        Some(_) => return network_acl::ensure_for_old_vpcs(ec2, scope).await,
        None => {}
    }
    let now = ec2.now();
    let made = ec2.platform.transact(|tx| {
        if tx.exists::<AccountNetwork>(scope, AccountNetwork::ID) {
            return Ok(());
        }
        put_default_vpc(tx, scope, now).map(drop)
    });
    made.await.map(drop)
}

/// The default VPC, if there is one.
pub(crate) fn default_vpc_of(tx: &mut Tx<'_>, scope: &Scope) -> Option<Arc<Vpc>> {
    tx.list::<Vpc>(scope).into_iter().find(|vpc| vpc.is_default)
}

/// The VPC, its gateway, the route to it, and one subnet in each zone, all in the caller's transaction.
fn put_default_vpc(tx: &mut Tx<'_>, scope: &Scope, now: Millis) -> Result<Vpc, Fault> {
    let new = NewVpc { cidr: CIDR, tenancy: "default".to_owned(), is_default: true, ipv6: false, now };
    let (vpc, mut table) = put_vpc(tx, scope, new)?;
    let gateway =
        InternetGateway { id: ResourceKind::InternetGateway.new_id(), vpc_id: Some(vpc.id.clone()) };
    table.routes.push(Route {
        destination: crate::cidr::anywhere_v4(),
        prefix_list: None,
        target: RouteTarget::InternetGateway(gateway.id.clone()),
        origin: RouteOrigin::CreateRoute,
    });
    tx.put(scope, gateway);
    tx.put(scope, table);
    for (zone, cidr) in zones_of(&scope.region).into_iter().zip(blocks(&vpc)) {
        let subnet = default_subnet(&vpc, zone, cidr, now);
        network_acl::guard_subnet(tx, scope, &subnet);
        tx.put(scope, subnet);
    }
    Ok(vpc)
}

/// The VPC's blocks of subnet size, in order.
fn blocks(vpc: &Vpc) -> impl Iterator<Item = Ipv4Net> {
    vpc.cidr_block.subnets(SUBNET_LENGTH).into_iter().flatten()
}

/// A subnet whose machines get public addresses, for one zone.
fn default_subnet(vpc: &Vpc, zone: Zone, cidr: Ipv4Net, now: Millis) -> Subnet {
    let mut subnet = subnet::new(vpc, zone, cidr, now);
    subnet.default_for_az = true;
    subnet.map_public_ip_on_launch = true;
    subnet
}

/// CreateDefaultVpc.
///
/// # Errors
/// `DefaultVpcAlreadyExists`.
pub(super) async fn create_default_vpc(
    call: Call<Ec2>,
    _: CreateDefaultVpcRequest,
) -> Reply<CreateDefaultVpcResult> {
    let (scope, now) = (call.scope(), call.now());
    let made = call.platform.transact(|tx| {
        if let Some(vpc) = default_vpc_of(tx, scope) {
            let message = format!("A Default VPC already exists for this account in this region: {}", vpc.id);
            return Err(Fault::sender("DefaultVpcAlreadyExists", message));
        }
        put_default_vpc(tx, scope, now)
    });
    let vpc = made.await?.value;
    Ok(CreateDefaultVpcResult { vpc: Some(show::vpc(call.store(), scope, &vpc)) })
}

/// CreateDefaultSubnet.
///
/// # Errors
/// `DefaultVpcDoesNotExist`, `DefaultSubnetAlreadyExistsInAvailabilityZone`, `InvalidParameterValue` for a zone the region
/// does not have, `InsufficientCidrBlocks` when the /20 blocks of the VPC are taken.
pub(super) async fn create_default_subnet(
    call: Call<Ec2>,
    input: CreateDefaultSubnetRequest,
) -> Reply<CreateDefaultSubnetResult> {
    if input.ipv6_native == Some(true) {
        return Err(faults::unsupported_parameter("Ipv6Native"));
    }
    let (scope, now) = (call.scope(), call.now());
    let wanted = match (input.availability_zone, input.availability_zone_id) {
        (Some(_), Some(_)) => {
            return Err(faults::invalid_combination(
                "The parameters availabilityZone and availabilityZoneId cannot be used together",
            ));
        }
        (name, id) => faults::required(name.or(id), "availabilityZone")?,
    };
    let zone = zone_of(call.caller.region(), &wanted)
        .ok_or_else(|| subnet::invalid_zone(call.caller.region(), &wanted))?;
    let made = call.platform.transact(|tx| {
        let vpc = default_vpc_of(tx, scope).ok_or_else(|| {
            Fault::sender("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.")
        })?;
        let existing = tx.by_index::<Subnet>(scope, "vpc", &vpc.id);
        if existing.iter().any(|s| s.default_for_az && s.availability_zone == zone.name) {
            return Err(Fault::sender(
                "DefaultSubnetAlreadyExistsInAvailabilityZone",
                format!("A default subnet already exists in the Availability Zone '{}'.", zone.name),
            ));
        }
        let free = |cidr: &Ipv4Net| !existing.iter().any(|s| crate::cidr::overlap(&s.cidr_block, cidr));
        let cidr = blocks(&vpc).find(free).ok_or_else(|| {
            Fault::sender("InsufficientCidrBlocks", "There are no free CIDR blocks left in the default VPC.")
        })?;
        let subnet = default_subnet(&vpc, zone.clone(), cidr, now);
        network_acl::guard_subnet(tx, scope, &subnet);
        tx.put(scope, subnet.clone());
        Ok(subnet)
    });
    let subnet = made.await?.value;
    Ok(CreateDefaultSubnetResult { subnet: Some(subnet::show(call.store(), scope, &subnet)) })
}
