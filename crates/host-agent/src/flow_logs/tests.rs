//! Intervals: what goes in, and the lines that come out.

use super::sides::Side;
use super::*;
use contracts::seams::LogLine;
use network_apply::{Counts, Flow, Tuple};
use network_plan::{EniKind, Gate, VpcInput, eni_index};
use records::Millis;
use std::net::IpAddr;

const BEGIN: Millis = 1_800_000_000_000;
const MINUTE: Millis = 60_000;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn eni(number: u32, address: &str) -> network_plan::Eni {
    network_plan::Eni {
        id: format!("eni-{number}"),
        number,
        subnet_id: "subnet-1".into(),
        mac: [0; 6],
        private_v4: vec![address.parse().unwrap()],
        v6: Vec::new(),
        public_v4: Vec::new(),
        source_dest_check: true,
        groups: Vec::new(),
        kind: EniKind::Machine,
        nsg_id: None,
        prefixes: Vec::new(),
    }
}

fn sides() -> Sides {
    let input = VpcInput {
        id: "vpc-1".into(),
        cidrs_v4: vec!["10.0.0.0/16".parse().unwrap()],
        enis: vec![eni(1, "10.0.0.5"), eni(2, "10.0.0.6"), eni(3, "10.0.0.7")],
        ..VpcInput::default()
    };
    Sides::of(&Store::in_memory(), &Scope::new("111122223333", "eu-west-1"), &input)
}

fn log(resource: &str, traffic: &str, format: &str) -> Arc<FlowLog> {
    Arc::new(FlowLog {
        id: "fl-1".into(),
        resource_id: resource.into(),
        traffic_type: traffic.into(),
        destination_type: "cloud-watch-logs".into(),
        log_group: "group".into(),
        permission_arn: None,
        format: format.into(),
        aggregation_seconds: 60,
        created: 0,
        delivery_error: None,
    })
}

const SHORT: &str = "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${packets} ${bytes} ${action} \
                     ${flow-direction} ${tcp-flags} ${log-status}";

/// A TCP connection from `10.0.0.5:40000` to a server, begun after the interval did.
fn flow(server: &str, sent: u64, answered: u64, state: u8) -> Flow {
    let tuple = |source: &str, destination: &str, source_port, destination_port| Tuple {
        source: ip(source),
        destination: ip(destination),
        protocol: 6,
        source_port,
        destination_port,
    };
    let counts = |packets| Counts { packets, bytes: packets * 100 };
    Flow {
        id: 7,
        original: tuple("10.0.0.5", server, 40_000, 80),
        reply: tuple(server, "10.0.0.5", 80, 40_000),
        sent: counts(sent),
        answered: counts(answered),
        seen_reply: answered > 0,
        tcp_state: Some(state),
        start: Some(u64::try_from(BEGIN + 1_000).unwrap() * 1_000_000),
        stop: None,
    }
}

fn texts(all: &[(Arc<FlowLog>, String, Vec<LogLine>)]) -> Vec<String> {
    let mut lines: Vec<String> = all.iter().flat_map(|(_, _, lines)| lines).map(|l| l.text.clone()).collect();
    lines.sort();
    lines
}

#[test]
fn a_connection_inside_shows_four_times() {
    let (sides, logs) = (sides(), [log("vpc-1", "ALL", SHORT)]);
    let mut window = Window::begin(60, BEGIN, &[]);
    assert!(!window.is_over(BEGIN + MINUTE - 1) && window.is_over(BEGIN + MINUTE));
    let all = window.turn(BEGIN + MINUTE, &[flow("10.0.0.6", 5, 3, 3)], &sides, &logs);
    assert_eq!(
        texts(&all),
        [
            "eni-1 10.0.0.5 10.0.0.6 40000 80 5 500 ACCEPT egress 2 OK",
            "eni-1 10.0.0.6 10.0.0.5 80 40000 3 300 ACCEPT ingress 18 OK",
            "eni-2 10.0.0.5 10.0.0.6 40000 80 5 500 ACCEPT ingress 2 OK",
            "eni-2 10.0.0.6 10.0.0.5 80 40000 3 300 ACCEPT egress 18 OK",
            "eni-3 - - - - - - - - - NODATA",
        ]
    );
    let streams: Vec<&str> = all.iter().map(|(_, stream, _)| stream.as_str()).collect();
    assert_eq!(streams, ["eni-1-all", "eni-2-all", "eni-3-all"]);
}

#[test]
fn an_interval_holds_what_happened_in_it() {
    let (sides, logs) = (sides(), [log("eni-1", "ACCEPT", SHORT)]);
    let mut window = Window::begin(60, BEGIN, &[flow("8.8.8.8", 10, 10, 3)]);
    let first = window.turn(BEGIN + MINUTE, &[flow("8.8.8.8", 15, 10, 3)], &sides, &logs);
    // Begun before the first reading: no SYN is seen again.
    assert_eq!(texts(&first), ["eni-1 10.0.0.5 8.8.8.8 40000 80 5 500 ACCEPT egress 2 OK"]);
    window.ended(&flow("8.8.8.8", 17, 12, 7));
    // It is told as ended and was still read: it counts once.
    let second = window.turn(BEGIN + 2 * MINUTE, &[flow("8.8.8.8", 16, 11, 4)], &sides, &logs);
    assert_eq!(
        texts(&second),
        [
            "eni-1 10.0.0.5 8.8.8.8 40000 80 2 200 ACCEPT egress 1 OK",
            "eni-1 8.8.8.8 10.0.0.5 80 40000 2 200 ACCEPT ingress 1 OK",
        ]
    );
    let third = window.turn(BEGIN + 3 * MINUTE, &[], &sides, &logs);
    assert_eq!(texts(&third), ["eni-1 - - - - - - - - - NODATA"]);
}

#[test]
fn every_field_of_a_record() {
    let format = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
                  ${packets} ${bytes} ${start} ${end} ${action} ${log-status} ${vpc-id} ${subnet-id} ${instance-id} \
                  ${tcp-flags} ${type} ${pkt-srcaddr} ${pkt-dstaddr} ${region} ${az-id} ${sublocation-type} \
                  ${flow-direction} ${traffic-path} ${pkt-src-aws-service}";
    let mut window = Window::begin(60, BEGIN, &[]);
    let all =
        window.turn(BEGIN + MINUTE, &[flow("8.8.8.8", 5, 0, 1)], &sides(), &[log("eni-1", "ALL", format)]);
    let expected = "5 111122223333 eni-1 10.0.0.5 8.8.8.8 40000 80 6 5 500 1800000001 1800000060 ACCEPT OK vpc-1 \
                    subnet-1 - 2 IPv4 10.0.0.5 8.8.8.8 eu-west-1 - - egress 8 -";
    assert_eq!(texts(&all), [expected]);
    let plain = "${version} ${account-id} ${interface-id} ${srcaddr} ${start} ${end} ${log-status}";
    let all =
        Window::begin(60, BEGIN, &[]).turn(BEGIN + MINUTE, &[], &sides(), &[log("eni-1", "ALL", plain)]);
    assert_eq!(texts(&all), ["2 111122223333 eni-1 - 1800000000 1800000060 NODATA"]);
}

fn rejection(gate: Gate, incoming: u32, outgoing: u32) -> Rejection {
    let tuple = flow("10.0.0.6", 0, 0, 1).original;
    let packet = Seen { tuple, length: 60, tcp_flags: 2, icmp: None };
    Rejection { gate, incoming, outgoing, packet, time: BEGIN + 5_000 }
}

#[test]
fn rejected_packets_stand_at_the_side_that_decided() {
    let sides = sides();
    let (one, two) = (eni_index(1), eni_index(2));
    for (gate, outgoing, expected) in [
        (Gate::EgressDenied, 0, vec!["eni-1 10.0.0.5 10.0.0.6 40000 80 2 120 REJECT egress 2 OK"]),
        (
            Gate::IngressDenied,
            two,
            vec![
                "eni-1 10.0.0.5 10.0.0.6 40000 80 2 120 ACCEPT egress 2 OK",
                "eni-2 10.0.0.5 10.0.0.6 40000 80 2 120 REJECT ingress 2 OK",
            ],
        ),
        (Gate::NoRoute, 0, vec!["eni-1 10.0.0.5 10.0.0.6 40000 80 2 120 ACCEPT egress 2 OK"]),
        (Gate::Spoofed, 0, vec![]),
    ] {
        let mut window = Window::begin(60, BEGIN, &[]);
        for _ in 0..2 {
            window.dropped(&sides, &rejection(gate, one, outgoing));
        }
        let all = window.turn(BEGIN + MINUTE, &[], &sides, &[log("subnet-1", "ALL", SHORT)]);
        let mut lines = texts(&all);
        lines.retain(|line| !line.ends_with("NODATA"));
        assert_eq!(lines, expected, "{gate:?}");
    }
    let mut window = Window::begin(60, BEGIN, &[]);
    window.dropped(&sides, &rejection(Gate::AclIn, one, two));
    let all = window.turn(BEGIN + MINUTE, &[], &sides, &[log("vpc-1", "REJECT", SHORT)]);
    assert_eq!(texts(&all)[0], "eni-2 10.0.0.5 10.0.0.6 40000 80 1 60 REJECT ingress 2 OK");
    assert_eq!(all[0].1, "eni-2-reject");
}

#[test]
fn what_an_acl_dropped_was_not_accepted() {
    let (sides, logs) = (sides(), [log("eni-2", "ALL", SHORT)]);
    let mut window = Window::begin(60, BEGIN, &[]);
    window.dropped(&sides, &rejection(Gate::AclIn, eni_index(1), eni_index(2)));
    let all = window.turn(BEGIN + MINUTE, &[flow("10.0.0.6", 5, 0, 1)], &sides, &logs);
    assert_eq!(
        texts(&all),
        [
            "eni-2 10.0.0.5 10.0.0.6 40000 80 1 60 REJECT ingress 2 OK",
            "eni-2 10.0.0.5 10.0.0.6 40000 80 4 440 ACCEPT ingress 2 OK",
        ]
    );
}

#[test]
fn too_much_is_said_to_be() {
    let (sides, logs) = (sides(), [log("eni-1", "ALL", SHORT)]);
    let mut window = Window::begin(60, BEGIN, &[]);
    window.lost();
    let all = window.turn(BEGIN + MINUTE, &[], &sides, &logs);
    assert_eq!(texts(&all), ["eni-1 - - - - - - - - - SKIPDATA"]);
    let all = window.turn(BEGIN + 2 * MINUTE, &[], &sides, &logs);
    assert_eq!(texts(&all), ["eni-1 - - - - - - - - - NODATA"], "only that interval");
}

#[test]
fn a_translated_connection_is_shown_as_each_side_sees_it() {
    // From the internet to an elastic address that stands for 10.0.0.5.
    let mut inbound = flow("8.8.8.8", 4, 2, 3);
    inbound.original = Tuple {
        source: ip("8.8.8.8"),
        destination: ip("198.18.0.9"),
        protocol: 6,
        source_port: 999,
        destination_port: 22,
    };
    inbound.reply = Tuple {
        source: ip("10.0.0.5"),
        destination: ip("8.8.8.8"),
        protocol: 6,
        source_port: 22,
        destination_port: 999,
    };
    let mut window = Window::begin(60, BEGIN, &[]);
    let all = window.turn(BEGIN + MINUTE, &[inbound], &sides(), &[log("eni-1", "ALL", SHORT)]);
    assert_eq!(
        texts(&all),
        [
            "eni-1 10.0.0.5 8.8.8.8 22 999 2 200 ACCEPT egress 18 OK",
            "eni-1 8.8.8.8 10.0.0.5 999 22 4 400 ACCEPT ingress 2 OK",
        ]
    );
}

#[test]
fn metadata_is_left_out_and_sides_are_known() {
    let sides = sides();
    let mut window = Window::begin(60, BEGIN, &[]);
    let all = window.turn(
        BEGIN + MINUTE,
        &[flow("169.254.169.254", 4, 2, 3)],
        &sides,
        &[log("eni-1", "ALL", SHORT)],
    );
    assert_eq!(texts(&all), ["eni-1 - - - - - - - - - NODATA"]);
    let known: &Side = sides.holder(ip("10.0.0.6")).unwrap();
    assert_eq!((known.interface.as_str(), sides.holder(ip("10.0.0.99"))), ("eni-2", None));
    assert_eq!((sides.path_to(ip("10.0.9.9")), sides.path_to(ip("8.8.8.8"))), ("1", "8"));
}
