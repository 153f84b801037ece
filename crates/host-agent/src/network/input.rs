//! Records to the input of the network plan. Pure.

use super::numbers::Numbers;
use network_plan as plan;
use records::{
    InternetGateway, NetworkInterface, Peer, PrefixList, RouteTable, RouteTarget, Rule, SecurityGroup,
    Subnet, Vpc,
};
use state_store::typed::{Scope, Store};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The VPC as the records have it now, with those interfaces that hang on machines of this host.
/// Nothing when the VPC is gone.
pub(crate) fn vpc_input(
    store: &Store,
    scope: &Scope,
    vpc_id: &str,
    attached: &BTreeSet<String>,
    numbers: &mut Numbers,
) -> Option<plan::VpcInput> {
    let vpc = store.get::<Vpc>(scope, vpc_id)?;
    let tables = store.by_index::<RouteTable>(scope, "vpc", vpc_id);
    let gateway = store.by_index::<InternetGateway>(scope, "vpc", vpc_id).first().map(|g| g.id.clone());
    let subnets = store.by_index::<Subnet>(scope, "vpc", vpc_id);
    let groups = store.by_index::<SecurityGroup>(scope, "vpc", vpc_id);
    let enis = attached.iter().filter_map(|id| store.get::<NetworkInterface>(scope, id));
    Some(plan::VpcInput {
        id: vpc.id.clone(),
        number: numbers.of("vpc", vpc_id),
        cidrs_v4: vpc.cidr_associations.iter().map(|a| a.cidr).collect(),
        cidrs_v6: vpc.ipv6_associations.iter().map(|a| a.cidr).collect(),
        subnets: subnets.iter().filter_map(|s| subnet(s, &tables)).collect(),
        route_tables: tables
            .iter()
            .map(|t| table(t, numbers.of(&format!("table {vpc_id}"), &t.id), gateway.as_deref()))
            .collect(),
        enis: enis.filter_map(|e| interface(&e, numbers.of("eni", &e.id))).collect(),
        groups: groups
            .iter()
            .map(|g| group(g, numbers.of(&format!("group {vpc_id}"), &g.id), store, scope))
            .collect(),
        internet_gateway: gateway,
        ..plan::VpcInput::default()
    })
}

fn subnet(subnet: &Subnet, tables: &[Arc<RouteTable>]) -> Option<plan::Subnet> {
    let explicit =
        tables.iter().find(|t| t.associations.iter().any(|a| a.subnet_id.as_ref() == Some(&subnet.id)));
    let table = explicit.or_else(|| tables.iter().find(|t| t.is_main()))?;
    Some(plan::Subnet {
        id: subnet.id.clone(),
        cidr_v4: subnet.cidr_block,
        cidr_v6: subnet.ipv6_associations.iter().find(|a| a.state == "associated").map(|a| a.cidr),
        route_table_id: table.id.clone(),
        acl_id: None,
        nsg_id: None,
    })
}

fn table(table: &RouteTable, number: u32, gateway: Option<&str>) -> plan::RouteTable {
    let routes = table.routes.iter().map(|route| plan::InputRoute {
        destination: route.destination,
        target: match &route.target {
            RouteTarget::Local => plan::RouteTarget::Local,
            RouteTarget::InternetGateway(id) if Some(id.as_str()) == gateway => {
                plan::RouteTarget::InternetGateway
            }
            RouteTarget::NetworkInterface(eni) | RouteTarget::Instance(_, eni) => {
                plan::RouteTarget::Eni(eni.clone())
            }
            // A target of another kind, or one that is gone, swallows packets without an answer.
            _ => plan::RouteTarget::Blackhole,
        },
        origin: plan::RouteOrigin::Static,
    });
    plan::RouteTable { id: table.id.clone(), number, routes: routes.collect() }
}

fn interface(interface: &NetworkInterface, number: u32) -> Option<plan::Eni> {
    let public = interface
        .private_addresses
        .iter()
        .filter_map(|a| Some(plan::PublicAddress { private: a.address, public: a.public? }));
    Some(plan::Eni {
        id: interface.id.clone(),
        number,
        subnet_id: interface.subnet_id.clone(),
        mac: mac(&interface.mac_address)?,
        private_v4: interface.private_addresses.iter().map(|a| a.address).collect(),
        v6: interface.ipv6_addresses.clone(),
        public_v4: public.collect(),
        source_dest_check: interface.source_dest_check,
        groups: interface.groups.clone(),
        kind: plan::EniKind::Machine,
        nsg_id: None,
        prefixes: Vec::new(),
    })
}

/// `0a:1b:…` as bytes.
pub(crate) fn mac(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0u8; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

fn group(group: &SecurityGroup, number: u32, store: &Store, scope: &Scope) -> plan::SecurityGroup {
    let side = |egress: bool| {
        group.rules.iter().filter(move |r| r.egress == egress).flat_map(|r| rules(r, store, scope)).collect()
    };
    plan::SecurityGroup { id: group.id.clone(), number, ingress: side(false), egress: side(true) }
}

/// One rule of the plan per peer: a prefix list stands for each of its entries.
fn rules(rule: &Rule, store: &Store, scope: &Scope) -> Vec<plan::Rule> {
    let peers = match &rule.peer {
        Peer::Cidr(net) => vec![plan::Peer::Cidr(*net)],
        Peer::Group { id, .. } => vec![plan::Peer::Group(id.clone())],
        Peer::PrefixList(id) => {
            let list = store.get::<PrefixList>(scope, id);
            list.iter().flat_map(|l| &l.entries).map(|e| plan::Peer::Cidr(e.cidr)).collect()
        }
    };
    let Some(protocol) = protocol(rule) else { return Vec::new() };
    peers.into_iter().map(|peer| plan::Rule { id: rule.id.clone(), protocol, peer }).collect()
}

fn protocol(rule: &Rule) -> Option<plan::Protocol> {
    let ports = || {
        let port = |value: Option<i32>, absent: u16| {
            value.filter(|v| *v >= 0).map_or(Some(absent), |v| u16::try_from(v).ok())
        };
        Some(plan::Ports { from: port(rule.from, 0)?, to: port(rule.to, u16::MAX)? })
    };
    let icmp = |value: Option<i32>| value.and_then(|v| u8::try_from(v).ok());
    Some(match rule.protocol {
        -1 => plan::Protocol::All,
        6 => plan::Protocol::Tcp(ports()?),
        17 => plan::Protocol::Udp(ports()?),
        1 => plan::Protocol::Icmp { kind: icmp(rule.from), code: icmp(rule.to) },
        58 => plan::Protocol::Icmpv6 { kind: icmp(rule.from), code: icmp(rule.to) },
        number => plan::Protocol::Number(u8::try_from(number).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: i32, from: Option<i32>, to: Option<i32>) -> Rule {
        Rule {
            id: "sgr-1".into(),
            egress: false,
            protocol,
            from,
            to,
            peer: Peer::Cidr("10.0.0.0/8".parse().unwrap()),
            description: None,
        }
    }

    #[test]
    fn protocols() {
        let ports = |from, to| plan::Ports { from, to };
        for (given, expected) in [
            (rule(-1, None, None), plan::Protocol::All),
            (rule(6, Some(22), Some(22)), plan::Protocol::Tcp(ports(22, 22))),
            (rule(17, Some(-1), Some(-1)), plan::Protocol::Udp(ports(0, 65_535))),
            (rule(1, Some(8), Some(-1)), plan::Protocol::Icmp { kind: Some(8), code: None }),
            (rule(58, Some(-1), Some(-1)), plan::Protocol::Icmpv6 { kind: None, code: None }),
            (rule(50, None, None), plan::Protocol::Number(50)),
        ] {
            assert_eq!(protocol(&given), Some(expected));
        }
    }

    #[test]
    fn hardware_addresses() {
        assert_eq!(mac("0a:1b:2c:3d:4e:5f"), Some([0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f]));
        for bad in ["", "0a:1b", "0a:1b:2c:3d:4e:5f:60", "zz:1b:2c:3d:4e:5f"] {
            assert_eq!(mac(bad), None);
        }
    }
}
