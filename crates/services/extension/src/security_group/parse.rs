//! A rule as a request writes it.

use super::create::check_name;
use crate::listing::required;
use crate::{faults, text};
use api_allod::PutNetworkSecurityGroupRuleRequest;
use aws_schema::Fault;
use ipnet::IpNet;
use records::NsgRule;

/// The service tag for the VPC's own and its peers' blocks.
pub(super) const VIRTUAL_NETWORK: &str = "VirtualNetwork";
const EVERYTHING: &str = "*";

/// Names of protocols with their IP numbers; -1 is any.
pub(super) const PROTOCOLS: &[(&str, i32)] =
    &[("Tcp", 6), ("Udp", 17), ("Icmp", 1), ("Esp", 50), ("Ah", 51), (EVERYTHING, -1)];

/// One side's blocks and whether the VPC's space is among them.
///
/// # Errors
/// `InvalidParameterValue`; `*` stands alone.
fn side(parameter: &str, texts: Option<&[String]>) -> Result<(Vec<IpNet>, bool), Fault> {
    let Some(texts) = texts else { return Ok((Vec::new(), false)) };
    if let [only] = texts
        && only == EVERYTHING
    {
        return Ok((Vec::new(), false));
    }
    let (mut blocks, mut virtual_network) = (Vec::new(), false);
    for one in texts {
        match one.as_str() {
            EVERYTHING => return Err(faults::invalid_value(parameter, one, "* must be the only entry.")),
            VIRTUAL_NETWORK => virtual_network = true,
            other => blocks.push(text::block_or_address(parameter, other)?),
        }
    }
    blocks.sort_unstable();
    blocks.dedup();
    Ok((blocks, virtual_network))
}

/// Port ranges; none for all.
///
/// # Errors
/// `InvalidParameterValue`; `*` stands alone.
fn ranges(parameter: &str, texts: Option<&[String]>) -> Result<Vec<(u16, u16)>, Fault> {
    match texts {
        None => Ok(Vec::new()),
        Some([only]) if only == EVERYTHING => Ok(Vec::new()),
        Some(texts) => texts.iter().map(|one| text::ports(parameter, one)).collect(),
    }
}

/// Whether a packet of some family can match both sides. The VPC always has IPv4 blocks and may get IPv6 ones.
fn can_match(rule: &NsgRule) -> bool {
    let has = |blocks: &[IpNet], tagged: bool, v4: bool| {
        tagged || blocks.is_empty() || blocks.iter().any(|net| matches!(net, IpNet::V4(_)) == v4)
    };
    [true, false].iter().any(|v4| {
        has(&rule.sources, rule.source_is_vpc, *v4) && has(&rule.destinations, rule.destination_is_vpc, *v4)
    })
}

/// The rule of a request.
///
/// # Errors
/// `InvalidParameterValue`, `InvalidParameterCombination` for a rule that no packet can match.
pub(super) fn rule(input: &PutNetworkSecurityGroupRuleRequest) -> Result<NsgRule, Fault> {
    check_name(input.name())?;
    let protocol = required(input.protocol.as_ref(), "Protocol")?;
    let known = PROTOCOLS.iter().find(|(name, _)| *name == protocol.as_str());
    let (_, protocol) = known.ok_or_else(|| faults::invalid_value("Protocol", protocol.as_str(), ""))?;
    let (sources, source_is_vpc) = side("SourceAddressPrefixes", input.source_address_prefixes.as_deref())?;
    let (destinations, destination_is_vpc) =
        side("DestinationAddressPrefixes", input.destination_address_prefixes.as_deref())?;
    let rule = NsgRule {
        name: input.name().to_owned(),
        // The model limits it to 100–4096.
        priority: u16::try_from(input.priority())
            .map_err(|_| faults::invalid_value("Priority", &input.priority().to_string(), ""))?,
        outbound: required(input.direction.as_ref(), "Direction")?.as_str() == "Outbound",
        allow: required(input.access.as_ref(), "Access")?.as_str() == "Allow",
        protocol: *protocol,
        sources,
        source_is_vpc,
        source_ports: ranges("SourcePortRanges", input.source_port_ranges.as_deref())?,
        destinations,
        destination_is_vpc,
        destination_ports: ranges("DestinationPortRanges", input.destination_port_ranges.as_deref())?,
    };
    let names_ports = !rule.source_ports.is_empty() || !rule.destination_ports.is_empty();
    if names_ports && !matches!(rule.protocol, 6 | 17 | -1) {
        return Err(faults::invalid_combination("Only Tcp, Udp and * have ports."));
    }
    if !can_match(&rule) {
        let message = "Source and destination have no address family in common.";
        return Err(faults::invalid_combination(message));
    }
    Ok(rule)
}
