//! Plans and differences: determinism, a modelled kernel, refused facts.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::facts::vpc;
use crate::{
    ChainId, Element, Eni, MAIN_TABLE, NextHop, PlanError, Ports, Protocol, Route, RouteKind, RouteTarget,
    RuleChain, SetId, SetKind, Step, VpcInput, VpcPlan, diff, plan,
};

/// The kernel as far as steps go: it refuses what the real one refuses.
#[derive(Clone, Debug, Default, PartialEq)]
struct Kernel {
    elements: BTreeMap<SetId, BTreeSet<Element>>,
    chains: BTreeMap<ChainId, RuleChain>,
    routes: BTreeSet<Route>,
    rules: BTreeSet<u32>,
    addresses: BTreeSet<std::net::IpAddr>,
    edge: BTreeSet<ipnet::IpNet>,
    links: BTreeSet<u32>,
}

impl Kernel {
    fn with_links(links: impl IntoIterator<Item = u32>) -> Self {
        Self { links: links.into_iter().collect(), ..Self::default() }
    }

    fn apply(&mut self, steps: &[Step]) {
        for step in steps {
            match step.clone() {
                Step::PutChain(id, chain) => {
                    self.chains.insert(id, chain);
                }
                Step::DeleteChain(id) => {
                    assert!(self.chains.remove(&id).is_some());
                    assert!(!self.leads_to(id), "{id:?} is still used");
                }
                Step::DeleteElements(set, elements) => {
                    for element in elements {
                        let there = self.elements.entry(set).or_default().remove(&element);
                        assert!(there, "{set:?}: {element:?} is missing");
                    }
                }
                Step::AddElements(set, elements) => {
                    for element in elements {
                        if let SetKind::Chains(list) = set.kind() {
                            let number = element.datum.unwrap().read_native(0).unwrap();
                            assert!(self.chains.contains_key(&ChainId { list, number }));
                        }
                        let all = self.elements.entry(set).or_default();
                        for other in all.iter() {
                            assert!(!overlap(set, other, &element), "{set:?} {other:?} {element:?}");
                        }
                        all.insert(element);
                    }
                }
                Step::AddRoute(route) => {
                    assert!(!self.occupied(&route), "{route:?} is taken");
                    self.add_route(route);
                }
                Step::ReplaceRoute(old, new) => {
                    self.routes.remove(&old);
                    assert!(!self.occupied(&new));
                    self.add_route(new);
                }
                Step::DeleteRoute(route) => {
                    self.routes.remove(&route);
                }
                Step::AddTableRule(rule) => assert!(self.rules.insert(rule.table)),
                Step::DeleteTableRule(rule) => assert!(self.rules.remove(&rule.table)),
                Step::AddAddress(address) => assert!(self.addresses.insert(address)),
                Step::DeleteAddress(address) => assert!(self.addresses.remove(&address)),
                Step::AddEdgeRoute(block) => assert!(self.edge.insert(block)),
                Step::DeleteEdgeRoute(block) => assert!(self.edge.remove(&block)),
                Step::DeleteLink(number) => {
                    self.links.remove(&number);
                    let via = RouteKind::Via(NextHop::Eni(number));
                    self.routes.retain(|route| route.kind != via);
                }
            }
        }
        self.elements.retain(|_, elements| !elements.is_empty());
    }

    fn leads_to(&self, id: ChainId) -> bool {
        let datum = crate::Key::new().native(id.number);
        self.elements.iter().any(|(set, elements)| {
            set.kind() == SetKind::Chains(id.list) && elements.iter().any(|e| e.datum == Some(datum))
        })
    }

    fn occupied(&self, route: &Route) -> bool {
        let place = |r: &Route| (r.table, r.destination, r.metric);
        self.routes.iter().any(|other| place(other) == place(route))
    }

    fn add_route(&mut self, route: Route) {
        // A route through an absent link waits for it.
        match route.kind {
            RouteKind::Via(NextHop::Eni(number)) if !self.links.contains(&number) => {}
            _ => {
                self.routes.insert(route);
            }
        }
    }
}

/// Whether the kernel would refuse the second element beside the first.
fn overlap(set: SetId, a: &Element, b: &Element) -> bool {
    let mut at = 0;
    set.fields().iter().all(|field| {
        let span = at..at + field.padded();
        at = span.end;
        let part = |key: &crate::Key| key.as_bytes()[span.clone()].to_vec();
        let (a_end, b_end) = (a.end.unwrap_or(a.key), b.end.unwrap_or(b.key));
        part(&a.key) <= part(&b_end) && part(&b.key) <= part(&a_end)
    })
}

fn all_links(plan: &VpcPlan) -> Vec<u32> {
    plan.links.keys().copied().collect()
}

proptest! {
    #[test]
    fn a_difference_leads_where_a_fresh_start_leads(
        old in vpc(),
        new in vpc(),
        attached in prop::collection::vec(0_u32..6, 0..6),
        gone in 0_usize..6,
    ) {
        let mut new = new;
        let gone = new.enis.remove(gone).id;
        new.nat_gateways.retain(|gateway| gateway.eni_id != gone);
        let (old, new) = (plan(&old).unwrap(), plan(&new).unwrap());
        let empty = VpcPlan::default();
        for links in [all_links(&old), attached] {
            let mut travelled = Kernel::with_links(links.clone());
            travelled.apply(&diff(&empty, &old));
            travelled.apply(&diff(&old, &new));
            let left = links.into_iter().filter(|link| new.links.contains_key(link));
            let mut fresh = Kernel::with_links(left);
            fresh.apply(&diff(&empty, &new));
            prop_assert_eq!(&travelled, &fresh);
            travelled.apply(&diff(&new, &empty));
            prop_assert_eq!(travelled, Kernel::default());
        }
    }

    #[test]
    fn the_order_of_the_facts_does_not_matter(input in vpc()) {
        let mut shuffled = input.clone();
        shuffled.enis.reverse();
        shuffled.groups.reverse();
        shuffled.subnets.reverse();
        shuffled.route_tables.reverse();
        for group in &mut shuffled.groups {
            group.ingress.reverse();
            group.egress.reverse();
        }
        for eni in &mut shuffled.enis {
            eni.groups.reverse();
        }
        for table in &mut shuffled.route_tables {
            table.routes.reverse();
        }
        let (one, two) = (plan(&input).unwrap(), plan(&shuffled).unwrap());
        prop_assert!(diff(&one, &two).is_empty());
        prop_assert_eq!(one, two);
    }

    #[test]
    fn every_key_has_its_sets_layout(input in vpc()) {
        for (set, elements) in plan(&input).unwrap().elements {
            for element in elements {
                prop_assert_eq!(element.key.as_bytes().len(), set.key_len());
                prop_assert_eq!(element.end.is_some(), set.kind().has_ranges());
                prop_assert_eq!(element.datum.is_some(), set.kind().has_data());
            }
        }
    }
}

fn one_eni() -> VpcInput {
    let mut input = VpcInput {
        id: "vpc-1".into(),
        number: 1,
        cidrs_v4: vec!["10.0.0.0/16".parse().unwrap()],
        subnets: vec![crate::Subnet {
            id: "subnet-1".into(),
            cidr_v4: "10.0.1.0/24".parse().unwrap(),
            cidr_v6: None,
            route_table_id: "rtb-1".into(),
            acl_id: None,
            nsg_id: None,
        }],
        route_tables: vec![crate::RouteTable { id: "rtb-1".into(), number: 1, routes: Vec::new() }],
        ..VpcInput::default()
    };
    input.groups =
        vec![crate::SecurityGroup { id: "sg-1".into(), number: 1, ingress: Vec::new(), egress: Vec::new() }];
    input.enis = vec![Eni {
        id: "eni-1".into(),
        number: 1,
        subnet_id: "subnet-1".into(),
        mac: [2, 0, 0, 0, 0, 1],
        private_v4: vec!["10.0.1.10".parse().unwrap()],
        v6: Vec::new(),
        public_v4: Vec::new(),
        source_dest_check: true,
        groups: vec!["sg-1".into()],
        kind: crate::EniKind::Machine,
        nsg_id: None,
        prefixes: Vec::new(),
    }];
    input
}

fn refused(edit: impl FnOnce(&mut VpcInput)) -> PlanError {
    let mut input = one_eni();
    plan(&input).unwrap();
    edit(&mut input);
    plan(&input).unwrap_err()
}

#[test]
fn contradictions_are_refused() {
    let address = |text: &str| text.parse().unwrap();
    let missing = |edit: fn(&mut VpcInput)| matches!(refused(edit), PlanError::Missing { .. });
    assert!(missing(|input| input.enis[0].subnet_id = "subnet-9".into()));
    assert!(missing(|input| input.enis[0].groups = vec!["sg-9".into()]));
    assert!(missing(|input| input.subnets[0].route_table_id = "rtb-9".into()));
    let range = |edit: fn(&mut VpcInput)| matches!(refused(edit), PlanError::OutOfRange { .. });
    assert!(range(|input| input.number = u32::MAX));
    assert!(range(|input| input.enis[0].number = u32::MAX));
    assert!(range(|input| input.groups[0].number = u32::MAX));
    assert!(range(|input| input.route_tables[0].number = 70_000));
    for reserved in ["10.0.1.0", "10.0.1.1", "10.0.1.3", "10.0.1.255", "10.0.2.10"] {
        let error = refused(|input| input.enis[0].private_v4 = vec![reserved.parse().unwrap()]);
        assert!(matches!(error, PlanError::OutOfRange { .. }), "{reserved}");
    }
    assert!(range(|input| {
        let ports = Ports { from: 2, to: 1 };
        let peer = crate::Peer::Group("sg-1".into());
        let rule = crate::Rule { id: "sgr-1".into(), protocol: Protocol::Tcp(ports), peer };
        input.groups[0].ingress.push(rule);
    }));
    let error = refused(|input| {
        let mut twin = input.enis[0].clone();
        twin.id = "eni-2".into();
        twin.number = 2;
        input.enis.push(twin);
    });
    assert_eq!(error, PlanError::AddressInUse(address("10.0.1.10")));
    let duplicate = |edit: fn(&mut VpcInput)| matches!(refused(edit), PlanError::Duplicate(_));
    assert!(duplicate(|input| input.groups.push(input.groups[0].clone())));
    assert!(duplicate(|input| {
        let hole = |text: &str| crate::InputRoute {
            destination: text.parse().unwrap(),
            target: RouteTarget::Blackhole,
            origin: crate::RouteOrigin::Static,
        };
        input.route_tables[0].routes = vec![hole("10.1.0.0/16"), hole("10.1.2.3/16")];
    }));
    let error = refused(|input| {
        for number in 2..18 {
            let id = format!("sg-{number}");
            input.enis[0].groups.push(id.clone());
            let (ingress, egress) = (Vec::new(), Vec::new());
            input.groups.push(crate::SecurityGroup { id, number, ingress, egress });
        }
    });
    assert_eq!(error, PlanError::TooManyGroups("eni-1".into()));
}

#[test]
fn one_rule_is_one_element_and_one_step() {
    let mut input = one_eni();
    let before = plan(&input).unwrap();
    let peer = crate::Peer::Cidr("0.0.0.0/0".parse().unwrap());
    input.groups[0].ingress.push(crate::Rule {
        id: "sgr-1".into(),
        protocol: Protocol::Tcp(Ports { from: 443, to: 443 }),
        peer,
    });
    let after = plan(&input).unwrap();
    let steps = diff(&before, &after);
    let [Step::AddElements(SetId::IngressExact4, elements)] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!(elements.len(), 1);
}

#[test]
fn only_what_is_a_range_becomes_an_interval() {
    let set_of = |protocol: Protocol, peer: &str| {
        let mut input = one_eni();
        input.groups[0].ingress.clear();
        let peer = match peer.parse() {
            Ok(net) => crate::Peer::Cidr(net),
            Err(_) => crate::Peer::Group(peer.into()),
        };
        input.groups[0].ingress.push(crate::Rule { id: "sgr-1".into(), protocol, peer });
        let rules = [
            SetId::IngressExact4,
            SetId::IngressExact6,
            SetId::IngressGroupExact,
            SetId::Ingress4,
            SetId::Ingress6,
            SetId::IngressGroup,
        ];
        let plan = plan(&input).unwrap();
        let used: Vec<SetId> = rules.into_iter().filter(|set| plan.elements.contains_key(set)).collect();
        assert_eq!(used.len(), 1, "{used:?}");
        used[0]
    };
    let one = Protocol::Tcp(Ports { from: 22, to: 22 });
    let two = Protocol::Udp(Ports { from: 22, to: 23 });
    let own = one_eni().groups[0].id.clone();
    for (protocol, peer, set) in [
        (one, "10.0.0.1/32", SetId::IngressExact4),
        (one, "10.0.0.0/24", SetId::IngressExact4),
        (one, "0.0.0.0/0", SetId::IngressExact4),
        (one, "10.0.0.0/20", SetId::Ingress4),
        (two, "10.0.0.0/24", SetId::Ingress4),
        (Protocol::All, "10.0.0.1/32", SetId::Ingress4),
        (one, "2001:db8::/64", SetId::IngressExact6),
        (one, "2001:db8::/56", SetId::Ingress6),
        (one, own.as_str(), SetId::IngressGroupExact),
        (two, own.as_str(), SetId::IngressGroup),
    ] {
        assert_eq!(set_of(protocol, peer), set, "{protocol:?} {peer}");
    }
}

#[test]
fn behind_every_route_that_can_vanish_stands_a_blackhole() {
    let mut input = one_eni();
    input.route_tables[0].routes = vec![crate::InputRoute {
        destination: "172.16.0.0/12".parse().unwrap(),
        target: RouteTarget::Eni("eni-1".into()),
        origin: crate::RouteOrigin::Static,
    }];
    let plan = plan(&input).unwrap();
    for route in plan.routes.iter().filter(|route| route.table != MAIN_TABLE) {
        if matches!(route.kind, RouteKind::Via(_)) {
            let behind = plan.routes.iter().any(|other| {
                other.kind == RouteKind::Blackhole
                    && (other.table, other.destination) == (route.table, route.destination)
                    && other.metric > route.metric
            });
            assert!(behind, "{route:?}");
        }
    }
}
