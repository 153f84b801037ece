//! Security groups: allow-only, summed up over an interface, with references and connection tracking.

use super::selects;
use crate::index::Index;
use crate::packet::Protocol;
use crate::topology::{Direction, GroupRule, NetworkInterface, PortRange, RulePeer, SecurityGroup};
use std::net::IpAddr;

/// What is asked of an interface's groups.
pub(crate) struct Question<'a> {
    pub(crate) interface: &'a NetworkInterface,
    pub(crate) direction: Direction,
    /// The address at the other end, as this interface sees it.
    pub(crate) remote: IpAddr,
    /// The interface at the other end, when the packet goes straight between the two. Through an appliance or a
    /// translation nobody can tell whose member the other end is (AWS "Security group referencing": a reference does
    /// not hold through a middlebox).
    pub(crate) member: Option<&'a NetworkInterface>,
    pub(crate) protocol: Protocol,
}

/// The answer.
pub(crate) enum Answer<'a> {
    /// A rule allows it; `tracked` says whether the flow is remembered.
    Allowed { group: &'a SecurityGroup, rule: &'a GroupRule, tracked: bool },
    /// No rule matches.
    Mismatch,
    /// There is no rule in this direction.
    NoRules,
}

impl<'a> Question<'a> {
    /// The first allowing rule in the order of the interface's groups.
    pub(crate) fn ask(&self, index: &Index<'a>) -> Answer<'a> {
        let mut any = false;
        for group in self.groups(index) {
            for rule in group.rules.iter().filter(|r| r.direction == self.direction) {
                any = true;
                if self.matches(index, rule) {
                    return Answer::Allowed { group, rule, tracked: !self.untracked(index) };
                }
            }
        }
        if any { Answer::Mismatch } else { Answer::NoRules }
    }

    fn groups(&self, index: &Index<'a>) -> impl Iterator<Item = &'a SecurityGroup> {
        self.interface.groups.iter().filter_map(|id| index.group(id))
    }

    fn matches(&self, index: &Index<'a>, rule: &GroupRule) -> bool {
        !rule.stale
            && selects(&rule.selector, self.protocol)
            && match &rule.peer {
                RulePeer::Cidr(cidr) => cidr.contains(&self.remote),
                RulePeer::PrefixList { cidrs, .. } => cidrs.iter().any(|c| c.contains(&self.remote)),
                RulePeer::Group(id) => self.member.is_some_and(|m| {
                    m.groups.contains(id)
                        && (m.vpc == self.interface.vpc || index.peered(&self.interface.vpc, &m.vpc))
                }),
            }
    }

    /// Whether the flow is one that AWS does not track: TCP or UDP, allowed by a rule for every address, with a rule
    /// the other way for every address and every port (AWS "Security group connection tracking").
    fn untracked(&self, index: &Index<'a>) -> bool {
        if self.protocol.ports().is_none() {
            return false;
        }
        let open = |rule: &GroupRule| match &rule.peer {
            RulePeer::Cidr(c) => c.prefix_len() == 0 && c.contains(&self.remote),
            // A list of everything is everything.
            RulePeer::PrefixList { cidrs, .. } => {
                cidrs.iter().any(|c| c.prefix_len() == 0 && c.contains(&self.remote))
            }
            RulePeer::Group(_) => false,
        };
        let number = self.protocol.number();
        let every_port = |rule: &GroupRule| match rule.selector.protocol {
            None => true,
            Some(n) => n == number && rule.selector.ports == PortRange::ALL,
        };
        let rules = || self.groups(index).flat_map(|g| g.rules.iter());
        rules().any(|r| r.direction == self.direction && open(r) && selects(&r.selector, self.protocol))
            && rules().any(|r| r.direction != self.direction && open(r) && every_port(r))
    }

    /// Whether a rule would allow the packet if the given interface were known to be at the other end.
    pub(crate) fn hidden_reference(&self, index: &Index<'a>, member: Option<&'a NetworkInterface>) -> bool {
        let seen = Self { member, ..*self };
        self.member.is_none() && matches!(seen.ask(index), Answer::Allowed { .. })
    }
}
