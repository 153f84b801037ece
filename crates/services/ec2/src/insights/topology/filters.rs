//! Security groups and network ACLs.

use super::Reader;
use reachability::Direction;
use reachability::topology::{self, PortRange, RulePeer, Selector, Topology};
use records::{AclEntry, NetworkAcl, Peer, PrefixList, Rule, SecurityGroup};

/// Protocols with ports.
const PORTS: [i32; 2] = [6, 17];
/// Protocols with a type and a code.
const TYPES: [i32; 2] = [1, 58];

impl Reader<'_> {
    /// Groups and ACLs.
    pub(super) fn filters(&self, topology: &mut Topology) {
        for group in self.of::<SecurityGroup>(|g| &g.vpc_id) {
            topology.security_groups.push(topology::SecurityGroup {
                id: group.id.as_str().into(),
                vpc: group.vpc_id.as_str().into(),
                rules: group.rules.iter().map(|rule| self.rule(rule)).collect(),
            });
        }
        for acl in self.of::<NetworkAcl>(|a| &a.vpc_id) {
            topology.network_acls.push(topology::NetworkAcl {
                id: acl.id.as_str().into(),
                vpc: acl.vpc_id.as_str().into(),
                entries: acl.entries.iter().map(entry).collect(),
            });
        }
    }

    fn rule(&self, rule: &Rule) -> topology::GroupRule {
        let (from, to) = (rule.from, rule.to);
        topology::GroupRule {
            id: rule.id.as_str().into(),
            direction: direction(rule.egress),
            selector: selector(rule.protocol, ports(from, to), (from, to)),
            peer: match &rule.peer {
                Peer::Cidr(cidr) => RulePeer::Cidr(*cidr),
                Peer::Group { id, .. } => RulePeer::Group(id.as_str().into()),
                Peer::PrefixList(id) => {
                    let list = self.store.get::<PrefixList>(self.scope, id);
                    let cidrs = list.iter().flat_map(|list| &list.entries).map(|entry| entry.cidr).collect();
                    RulePeer::PrefixList { id: id.as_str().into(), cidrs }
                }
            },
            // A group whose VPC is no longer peered has no members for the explainer, so there is nothing to add.
            stale: false,
        }
    }
}

fn entry(entry: &AclEntry) -> topology::AclEntry {
    let ports = entry.ports.map_or(PortRange::ALL, |(from, to)| PortRange { from, to });
    let types = entry.icmp.map_or((None, None), |(kind, code)| (Some(kind), Some(code)));
    topology::AclEntry {
        number: u16::try_from(entry.number).unwrap_or(u16::MAX),
        direction: direction(entry.egress),
        selector: selector(entry.protocol, ports, types),
        cidr: entry.cidr,
        allow: entry.allow,
    }
}

fn direction(egress: bool) -> Direction {
    if egress { Direction::Egress } else { Direction::Ingress }
}

/// The ports of a rule; absent ones are open.
fn ports(from: Option<i32>, to: Option<i32>) -> PortRange {
    let port = |given: Option<i32>| given.and_then(|n| u16::try_from(n).ok());
    PortRange { from: port(from).unwrap_or(0), to: port(to).unwrap_or(u16::MAX) }
}

/// What a rule selects: -1 is every protocol, every type and every code.
fn selector(protocol: i32, ports: PortRange, types: (Option<i32>, Option<i32>)) -> Selector {
    let byte = |given: Option<i32>| given.and_then(|n| u8::try_from(n).ok());
    let typed = TYPES.contains(&protocol);
    Selector {
        protocol: u8::try_from(protocol).ok(),
        ports: if PORTS.contains(&protocol) { ports } else { PortRange::ALL },
        icmp_type: byte(types.0).filter(|_| typed),
        icmp_code: byte(types.1).filter(|_| typed),
    }
}
