//! What CreateNatGateway is asked for.

use crate::{cidr, faults, limits};
use api_ec2::CreateNatGatewayRequest;
use aws_schema::Fault;
use std::net::Ipv4Addr;

/// A checked request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) public: bool,
    pub(super) subnet_id: String,
    /// Elastic addresses, the primary one first; empty for private gateways.
    pub(super) allocations: Vec<String>,
    pub(super) primary: Option<Ipv4Addr>,
    /// Secondary private addresses by name …
    pub(super) secondary: Vec<Ipv4Addr>,
    /// … and how many more are to be chosen.
    pub(super) secondary_count: usize,
}

/// Addresses as text in request order.
///
/// # Errors
/// `InvalidParameterValue` for what is no address and for one given twice.
pub(super) fn addresses(parameter: &str, given: Option<Vec<String>>) -> Result<Vec<Ipv4Addr>, Fault> {
    let mut all = Vec::new();
    for text in given.unwrap_or_default() {
        let address = cidr::address_v4(parameter, &text)?;
        if all.contains(&address) {
            return Err(faults::invalid_value(parameter, &text, "The address is given more than once."));
        }
        all.push(address);
    }
    Ok(all)
}

/// Members for things this cloud has not built are refused: regional gateways choose zones and addresses by themselves.
fn refuse_unbuilt(input: &CreateNatGatewayRequest) -> Result<(), Fault> {
    let regional = input.availability_mode.as_ref().is_some_and(|mode| mode.as_str() != "zonal");
    let given = [
        ("AvailabilityMode", regional),
        ("VpcId", input.vpc_id.is_some()),
        ("AvailabilityZoneAddress", input.availability_zone_addresses.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(faults::unsupported_parameter(name)),
        None => Ok(()),
    }
}

/// `InvalidParameterCombination` for a member the other kind of gateway has.
fn only_for(kind: &str, member: &str) -> Fault {
    faults::invalid_combination(format!("The parameter {member} can be used for a {kind} NAT gateway only."))
}

/// Checks what can be checked without records.
///
/// # Errors
/// `MissingParameter`, `InvalidParameterValue`, `InvalidParameterCombination`, `UnsupportedOperation`.
pub(super) fn parse(input: &CreateNatGatewayRequest) -> Result<Wanted, Fault> {
    refuse_unbuilt(input)?;
    let public = match input.connectivity_type.as_ref().map(|kind| kind.as_str()) {
        None | Some("public") => true,
        Some("private") => false,
        Some(other) => return Err(faults::invalid_value("connectivityType", other, "")),
    };
    let subnet_id = faults::required(input.subnet_id.clone(), "subnetId")?;
    let further = input.secondary_allocation_ids.clone().unwrap_or_default();
    let primary =
        input.private_ip_address.as_deref().map(|t| cidr::address_v4("privateIpAddress", t)).transpose()?;
    let secondary = addresses("secondaryPrivateIpAddresses", input.secondary_private_ip_addresses.clone())?;
    let count = input.secondary_private_ip_address_count;
    let allocations = if public {
        if count.is_some() {
            return Err(only_for("private", "SecondaryPrivateIpAddressCount"));
        }
        let first = faults::required(input.allocation_id.clone(), "AllocationId")?;
        [first].into_iter().chain(further).collect()
    } else {
        if input.allocation_id.is_some() {
            return Err(only_for("public", "AllocationId"));
        }
        if !further.is_empty() {
            return Err(only_for("public", "SecondaryAllocationIds"));
        }
        Vec::new()
    };
    if count.is_some() && !secondary.is_empty() {
        return Err(faults::invalid_combination(
            "The parameters SecondaryPrivateIpAddresses and SecondaryPrivateIpAddressCount cannot be used together",
        ));
    }
    let secondary_count = match count {
        // Each secondary elastic address needs a private one.
        None if public && secondary.is_empty() => allocations.len() - 1,
        None if public && secondary.len() + 1 != allocations.len() => {
            return Err(faults::invalid_combination(
                "The number of secondary private IP addresses must equal the number of secondary allocation IDs.",
            ));
        }
        None => 0,
        Some(count) => usize::try_from(count)
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| faults::invalid_value("secondaryPrivateIpAddressCount", &count.to_string(), ""))?,
    };
    check_number(1 + secondary.len() + secondary_count)?;
    Ok(Wanted { public, subnet_id, allocations, primary, secondary, secondary_count })
}

/// Whether one gateway may have this many addresses.
///
/// # Errors
/// `AddressLimitExceeded`.
pub(super) fn check_number(number: usize) -> Result<(), Fault> {
    if number <= limits::ADDRESSES_PER_NAT_GATEWAY {
        return Ok(());
    }
    let message = format!(
        "A NAT gateway can have no more than {} private IP addresses.",
        limits::ADDRESSES_PER_NAT_GATEWAY
    );
    Err(Fault::sender("AddressLimitExceeded", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public() -> CreateNatGatewayRequest {
        CreateNatGatewayRequest {
            subnet_id: Some("subnet-1".into()),
            allocation_id: Some("eipalloc-1".into()),
            ..CreateNatGatewayRequest::default()
        }
    }

    fn private() -> CreateNatGatewayRequest {
        CreateNatGatewayRequest { allocation_id: None, connectivity_type: Some("private".into()), ..public() }
    }

    #[test]
    fn secondary_addresses_follow_the_kind() {
        let two = vec!["eipalloc-2".to_owned(), "eipalloc-3".to_owned()];
        let wanted =
            parse(&CreateNatGatewayRequest { secondary_allocation_ids: Some(two.clone()), ..public() })
                .unwrap();
        assert_eq!((wanted.allocations.len(), wanted.secondary_count), (3, 2));
        let named = Some(vec!["10.0.0.9".to_owned()]);
        let uneven = CreateNatGatewayRequest {
            secondary_allocation_ids: Some(two),
            secondary_private_ip_addresses: named.clone(),
            ..public()
        };
        assert_eq!(parse(&uneven).unwrap_err().code, "InvalidParameterCombination");
        let wanted =
            parse(&CreateNatGatewayRequest { secondary_private_ip_addresses: named, ..private() }).unwrap();
        assert_eq!((wanted.secondary.len(), wanted.secondary_count, wanted.public), (1, 0, false));
        let counted = CreateNatGatewayRequest { secondary_private_ip_address_count: Some(7), ..private() };
        assert_eq!(parse(&counted).unwrap().secondary_count, 7);
    }

    #[test]
    fn bad_requests() {
        let with = |change: fn(&mut CreateNatGatewayRequest), base: CreateNatGatewayRequest| {
            let mut input = base;
            change(&mut input);
            parse(&input).unwrap_err().code.into_owned()
        };
        assert_eq!(with(|i| i.subnet_id = None, public()), "MissingParameter");
        assert_eq!(with(|i| i.allocation_id = None, public()), "MissingParameter");
        assert_eq!(with(|i| i.connectivity_type = Some("odd".into()), public()), "InvalidParameterValue");
        assert_eq!(with(|i| i.private_ip_address = Some("x".into()), public()), "InvalidParameterValue");
        assert_eq!(with(|i| i.vpc_id = Some("vpc-1".into()), public()), "UnsupportedOperation");
        assert_eq!(with(|i| i.availability_mode = Some("regional".into()), public()), "UnsupportedOperation");
        assert_eq!(
            with(|i| i.secondary_private_ip_address_count = Some(1), public()),
            "InvalidParameterCombination"
        );
        assert_eq!(
            with(|i| i.allocation_id = Some("eipalloc-1".into()), private()),
            "InvalidParameterCombination"
        );
        assert_eq!(
            with(|i| i.secondary_allocation_ids = Some(vec!["eipalloc-1".into()]), private()),
            "InvalidParameterCombination"
        );
        for bad in [0, -1, i32::MIN] {
            let input =
                CreateNatGatewayRequest { secondary_private_ip_address_count: Some(bad), ..private() };
            assert_eq!(parse(&input).unwrap_err().code, "InvalidParameterValue");
        }
        assert_eq!(
            with(|i| i.secondary_private_ip_address_count = Some(8), private()),
            "AddressLimitExceeded"
        );
        let twice = Some(vec!["10.0.0.9".to_owned(), "10.0.0.9".to_owned()]);
        let input = CreateNatGatewayRequest { secondary_private_ip_addresses: twice, ..private() };
        assert_eq!(parse(&input).unwrap_err().code, "InvalidParameterValue");
    }
}
