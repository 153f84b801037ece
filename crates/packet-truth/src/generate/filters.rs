//! ACLs and groups.

use super::Maker;
use ipnet::IpNet;
use reachability::topology::{AclEntry, GroupRule, NetworkAcl, RulePeer, Selector};
use reachability::{Direction, Id};

/// Rules of a group at most.
const RULES: usize = 5;

impl Maker<'_> {
    /// An ACL: mostly open with exceptions before that, sometimes shut.
    pub(super) fn acl(&mut self, vpc: &Id, id: Id, v6: bool) {
        let mut entries: Vec<AclEntry> = Vec::new();
        for direction in [Direction::Ingress, Direction::Egress] {
            let special = if self.random.percent(50) { 0 } else { self.random.between(1, 4) };
            let mut number = 10;
            for _ in 0..special {
                number += u16::try_from(self.random.between(1, 40)).unwrap_or(1);
                let six = v6 && self.random.percent(40);
                let (cidr, selector) = (self.block(six), self.selector(six));
                let allow = self.random.percent(40);
                entries.push(AclEntry { number, direction, selector, cidr, allow });
            }
            if self.random.percent(85) {
                for (number, cidr) in [(1000, "0.0.0.0/0"), (1001, "::/0")] {
                    if let Ok(cidr) = cidr.parse() {
                        let selector = Selector::ALL;
                        entries.push(AclEntry { number, direction, selector, cidr, allow: true });
                    }
                }
            }
        }
        self.topology.network_acls.push(NetworkAcl { id, vpc: vpc.clone(), entries });
    }

    /// Rules for all groups, when everything they may refer to is there.
    pub(super) fn group_rules(&mut self) {
        let groups = self.topology.security_groups.clone();
        for (number, group) in groups.iter().enumerate() {
            let mut rules: Vec<GroupRule> = Vec::new();
            let v6 = self
                .topology
                .vpcs
                .iter()
                .any(|v| v.id == group.vpc && v.cidrs.iter().any(|c| matches!(c, IpNet::V6(_))));
            for direction in [Direction::Ingress, Direction::Egress] {
                let count = self.random.between(0, RULES);
                for _ in 0..count {
                    let six = v6 && self.random.percent(40);
                    let selector = self.selector(six);
                    let peer = self.peer(&group.vpc, six);
                    rules.push(self.rule(number, rules.len(), direction, selector, peer));
                }
                if self.random.percent(if direction == Direction::Egress { 60 } else { 15 }) {
                    for cidr in ["0.0.0.0/0", "::/0"] {
                        if let Ok(cidr) = cidr.parse() {
                            let peer = RulePeer::Cidr(cidr);
                            rules.push(self.rule(number, rules.len(), direction, Selector::ALL, peer));
                        }
                    }
                }
            }
            let mut kept: Vec<GroupRule> = Vec::new();
            for rule in rules {
                // The API refuses the same rule twice.
                let again = |k: &GroupRule| {
                    k.direction == rule.direction && k.selector == rule.selector && k.peer == rule.peer
                };
                if !kept.iter().any(again) {
                    kept.push(rule);
                }
            }
            self.topology.security_groups[number].rules = kept;
        }
    }

    fn rule(
        &self,
        group: usize,
        number: usize,
        direction: Direction,
        selector: Selector,
        peer: RulePeer,
    ) -> GroupRule {
        let stale = match &peer {
            RulePeer::Group(id) => self.is_stale(group, id),
            _ => false,
        };
        GroupRule { id: format!("sgr-{group}-{number}").into(), direction, selector, peer, stale }
    }

    /// Whether a group of another VPC can no longer be reached.
    fn is_stale(&self, group: usize, other: &Id) -> bool {
        let vpc_of =
            |id: &Id| self.topology.security_groups.iter().find(|g| g.id == *id).map(|g| g.vpc.clone());
        let (Some(own), Some(other)) = (self.topology.security_groups.get(group), vpc_of(other)) else {
            return false;
        };
        own.vpc != other
            && !self.topology.peerings.iter().any(|p| p.active && p.other_side(&own.vpc) == Some(&other))
    }

    fn peer(&mut self, vpc: &Id, v6: bool) -> RulePeer {
        match self.random.below(10) {
            0..=5 => RulePeer::Cidr(self.block(v6)),
            6 => {
                let id: Id = format!("pl-{}", self.random.bits() % 1_000_000).into();
                let mut cidrs: Vec<IpNet> = (0..self.random.between(1, 3)).map(|_| self.block(v6)).collect();
                cidrs.sort();
                cidrs.dedup();
                RulePeer::PrefixList { id, cidrs }
            }
            _ => {
                let peered: Vec<Id> =
                    self.topology.peerings.iter().filter_map(|p| p.other_side(vpc).cloned()).collect();
                let reachable: Vec<Id> = self
                    .topology
                    .security_groups
                    .iter()
                    .filter(|g| g.vpc == *vpc || peered.contains(&g.vpc))
                    .map(|g| g.id.clone())
                    .collect();
                match self.random.pick(&reachable) {
                    Some(id) => RulePeer::Group(id.clone()),
                    None => RulePeer::Cidr(self.block(v6)),
                }
            }
        }
    }
}
