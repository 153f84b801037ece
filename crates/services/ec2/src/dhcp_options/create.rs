//! CreateDhcpOptions, DeleteDhcpOptions and AssociateDhcpOptions.

use super::describe::show;
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{
    AssociateDhcpOptionsRequest, CreateDhcpOptionsRequest, CreateDhcpOptionsResult, DeleteDhcpOptionsRequest,
    NewDhcpConfiguration,
};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::{DhcpOptions, Vpc};
use std::net::IpAddr;

/// Most servers of one kind.
const MAX_SERVERS: usize = 4;

/// Names and values DHCP options may have (AWS: "DHCP option sets").
fn check(key: &str, values: &[String]) -> Result<(), Fault> {
    let invalid = |value: &str, why: &str| Err(faults::invalid_value(key, value, why));
    if values.is_empty() {
        return invalid("", "A value is required.");
    }
    match key {
        "domain-name" => match values {
            [name] if !name.is_empty() && name.len() <= 253 => Ok(()),
            _ => invalid(&values.join(","), "One domain name is expected."),
        },
        "domain-name-servers" | "ntp-servers" | "netbios-name-servers" => {
            let amazon = |value: &String| key == "domain-name-servers" && value == "AmazonProvidedDNS";
            // Several servers may come as one value with commas.
            let all: Vec<String> =
                values.iter().flat_map(|v| v.split(',')).map(|v| v.trim().to_owned()).collect();
            if all.len() > MAX_SERVERS {
                return invalid(&all.join(","), "No more than 4 servers are allowed.");
            }
            match all.iter().find(|v| !amazon(v) && v.parse::<IpAddr>().is_err()) {
                Some(bad) => invalid(bad, "This is not a valid IP address."),
                None => Ok(()),
            }
        }
        "netbios-node-type" => match values {
            [kind] if matches!(kind.as_str(), "1" | "2" | "4" | "8") => Ok(()),
            _ => invalid(&values.join(","), "Expected 1, 2, 4 or 8."),
        },
        "ipv6-address-preferred-lease-time" => match values {
            [time] if time.parse::<u32>().is_ok_and(|t| (140..=2_147_483_647).contains(&t)) => Ok(()),
            _ => invalid(&values.join(","), "Expected seconds between 140 and 2147483647."),
        },
        _ => Err(faults::invalid_value("dhcpConfiguration.key", key, "Unknown DHCP option.")),
    }
}

/// The options of a request, each at most once, since the second would silently win in some clients.
fn parse(configurations: Option<Vec<NewDhcpConfiguration>>) -> Result<Vec<(String, Vec<String>)>, Fault> {
    let given = faults::required(configurations.filter(|c| !c.is_empty()), "dhcpConfiguration")?;
    let mut parsed: Vec<(String, Vec<String>)> = Vec::new();
    for configuration in given {
        let key = configuration.key.unwrap_or_default();
        let values = configuration.values.unwrap_or_default();
        check(&key, &values)?;
        if parsed.iter().any(|(known, _)| *known == key) {
            return Err(faults::invalid_value("dhcpConfiguration.key", &key, "The option is given twice."));
        }
        parsed.push((key, values));
    }
    Ok(parsed)
}

/// CreateDhcpOptions.
///
/// # Errors
/// `InvalidParameterValue` for unknown options and values out of their range (AWS: "DHCP option sets").
pub(super) async fn create_dhcp_options(
    call: Call<Ec2>,
    input: CreateDhcpOptionsRequest,
) -> Reply<CreateDhcpOptionsResult> {
    let kind = ResourceKind::DhcpOptions;
    let configuration = parse(input.dhcp_configurations)?;
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let scope = call.scope();
    let made = call.platform.transact(|tx| {
        if tx.count::<DhcpOptions>(scope) >= limits::DHCP_OPTIONS {
            let message = "The maximum number of DHCP option sets has been reached.";
            return Err(Fault::sender("DhcpOptionsLimitExceeded", message));
        }
        let options = DhcpOptions { id: kind.new_id(), configuration: configuration.clone() };
        tags::put(tx, scope, kind, &options.id, &specified.of(kind));
        tx.put(scope, options.clone());
        Ok(options)
    });
    let options = made.await?.value;
    Ok(CreateDhcpOptionsResult { dhcp_options: Some(show(call.store(), scope, &options)) })
}

/// DeleteDhcpOptions: refused while a VPC uses the set.
///
/// # Errors
/// `DependencyViolation`, `InvalidDhcpOptionID.NotFound`.
pub(super) async fn delete_dhcp_options(call: Call<Ec2>, input: DeleteDhcpOptionsRequest) -> Reply<Unit> {
    let id = faults::required(input.dhcp_options_id, "dhcpOptionsId")?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        lookup::find::<DhcpOptions>(tx, scope, ResourceKind::DhcpOptions, &id)?;
        if tx.list::<Vpc>(scope).iter().any(|vpc| vpc.dhcp_options_id == id) {
            return Err(faults::dependency_violation(format!(
                "The dhcpOptions '{id}' has dependencies and cannot be deleted."
            )));
        }
        tags::delete(tx, scope, &id);
        tx.delete::<DhcpOptions>(scope, &id);
        Ok(())
    });
    deleted.await?;
    Ok(Unit)
}

/// AssociateDhcpOptions: a set, or `default` for none. Machines see it when they renew their lease or start.
///
/// # Errors
/// `InvalidDhcpOptionID.NotFound`, `InvalidVpcID.NotFound`.
pub(super) async fn associate_dhcp_options(
    call: Call<Ec2>,
    input: AssociateDhcpOptionsRequest,
) -> Reply<Unit> {
    let id = faults::required(input.dhcp_options_id, "dhcpOptionsId")?;
    let vpc_id = faults::required(input.vpc_id, "vpcId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        if id != "default" {
            lookup::find::<DhcpOptions>(tx, scope, ResourceKind::DhcpOptions, &id)?;
        }
        let mut vpc = lookup::find_mut::<Vpc>(tx, scope, ResourceKind::Vpc, &vpc_id)?;
        vpc.dhcp_options_id.clone_from(&id);
        tx.put(scope, vpc);
        Ok(())
    });
    let revision = changed.await?.revision;
    call.settled(scope, &vpc_id, revision).await?;
    Ok(Unit)
}
