//! CreateSubnetCidrReservation.

use super::show;
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, cidr, faults, limits, lookup};
use api_ec2::{CreateSubnetCidrReservationRequest, CreateSubnetCidrReservationResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use ipnet::IpNet;
use records::{Subnet, SubnetCidrReservation};

/// A block of either family.
fn parse(text: &str) -> Result<IpNet, Fault> {
    if text.contains(':') {
        cidr::v6("cidr", text).map(IpNet::V6)
    } else {
        cidr::v4("cidr", text).map(IpNet::V4)
    }
}

/// Whether the block is big enough for what it is reserved for: a prefix reservation holds at least one prefix.
fn check_size(block: &IpNet, explicit: bool) -> Result<(), Fault> {
    let longest = match block {
        IpNet::V4(_) if explicit => 32,
        IpNet::V4(_) => 28,
        IpNet::V6(_) if explicit => 128,
        IpNet::V6(_) => 80,
    };
    if block.prefix_len() <= longest {
        return Ok(());
    }
    let why = format!("A reservation of this type must not be smaller than /{longest}.");
    Err(faults::invalid_value("cidr", &block.to_string(), &why))
}

/// Whether a block lies inside the subnet's blocks.
fn is_inside(subnet: &Subnet, block: &IpNet) -> bool {
    match block {
        IpNet::V4(v4) => subnet.cidr_block.contains(v4),
        IpNet::V6(v6) => subnet.ipv6_associations.iter().any(|a| a.cidr.contains(v6)),
    }
}

/// CreateSubnetCidrReservation. Addresses that interfaces already have stay theirs.
///
/// # Errors
/// `InvalidParameterValue` outside of the subnet and for blocks of a bad size, `InvalidSubnetID.NotFound`,
/// `InvalidCidrReservation.Conflict` with another reservation, `SubnetCidrReservationLimitExceeded`.
pub(super) async fn create_subnet_cidr_reservation(
    call: Call<Ec2>,
    input: CreateSubnetCidrReservationRequest,
) -> Reply<CreateSubnetCidrReservationResult> {
    let kind = ResourceKind::SubnetCidrReservation;
    let subnet_id = faults::required(input.subnet_id, "SubnetId")?;
    let block = parse(&faults::required(input.cidr, "Cidr")?)?;
    let reservation_type = faults::required(input.reservation_type, "ReservationType")?;
    let explicit = match reservation_type.as_str() {
        "explicit" => true,
        "prefix" => false,
        other => return Err(faults::invalid_value("reservationType", other, "Expected prefix or explicit.")),
    };
    check_size(&block, explicit)?;
    let description = input.description.filter(|text| !text.is_empty());
    if description.as_ref().is_some_and(|text| text.chars().count() > 255) {
        return Err(faults::invalid_parameter_value("The description is longer than 255 characters."));
    }
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let scope = call.scope();
    let made = call.platform.transact(|tx| {
        let subnet = lookup::find::<Subnet>(tx, scope, ResourceKind::Subnet, &subnet_id)?;
        if !is_inside(&subnet, &block) {
            let why = format!("The CIDR is not within the CIDR blocks of the subnet '{subnet_id}'.");
            return Err(faults::invalid_value("cidr", &block.to_string(), &why));
        }
        let others = tx.by_index::<SubnetCidrReservation>(scope, "subnet", &subnet_id);
        if let Some(other) = others.iter().find(|o| o.cidr.contains(&block) || block.contains(&o.cidr)) {
            let message = format!("The CIDR '{block}' conflicts with the reservation '{}'.", other.id);
            return Err(Fault::sender("InvalidCidrReservation.Conflict", message));
        }
        if others.len() >= limits::RESERVATIONS_PER_SUBNET {
            let message =
                format!("The maximum number of CIDR reservations has been reached for '{subnet_id}'.");
            return Err(Fault::sender("SubnetCidrReservationLimitExceeded", message));
        }
        let reservation = SubnetCidrReservation {
            id: kind.new_id(),
            subnet_id: subnet_id.clone(),
            cidr: block,
            explicit,
            description: description.clone(),
        };
        tags::put(tx, scope, kind, &reservation.id, &specified.of(kind));
        tx.put(scope, reservation.clone());
        Ok(reservation)
    });
    let reservation = made.await?.value;
    let shown = show::reservation(call.store(), scope, &reservation);
    Ok(CreateSubnetCidrReservationResult { subnet_cidr_reservation: Some(shown) })
}
