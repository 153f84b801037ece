//! One record of a flow log, in the fields its format asks for (VPC guide, "Flow log records").

use super::sides::Side;
use network_apply::Tuple;
use records::FlowLog;
use std::fmt::Write as _;

/// Traffic in one direction at one interface during one interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Traffic {
    pub(super) tuple: Tuple,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    /// First and last packet, in seconds since 1970.
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) accepted: bool,
    /// Leaving the interface, otherwise entering it.
    pub(super) egress: bool,
    pub(super) tcp_flags: u8,
    /// Field `traffic-path`.
    pub(super) path: &'static str,
}

/// Where a record is written.
pub(super) struct Place<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) vpc: &'a str,
    pub(super) side: &'a Side,
}

/// What a record speaks of.
pub(super) enum What<'a> {
    Traffic(&'a Traffic),
    /// Nothing in this interval (`NODATA`), or more than could be noted (`SKIPDATA`).
    Mark {
        status: &'static str,
        start: i64,
        end: i64,
    },
}

/// The names of a format's fields, in order.
pub(super) fn fields(format: &str) -> Vec<&str> {
    format.split_ascii_whitespace().map(|word| word.trim_start_matches("${").trim_end_matches('}')).collect()
}

/// The line of a record.
pub(super) fn line(fields: &[&str], place: &Place<'_>, what: &What<'_>) -> String {
    let version = fields.iter().map(|field| version_of(field)).max().unwrap_or(2);
    let mut line = String::with_capacity(160);
    for field in fields {
        if !line.is_empty() {
            line.push(' ');
        }
        let before = line.len();
        match *field {
            "version" => put(&mut line, version),
            "account-id" => line.push_str(place.account),
            "interface-id" => line.push_str(&place.side.interface),
            _ => match what {
                What::Mark { status, start, end } => match *field {
                    "start" => put(&mut line, start),
                    "end" => put(&mut line, end),
                    "log-status" => line.push_str(status),
                    _ => {}
                },
                What::Traffic(traffic) => traffic_field(&mut line, field, place, traffic),
            },
        }
        // What does not apply or is not known is shown so.
        if line.len() == before {
            line.push('-');
        }
    }
    line
}

fn put(line: &mut String, value: impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(line, "{value}");
}

fn traffic_field(line: &mut String, field: &str, place: &Place<'_>, traffic: &Traffic) {
    let Traffic { tuple, .. } = traffic;
    match field {
        // No translation stands between an interface and its router, so the packet's own addresses are these.
        "srcaddr" | "pkt-srcaddr" => put(line, tuple.source),
        "dstaddr" | "pkt-dstaddr" => put(line, tuple.destination),
        "srcport" => put(line, tuple.source_port),
        "dstport" => put(line, tuple.destination_port),
        "protocol" => put(line, tuple.protocol),
        "packets" => put(line, traffic.packets),
        "bytes" => put(line, traffic.bytes),
        "start" => put(line, traffic.start),
        "end" => put(line, traffic.end),
        "action" => line.push_str(if traffic.accepted { "ACCEPT" } else { "REJECT" }),
        "log-status" => line.push_str("OK"),
        "vpc-id" => line.push_str(place.vpc),
        "subnet-id" => line.push_str(&place.side.subnet),
        "instance-id" => line.push_str(&place.side.instance),
        "tcp-flags" => put(line, traffic.tcp_flags),
        "type" => line.push_str(if tuple.source.is_ipv4() { "IPv4" } else { "IPv6" }),
        "region" => line.push_str(place.region),
        "az-id" => line.push_str(&place.side.zone_id),
        "flow-direction" => line.push_str(if traffic.egress { "egress" } else { "ingress" }),
        "traffic-path" if traffic.egress => line.push_str(traffic.path),
        _ => {}
    }
}

/// The version that brought a field.
fn version_of(field: &str) -> u8 {
    match field {
        "vpc-id" | "subnet-id" | "instance-id" | "tcp-flags" | "type" | "pkt-srcaddr" | "pkt-dstaddr" => 3,
        "region" | "az-id" | "sublocation-type" | "sublocation-id" => 4,
        "pkt-src-aws-service" | "pkt-dst-aws-service" | "flow-direction" | "traffic-path" => 5,
        "reject-reason" => 8,
        "resource-id" => 9,
        "encryption-status" => 10,
        _ if field.starts_with("ecs-") => 7,
        _ => 2,
    }
}

/// Whether a flow log wants traffic of this kind.
pub(super) fn wants(log: &FlowLog, accepted: bool) -> bool {
    match log.traffic_type.as_str() {
        "ACCEPT" => accepted,
        "REJECT" => !accepted,
        _ => true,
    }
}

/// Whether a flow log watches an interface.
pub(super) fn covers(log: &FlowLog, vpc: &str, side: &Side) -> bool {
    log.resource_id == side.interface || log.resource_id == side.subnet || log.resource_id == vpc
}

/// The stream of an interface in the log's group, as AWS names it.
pub(super) fn stream(log: &FlowLog, side: &Side) -> String {
    format!("{}-{}", side.interface, log.traffic_type.to_ascii_lowercase())
}
