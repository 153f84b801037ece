//! From what a person calls a place to what the API calls it.

use anyhow::{Context as _, bail, ensure};
use api_ec2::{
    DescribeInstancesRequest, DescribeInternetGatewaysRequest, DescribeNetworkInterfacesRequest, Filter,
    NetworkInterface, ops,
};
use aws_client::Client;
use std::net::IpAddr;

/// Beginnings of ids that the API takes as they are.
const IDS: [&str; 5] = ["i-", "eni-", "igw-", "pcx-", "vpce-"];

/// The ends of a path.
#[derive(Debug, Default)]
pub(super) struct Ends {
    pub(super) source: String,
    pub(super) source_address: Option<IpAddr>,
    /// Absent where an address alone is the destination.
    pub(super) destination: Option<String>,
    pub(super) destination_address: Option<IpAddr>,
}

/// An answer that needs no analysis.
pub(super) struct Unreachable {
    pub(super) sentence: String,
    pub(super) code: &'static str,
}

/// What looking the names up led to.
pub(super) enum Found {
    Ends(Ends),
    Unreachable(Unreachable),
}

/// A place as it was called.
enum Place {
    Internet,
    Address(IpAddr),
    Resource(String),
}

/// Looks both ends up.
pub(super) fn find(client: &mut Client, from: &str, to: &str) -> anyhow::Result<Found> {
    let (from, to) = (place(client, from)?, place(client, to)?);
    let mut ends = Ends::default();
    // An end outside is the internet gateway of the other end's VPC.
    let outside_of = |client: &mut Client, other: &Place| -> anyhow::Result<Result<String, Unreachable>> {
        let vpc = vpc_of(client, other)?;
        let gateway = gateway_of(client, &vpc)?;
        Ok(gateway.ok_or_else(|| Unreachable {
            sentence: format!("Not reachable: {vpc} has no internet gateway."),
            code: "BAD_STATE_ATTACHMENT",
        }))
    };
    match &from {
        Place::Resource(id) => ends.source.clone_from(id),
        Place::Address(address) => {
            ends.source_address = Some(*address);
            match interface_at(client, *address)? {
                Some((interface, public)) => {
                    // By a public address the machine is meant, which sends from its private one.
                    if public {
                        ends.source_address = None;
                    }
                    ends.source = interface.network_interface_id.context("the answer names no interface")?;
                }
                None => match outside_of(client, &to)? {
                    Ok(gateway) => ends.source = gateway,
                    Err(answer) => return Ok(Found::Unreachable(answer)),
                },
            }
        }
        Place::Internet => match outside_of(client, &to)? {
            Ok(gateway) => ends.source = gateway,
            Err(answer) => return Ok(Found::Unreachable(answer)),
        },
    }
    match &to {
        Place::Resource(id) => ends.destination = Some(id.clone()),
        Place::Address(address) => ends.destination_address = Some(*address),
        Place::Internet => match outside_of(client, &from)? {
            Ok(gateway) => ends.destination = Some(gateway),
            Err(answer) => return Ok(Found::Unreachable(answer)),
        },
    }
    Ok(Found::Ends(ends))
}

fn place(client: &mut Client, text: &str) -> anyhow::Result<Place> {
    if text == "internet" {
        return Ok(Place::Internet);
    }
    if let Ok(address) = text.parse() {
        return Ok(Place::Address(address));
    }
    if IDS.iter().any(|prefix| text.starts_with(prefix)) {
        return Ok(Place::Resource(text.to_owned()));
    }
    by_name(client, text).map(Place::Resource)
}

fn filter(name: &str, values: &[&str]) -> Filter {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Filter { name: Some(name.to_owned()), values: Some(values) }
}

/// A text as a filter takes it literally.
fn literal(text: &str) -> String {
    text.chars().fold(String::new(), |mut all, c| {
        if matches!(c, '*' | '?' | '\\') {
            all.push('\\');
        }
        all.push(c);
        all
    })
}

/// The one machine, or else the one interface, with this tag Name.
fn by_name(client: &mut Client, name: &str) -> anyhow::Result<String> {
    let tagged = filter("tag:Name", &[&literal(name)]);
    let alive = filter("instance-state-name", &["pending", "running", "stopping", "stopped"]);
    let input = DescribeInstancesRequest {
        filters: Some(vec![tagged.clone(), alive]),
        ..DescribeInstancesRequest::default()
    };
    let answer = client.call::<ops::DescribeInstances>(&api_ec2::SERVICE, &input)?;
    let instances = answer.reservations.iter().flatten().flat_map(|r| r.instances.iter().flatten());
    let mut ids: Vec<String> = instances.filter_map(|instance| instance.instance_id.clone()).collect();
    if ids.is_empty() {
        ids = interfaces(client, vec![tagged])?.into_iter().filter_map(|i| i.network_interface_id).collect();
    }
    ensure!(ids.len() < 2, "{} machines or interfaces are named {name}: {}", ids.len(), ids.join(", "));
    ids.pop().with_context(|| format!("no machine and no interface is named {name}"))
}

fn interfaces(client: &mut Client, filters: Vec<Filter>) -> anyhow::Result<Vec<NetworkInterface>> {
    let input = DescribeNetworkInterfacesRequest {
        filters: Some(filters),
        ..DescribeNetworkInterfacesRequest::default()
    };
    let answer = client.call::<ops::DescribeNetworkInterfaces>(&api_ec2::SERVICE, &input)?;
    Ok(answer.network_interfaces.unwrap_or_default())
}

/// The one interface that has an address, and whether that is a public one which stands for a private one.
fn interface_at(client: &mut Client, address: IpAddr) -> anyhow::Result<Option<(NetworkInterface, bool)>> {
    let text = address.to_string();
    let names: &[(&str, bool)] = if address.is_ipv4() {
        &[("addresses.private-ip-address", false), ("addresses.association.public-ip", true)]
    } else {
        &[("ipv6-addresses.ipv6-address", false)]
    };
    for (name, public) in names {
        let mut found = interfaces(client, vec![filter(name, &[&text])])?;
        ensure!(
            found.len() < 2,
            "{address} is an address in {} VPCs; name the interface instead",
            found.len()
        );
        if let Some(interface) = found.pop() {
            return Ok(Some((interface, *public)));
        }
    }
    Ok(None)
}

/// The VPC that a place is in.
fn vpc_of(client: &mut Client, place: &Place) -> anyhow::Result<String> {
    let interface = match place {
        Place::Internet => bail!("one of the two ends must be in this cloud"),
        Place::Address(address) => {
            let found = interface_at(client, *address)?.with_context(|| {
                format!("{address} is nobody's address in this cloud; one of the two ends must be in it")
            })?;
            found.0
        }
        Place::Resource(id) => {
            let name = if id.starts_with("i-") { "attachment.instance-id" } else { "network-interface-id" };
            let found = interfaces(client, vec![filter(name, &[id])])?.into_iter().next();
            found.with_context(|| format!("{id} has no interface in this cloud"))?
        }
    };
    interface.vpc_id.context("the answer names no VPC")
}

/// The internet gateway of a VPC.
fn gateway_of(client: &mut Client, vpc: &str) -> anyhow::Result<Option<String>> {
    let input = DescribeInternetGatewaysRequest {
        filters: Some(vec![filter("attachment.vpc-id", &[vpc])]),
        ..DescribeInternetGatewaysRequest::default()
    };
    let answer = client.call::<ops::DescribeInternetGateways>(&api_ec2::SERVICE, &input)?;
    Ok(answer.internet_gateways.into_iter().flatten().find_map(|gateway| gateway.internet_gateway_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_meant_literally() {
        assert_eq!(literal(r"web*?\1"), r"web\*\?\\1");
    }
}
