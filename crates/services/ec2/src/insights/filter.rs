//! Filters at an end of a path: which packets are meant there.

use crate::faults;
use api_ec2::{FilterPortRange, PathRequestFilter, RequestFilterPortRange};
use aws_schema::Fault;
use records::PathFilter;
use std::net::IpAddr;

/// Checks the filter of a request; `name` is the member's, for messages.
///
/// # Errors
/// `InvalidParameterValue` for addresses that are none and ranges that are empty.
pub(super) fn parse(name: &str, given: Option<PathRequestFilter>) -> Result<Option<PathFilter>, Fault> {
    let Some(given) = given else { return Ok(None) };
    let filter = PathFilter {
        source_address: address(&format!("{name}.sourceAddress"), given.source_address)?,
        source_ports: ports(&format!("{name}.sourcePortRange"), given.source_port_range)?,
        destination_address: address(&format!("{name}.destinationAddress"), given.destination_address)?,
        destination_ports: ports(&format!("{name}.destinationPortRange"), given.destination_port_range)?,
    };
    Ok(Some(filter).filter(|filter| *filter != PathFilter::default()))
}

/// An address as it is kept: in its usual form.
///
/// # Errors
/// `InvalidParameterValue`.
pub(super) fn address(name: &str, given: Option<String>) -> Result<Option<String>, Fault> {
    let Some(text) = given else { return Ok(None) };
    let address: IpAddr =
        text.parse().map_err(|_| faults::invalid_value(name, &text, "It is not an IP address."))?;
    Ok(Some(address.to_string()))
}

/// A range of ports; one end alone is a single port.
fn ports(name: &str, given: Option<RequestFilterPortRange>) -> Result<Option<(u16, u16)>, Fault> {
    let Some(given) = given else { return Ok(None) };
    let Some(from) = given.from_port.or(given.to_port) else { return Ok(None) };
    let to = given.to_port.unwrap_or(from);
    match (u16::try_from(from), u16::try_from(to)) {
        (Ok(from), Ok(to)) if from <= to => Ok(Some((from, to))),
        _ => Err(faults::invalid_value(name, &format!("{from}-{to}"), "It is not a range of ports.")),
    }
}

/// The filter as the API shows it.
pub(super) fn show(filter: &PathFilter) -> api_ec2::PathFilter {
    let ports = |range: Option<(u16, u16)>| {
        range.map(|(from, to)| FilterPortRange { from_port: Some(from.into()), to_port: Some(to.into()) })
    };
    api_ec2::PathFilter {
        source_address: filter.source_address.clone(),
        source_port_range: ports(filter.source_ports),
        destination_address: filter.destination_address.clone(),
        destination_port_range: ports(filter.destination_ports),
    }
}

/// The values of a filter of DescribeNetworkInsightsPaths about it, such as `source-port-range`: one port, or `from-to`.
pub(super) fn values(filter: Option<&PathFilter>, name: &str) -> Vec<String> {
    let Some(filter) = filter else { return Vec::new() };
    let ports = |range: Option<(u16, u16)>| match range {
        Some((from, to)) if from == to => vec![from.to_string(), format!("{from}-{to}")],
        Some((from, to)) => vec![format!("{from}-{to}")],
        None => Vec::new(),
    };
    match name {
        "source-address" => filter.source_address.iter().cloned().collect(),
        "source-port-range" => ports(filter.source_ports),
        "destination-address" => filter.destination_address.iter().cloned().collect(),
        "destination-port-range" => ports(filter.destination_ports),
        _ => Vec::new(),
    }
}
