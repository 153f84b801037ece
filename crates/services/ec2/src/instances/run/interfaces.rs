//! The interfaces a launch asks for, before anything is looked up.

use super::request::zone_of_placement;
use crate::faults;
use crate::instance_types::InstanceType;
use crate::interface::{Wanted, WantedPrefixes, tracking};
use crate::places::catalogue::Zone;
use crate::resource_kind::ResourceKind;
use api_ec2::{InstanceIpv6Address, InstanceNetworkInterfaceSpecification, RunInstancesRequest};
use aws_schema::Fault;
use std::net::{Ipv4Addr, Ipv6Addr};

/// One interface of every instance of the launch.
#[derive(Clone, Debug, Default)]
pub(super) struct InterfaceSpec {
    pub(super) device_index: i32,
    /// An interface that exists already.
    pub(super) existing: Option<String>,
    /// Subnet of a new one; without it the default subnet of the zone.
    pub(super) subnet_id: Option<String>,
    /// Groups by name, beside the ids in `wanted`.
    pub(super) group_names: Vec<String>,
    /// `AssociatePublicIpAddress`; without it the subnet decides.
    pub(super) public: Option<bool>,
    pub(super) delete_on_termination: bool,
    pub(super) wanted: Wanted,
}

/// The launch's network side.
#[derive(Clone, Debug)]
pub(super) struct Interfaces {
    /// By device index; the first one is 0.
    pub(super) specs: Vec<InterfaceSpec>,
    /// Zone asked for by `Placement`.
    pub(super) zone: Option<Zone>,
}

/// An address as text.
fn address<A: std::str::FromStr>(text: &str) -> Result<A, Fault> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(60).collect();
        faults::invalid_parameter_value(format!("Invalid IP address: {shown}"))
    })
}

fn ipv6(list: Option<Vec<InstanceIpv6Address>>) -> Result<Vec<Ipv6Addr>, Fault> {
    let texts = list.unwrap_or_default().into_iter().filter_map(|a| a.ipv6_address);
    texts.map(|text| address(&text)).collect()
}

fn count(name: &str, number: Option<i32>) -> Result<Option<usize>, Fault> {
    let parse = |n: i32| usize::try_from(n).map_err(|_| faults::invalid_value(name, &n.to_string(), ""));
    number.map(parse).transpose()
}

/// Takes the interfaces of a request.
pub(super) fn parse(input: &mut RunInstancesRequest, region: &str, many: bool) -> Result<Interfaces, Fault> {
    let zone = zone_of_placement(input.placement.as_ref(), region)?;
    let specified = input.network_interfaces.take().unwrap_or_default();
    let specs = if specified.is_empty() { vec![plain(input, many)?] } else { list(input, specified, many)? };
    Ok(Interfaces { specs, zone })
}

/// The one interface of a request that specifies none.
fn plain(input: &mut RunInstancesRequest, many: bool) -> Result<InterfaceSpec, Fault> {
    let group_names = input.security_groups.take().unwrap_or_default();
    let groups = input.security_group_ids.take().unwrap_or_default();
    let subnet_id = input.subnet_id.take().filter(|id| !id.is_empty());
    if subnet_id.is_some() && !group_names.is_empty() {
        return Err(faults::invalid_combination(
            "The parameter groupName cannot be used with the parameter subnet",
        ));
    }
    let primary = input.private_ip_address.take().map(|text| address::<Ipv4Addr>(&text)).transpose()?;
    let ipv6 = ipv6(input.ipv6_addresses.take())?;
    if many && (primary.is_some() || !ipv6.is_empty()) {
        return Err(faults::invalid_combination(
            "You may not specify an IP address when launching more than one instance",
        ));
    }
    let wanted = Wanted {
        primary,
        ipv6,
        ipv6_count: count("ipv6AddressCount", input.ipv6_address_count)?,
        groups,
        ..Wanted::default()
    };
    Ok(InterfaceSpec {
        subnet_id,
        group_names,
        delete_on_termination: true,
        wanted,
        ..InterfaceSpec::default()
    })
}

/// The interfaces of a request that specifies them.
fn list(
    input: &RunInstancesRequest,
    specified: Vec<InstanceNetworkInterfaceSpecification>,
    many: bool,
) -> Result<Vec<InterfaceSpec>, Fault> {
    let clash = [
        (input.subnet_id.is_some(), "subnet ID"),
        (
            input.security_group_ids.as_ref().is_some_and(|g| !g.is_empty())
                || input.security_groups.as_ref().is_some_and(|g| !g.is_empty()),
            "security groups",
        ),
        (input.private_ip_address.is_some(), "private IP address"),
        (
            input.ipv6_address_count.is_some()
                || input.ipv6_addresses.as_ref().is_some_and(|a| !a.is_empty()),
            "IPv6 addresses",
        ),
    ];
    if let Some((_, what)) = clash.iter().find(|(given, _)| *given) {
        return Err(faults::invalid_combination(format!(
            "Network interfaces and an instance-level {what} may not be specified on the same request"
        )));
    }
    let alone = specified.len() == 1;
    let mut specs = specified.into_iter().map(|s| one(s, many, alone)).collect::<Result<Vec<_>, _>>()?;
    specs.sort_by_key(|spec| spec.device_index);
    if specs.windows(2).any(|pair| pair[0].device_index == pair[1].device_index) {
        return Err(faults::invalid_parameter_value(
            "Each network interface requires a device index that is unique within the request.",
        ));
    }
    if specs.first().is_none_or(|spec| spec.device_index != 0) {
        return Err(faults::invalid_parameter_value(
            "A network interface with device index 0 must be specified.",
        ));
    }
    Ok(specs)
}

fn one(
    given: InstanceNetworkInterfaceSpecification,
    many: bool,
    alone: bool,
) -> Result<InterfaceSpec, Fault> {
    let filled = |id: &String| !id.is_empty();
    let refused = [
        (given.associate_carrier_ip_address == Some(true), "AssociateCarrierIpAddress"),
        (given.interface_type.as_ref().is_some_and(|t| t != "interface"), "InterfaceType"),
        (given.network_card_index.unwrap_or(0) != 0, "NetworkCardIndex"),
        (given.ena_srd_specification.is_some(), "EnaSrdSpecification"),
        (given.ena_queue_count.is_some(), "EnaQueueCount"),
    ];
    if let Some((_, name)) = refused.iter().find(|(given, _)| *given) {
        return Err(faults::unsupported_parameter(&format!("NetworkInterface.{name}")));
    }
    let index = faults::required(given.device_index, "networkInterface.deviceIndex")?;
    let existing = given.network_interface_id.filter(filled);
    if let Some(id) = &existing {
        ResourceKind::NetworkInterface.check(id)?;
        let more = given.subnet_id.is_some()
            || given.groups.as_ref().is_some_and(|g| !g.is_empty())
            || given.private_ip_address.is_some()
            || given.description.is_some()
            || given.associate_public_ip_address.is_some();
        if more {
            return Err(faults::invalid_combination(
                "A network interface ID may not be combined with attributes of a new network interface",
            ));
        }
        if many {
            return Err(faults::invalid_combination(
                "You may not specify a network interface ID when launching more than one instance",
            ));
        }
    }
    if given.associate_public_ip_address.is_some() && !(alone && index == 0) {
        return Err(faults::invalid_combination(
            "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.",
        ));
    }
    let (mut primary, mut secondary) =
        (given.private_ip_address.map(|text| address::<Ipv4Addr>(&text)).transpose()?, Vec::new());
    for listed in given.private_ip_addresses.unwrap_or_default() {
        let listed_address =
            address::<Ipv4Addr>(&faults::required(listed.private_ip_address, "privateIpAddress")?)?;
        match (listed.primary == Some(true), primary) {
            (true, Some(known)) if known != listed_address => {
                return Err(faults::invalid_combination(
                    "Only one primary private IP address can be specified.",
                ));
            }
            (true, _) => primary = Some(listed_address),
            (false, _) => secondary.push(listed_address),
        }
    }
    let ipv6 = ipv6(given.ipv6_addresses)?;
    let v4: Vec<String> =
        given.ipv4_prefixes.unwrap_or_default().into_iter().filter_map(|p| p.ipv4_prefix).collect();
    let v6: Vec<String> =
        given.ipv6_prefixes.unwrap_or_default().into_iter().filter_map(|p| p.ipv6_prefix).collect();
    let prefixes = WantedPrefixes::parse(&v4, given.ipv4_prefix_count, &v6, given.ipv6_prefix_count)?;
    let named = !secondary.is_empty() || !ipv6.is_empty() || !v4.is_empty() || !v6.is_empty();
    if many && (primary.is_some() || named) {
        return Err(faults::invalid_combination(
            "You may not specify an IP address when launching more than one instance",
        ));
    }
    Ok(InterfaceSpec {
        device_index: index,
        subnet_id: given.subnet_id.filter(filled),
        group_names: Vec::new(),
        public: given.associate_public_ip_address,
        // A new interface goes with its instance, one that was there before stays.
        delete_on_termination: given.delete_on_termination.unwrap_or(existing.is_none()),
        existing,
        wanted: Wanted {
            description: given.description.unwrap_or_default(),
            primary,
            secondary,
            secondary_count: count(
                "secondaryPrivateIpAddressCount",
                given.secondary_private_ip_address_count,
            )?
            .unwrap_or(0),
            ipv6,
            ipv6_count: count("ipv6AddressCount", given.ipv6_address_count)?,
            groups: given.groups.unwrap_or_default(),
            public: false,
            prefixes,
            connection_tracking: given
                .connection_tracking_specification
                .as_ref()
                .map(tracking::parse)
                .transpose()?,
            primary_ipv6: given.primary_ipv6 == Some(true),
        },
    })
}

/// The type's limits on interfaces and addresses.
///
/// # Errors
/// `AttachmentLimitExceeded`, `PrivateIpAddressLimitExceeded`.
pub(super) fn check_limits(interfaces: &Interfaces, its_type: &InstanceType) -> Result<(), Fault> {
    let number = interfaces.specs.len();
    if i32::try_from(number).unwrap_or(i32::MAX) > its_type.max_interfaces() {
        return Err(Fault::sender(
            "AttachmentLimitExceeded",
            format!("Interface count {number} exceeds the limit for {}", its_type.name),
        ));
    }
    for spec in &interfaces.specs {
        let prefixes = &spec.wanted.prefixes;
        let ipv4 = 1 + spec.wanted.secondary.len() + spec.wanted.secondary_count + prefixes.v4_number();
        let ipv6 = spec.wanted.ipv6.len() + spec.wanted.ipv6_count.unwrap_or(0) + prefixes.v6_number();
        if i32::try_from(ipv4.max(ipv6)).unwrap_or(i32::MAX) > its_type.addresses_per_interface() {
            return Err(faults::address_limit());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance_types::find;

    fn read(input: RunInstancesRequest, many: bool) -> Result<Interfaces, Fault> {
        parse(&mut { input }, "us-east-1", many)
    }

    fn spec(index: i32) -> InstanceNetworkInterfaceSpecification {
        InstanceNetworkInterfaceSpecification { device_index: Some(index), ..Default::default() }
    }

    fn with(specs: Vec<InstanceNetworkInterfaceSpecification>) -> RunInstancesRequest {
        RunInstancesRequest { network_interfaces: Some(specs), ..Default::default() }
    }

    #[test]
    fn a_request_without_interfaces_has_one() {
        let read = read(
            RunInstancesRequest {
                subnet_id: Some("subnet-1".into()),
                security_group_ids: Some(vec!["sg-1".into()]),
                ipv6_address_count: Some(2),
                ..Default::default()
            },
            true,
        )
        .unwrap();
        let [only] = &read.specs[..] else { panic!("{read:?}") };
        assert_eq!((only.device_index, only.subnet_id.as_deref()), (0, Some("subnet-1")));
        assert_eq!((&only.wanted.groups[..], only.wanted.ipv6_count), (&["sg-1".to_owned()][..], Some(2)));
        assert!(only.delete_on_termination && only.public.is_none());
    }

    #[test]
    fn interfaces_are_put_in_the_order_of_their_index() {
        let read = read(with(vec![spec(2), spec(0), spec(1)]), true).unwrap();
        let indexes: Vec<i32> = read.specs.iter().map(|s| s.device_index).collect();
        assert_eq!(indexes, [0, 1, 2]);
    }

    #[test]
    fn zones_by_name_and_by_id() {
        let placed = |zone: &str| RunInstancesRequest {
            placement: Some(api_ec2::Placement {
                availability_zone: Some(zone.into()),
                ..Default::default()
            }),
            ..Default::default()
        };
        assert_eq!(read(placed("us-east-1b"), false).unwrap().zone.unwrap().id, "use1-az2");
        assert_eq!(read(placed("use1-az4"), false).unwrap().zone.unwrap().name, "us-east-1c");
        assert!(read(placed(""), false).unwrap().zone.is_none());
        let fault = read(placed("eu-west-1a"), false).unwrap_err();
        assert_eq!(fault.message, "Invalid availability zone: [eu-west-1a]");
    }

    #[test]
    fn what_is_not_built_is_refused() {
        for given in [
            InstanceNetworkInterfaceSpecification { interface_type: Some("efa".into()), ..spec(0) },
            InstanceNetworkInterfaceSpecification { network_card_index: Some(1), ..spec(0) },
            InstanceNetworkInterfaceSpecification { ena_queue_count: Some(2), ..spec(0) },
        ] {
            let fault = read(with(vec![given]), false).unwrap_err();
            assert_eq!(fault.code, "UnsupportedOperation");
        }
    }

    #[test]
    fn an_existing_interface_brings_everything_itself_and_serves_one_machine() {
        let existing = || InstanceNetworkInterfaceSpecification {
            network_interface_id: Some("eni-0123456789abcdef0".into()),
            ..spec(0)
        };
        assert!(!read(with(vec![existing()]), false).unwrap().specs[0].delete_on_termination);
        assert_eq!(read(with(vec![existing()]), true).unwrap_err().code, "InvalidParameterCombination");
        let both = InstanceNetworkInterfaceSpecification { subnet_id: Some("subnet-1".into()), ..existing() };
        assert_eq!(read(with(vec![both]), false).unwrap_err().code, "InvalidParameterCombination");
    }

    #[test]
    fn negative_numbers_are_no_numbers() {
        let negative =
            InstanceNetworkInterfaceSpecification { secondary_private_ip_address_count: Some(-1), ..spec(0) };
        assert_eq!(read(with(vec![negative]), false).unwrap_err().code, "InvalidParameterValue");
        let negative = RunInstancesRequest { ipv6_address_count: Some(-1), ..Default::default() };
        assert_eq!(read(negative, false).unwrap_err().code, "InvalidParameterValue");
    }

    #[test]
    fn limits_come_from_the_type() {
        let four = read(with((0..4).map(spec).collect()), false).unwrap();
        assert!(check_limits(&four, find("m5.xlarge").unwrap()).is_ok());
        assert_eq!(
            check_limits(&four, find("m5.large").unwrap()).unwrap_err().code,
            "AttachmentLimitExceeded"
        );
    }
}
