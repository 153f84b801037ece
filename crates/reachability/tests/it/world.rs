//! Small networks for tests, built by short words.

use ipnet::IpNet;
use reachability::topology::*;
use reachability::{Direction, Header, Id, Judgement, Packet, Place, Protocol, Topology, Verdict, judge};
use std::net::IpAddr;

/// A network under construction. Names follow one pattern: VPC `v` has the main table `rtb-v` and the allow-all ACL
/// `acl-v`.
#[derive(Clone, Default)]
pub(crate) struct World(pub(crate) Topology);

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

pub(crate) fn eni(id: &str) -> Place {
    Place::NetworkInterface(id.into())
}

pub(crate) fn route(to: &str, origin: RouteOrigin, target: RouteTarget) -> Route {
    Route { destinations: vec![net(to)], prefix_list: None, origin, target }
}

pub(crate) fn rule(id: &str, direction: Direction, selector: Selector, peer: RulePeer) -> GroupRule {
    GroupRule { id: id.into(), direction, selector, peer, stale: false }
}

pub(crate) fn from_cidr(id: &str, selector: Selector, cidr: &str) -> GroupRule {
    rule(id, Direction::Ingress, selector, RulePeer::Cidr(net(cidr)))
}

pub(crate) fn from_group(id: &str, selector: Selector, group: &str) -> GroupRule {
    rule(id, Direction::Ingress, selector, RulePeer::Group(group.into()))
}

pub(crate) fn to_cidr(id: &str, selector: Selector, cidr: &str) -> GroupRule {
    rule(id, Direction::Egress, selector, RulePeer::Cidr(net(cidr)))
}

/// The rules of a group that lets everything out, as every new group does.
pub(crate) fn all_out() -> Vec<GroupRule> {
    vec![to_cidr("sgr-out4", Selector::ALL, "0.0.0.0/0"), to_cidr("sgr-out6", Selector::ALL, "::/0")]
}

pub(crate) fn entry(
    number: u16,
    direction: Direction,
    selector: Selector,
    cidr: &str,
    allow: bool,
) -> AclEntry {
    AclEntry { number, direction, selector, cidr: net(cidr), allow }
}

fn allow_all() -> Vec<AclEntry> {
    [Direction::Ingress, Direction::Egress]
        .into_iter()
        .flat_map(|d| {
            [entry(100, d, Selector::ALL, "0.0.0.0/0", true), entry(101, d, Selector::ALL, "::/0", true)]
        })
        .collect()
}

impl World {
    pub(crate) fn vpc(&mut self, id: &str, cidrs: &[&str]) -> &mut Self {
        let cidrs: Vec<IpNet> = cidrs.iter().map(|c| net(c)).collect();
        let local = |c: &IpNet| Route {
            destinations: vec![*c],
            prefix_list: None,
            origin: RouteOrigin::Local,
            target: RouteTarget::Local,
        };
        let table: Id = format!("rtb-{id}").into();
        self.0.route_tables.push(RouteTable {
            id: table.clone(),
            vpc: id.into(),
            routes: cidrs.iter().map(local).collect(),
        });
        let entries = allow_all();
        self.0.network_acls.push(NetworkAcl { id: format!("acl-{id}").into(), vpc: id.into(), entries });
        self.0.vpcs.push(Vpc { id: id.into(), cidrs, main_route_table: table, dns_support: true });
        self
    }

    pub(crate) fn subnet(&mut self, id: &str, vpc: &str, cidrs: &[&str]) -> &mut Self {
        self.0.subnets.push(Subnet {
            id: id.into(),
            vpc: vpc.into(),
            cidrs: cidrs.iter().map(|c| net(c)).collect(),
            zone: "local-1a".to_owned(),
            route_table: None,
            network_acl: format!("acl-{vpc}").into(),
            nsg: None,
        });
        self
    }

    pub(crate) fn group(&mut self, id: &str, vpc: &str, rules: Vec<GroupRule>) -> &mut Self {
        self.0.security_groups.push(SecurityGroup { id: id.into(), vpc: vpc.into(), rules });
        self
    }

    /// A running instance's interface.
    pub(crate) fn machine(
        &mut self,
        id: &str,
        subnet: &str,
        addresses: &[&str],
        groups: &[&str],
    ) -> &mut Self {
        let vpc = self.subnet_mut(subnet).vpc.clone();
        self.0.network_interfaces.push(NetworkInterface {
            id: id.into(),
            vpc,
            subnet: subnet.into(),
            kind: InterfaceKind::Interface,
            addresses: addresses.iter().map(|a| ip(a)).collect(),
            prefixes: Vec::new(),
            public: Vec::new(),
            groups: groups.iter().map(|g| Id::from(*g)).collect(),
            nsg: None,
            source_dest_check: true,
            instance: Some(format!("i-{id}").into()),
            running: true,
        });
        self
    }

    pub(crate) fn public(&mut self, interface: &str, private: &str, public: &str) -> &mut Self {
        let mapping = PublicAddress { private: ip(private), public: ip(public), kind: PublicKind::Elastic };
        self.interface_mut(interface).public.push(mapping);
        self
    }

    /// A table of its own for a subnet: the VPC's local routes and these.
    pub(crate) fn table(&mut self, id: &str, subnet: &str, routes: Vec<Route>) -> &mut Self {
        let vpc = self.subnet_mut(subnet).vpc.clone();
        let main = self.0.route_tables.iter().find(|t| *t.id == format!("rtb-{vpc}")).unwrap();
        let mut all = main.routes.clone();
        all.retain(|r| r.origin == RouteOrigin::Local);
        all.extend(routes);
        self.0.route_tables.push(RouteTable { id: id.into(), vpc, routes: all });
        self.subnet_mut(subnet).route_table = Some(id.into());
        self
    }

    /// An ACL of its own for a subnet.
    pub(crate) fn acl(&mut self, id: &str, subnet: &str, entries: Vec<AclEntry>) -> &mut Self {
        let vpc = self.subnet_mut(subnet).vpc.clone();
        self.0.network_acls.push(NetworkAcl { id: id.into(), vpc, entries });
        self.subnet_mut(subnet).network_acl = id.into();
        self
    }

    pub(crate) fn igw(&mut self, id: &str, vpc: &str) -> &mut Self {
        let vpc = Some(vpc.into());
        self.0.internet_gateways.push(InternetGateway { id: id.into(), vpc, route_table: None });
        self
    }

    pub(crate) fn eigw(&mut self, id: &str, vpc: &str) -> &mut Self {
        self.0.egress_only_gateways.push(EgressOnlyInternetGateway { id: id.into(), vpc: vpc.into() });
        self
    }

    pub(crate) fn nat(&mut self, id: &str, subnet: &str, private: &str, public: Option<&str>) -> &mut Self {
        let vpc = self.subnet_mut(subnet).vpc.clone();
        self.0.nat_gateways.push(NatGateway {
            id: id.into(),
            vpc,
            subnet: subnet.into(),
            network_interface: format!("eni-{id}").into(),
            addresses: vec![NatAddress { private: ip(private), public: public.map(ip) }],
            available: true,
        });
        self
    }

    pub(crate) fn peering(&mut self, id: &str, requester: &str, accepter: &str) -> &mut Self {
        let (requester_vpc, accepter_vpc) = (requester.into(), accepter.into());
        self.0.peerings.push(Peering { id: id.into(), requester_vpc, accepter_vpc, active: true });
        self
    }

    pub(crate) fn add_rule(&mut self, group: &str, rule: GroupRule) -> &mut Self {
        self.group_mut(group).rules.push(rule);
        self
    }

    pub(crate) fn revoke(&mut self, group: &str, rule: &str) -> &mut Self {
        self.group_mut(group).rules.retain(|r| *r.id != *rule);
        self
    }

    pub(crate) fn add_route(&mut self, table: &str, route: Route) -> &mut Self {
        self.table_mut(table).routes.push(route);
        self
    }

    pub(crate) fn group_mut(&mut self, id: &str) -> &mut SecurityGroup {
        self.0.security_groups.iter_mut().find(|g| *g.id == *id).unwrap()
    }

    pub(crate) fn table_mut(&mut self, id: &str) -> &mut RouteTable {
        self.0.route_tables.iter_mut().find(|t| *t.id == *id).unwrap()
    }

    pub(crate) fn acl_mut(&mut self, id: &str) -> &mut NetworkAcl {
        self.0.network_acls.iter_mut().find(|a| *a.id == *id).unwrap()
    }

    pub(crate) fn subnet_mut(&mut self, id: &str) -> &mut Subnet {
        self.0.subnets.iter_mut().find(|s| *s.id == *id).unwrap()
    }

    pub(crate) fn interface_mut(&mut self, id: &str) -> &mut NetworkInterface {
        self.0.network_interfaces.iter_mut().find(|i| *i.id == *id).unwrap()
    }

    /// Judges the first packet of a flow that a machine sends from its first address of the right family.
    pub(crate) fn send(&self, from: &str, to: &str, protocol: Protocol) -> Judgement {
        judge(&self.0, &self.packet(from, to, protocol))
    }

    pub(crate) fn packet(&self, from: &str, to: &str, protocol: Protocol) -> Packet {
        let interface = self.0.network_interfaces.iter().find(|i| *i.id == *from).unwrap();
        let source = interface.addresses.iter().find(|a| a.is_ipv4() == ip(to).is_ipv4()).unwrap();
        Packet::new(eni(from), *source, ip(to), protocol)
    }

    /// Judges a packet from an outside host.
    pub(crate) fn outside(&self, from: &str, to: &str, protocol: Protocol) -> Judgement {
        judge(&self.0, &Packet::new(Place::Internet, ip(from), ip(to), protocol))
    }

    /// The answer to a judged packet, in this network as it is now.
    pub(crate) fn answer(&self, forward: &Judgement) -> Judgement {
        judge(&self.0, &forward.answer().expect("nobody received it"))
    }

    /// Another packet of a flow, in the same direction, in this network as it is now.
    pub(crate) fn more(&self, from: &str, forward: &Judgement) -> Judgement {
        use reachability::State;
        let state = State::Established(Box::new(forward.flow.clone()));
        let header = forward.flow.original;
        judge(&self.0, &Packet { at: eni(from), header, source_mac: Default::default(), state })
    }
}

/// What the tests ask of a judgement.
pub(crate) trait Said {
    /// Delivered to the interface; the header there.
    fn reached(&self, interface: &str) -> Header;
    /// Delivered to an outside host; the header there.
    fn went_out(&self) -> Header;
    /// Dropped by this component for this reason.
    fn dropped_by(&self, component: &str, code: &str);
}

impl Said for Judgement {
    fn reached(&self, interface: &str) -> Header {
        match &self.verdict {
            Verdict::Delivered { at, as_seen } if *at == eni(interface) => *as_seen,
            other => {
                panic!("expected delivery to {interface}, got {other:?}\n{}", reachability::render_text(self))
            }
        }
    }

    fn went_out(&self) -> Header {
        match &self.verdict {
            Verdict::Delivered { at: Place::Internet, as_seen } => *as_seen,
            other => panic!("expected it outside, got {other:?}\n{}", reachability::render_text(self)),
        }
    }

    fn dropped_by(&self, component: &str, code: &str) {
        let step = self.deciding().expect("a path");
        assert!(self.verdict.is_dropped(), "not dropped\n{}", reachability::render_text(self));
        assert_eq!(
            (&*step.component.id, step.code.map_or("-", |c| c.as_str())),
            (component, code),
            "\n{}",
            reachability::render_text(self)
        );
    }
}

/// ICMP echo request.
pub(crate) const PING: Protocol = Protocol::Icmp { kind: 8, code: 0 };

/// One VPC `v` with two subnets, a machine `a` in `s1` and machines `b` in `s2` and `c` in `s1`, each in its own open
/// group `g-…` that lets everything out and nothing in.
pub(crate) fn two_subnets() -> World {
    let mut w = World::default();
    w.vpc("v", &["10.0.0.0/16", "2001:db8:0:100::/56"])
        .subnet("s1", "v", &["10.0.1.0/24", "2001:db8:0:101::/64"])
        .subnet("s2", "v", &["10.0.2.0/24", "2001:db8:0:102::/64"])
        .group("g-a", "v", all_out())
        .group("g-b", "v", all_out())
        .group("g-c", "v", all_out())
        .machine("a", "s1", &["10.0.1.10", "2001:db8:0:101::a"], &["g-a"])
        .machine("b", "s2", &["10.0.2.20", "2001:db8:0:102::b"], &["g-b"])
        .machine("c", "s1", &["10.0.1.30", "2001:db8:0:101::c"], &["g-c"]);
    w
}
