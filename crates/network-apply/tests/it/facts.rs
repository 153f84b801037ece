//! Short words for the facts of a test VPC.

use std::net::Ipv4Addr;

use network_plan::{
    AclEntry, Eni, InputRoute, NetworkAcl, Peer, Ports, Protocol, PublicAddress, RouteTable, RouteTarget,
    Rule, SecurityGroup, Subnet, VpcInput,
};

/// Two private subnets and a public one; no machines, no groups.
pub fn vpc(number: u32) -> VpcInput {
    let local = |block: &str| InputRoute {
        destination: block.parse().unwrap(),
        target: RouteTarget::Local,
        origin: network_plan::RouteOrigin::Static,
    };
    let locals = || vec![local("10.0.0.0/16"), local("2001:db8:1::/56")];
    let table = |id: &str, number, more: Vec<InputRoute>| RouteTable {
        id: id.into(),
        number,
        routes: locals().into_iter().chain(more).collect(),
    };
    let default = |block: &str| InputRoute {
        destination: block.parse().unwrap(),
        target: RouteTarget::InternetGateway,
        origin: network_plan::RouteOrigin::Static,
    };
    let subnet = |id: &str, number: u8, table: &str| Subnet {
        id: id.into(),
        cidr_v4: format!("10.0.{number}.0/24").parse().unwrap(),
        cidr_v6: Some(format!("2001:db8:1:{number:x}::/64").parse().unwrap()),
        route_table_id: table.into(),
        acl_id: None,
        nsg_id: None,
    };
    VpcInput {
        id: format!("vpc-{number}"),
        number,
        cidrs_v4: vec!["10.0.0.0/16".parse().unwrap()],
        cidrs_v6: vec!["2001:db8:1::/56".parse().unwrap()],
        subnets: vec![
            subnet("subnet-a", 1, "rtb-main"),
            subnet("subnet-b", 2, "rtb-main"),
            subnet("subnet-public", 3, "rtb-public"),
        ],
        route_tables: vec![
            table("rtb-main", 1, Vec::new()),
            table("rtb-public", 2, vec![default("0.0.0.0/0"), default("::/0")]),
        ],
        enis: Vec::new(),
        groups: Vec::new(),
        internet_gateway: Some("igw-1".into()),
        ..VpcInput::default()
    }
}

/// ENI `eni-<number>` in subnet 1, 2 or 3, with addresses that end in its number.
pub fn eni(number: u8, subnet: u8, groups: &[&str]) -> Eni {
    let name = match subnet {
        1 => "subnet-a",
        2 => "subnet-b",
        _ => "subnet-public",
    };
    Eni {
        id: format!("eni-{number}"),
        number: number.into(),
        subnet_id: name.into(),
        mac: [0x02, 0, 0, 0, 0, number],
        private_v4: vec![Ipv4Addr::new(10, 0, subnet, number)],
        v6: vec![format!("2001:db8:1:{subnet:x}::{number:x}").parse().unwrap()],
        public_v4: Vec::new(),
        source_dest_check: true,
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        kind: network_plan::EniKind::Machine,
        nsg_id: None,
        prefixes: Vec::new(),
    }
}

/// Gives an ENI a public address.
pub fn public(mut eni: Eni, public: &str) -> Eni {
    eni.public_v4 = vec![PublicAddress { private: eni.private_v4[0], public: public.parse().unwrap() }];
    eni
}

pub fn group(number: u32, ingress: Vec<Rule>, egress: Vec<Rule>) -> SecurityGroup {
    SecurityGroup { id: format!("sg-{number}"), number, ingress, egress }
}

/// A group that lets everything out and `ingress` in.
pub fn open_out(number: u32, ingress: Vec<Rule>) -> SecurityGroup {
    group(number, ingress, anywhere("sgr-out", Protocol::All))
}

pub fn rule(id: &str, protocol: Protocol, peer: &str) -> Rule {
    let peer = match peer.parse() {
        Ok(net) => Peer::Cidr(net),
        Err(_) => Peer::Group(peer.into()),
    };
    Rule { id: id.into(), protocol, peer }
}

/// The rule for both families and every address.
pub fn anywhere(id: &str, protocol: Protocol) -> Vec<Rule> {
    vec![rule(&format!("{id}4"), protocol, "0.0.0.0/0"), rule(&format!("{id}6"), protocol, "::/0")]
}

pub fn tcp(port: u16) -> Protocol {
    Protocol::Tcp(Ports { from: port, to: port })
}

pub fn udp(port: u16) -> Protocol {
    Protocol::Udp(Ports { from: port, to: port })
}

/// An ACL's entry for one block.
pub fn entry(number: u16, protocol: Protocol, cidr: &str, allow: bool) -> AclEntry {
    AclEntry { number, protocol, cidr: cidr.parse().unwrap(), allow }
}

/// Entry 100 of either family: everything may pass.
pub fn allow_all() -> Vec<AclEntry> {
    vec![entry(100, Protocol::All, "0.0.0.0/0", true), entry(101, Protocol::All, "::/0", true)]
}

/// A network ACL `acl-<number>`.
pub fn acl(number: u32, ingress: Vec<AclEntry>, egress: Vec<AclEntry>) -> NetworkAcl {
    NetworkAcl { id: format!("acl-{number}"), number, ingress, egress }
}

/// A route that a user wrote.
pub fn route(destination: &str, target: RouteTarget) -> InputRoute {
    let destination = destination.parse().unwrap();
    InputRoute { destination, target, origin: network_plan::RouteOrigin::Static }
}
