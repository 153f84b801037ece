//! The last packets that were dropped in a VPC, for whoever asks: packet-truth tests, a person at a terminal.

use crate::flow_logs::Seen;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use network_apply::DroppedPacket;
use network_plan::{DropRecord, EDGE_INDEX, Gate, Outpost, VpcInput, eni_number, peering_number};
use records::Millis;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Packets remembered per VPC.
const REMEMBERED: usize = 20_000;

/// Dropped packets, numbered from 1.
#[derive(Default)]
pub(super) struct Feed {
    last: u64,
    remembered: VecDeque<(u64, Value)>,
    /// How often an unknown number of packets was lost on the way here.
    lost: u64,
}

impl Feed {
    pub(super) fn push(&mut self, report: Value) {
        self.last += 1;
        if self.remembered.len() >= REMEMBERED {
            self.remembered.pop_front();
        }
        self.remembered.push_back((self.last, report));
    }

    pub(super) fn lost(&mut self) {
        self.lost += 1;
    }

    /// Those after a number, oldest first: `{"last", "lost", "drops": [{"number", …}]}`. `last` is the number to ask
    /// with next.
    pub(super) fn after(&self, number: u64, limit: usize) -> Value {
        let newer = self.remembered.iter().filter(|(n, _)| *n > number).take(limit);
        let drops: Vec<Value> = newer
            .map(|(n, report)| {
                let mut report = report.clone();
                report["number"] = json!(n);
                report
            })
            .collect();
        let last =
            drops.last().map_or(number.max(self.last), |one| one["number"].as_u64().unwrap_or(self.last));
        json!({ "last": last, "lost": self.lost, "drops": drops })
    }
}

/// A dropped packet in the names of the API: which gate, which component of it, which packet.
pub(super) fn report(packet: &DroppedPacket, input: &VpcInput, time: Millis) -> Option<Value> {
    let record = DropRecord::parse(&packet.prefix)?;
    let eni = |number: u32| input.enis.iter().find(|eni| eni.number == number);
    let concerned = record.eni(packet.incoming, packet.outgoing).and_then(eni);
    let mut report = described(record.gate.name(), packet, time);
    report["interface"] = json!(concerned.map(|eni| &eni.id));
    report["incoming"] = json!(link(packet.incoming, input));
    report["outgoing"] = json!(link(packet.outgoing, input));
    component(&mut report, &record, packet, input, concerned);
    Some(report)
}

/// A packet dropped at the edge (`behind` is `None`) or in a NAT gateway, by its id and its interface's.
pub(super) fn report_of_outpost(
    packet: &DroppedPacket,
    behind: Option<(&str, &str)>,
    time: Millis,
) -> Option<Value> {
    let mut report = described(Outpost::by_name(&packet.prefix)?.name(), packet, time);
    if let Some((gateway, interface)) = behind {
        report["natGateway"] = json!(gateway);
        report["interface"] = json!(interface);
    }
    Some(report)
}

/// What every report has: when, by what, which packet.
fn described(gate: &str, packet: &DroppedPacket, time: Millis) -> Value {
    let mut report = json!({ "time": time, "gate": gate, "packet": STANDARD.encode(&packet.bytes) });
    if let Some(seen) = Seen::parse(&packet.bytes) {
        report["protocol"] = json!(seen.tuple.protocol);
        report["source"] = json!(seen.tuple.source);
        report["destination"] = json!(seen.tuple.destination);
        report["length"] = json!(seen.length);
        if let Some((kind, code)) = seen.icmp {
            report["icmpType"] = json!(kind);
            report["icmpCode"] = json!(code);
        } else {
            report["sourcePort"] = json!(seen.tuple.source_port);
            report["destinationPort"] = json!(seen.tuple.destination_port);
        }
    }
    report
}

/// What of the records decided.
fn component(
    report: &mut Value,
    record: &DropRecord,
    packet: &DroppedPacket,
    input: &VpcInput,
    concerned: Option<&network_plan::Eni>,
) {
    if let Some(list) = record.list {
        let entry = list.entry.map_or_else(|| json!("*"), |number| json!(number));
        if matches!(record.gate, Gate::AclIn | Gate::AclOut) {
            let found = input.acls.iter().find(|acl| acl.number == list.number);
            report["networkAcl"] = json!(found.map(|acl| &acl.id));
            report["entry"] = entry;
        } else {
            let found = input.nsgs.iter().find(|nsg| nsg.number == list.number);
            report["networkSecurityGroup"] = json!(found.map(|nsg| &nsg.id));
            report["priority"] = entry;
        }
    }
    if matches!(record.gate, Gate::EgressDenied | Gate::IngressDenied) {
        report["groups"] = json!(concerned.map(|eni| &eni.groups));
    }
    if record.gate == Gate::NoRoute {
        let number = record.route_table(packet.mark);
        let found = number.and_then(|number| input.route_tables.iter().find(|table| table.number == number));
        report["routeTable"] = json!(found.map(|table| &table.id));
    }
}

/// What is behind a router's link: an interface, a peering connection, the internet gateway.
fn link(index: u32, input: &VpcInput) -> Option<String> {
    if index == EDGE_INDEX {
        return Some(input.internet_gateway.clone().unwrap_or_else(|| "edge".to_owned()));
    }
    if let Some(number) = peering_number(index) {
        return input.peerings.iter().find(|p| p.number == number).map(|p| p.id.clone());
    }
    let number = eni_number(index)?;
    input.enis.iter().find(|eni| eni.number == number).map(|eni| eni.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_and_old_ones_make_room() {
        let mut feed = Feed::default();
        for n in 0..REMEMBERED + 10 {
            feed.push(json!({ "n": n }));
        }
        feed.lost();
        let page = feed.after(0, 3);
        let numbers: Vec<u64> =
            page["drops"].as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect();
        assert_eq!(
            (numbers, page["last"].as_u64(), page["lost"].as_u64()),
            (vec![11, 12, 13], Some(13), Some(1))
        );
        let end = u64::try_from(REMEMBERED).unwrap() + 10;
        assert_eq!(feed.after(end, 3)["drops"].as_array().unwrap().len(), 0);
        assert_eq!(feed.after(end, 3)["last"].as_u64(), Some(end));
    }

    #[test]
    fn what_is_not_ours_is_no_report() {
        let packet =
            DroppedPacket { prefix: "other".into(), incoming: 0, outgoing: 0, mark: 0, bytes: Vec::new() };
        assert_eq!(report(&packet, &VpcInput::default(), 0), None);
    }

    #[test]
    fn outposts_are_named() {
        let packet = |prefix: &str| DroppedPacket {
            prefix: prefix.into(),
            incoming: 0,
            outgoing: 0,
            mark: 0,
            bytes: Vec::new(),
        };
        let report = report_of_outpost(&packet("nat-refused"), Some(("nat-1", "eni-1")), 5).unwrap();
        assert_eq!(
            (&report["gate"], &report["natGateway"], &report["interface"]),
            (&json!("nat-refused"), &json!("nat-1"), &json!("eni-1"))
        );
        assert_eq!(report_of_outpost(&packet("nobody"), None, 5).unwrap()["gate"], json!("nobody"));
        assert_eq!(report_of_outpost(&packet("no-route"), None, 5), None, "a router's gate");
    }

    #[test]
    fn an_acl_is_named_with_its_entry() {
        let acl = network_plan::NetworkAcl {
            id: "acl-1".into(),
            number: 3,
            ingress: Vec::new(),
            egress: Vec::new(),
        };
        let input =
            VpcInput { acls: vec![acl], internet_gateway: Some("igw-1".into()), ..VpcInput::default() };
        let mut bytes = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        bytes.extend_from_slice(&[0, 53, 0, 54, 0, 8, 0, 0]);
        let packet =
            DroppedPacket { prefix: "acl-in 3 *".into(), incoming: EDGE_INDEX, outgoing: 0, mark: 0, bytes };
        let report = report(&packet, &input, 77).unwrap();
        for (name, expected) in [
            ("gate", json!("acl-in")),
            ("networkAcl", json!("acl-1")),
            ("entry", json!("*")),
            ("incoming", json!("igw-1")),
            ("source", json!("10.0.0.1")),
            ("destinationPort", json!(54)),
            ("time", json!(77)),
        ] {
            assert_eq!(report[name], expected, "{name}");
        }
    }
}
