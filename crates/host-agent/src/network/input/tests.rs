//! Records in, input out: one test per mapping.

use super::*;
use records::{
    AclAssociation, AclEntry, EgressOnlyInternetGateway, NatAddress, NatGateway, NatGatewayState,
    NetworkInterface, NsgRule, Peer, PeeringSide, PortForwarding, PrefixList, PrefixListEntry,
    PrivateAddress, Route, RouteOrigin, RouteTarget, Rule, SecurityGroup, TableAssociation, VpcEndpoint,
    VpcPeering,
};
use state_store::StoreError;
use state_store::typed::Record;

fn here() -> Scope {
    Scope::new("000000000000", "us-east-1")
}

fn there() -> Scope {
    Scope::new("111111111111", "eu-west-1")
}

async fn put<R: Record + Clone>(store: &Store, scope: &Scope, record: R) {
    let write = |tx: &mut state_store::typed::Tx<'_>| {
        tx.put(scope, record.clone());
        Ok::<(), StoreError>(())
    };
    store.transact(write).await.unwrap();
}

fn association<N>(cidr: N) -> CidrAssociation<N> {
    CidrAssociation { association_id: "assoc".into(), cidr, state: "associated".into() }
}

fn vpc(id: &str, v4: &str, v6: Option<&str>) -> Vpc {
    Vpc {
        id: id.into(),
        cidr_block: v4.parse().unwrap(),
        cidr_associations: vec![association(v4.parse().unwrap())],
        ipv6_associations: v6.iter().map(|net| association(net.parse().unwrap())).collect(),
        dhcp_options_id: "default".into(),
        instance_tenancy: "default".into(),
        is_default: false,
        enable_dns_support: true,
        enable_dns_hostnames: false,
        enable_network_address_usage_metrics: false,
        created: 0,
    }
}

fn interface(id: &str, vpc: &str, address: &str) -> NetworkInterface {
    NetworkInterface {
        id: id.into(),
        subnet_id: "subnet-1".into(),
        vpc_id: vpc.into(),
        availability_zone: "us-east-1a".into(),
        description: String::new(),
        mac_address: "0a:00:00:00:00:01".into(),
        private_addresses: vec![PrivateAddress {
            address: address.parse().unwrap(),
            primary: true,
            public: None,
            allocation_id: None,
            association_id: None,
        }],
        ipv6_addresses: Vec::new(),
        ipv4_prefixes: Vec::new(),
        ipv6_prefixes: Vec::new(),
        source_dest_check: true,
        groups: vec!["sg-1".into()],
        interface_type: "interface".into(),
        requester_managed: false,
        attachment: None,
        connection_tracking: Default::default(),
        primary_ipv6: Default::default(),
        created: 0,
    }
}

fn table(routes: Vec<Route>, associations: Vec<TableAssociation>) -> RouteTable {
    let main = TableAssociation { id: "rtbassoc-0".into(), main: true, subnet_id: None, gateway_id: None };
    RouteTable {
        id: "rtb-1".into(),
        vpc_id: "vpc-1".into(),
        routes,
        associations: std::iter::once(main).chain(associations).collect(),
        propagating: Vec::new(),
    }
}

fn route(destination: &str, target: RouteTarget) -> Route {
    Route {
        destination: destination.parse().unwrap(),
        prefix_list: None,
        target,
        origin: RouteOrigin::CreateRoute,
    }
}

/// A VPC with a subnet, a table and an internet gateway.
async fn world(routes: Vec<Route>) -> Store {
    let store = Store::in_memory();
    put(&store, &here(), vpc("vpc-1", "10.0.0.0/16", Some("2001:db8::/56"))).await;
    let subnet = Subnet {
        id: "subnet-1".into(),
        vpc_id: "vpc-1".into(),
        cidr_block: "10.0.1.0/24".parse().unwrap(),
        ipv6_associations: vec![association("2001:db8:0:1::/64".parse().unwrap())],
        availability_zone: "us-east-1a".into(),
        availability_zone_id: "use1-az1".into(),
        default_for_az: false,
        map_public_ip_on_launch: false,
        assign_ipv6_address_on_creation: false,
        hostname_type: None,
        resource_name_a_record: false,
        resource_name_aaaa_record: false,
        enable_dns64: false,
        created: 0,
    };
    put(&store, &here(), subnet).await;
    put(&store, &here(), InternetGateway { id: "igw-1".into(), vpc_id: Some("vpc-1".into()) }).await;
    put(&store, &here(), table(routes, Vec::new())).await;
    store
}

fn read(store: &Store, attached: &[&str]) -> plan::VpcInput {
    let attached = attached.iter().map(|id| (*id).to_owned()).collect();
    let mut numbers = Numbers::load(store, "host");
    vpc_input(store, &here(), "vpc-1", &attached, &mut numbers).unwrap()
}

#[tokio::test]
async fn a_vpc_that_is_gone_has_no_input() {
    let mut numbers = Numbers::load(&Store::in_memory(), "host");
    assert_eq!(vpc_input(&Store::in_memory(), &here(), "vpc-1", &BTreeSet::new(), &mut numbers), None);
}

#[tokio::test]
async fn blocks_on_their_way_out_are_not_used() {
    let store = world(Vec::new()).await;
    let mut changed = vpc("vpc-1", "10.0.0.0/16", None);
    let leaving = association("10.9.0.0/16".parse().unwrap());
    changed.cidr_associations.push(CidrAssociation { state: "disassociating".into(), ..leaving });
    put(&store, &here(), changed).await;
    let input = read(&store, &[]);
    assert_eq!(input.cidrs_v4, ["10.0.0.0/16".parse().unwrap()]);
    assert!(input.cidrs_v6.is_empty());
    assert_eq!(input.subnets[0].cidr_v6, Some("2001:db8:0:1::/64".parse().unwrap()));
}

#[tokio::test]
async fn targets_of_routes() {
    let local = Route { origin: RouteOrigin::CreateRouteTable, ..route("10.0.0.0/16", RouteTarget::Local) };
    let learned = Route {
        origin: RouteOrigin::EnableVgwRoutePropagation,
        ..route("192.168.7.0/24", RouteTarget::NetworkInterface("eni-9".into()))
    };
    let store = world(vec![
        local,
        route("0.0.0.0/0", RouteTarget::InternetGateway("igw-1".into())),
        route("1.0.0.0/8", RouteTarget::InternetGateway("igw-other".into())),
        route("::/0", RouteTarget::EgressOnlyInternetGateway("eigw-1".into())),
        route("2001:db8:ffff::/48", RouteTarget::EgressOnlyInternetGateway("eigw-gone".into())),
        route("192.168.1.0/24", RouteTarget::NatGateway("nat-1".into())),
        route("192.168.2.0/24", RouteTarget::NatGateway("nat-gone".into())),
        route("192.168.3.0/24", RouteTarget::NetworkInterface("eni-9".into())),
        route("192.168.4.0/24", RouteTarget::VpnGateway("vgw-1".into())),
        route("192.168.5.0/24", RouteTarget::VpcPeering("pcx-1".into())),
        route("192.168.6.0/24", RouteTarget::Instance("i-1".into(), "eni-8".into())),
        learned,
    ])
    .await;
    let egress_only = EgressOnlyInternetGateway { id: "eigw-1".into(), vpc_id: "vpc-1".into() };
    put(&store, &here(), egress_only).await;
    put(&store, &here(), nat(NatGatewayState::Pending)).await;
    let routes = read(&store, &[]).route_tables.remove(0).routes;
    let target = |destination: &str| {
        let destination: ipnet::IpNet = destination.parse().unwrap();
        let found = routes.iter().find(|r| r.destination == destination).unwrap();
        (found.target.clone(), found.origin)
    };
    use plan::RouteTarget as T;
    let eni = |id: &str| T::Eni(id.to_owned());
    for (destination, expected) in [
        ("0.0.0.0/0", T::InternetGateway),
        ("1.0.0.0/8", T::Blackhole),
        ("::/0", T::EgressOnlyGateway),
        ("2001:db8:ffff::/48", T::Blackhole),
        ("192.168.1.0/24", eni("eni-nat")),
        ("192.168.2.0/24", T::Blackhole),
        ("192.168.3.0/24", eni("eni-9")),
        ("192.168.4.0/24", T::Blackhole),
        ("192.168.5.0/24", T::Blackhole),
        ("192.168.6.0/24", eni("eni-8")),
    ] {
        assert_eq!(target(destination), (expected, plan::RouteOrigin::Static), "{destination}");
    }
    assert_eq!(target("10.0.0.0/16"), (T::Local, plan::RouteOrigin::System));
    assert_eq!(target("192.168.7.0/24"), (eni("eni-9"), plan::RouteOrigin::Propagated));
}

#[tokio::test]
async fn a_prefix_list_stands_for_its_present_entries() {
    let by_list = |destination: &str| Route {
        prefix_list: Some("pl-1".into()),
        ..route(destination, RouteTarget::NetworkInterface("eni-9".into()))
    };
    let single = route("192.0.2.0/24", RouteTarget::NetworkInterface("eni-8".into()));
    let store = world(vec![by_list("203.0.113.0/24"), by_list("198.51.100.0/24"), single]).await;
    let entry = |net: &str| PrefixListEntry { cidr: net.parse().unwrap(), description: None };
    let list = PrefixList {
        id: "pl-1".into(),
        name: "list".into(),
        address_family: "IPv4".into(),
        max_entries: 5,
        version: 2,
        entries: vec![entry("203.0.113.0/24"), entry("192.0.2.0/24")],
        history: Vec::new(),
        state: "modify-complete".into(),
    };
    put(&store, &here(), list).await;
    let routes = read(&store, &[]).route_tables.remove(0).routes;
    let mut found: Vec<(String, plan::RouteTarget)> =
        routes.into_iter().map(|r| (r.destination.to_string(), r.target)).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let eni = |id: &str| plan::RouteTarget::Eni(id.to_owned());
    let expected = [("192.0.2.0/24", eni("eni-8")), ("203.0.113.0/24", eni("eni-9"))];
    assert_eq!(found, expected.map(|(net, target)| (net.to_owned(), target)));
}

#[tokio::test]
async fn the_gateways_own_table() {
    let store = world(Vec::new()).await;
    assert_eq!(read(&store, &[]).gateway_table, None);
    let edge = TableAssociation {
        id: "rtbassoc-1".into(),
        main: false,
        subnet_id: None,
        gateway_id: Some("igw-1".into()),
    };
    put(&store, &here(), table(Vec::new(), vec![edge])).await;
    let input = read(&store, &[]);
    assert_eq!(
        (input.gateway_table.as_deref(), input.internet_gateway.as_deref()),
        (Some("rtb-1"), Some("igw-1"))
    );
}

#[tokio::test]
async fn acls_and_their_subnets() {
    let store = world(Vec::new()).await;
    let entry = |number, egress, protocol, ports, icmp| AclEntry {
        number,
        egress,
        protocol,
        ports,
        icmp,
        cidr: "10.0.0.0/8".parse().unwrap(),
        allow: number < 200,
    };
    let acl = NetworkAcl {
        id: "acl-1".into(),
        vpc_id: "vpc-1".into(),
        is_default: false,
        entries: vec![
            entry(300, false, 6, Some((80, 90)), None),
            entry(100, false, -1, None, None),
            entry(110, true, 17, None, None),
            entry(120, true, 1, None, Some((8, -1))),
            entry(130, true, 58, None, Some((-1, -1))),
            entry(140, true, 50, None, None),
        ],
        associations: vec![AclAssociation { id: "aclassoc-1".into(), subnet_id: "subnet-1".into() }],
    };
    put(&store, &here(), acl).await;
    let input = read(&store, &[]);
    assert_eq!(input.subnets[0].acl_id.as_deref(), Some("acl-1"));
    let side = |entries: &[plan::AclEntry]| -> Vec<(u16, plan::Protocol, bool)> {
        entries.iter().map(|e| (e.number, e.protocol, e.allow)).collect()
    };
    use plan::Protocol as P;
    let ports = |from, to| plan::Ports { from, to };
    assert_eq!(side(&input.acls[0].ingress), [(100, P::All, true), (300, P::Tcp(ports(80, 90)), false)]);
    let expected = [
        (110, P::Udp(ports(0, 65_535)), true),
        (120, P::Icmp { kind: Some(8), code: None }, true),
        (130, P::Icmpv6 { kind: None, code: None }, true),
        (140, P::Number(50), true),
    ];
    assert_eq!(side(&input.acls[0].egress), expected);
}

fn nat(state: NatGatewayState) -> NatGateway {
    let address = |private: &str, public: &str, primary, status: &str| NatAddress {
        private_ip: private.parse().unwrap(),
        allocation_id: None,
        public_ip: Some(public.parse().unwrap()),
        association_id: None,
        primary,
        status: status.into(),
    };
    NatGateway {
        id: "nat-1".into(),
        vpc_id: "vpc-1".into(),
        subnet_id: "subnet-1".into(),
        public: true,
        state,
        failure: None,
        network_interface_id: "eni-nat".into(),
        addresses: vec![
            address("10.0.1.21", "198.18.0.21", false, "succeeded"),
            address("10.0.1.20", "198.18.0.20", true, "succeeded"),
            address("10.0.1.22", "198.18.0.22", false, "unassigning"),
        ],
        created: 0,
        deleted: None,
    }
}

#[tokio::test]
async fn nat_gateways_are_there_without_machines() {
    let store = world(Vec::new()).await;
    put(&store, &here(), interface("eni-nat", "vpc-1", "10.0.1.20")).await;
    put(&store, &here(), nat(NatGatewayState::Available)).await;
    let forwarding = |id: &str, gateway: &str, public: &str| PortForwarding {
        id: id.into(),
        gateway_id: gateway.into(),
        vpc_id: "vpc-1".into(),
        protocol: 6,
        public_ip: public.parse().unwrap(),
        allocation_id: None,
        port: 8080,
        to_address: "10.0.1.5".parse().unwrap(),
        to_port: 80,
        masquerade: true,
        created: 0,
    };
    put(&store, &here(), forwarding("pfw-1", "nat-1", "198.18.0.20")).await;
    put(&store, &here(), forwarding("pfw-2", "igw-1", "198.18.0.50")).await;
    let input = read(&store, &[]);
    let eni = &input.enis[0];
    assert_eq!((eni.kind, eni.source_dest_check, eni.groups.len()), (plan::EniKind::NatGateway, false, 0));
    let expected: Vec<std::net::Ipv4Addr> =
        ["10.0.1.20", "10.0.1.21"].iter().map(|a| a.parse().unwrap()).collect();
    assert_eq!(eni.private_v4, expected, "the primary one first, none that is leaving");
    assert_eq!(eni.public_v4.len(), 2);
    let gateway = &input.nat_gateways[0];
    assert_eq!((gateway.eni_id.as_str(), gateway.port_forwards.len()), ("eni-nat", 1));
    assert_eq!(gateway.port_forwards[0].address, expected[0], "the private side");
    assert_eq!(input.port_forwards.len(), 1);
    assert_eq!(input.port_forwards[0].address.to_string(), "198.18.0.50");
    for state in [NatGatewayState::Deleting, NatGatewayState::Deleted, NatGatewayState::Failed] {
        put(&store, &here(), nat(state)).await;
        let input = read(&store, &[]);
        assert!(input.enis.is_empty() && input.nat_gateways.is_empty(), "{state:?}");
    }
}

#[tokio::test]
async fn endpoints_and_interfaces() {
    let store = world(Vec::new()).await;
    let mut machine = interface("eni-1", "vpc-1", "10.0.1.5");
    machine.ipv4_prefixes = vec!["10.0.1.32/28".parse().unwrap()];
    machine.ipv6_prefixes = vec!["2001:db8:0:1:1::/80".parse().unwrap()];
    put(&store, &here(), machine).await;
    put(&store, &here(), interface("eni-2", "vpc-1", "10.0.1.6")).await;
    put(&store, &here(), interface("eni-far", "vpc-2", "10.0.1.7")).await;
    let mut endpoint = VpcEndpoint {
        id: "vpce-1".into(),
        vpc_id: "vpc-1".into(),
        service_name: "com.amazonaws.us-east-1.ec2".into(),
        interface: true,
        state: "available".into(),
        route_table_ids: Vec::new(),
        subnet_ids: vec!["subnet-1".into()],
        network_interface_ids: vec!["eni-2".into()],
        group_ids: Vec::new(),
        private_dns: true,
        ip_address_type: "ipv4".into(),
        policy: String::new(),
        created: 0,
    };
    put(&store, &here(), endpoint.clone()).await;
    let input = read(&store, &["eni-1", "eni-far", "eni-gone"]);
    let kinds: Vec<_> = input.enis.iter().map(|e| (e.id.as_str(), e.kind)).collect();
    assert_eq!(kinds, [("eni-1", plan::EniKind::Machine), ("eni-2", plan::EniKind::Endpoint)]);
    assert_eq!(input.enis[0].prefixes.len(), 2);
    endpoint.state = "deleting".into();
    put(&store, &here(), endpoint).await;
    assert_eq!(read(&store, &[]).enis, []);
}

#[tokio::test]
async fn nsgs_with_what_they_imply() {
    let store = world(Vec::new()).await;
    put(&store, &here(), interface("eni-1", "vpc-1", "10.0.1.5")).await;
    let rule = |name: &str, priority, outbound| NsgRule {
        name: name.into(),
        priority,
        outbound,
        allow: false,
        protocol: 6,
        sources: vec!["192.0.2.0/24".parse().unwrap()],
        source_is_vpc: true,
        source_ports: vec![(1, 2)],
        destinations: Vec::new(),
        destination_is_vpc: false,
        destination_ports: Vec::new(),
    };
    let nsg = NetworkSecurityGroup {
        id: "nsg-1".into(),
        vpc_id: "vpc-1".into(),
        name: "one".into(),
        rules: vec![rule("b", 300, false), rule("a", 200, false), rule("c", 100, true)],
        subnet_ids: vec!["subnet-1".into()],
        network_interface_ids: vec!["eni-1".into()],
    };
    put(&store, &here(), nsg).await;
    let input = read(&store, &["eni-1"]);
    let nsg = Some("nsg-1".to_owned());
    assert_eq!((&input.subnets[0].nsg_id, &input.enis[0].nsg_id), (&nsg, &nsg));
    let priorities = |rules: &[plan::NsgRule]| rules.iter().map(|r| r.priority).collect::<Vec<_>>();
    assert_eq!(priorities(&input.nsgs[0].inbound), [200, 300, 65_000, 65_500]);
    assert_eq!(priorities(&input.nsgs[0].outbound), [100, 65_000, 65_001, 65_500]);
    let first = &input.nsgs[0].inbound[0];
    let sources: Vec<String> = first.sources.iter().map(ToString::to_string).collect();
    assert_eq!(sources, ["192.0.2.0/24", "10.0.0.0/16", "2001:db8::/56"]);
    assert!(first.destinations.is_empty() && first.protocol == Some(6));
    let internet = &input.nsgs[0].outbound[2].destinations;
    let holds =
        |text: &str| internet.iter().any(|net| net.contains(&text.parse::<std::net::IpAddr>().unwrap()));
    assert!(
        holds("10.1.0.0") && holds("2001:db8:0:100::") && !holds("10.0.255.255") && !holds("2001:db8::1")
    );
}

fn group(id: &str, vpc: &str, peer: Option<&str>) -> SecurityGroup {
    let rules = peer.iter().map(|peer| Rule {
        id: format!("sgr-{peer}"),
        egress: false,
        protocol: -1,
        from: None,
        to: None,
        peer: Peer::Group { id: (*peer).to_owned(), account: "111111111111".into() },
        description: None,
    });
    SecurityGroup {
        id: id.into(),
        vpc_id: vpc.into(),
        name: id.into(),
        description: String::new(),
        rules: rules.collect(),
    }
}

fn peering(status: &str) -> VpcPeering {
    let side = |scope: Scope, vpc: &str| PeeringSide {
        account: scope.account.to_string(),
        region: scope.region.to_string(),
        vpc_id: vpc.into(),
        cidrs: Vec::new(),
        ipv6_cidrs: Vec::new(),
        allow_remote_dns: false,
    };
    VpcPeering {
        id: "pcx-1".into(),
        requester: side(here(), "vpc-1"),
        accepter: side(there(), "vpc-2"),
        status: status.into(),
        status_message: String::new(),
        expires: 0,
        changed: 0,
    }
}

#[tokio::test]
async fn peerings_bring_blocks_and_named_groups() {
    let store = world(vec![route("10.2.0.0/16", RouteTarget::VpcPeering("pcx-1".into()))]).await;
    put(&store, &there(), vpc("vpc-2", "10.2.0.0/16", Some("2001:db8:2::/56"))).await;
    put(&store, &here(), group("sg-1", "vpc-1", Some("sg-far"))).await;
    put(&store, &here(), group("sg-2", "vpc-1", Some("sg-1"))).await;
    put(&store, &there(), group("sg-far", "vpc-2", None)).await;
    put(&store, &there(), group("sg-unnamed", "vpc-2", None)).await;
    let mut far = interface("eni-far", "vpc-2", "10.2.0.5");
    far.groups = vec!["sg-far".into()];
    far.ipv6_addresses = vec!["2001:db8:2::5".parse().unwrap()];
    put(&store, &there(), far).await;
    for scope in [here(), there()] {
        put(&store, &scope, peering("active")).await;
    }
    let input = read(&store, &[]);
    let one = &input.peerings[0];
    assert!(one.requester);
    assert_eq!((one.id.as_str(), one.remote_vpc.as_str()), ("pcx-1", "vpc-2"));
    assert_eq!(one.remote_blocks, ["10.2.0.0/16".parse().unwrap(), "2001:db8:2::/56".parse().unwrap()]);
    let members: Vec<String> = one.remote_groups[0].members.iter().map(ToString::to_string).collect();
    assert_eq!((one.remote_groups.len(), one.remote_groups[0].id.as_str()), (1, "sg-far"));
    assert_eq!(members, ["10.2.0.5", "2001:db8:2::5"]);
    assert!(input.groups.iter().all(|group| group.number != one.remote_groups[0].number));
    assert_eq!(input.route_tables[0].routes[0].target, plan::RouteTarget::Peering("pcx-1".into()));
    assert_eq!(neighbours(&store, &here(), "vpc-1"), ["vpc-2"]);
    // The other side sees itself as asked, and both sides agree on the number of the link.
    let mut numbers = Numbers::load(&store, "host");
    let near = vpc_input(&store, &here(), "vpc-1", &BTreeSet::new(), &mut numbers).unwrap();
    let other = vpc_input(&store, &there(), "vpc-2", &BTreeSet::new(), &mut numbers).unwrap();
    assert!(!other.peerings[0].requester && other.peerings[0].remote_vpc == "vpc-1");
    assert_eq!(near.peerings[0].number, other.peerings[0].number);
    for scope in [here(), there()] {
        put(&store, &scope, peering("deleted")).await;
    }
    let input = read(&store, &[]);
    assert!(input.peerings.is_empty());
    assert_eq!(input.route_tables[0].routes[0].target, plan::RouteTarget::Blackhole);
    assert_eq!(neighbours(&store, &here(), "vpc-1"), ["vpc-2"], "its end concerns both");
}
