//! CreateNetworkInterface.

use super::{Planner, Wanted, WantedPrefixes, show, tracking};
use crate::client_token::{self, Idempotent};
use crate::resource_kind::ResourceKind;
use crate::security_group::resolve_groups;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, cidr, faults, limits, lookup};
use api_ec2::{CreateNetworkInterfaceRequest, CreateNetworkInterfaceResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{NetworkInterface, Subnet};
use std::net::Ipv4Addr;

/// Members for things this cloud has not built are refused: a caller who asked for them must not believe to have them.
fn refuse_unbuilt(input: &CreateNetworkInterfaceRequest) -> Result<(), Fault> {
    let other_type = input.interface_type.as_ref().is_some_and(|kind| kind.as_str() != "interface");
    let given = [("InterfaceType", other_type), ("Operator", input.operator.is_some())];
    match given.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(faults::unsupported_parameter(name)),
        None => Ok(()),
    }
}

/// A number of addresses asked for.
pub(super) fn count(parameter: &str, value: Option<i32>) -> Result<usize, Fault> {
    let value = value.unwrap_or(0);
    usize::try_from(value).map_err(|_| faults::invalid_value(parameter, &value.to_string(), ""))
}

/// The primary address and the other named ones: `PrivateIpAddress` and the list with its `Primary` mark.
fn named_addresses(
    input: &CreateNetworkInterfaceRequest,
) -> Result<(Option<Ipv4Addr>, Vec<Ipv4Addr>), Fault> {
    let parse = |text: &str| cidr::address_v4("privateIpAddress", text);
    let mut primary = input.private_ip_address.as_deref().map(parse).transpose()?;
    let mut secondary = Vec::new();
    for given in input.private_ip_addresses.iter().flatten() {
        let address = parse(faults::required(given.private_ip_address.as_deref(), "privateIpAddress")?)?;
        if given.primary == Some(true) {
            if primary.is_some_and(|known| known != address) {
                return Err(faults::invalid_combination(
                    "Only one primary private IP address can be specified.",
                ));
            }
            primary = Some(address);
        } else {
            secondary.push(address);
        }
    }
    Ok((primary, secondary))
}

/// The prefixes of the request. AWS gives an interface either prefixes or single addresses of a family at a time.
fn prefixes(input: &CreateNetworkInterfaceRequest) -> Result<WantedPrefixes, Fault> {
    let v4 = input.ipv4_prefixes.iter().flatten().filter_map(|p| p.ipv4_prefix.clone()).collect::<Vec<_>>();
    let v6 = input.ipv6_prefixes.iter().flatten().filter_map(|p| p.ipv6_prefix.clone()).collect::<Vec<_>>();
    let wanted = WantedPrefixes::parse(&v4, input.ipv4_prefix_count, &v6, input.ipv6_prefix_count)?;
    let single_v4 = input.private_ip_addresses.iter().flatten().any(|a| a.primary != Some(true))
        || input.secondary_private_ip_address_count.is_some_and(|n| n > 0);
    let single_v6 = input.ipv6_addresses.as_ref().is_some_and(|a| !a.is_empty())
        || input.ipv6_address_count.is_some_and(|n| n > 0);
    if wanted.v4_number() > 0 && single_v4 {
        return Err(faults::invalid_combination(
            "IPv4 prefixes and secondary private IPv4 addresses cannot be specified together",
        ));
    }
    if wanted.v6_number() > 0 && single_v6 {
        return Err(faults::invalid_combination(
            "IPv6 prefixes and IPv6 addresses cannot be specified together",
        ));
    }
    Ok(wanted)
}

/// The request as a plan's input; addresses by name and by number exclude each other, as in AWS.
fn wanted(input: &CreateNetworkInterfaceRequest) -> Result<Wanted, Fault> {
    let (primary, secondary) = named_addresses(input)?;
    let ipv6 = input
        .ipv6_addresses
        .iter()
        .flatten()
        .map(|given| {
            let text = faults::required(given.ipv6_address.as_deref(), "ipv6Address")?;
            cidr::address_v6("ipv6Address", text)
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    if !ipv6.is_empty() && input.ipv6_address_count.is_some_and(|n| n > 0) {
        return Err(faults::invalid_combination(
            "The parameters ipv6Addresses and ipv6AddressCount cannot be used together",
        ));
    }
    let secondary_count = count("secondaryPrivateIpAddressCount", input.secondary_private_ip_address_count)?;
    if !secondary.is_empty() && secondary_count > 0 {
        return Err(faults::invalid_combination(
            "The parameters privateIpAddresses and secondaryPrivateIpAddressCount cannot be used together",
        ));
    }
    let description = input.description.clone().unwrap_or_default();
    if description.chars().count() > 255 {
        return Err(faults::invalid_value("description", &description, "It is longer than 255 characters."));
    }
    Ok(Wanted {
        description,
        primary,
        secondary,
        secondary_count,
        ipv6,
        ipv6_count: input.ipv6_address_count.map(|n| count("ipv6AddressCount", Some(n))).transpose()?,
        groups: Vec::new(),
        public: false,
        prefixes: prefixes(input)?,
        connection_tracking: input
            .connection_tracking_specification
            .as_ref()
            .map(tracking::parse)
            .transpose()?,
        primary_ipv6: input.enable_primary_ipv6 == Some(true),
    })
}

/// CreateNetworkInterface. Answers `pending` as AWS does; the next Describe shows `available`.
///
/// # Errors
/// `InvalidIPAddress.InUse`, `InvalidParameterValue` for addresses outside of the subnet or reserved,
/// `InsufficientFreeAddressesInSubnet`, `InsufficientCidrBlocks`, `SecurityGroupsPerInterfaceLimitExceeded`, `PrivateIpAddressLimitExceeded`,
/// `NetworkInterfaceLimitExceeded`, `IdempotentParameterMismatch`, `NotFound` faults.
pub(super) async fn create_network_interface(
    call: Call<Ec2>,
    input: CreateNetworkInterfaceRequest,
) -> Reply<CreateNetworkInterfaceResult> {
    refuse_unbuilt(&input)?;
    let kind = ResourceKind::NetworkInterface;
    let once = Idempotent::of("CreateNetworkInterface", input.client_token.as_deref(), &input)?;
    let wanted = wanted(&input)?;
    let subnet_id = faults::required(input.subnet_id, "subnetId")?;
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let group_ids = input.groups.unwrap_or_default();
    let (scope, now) = (call.scope(), call.now());
    let made = call.platform.transact(|tx| {
        if let Some(id) = client_token::earlier(tx, scope, &once, now)? {
            return lookup::find_mut::<NetworkInterface>(tx, scope, kind, &id);
        }
        let subnet = lookup::find::<Subnet>(tx, scope, ResourceKind::Subnet, &subnet_id)?;
        // Counting costs time in proportion to the number, so one creation in sixteen does it: the quota guards the
        // machine's memory, and a dozen more do not matter. Each subnet's size is an exact limit anyway.
        let counting = rand::random::<u8>().is_multiple_of(16);
        if counting && tx.count::<NetworkInterface>(scope) >= limits::INTERFACES {
            let message = "The maximum number of network interfaces has been reached.";
            return Err(Fault::sender("NetworkInterfaceLimitExceeded", message));
        }
        let groups = resolve_groups(tx, scope, &subnet.vpc_id, &group_ids, &[])?;
        let wanted = Wanted { groups, ..wanted.clone() };
        let interface = Planner::default().plan(&call, tx, scope, &subnet, &wanted)?;
        tags::put(tx, scope, kind, &interface.id, &specified.of(kind));
        client_token::remember(tx, scope, &once, &interface.id, now);
        tx.put(scope, interface.clone());
        Ok(interface)
    });
    let interface = made.await?.value;
    let mut shown = show::interface(call.store(), scope, &interface);
    shown.status = Some("pending".into());
    Ok(CreateNetworkInterfaceResult { network_interface: Some(shown), client_token: input.client_token })
}
