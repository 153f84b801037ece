//! CreateNetworkInsightsPath.

use super::end::End;
use super::faults::{Which, too_many_paths};
use super::{filter, show};
use crate::client_token::{self, Idempotent};
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{CreateNetworkInsightsPathRequest, CreateNetworkInsightsPathResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{InsightsPath, Millis};
use state_store::typed::Scope;

/// The protocols a path may have. AWS knows the first two; `icmp` stands for echo requests of either family.
const PROTOCOLS: [&str; 3] = ["tcp", "udp", "icmp"];

/// The protocol in lower case, as it is shown (AWS's own example writes `TCP`).
fn protocol(given: Option<String>) -> Result<String, Fault> {
    let given = faults::required(given, "Protocol")?;
    let lower = given.to_ascii_lowercase();
    if PROTOCOLS.contains(&&*lower) {
        return Ok(lower);
    }
    let shown: String = given.chars().take(200).collect();
    Err(faults::invalid_parameter_value(format!("Invalid value '{shown}' for Protocol.")))
}

/// What excludes what (API reference, CreateNetworkInsightsPath).
fn check(path: &InsightsPath) -> Result<(), Fault> {
    let together = |a: &str, b: &str| {
        faults::invalid_combination(format!("The parameter {a} cannot be used with the parameter {b}"))
    };
    if path.filter_at_source.is_some() && path.source_ip.is_some() {
        return Err(together("filterAtSource", "sourceIp"));
    }
    if path.filter_at_source.is_some() && path.destination_port.is_some() {
        return Err(together("filterAtSource", "destinationPort"));
    }
    if path.filter_at_destination.is_some() && path.destination_ip.is_some() {
        return Err(together("filterAtDestination", "destinationIp"));
    }
    let addressed = path.filter_at_source.as_ref().is_some_and(|f| f.destination_address.is_some());
    if path.destination.is_none() && path.destination_ip.is_none() && !addressed {
        return Err(faults::missing_parameter("Destination"));
    }
    if path.destination.as_ref() == Some(&path.source) {
        return Err(faults::invalid_value("destination", &path.source, "It is the source as well."));
    }
    let ported = [&path.filter_at_source, &path.filter_at_destination].into_iter().flatten();
    let ports = path.destination_port.is_some()
        || ported.clone().any(|f| f.source_ports.is_some() || f.destination_ports.is_some());
    if path.protocol == "icmp" && ports {
        return Err(faults::invalid_combination("ICMP has no ports."));
    }
    Ok(())
}

fn wanted(
    input: CreateNetworkInsightsPathRequest,
    scope: &Scope,
    now: Millis,
) -> Result<(InsightsPath, End, Option<End>), Fault> {
    let source = End::parse(Which::Source, &faults::required(input.source, "Source")?, scope)?;
    let destination = input.destination.filter(|text| !text.is_empty());
    let destination = destination.map(|text| End::parse(Which::Destination, &text, scope)).transpose()?;
    let port = input.destination_port.map(|port| {
        u16::try_from(port)
            .map_err(|_| faults::invalid_value("destinationPort", &port.to_string(), "It is not a port."))
    });
    let path = InsightsPath {
        id: ResourceKind::InsightsPath.new_id(),
        source: source.id.clone(),
        destination: destination.as_ref().map(|end| end.id.clone()),
        source_ip: filter::address("sourceIp", input.source_ip)?,
        destination_ip: filter::address("destinationIp", input.destination_ip)?,
        protocol: protocol(input.protocol)?,
        destination_port: port.transpose()?,
        filter_at_source: filter::parse("filterAtSource", input.filter_at_source)?,
        filter_at_destination: filter::parse("filterAtDestination", input.filter_at_destination)?,
        created: now,
    };
    check(&path)?;
    Ok((path, source, destination))
}

/// CreateNetworkInsightsPath.
///
/// # Errors
/// `InvalidParameterValue`, `InvalidParameterCombination`, `MissingParameter`, `NetworkInsightsSource.NotFound`,
/// `NetworkInsightsDestination.NotFound`, `NetworkInsightsPath.LimitExceeded`, `IdempotentParameterMismatch`.
pub(super) async fn create_network_insights_path(
    call: Call<Ec2>,
    input: CreateNetworkInsightsPathRequest,
) -> Reply<CreateNetworkInsightsPathResult> {
    let kind = ResourceKind::InsightsPath;
    let once = Idempotent::of("CreateNetworkInsightsPath", input.client_token.as_deref(), &input)?;
    let (scope, now) = (call.scope(), call.now());
    let specified = TagSpecifications::parse(input.tag_specifications.clone(), &[kind])?;
    let (path, source, destination) = wanted(input, scope, now)?;
    let made = call.platform.transact(|tx| {
        if let Some(id) = client_token::earlier(tx, scope, &once, now)? {
            return lookup::find_mut::<InsightsPath>(tx, scope, kind, &id);
        }
        source.check(Which::Source, tx, scope)?;
        destination.as_ref().map_or(Ok(()), |end| end.check(Which::Destination, tx, scope))?;
        if tx.count::<InsightsPath>(scope) >= limits::INSIGHTS_PATHS {
            return Err(too_many_paths(limits::INSIGHTS_PATHS));
        }
        tags::put(tx, scope, kind, &path.id, &specified.of(kind));
        client_token::remember(tx, scope, &once, &path.id, now);
        tx.put(scope, path.clone());
        Ok(path.clone())
    });
    let path = made.await?.value;
    let shown = show::path(call.store(), scope, &path);
    Ok(CreateNetworkInsightsPathResult { network_insights_path: Some(shown) })
}
