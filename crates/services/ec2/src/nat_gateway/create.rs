//! CreateNatGateway.

use super::addresses::{self, Status};
use super::request::{self, Wanted};
use super::show;
use crate::client_token::{self, Idempotent};
use crate::interface::{self, Planner};
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, limits, lookup};
use api_ec2::{CreateNatGatewayRequest, CreateNatGatewayResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{Address, InternetGateway, Millis, NatGateway, NatGatewayState, NetworkInterface, Subnet};
use state_store::typed::{Scope, Tx};

/// Why a gateway that was accepted ends `failed`: code and message, in AWS's words (API reference, `NatGateway`).
type Failure = (String, String);

/// What AWS finds out only after it has answered: the gateway comes into being and fails.
fn later_failure(
    tx: &mut Tx<'_>,
    scope: &Scope,
    vpc_id: &str,
    wanted: &Wanted,
) -> Result<Vec<Address>, Failure> {
    if !wanted.public {
        return Ok(Vec::new());
    }
    if tx.by_index::<InternetGateway>(scope, "vpc", vpc_id).is_empty() {
        let message = format!("Network {vpc_id} has no Internet gateway attached");
        return Err(("Gateway.NotAttached".to_owned(), message));
    }
    let mut elastic: Vec<Address> = Vec::new();
    for id in &wanted.allocations {
        let Some(found) = tx.get::<Address>(scope, id) else {
            let message = format!("Elastic IP address {id} could not be associated with this NAT gateway");
            return Err(("InvalidAllocationID.NotFound".to_owned(), message));
        };
        let taken = found.association_id.is_some() || crate::address::is_forwarding(tx, scope, id);
        if taken || elastic.iter().any(|other| other.id == *id) {
            let message = format!("Elastic IP address {id} is already associated");
            return Err(("Resource.AlreadyAssociated".to_owned(), message));
        }
        elastic.push(Address::clone(&found));
    }
    Ok(elastic)
}

/// Gateways in a zone that are not on their way out.
fn number_in_zone(tx: &mut Tx<'_>, scope: &Scope, zone: &str) -> usize {
    let all = tx.list::<NatGateway>(scope);
    let here = |gateway: &NatGateway, tx: &mut Tx<'_>| {
        gateway.is_wanted()
            && tx.get::<Subnet>(scope, &gateway.subnet_id).is_some_and(|s| s.availability_zone == zone)
    };
    all.iter().filter(|gateway| here(gateway, tx)).count()
}

/// The gateway's interface: made by the service, without groups, and it forwards what is not its own.
fn interface(
    call: &Call<Ec2>,
    tx: &mut Tx<'_>,
    subnet: &Subnet,
    wanted: &Wanted,
    gateway_id: &str,
) -> Result<NetworkInterface, Fault> {
    let plan = interface::Wanted {
        description: format!("Interface for NAT Gateway {gateway_id}"),
        primary: wanted.primary,
        secondary: wanted.secondary.clone(),
        secondary_count: wanted.secondary_count,
        ipv6_count: Some(0),
        ..interface::Wanted::default()
    };
    let planned = Planner::default().plan(call, tx, call.scope(), subnet, &plan)?;
    Ok(NetworkInterface {
        interface_type: "nat_gateway".to_owned(),
        requester_managed: true,
        source_dest_check: false,
        groups: Vec::new(),
        ..planned
    })
}

/// A gateway that ends before it began; it has no interface and its elastic addresses stay free.
fn failed(new: NatGateway, failure: Failure, now: Millis) -> NatGateway {
    NatGateway { state: NatGatewayState::Failed, failure: Some(failure), deleted: Some(now), ..new }
}

/// Writes the gateway with its interface, or as failed.
fn build(call: &Call<Ec2>, tx: &mut Tx<'_>, wanted: &Wanted, subnet: &Subnet) -> Result<NatGateway, Fault> {
    let (scope, now) = (call.scope(), call.now());
    let mut gateway = NatGateway {
        id: ResourceKind::NatGateway.new_id(),
        vpc_id: subnet.vpc_id.clone(),
        subnet_id: subnet.id.clone(),
        public: wanted.public,
        state: NatGatewayState::Pending,
        failure: None,
        network_interface_id: String::new(),
        addresses: Vec::new(),
        created: now,
        deleted: None,
    };
    let elastic = match later_failure(tx, scope, &subnet.vpc_id, wanted) {
        Ok(elastic) => elastic,
        Err(failure) => return Ok(failed(gateway, failure, now)),
    };
    let mut interface = match interface(call, tx, subnet, wanted, &gateway.id) {
        Ok(interface) => interface,
        Err(fault) if fault.code == "InsufficientFreeAddressesInSubnet" => {
            let message = "Subnet has insufficient free addresses to create this NAT gateway".to_owned();
            return Ok(failed(gateway, (fault.code.into_owned(), message), now));
        }
        Err(fault) => return Err(fault),
    };
    for (at, address) in elastic.into_iter().enumerate() {
        crate::address::map(tx, scope, &mut interface, at, address);
    }
    let status = if wanted.public { Status::Associating } else { Status::Assigning };
    gateway.addresses =
        interface.private_addresses.iter().map(|address| addresses::of(address, status)).collect();
    gateway.network_interface_id.clone_from(&interface.id);
    tx.put(scope, interface);
    Ok(gateway)
}

/// CreateNatGateway. Answers `pending`; the host makes it `available`, or it ends `failed` with AWS's code and words when
/// an elastic address, the internet gateway or a free private address is missing.
///
/// # Errors
/// `InvalidSubnetID.NotFound`, `NatGatewayLimitExceeded`, `InvalidIPAddress.InUse`, `AddressLimitExceeded`,
/// `MissingParameter`, `InvalidParameterValue` and `InvalidParameterCombination` for bad members,
/// `IdempotentParameterMismatch`, `UnsupportedOperation` for regional gateways.
pub(super) async fn create_nat_gateway(
    call: Call<Ec2>,
    input: CreateNatGatewayRequest,
) -> Reply<CreateNatGatewayResult> {
    let wanted = request::parse(&input)?;
    let once = Idempotent::of("CreateNatGateway", input.client_token.as_deref(), &input)?;
    ResourceKind::ElasticIp.check_all(&wanted.allocations)?;
    let kind = ResourceKind::NatGateway;
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let (scope, now) = (call.scope(), call.now());
    let made = call.platform.transact(|tx| {
        if let Some(id) = client_token::earlier(tx, scope, &once, now)? {
            return lookup::find_mut::<NatGateway>(tx, scope, kind, &id);
        }
        let subnet = lookup::find::<Subnet>(tx, scope, ResourceKind::Subnet, &wanted.subnet_id)?;
        if number_in_zone(tx, scope, &subnet.availability_zone) >= limits::NAT_GATEWAYS_PER_ZONE {
            let message = format!(
                "The maximum number of NAT gateways in {} has been reached.",
                subnet.availability_zone
            );
            return Err(Fault::sender("NatGatewayLimitExceeded", message));
        }
        let gateway = build(&call, tx, &wanted, &subnet)?;
        tags::put(tx, scope, kind, &gateway.id, &specified.of(kind));
        client_token::remember(tx, scope, &once, &gateway.id, now);
        tx.put(scope, gateway.clone());
        Ok(gateway)
    });
    let mut shown = show::gateway(call.store(), scope, &made.await?.value);
    // The answer is given before anything can have failed.
    if shown.state.as_ref().is_some_and(|state| state.as_str() == "failed") {
        shown.state = Some("pending".into());
        (shown.failure_code, shown.failure_message, shown.delete_time) = (None, None, None);
    }
    Ok(CreateNatGatewayResult { client_token: input.client_token, nat_gateway: Some(shown) })
}
