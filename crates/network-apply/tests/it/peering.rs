//! Peering: a link between two routers, judged on both sides, that passes nothing on.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;

use network_apply::Attachment;
use network_plan::{Gate, Peering, Protocol, RemoteGroup, RouteTarget, VpcInput, plan};

use crate::facts::{anywhere, eni, group, route, rule, tcp, vpc};
use crate::nflog::Log;
use crate::wire::{begin, connect, listen, ping, seen_as, send_frame};
use crate::world::{Namespace, World};

/// Two VPCs on one host: 10.0.0.0/16 with machine 11, and 10.9.0.0/16 with machines 41 and 42.
struct Pair {
    near: World,
    far: VpcInput,
    machines: BTreeMap<String, Namespace>,
}

fn peering(requester: bool) -> Peering {
    let (remote_vpc, block) = if requester { ("vpc-2", "10.9.0.0/16") } else { ("vpc-1", "10.0.0.0/16") };
    let block6 = if requester { "2001:db8:9::/56" } else { "2001:db8:1::/56" };
    Peering {
        id: "pcx-1".into(),
        number: 5,
        requester,
        remote_vpc: remote_vpc.into(),
        remote_blocks: vec![block.parse().unwrap(), block6.parse().unwrap()],
        remote_groups: Vec::new(),
    }
}

/// The far VPC is the near one with other addresses.
fn far() -> VpcInput {
    let mut input = vpc(2);
    input.cidrs_v4 = vec!["10.9.0.0/16".parse().unwrap()];
    input.cidrs_v6 = vec!["2001:db8:9::/56".parse().unwrap()];
    for (subnet, number) in input.subnets.iter_mut().zip(1..) {
        subnet.cidr_v4 = format!("10.9.{number}.0/24").parse().unwrap();
        subnet.cidr_v6 = Some(format!("2001:db8:9:{number}::/64").parse().unwrap());
    }
    for table in &mut input.route_tables {
        table.routes.clear();
    }
    input.groups = vec![group(1, anywhere("sgr-in", Protocol::All), anywhere("sgr-out", Protocol::All))];
    input.enis = [41, 42]
        .map(|number| {
            let mut one = eni(number, 1, &["sg-1"]);
            one.private_v4 = vec![Ipv4Addr::new(10, 9, 1, number)];
            one.v6 = vec![format!("2001:db8:9:1::{number:x}").parse().unwrap()];
            one
        })
        .into();
    input.peerings = vec![peering(false)];
    input.route_tables[0].routes = vec![to_peer("10.0.0.0/16"), to_peer("2001:db8:1::/56")];
    input
}

fn to_peer(block: &str) -> network_plan::InputRoute {
    route(block, RouteTarget::Peering("pcx-1".into()))
}

impl Pair {
    fn new() -> Option<Self> {
        let mut near = vpc(1);
        near.groups = vec![group(1, anywhere("sgr-in", Protocol::All), anywhere("sgr-out", Protocol::All))];
        near.enis = vec![eni(11, 1, &["sg-1"])];
        near.peerings = vec![peering(true)];
        near.route_tables[0].routes.extend([to_peer("10.9.0.0/16"), to_peer("2001:db8:9::/56")]);
        let mut pair = Self { near: World::new(near)?, far: far(), machines: BTreeMap::new() };
        pair.apply_far();
        for eni in ["eni-41", "eni-42"] {
            let machine = Namespace::new();
            let to = Attachment {
                eni,
                machine: machine.file().as_fd(),
                interface: "eth0",
                metric: 0,
                answers: None,
            };
            pair.near.network().attach("vpc-2", &to).unwrap();
            pair.machines.insert(eni.into(), machine);
        }
        Some(pair)
    }

    fn apply_far(&mut self) {
        let plan = plan(&self.far).unwrap();
        self.near.network().apply(&plan).unwrap();
    }

    fn change_far(&mut self, edit: impl FnOnce(&mut VpcInput)) {
        edit(&mut self.far);
        self.apply_far();
    }

    fn far_log(&self) -> Log {
        Log::at(&Namespace::open(self.near.directory().join("vpc-2").to_str().unwrap()))
    }
}

#[test]
fn packets_pass_both_ways_with_routes_on_both_sides() {
    let Some(mut pair) = Pair::new() else { return };
    let server = listen(&pair.machines["eni-41"], "0.0.0.0:80");
    let seen = seen_as(pair.near.at("eni-11"), "10.9.1.41:80", &server);
    assert_eq!(seen, Ipv4Addr::new(10, 0, 1, 11), "nothing is translated");
    assert!(ping(pair.near.at("eni-11"), "2001:db8:9:1::29"));
    let back = listen(pair.near.at("eni-11"), "0.0.0.0:80");
    seen_as(&pair.machines["eni-42"], "10.0.1.11:80", &back);
    // Without the way back the answer is lost, over there.
    let log = pair.far_log();
    pair.change_far(|input| {
        input.route_tables[0].routes.remove(0);
    });
    let _attempt = begin(pair.near.at("eni-11"), "10.9.1.41:80");
    assert_eq!(log.prefix("no-route").eni(), Some(41));
    // Without the peering there is no way.
    pair.near.change(|input| input.peerings.clear());
    pair.near.drops("eni-11", Gate::NoRoute, |w| begin(w.at("eni-11"), "10.9.1.41:80"));
}

#[test]
fn each_side_judges_its_own() {
    let Some(mut pair) = Pair::new() else { return };
    let log = pair.far_log();
    let _servers = [80, 81].map(|port| listen(&pair.machines["eni-41"], &format!("0.0.0.0:{port}")));
    pair.change_far(|input| input.groups[0].ingress = vec![rule("sgr-in", tcp(80), "10.0.1.0/24")]);
    connect(pair.near.at("eni-11"), "10.9.1.41:80").unwrap();
    let _attempt = begin(pair.near.at("eni-11"), "10.9.1.41:81");
    let report = log.prefix("ingress-denied");
    assert_eq!(report.eni(), Some(41));
    pair.near.change(|input| input.groups[0].egress = vec![rule("sgr-out", tcp(81), "10.9.0.0/16")]);
    pair.near.drops("eni-11", Gate::EgressDenied, |w| begin(w.at("eni-11"), "10.9.1.41:80"));
}

#[test]
fn a_group_of_the_peer_is_its_members_addresses() {
    let Some(mut pair) = Pair::new() else { return };
    let log = pair.far_log();
    let servers = ["eni-41", "eni-42"].map(|eni| listen(&pair.machines[eni], "0.0.0.0:80"));
    let remote = |members: &[&str]| RemoteGroup {
        id: "sg-near".into(),
        number: 77,
        members: members.iter().map(|text| text.parse().unwrap()).collect(),
    };
    pair.change_far(|input| {
        input.groups[0].ingress = vec![rule("sgr-in", tcp(80), "sg-near")];
        input.peerings[0].remote_groups = vec![remote(&["10.0.1.99"])];
    });
    let _attempt = begin(pair.near.at("eni-11"), "10.9.1.41:80");
    log.prefix("ingress-denied");
    pair.change_far(|input| input.peerings[0].remote_groups = vec![remote(&["10.0.1.99", "10.0.1.11"])]);
    connect(pair.near.at("eni-11"), "10.9.1.41:80").unwrap();
    servers[0].accept().unwrap();
    // On the way out the members decide, too.
    let far_group = |members: &[&str]| RemoteGroup {
        id: "sg-far".into(),
        number: 78,
        members: members.iter().map(|text| text.parse().unwrap()).collect(),
    };
    pair.near.change(|input| {
        input.groups[0].egress = vec![rule("sgr-out", tcp(80), "sg-far")];
        input.peerings[0].remote_groups = vec![far_group(&["10.9.1.42"])];
    });
    connect(pair.near.at("eni-11"), "10.9.1.42:80").unwrap();
    pair.near.drops("eni-11", Gate::EgressDenied, |w| begin(w.at("eni-11"), "10.9.1.41:80"));
    // A peering that ends leaves stale references, which stand for nobody.
    pair.change_far(|input| input.peerings.clear());
    pair.change_far(|input| input.peerings = vec![peering(false)]);
    pair.near.change(|input| input.groups[0].egress = anywhere("sgr-out", Protocol::All));
    let _attempt = begin(pair.near.at("eni-11"), "10.9.1.41:80");
    log.prefix("ingress-denied");
}

#[test]
fn nothing_is_passed_on_and_nobody_is_somebody_else() {
    let Some(mut pair) = Pair::new() else { return };
    let log = pair.far_log();
    // The far VPC's internet gateway is no way out for this one.
    pair.near.change(|input| input.route_tables[0].routes.push(to_peer("0.0.0.0/0")));
    let _attempt = begin(pair.near.at("eni-11"), "203.0.113.1:80");
    let report = log.prefix("no-route");
    assert_eq!(report.eni(), None, "it came from no interface of that VPC");
    // Its router serves its own machines.
    let _question = begin(pair.near.at("eni-11"), "10.9.1.2:53");
    log.prefix("not-a-service");
    // What an appliance forwards for others does not pass for the VPC's own.
    pair.near.change(|input| input.enis[0].source_dest_check = false);
    let to = Ipv4Addr::new(10, 9, 1, 41);
    send_frame(pair.near.at("eni-11"), [2, 0, 0, 0, 0, 11], Ipv4Addr::new(192, 0, 2, 1), to);
    log.prefix("spoofed");
}
