//! The filters: security groups and VNet-style groups at an interface, ACLs at a subnet.

use super::Walk;
use super::note::Note;
use super::router::Hop;
use crate::codes::ExplanationCode as Code;
use crate::filter::group::{Answer, Question};
use crate::filter::{acl, nsg};
use crate::judgement::{AclRuleFact, ComponentKind as Kind, GroupRuleFact, NsgRuleFact, Rule};
use crate::topology::{Direction, Id, InterfaceKind, NetworkInterface, Selector, Subnet};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The number that the API gives the final `*` entry of an ACL.
const FINAL_ENTRY: u16 = 32767;

impl<'a> Walk<'a> {
    /// Out of an interface: its groups, its NSG, its subnet's NSG (Azure: the interface's first on the way out).
    pub(crate) fn gate_out(&mut self, interface: &'a NetworkInterface, hop: &Hop<'a>) {
        let far = hop.member(self.index, self.header.destination);
        // Through an appliance a reference does not hold, but the explanation names it.
        let hidden = hop.appliance_hides(self.index, self.header.destination);
        self.groups(interface, Direction::Egress, far, hidden);
        self.nsg_of_interface(interface, Direction::Egress);
        self.nsg_of_subnet(interface, Direction::Egress);
    }

    /// Into an interface, in the opposite order.
    pub(crate) fn gate_in(&mut self, interface: &'a NetworkInterface) {
        self.nsg_of_subnet(interface, Direction::Ingress);
        self.nsg_of_interface(interface, Direction::Ingress);
        let near = self.sender.filter(|s| s.owns(self.header.source) && !self.past_nat);
        let hidden = match (near, self.sender) {
            (None, Some(sender)) => self.index.owner(&sender.vpc, self.header.source).and_then(|o| match o {
                crate::index::Owner::Interface(i) => Some(i),
                crate::index::Owner::Nat(_) => None,
            }),
            _ => None,
        };
        self.groups(interface, Direction::Ingress, near, hidden);
    }

    fn groups(
        &mut self,
        interface: &'a NetworkInterface,
        direction: Direction,
        member: Option<&'a NetworkInterface>,
        hidden: Option<&'a NetworkInterface>,
    ) {
        // A NAT gateway cannot have security groups.
        if interface.kind == InterfaceKind::NatGateway {
            return;
        }
        let first = interface.groups.first().unwrap_or(&interface.id);
        let note =
            |id: &Id, why: String| Note::new(Kind::SecurityGroup, id, why).facing(direction).on(interface);
        if self.flow().is_some_and(|f| f.tracked_at.contains(&interface.id)) {
            self.pass(note(first, "the flow is tracked".to_owned()).by(Rule::Tracked));
            return;
        }
        let remote = match direction {
            Direction::Ingress => self.header.source,
            Direction::Egress => self.header.destination,
        };
        let question = Question { interface, direction, remote, member, protocol: self.header.protocol };
        match question.ask(self.index) {
            Answer::Allowed { group, rule, tracked } => {
                if tracked {
                    self.track(interface);
                }
                let fact = GroupRuleFact { group: group.id.clone(), rule: rule.clone() };
                let why = format!("rule {} of {} allows it", rule.id, group.id);
                self.pass(note(&group.id, why).by(Rule::Group(Box::new(fact))));
            }
            Answer::NoRules => {
                let why = format!("the groups have no {} rules", direction.as_str());
                self.refuse(note(first, why), Code::SgHasNoRules);
            }
            Answer::Mismatch if hidden.is_some() && question.hidden_reference(self.index, hidden) => {
                let why = "a rule names a group, but an appliance stands between the members".to_owned();
                self.refuse(note(first, why), Code::SgReferencesNotPreserved);
            }
            Answer::Mismatch => {
                let why = format!("no {} rule of the groups matches {remote}", direction.as_str());
                self.refuse(note(first, why), Code::EniSgRulesMismatch);
            }
        }
    }

    fn nsg_of_interface(&mut self, interface: &'a NetworkInterface, direction: Direction) {
        if let Some(id) = &interface.nsg {
            self.nsg(id, interface, direction);
        }
    }

    fn nsg_of_subnet(&mut self, interface: &'a NetworkInterface, direction: Direction) {
        if let Some(id) = self.index.subnet(&interface.subnet).and_then(|s| s.nsg.as_ref()) {
            self.nsg(id, interface, direction);
        }
    }

    fn nsg(&mut self, id: &Id, interface: &'a NetworkInterface, direction: Direction) {
        let note = |why: String| Note::new(Kind::Nsg, id, why).facing(direction).on(interface);
        if self.flow().is_some_and(|f| f.nsg_tracked_at.contains(&interface.id)) {
            self.pass(note("the flow is tracked".to_owned()).by(Rule::Tracked));
            return;
        }
        let Some(nsg) = self.index.nsg(id) else {
            self.refuse(note("the group does not exist".to_owned()), Code::SubnetAclRestriction);
            return;
        };
        let rule = nsg::decide(self.index, nsg, &interface.vpc, direction, self.header);
        let verb = if rule.allow { "allows" } else { "denies" };
        let why = format!("rule {} ({}) {verb} it", rule.name, rule.priority);
        let allow = rule.allow;
        let fact = NsgRuleFact { name: rule.name, priority: rule.priority, allow };
        let note = note(why).by(Rule::Nsg(Box::new(fact)));
        if allow {
            if self.flow().is_none() && !self.nsg_tracked_at.contains(&interface.id) {
                self.nsg_tracked_at.push(interface.id.clone());
            }
            self.pass(note);
        } else {
            self.refuse(note, Code::SubnetAclRestriction);
        }
    }

    /// The ACL at the border of a subnet. It has no memory: answers are judged like anything else.
    pub(crate) fn acl(&mut self, subnet: &'a Subnet, direction: Direction) {
        let note = |why: String| {
            Note::new(Kind::NetworkAcl, &subnet.network_acl, why).facing(direction).within(subnet)
        };
        let Some(acl) = self.index.acl(&subnet.network_acl) else {
            self.refuse(note("the ACL does not exist".to_owned()), Code::SubnetAclRestriction);
            return;
        };
        let Some(entry) = acl::decide(acl, direction, self.header) else {
            let cidr = if self.header.source.is_ipv4() {
                IpNet::V4(Ipv4Net::default())
            } else {
                IpNet::V6(Ipv6Net::default())
            };
            let fact =
                AclRuleFact { number: FINAL_ENTRY, cidr, direction, selector: Selector::ALL, allow: false };
            let note = note("no entry matches, so the final * denies it".to_owned());
            self.refuse(note.by(Rule::Acl(Box::new(fact))), Code::SubnetAclRestriction);
            return;
        };
        let verb = if entry.allow { "allows" } else { "denies" };
        let note = note(format!("entry {} {verb} it", entry.number)).by(Rule::Acl(Box::new(AclRuleFact {
            number: entry.number,
            cidr: entry.cidr,
            direction,
            selector: entry.selector,
            allow: entry.allow,
        })));
        if entry.allow {
            self.pass(note);
        } else {
            self.refuse(note, Code::SubnetAclRestriction);
        }
    }
}
