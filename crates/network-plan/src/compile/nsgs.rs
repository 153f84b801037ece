//! Network security groups as chains; their lists of blocks and ports as set elements.
//!
//! A list's number, the first field of [`SetId::NsgBlock4`], [`SetId::NsgBlock6`] and [`SetId::NsgPort`], is the
//! NSG's number, one bit for the direction, one for the side (destination or source), and the rule's priority.

use std::net::IpAddr;

use ipnet::IpNet;

use super::block::{merged, merged_ports};
use super::{Draft, Index};
use crate::skeleton::dsl::denied;
use crate::{
    ChainId, ChainRule, Element, EniKind, Expr, Gate, Key, MetaKey, Nsg, NsgRule, PayloadBase, Ports,
    RuleChain, RuleList, SetId, Verdict, VpcInput, eni_index,
};

const TCP: u8 = 6;
const UDP: u8 = 17;

pub(super) fn compile(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    for nsg in &input.nsgs {
        for (list, gate, rules) in
            [(RuleList::NsgOut, Gate::NsgOut, &nsg.outbound), (RuleList::NsgIn, Gate::NsgIn, &nsg.inbound)]
        {
            let chain = chain(gate, nsg, rules, draft);
            draft.plan.chains.insert(ChainId { list, number: nsg.number }, RuleChain::new(chain));
        }
    }
    let number = |id: &Option<String>| id.as_deref().and_then(|id| index.nsgs.get(id)).map(|nsg| nsg.number);
    for placed in index.placed.iter().filter(|placed| placed.eni.kind != EniKind::NatGateway) {
        let key = Key::new().native(eni_index(placed.eni.number));
        for (nsg, sets) in [
            (&placed.eni.nsg_id, [SetId::NsgEniOut, SetId::NsgEniIn]),
            (&placed.subnet.nsg_id, [SetId::NsgSubnetOut, SetId::NsgSubnetIn]),
        ] {
            if let Some(number) = number(nsg) {
                for set in sets {
                    draft.element(set, Element::pair(key, Key::new().native(number)));
                }
            }
        }
    }
}

fn chain(gate: Gate, nsg: &Nsg, rules: &[NsgRule], draft: &mut Draft) -> Vec<ChainRule> {
    let mut sorted: Vec<&NsgRule> = rules.iter().collect();
    sorted.sort_by_key(|rule| rule.priority);
    let mut chain = Vec::new();
    for rule in sorted {
        let lists = Lists { base: list_number(gate, nsg.number, rule.priority) };
        lists.fill(rule, draft);
        for family in [4, 6] {
            for body in lists.matches(rule, family) {
                let mut body = body;
                if rule.allow {
                    body.push(Expr::Verdict(Verdict::Return));
                } else {
                    body.extend(denied(gate, nsg.number, Some(rule.priority)));
                }
                chain.push(ChainRule { body });
            }
        }
    }
    // The implied rules come with the input, so this is never met.
    chain.push(ChainRule { body: denied(gate, nsg.number, None).into() });
    chain
}

fn list_number(gate: Gate, nsg: u32, priority: u16) -> u32 {
    nsg << 18 | u32::from(gate.is_inbound()) << 17 | u32::from(priority)
}

/// The lists of one rule.
struct Lists {
    base: u32,
}

impl Lists {
    const fn number(&self, destination: bool) -> u32 {
        self.base | (destination as u32) << 16
    }

    fn fill(&self, rule: &NsgRule, draft: &mut Draft) {
        for (destination, blocks, ports) in
            [(false, &rule.sources, &rule.source_ports), (true, &rule.destinations, &rule.destination_ports)]
        {
            let key = Key::new().native(self.number(destination));
            let (v4, v6): (Vec<IpNet>, Vec<IpNet>) =
                blocks.iter().partition(|net| matches!(net, IpNet::V4(_)));
            for (set, nets) in [(SetId::NsgBlock4, v4), (SetId::NsgBlock6, v6)] {
                for (low, high) in merged(nets) {
                    draft.element(set, Element::range(key.address(low), key.address(high)));
                }
            }
            for (low, high) in merged_ports(ports.iter().map(|Ports { from, to }| (*from, *to))) {
                draft.element(SetId::NsgPort, Element::range(key.short(low), key.short(high)));
            }
        }
    }

    /// The rules of the chain that match what the NSG's rule matches in one family.
    fn matches(&self, rule: &NsgRule, family: u8) -> Vec<Vec<Expr>> {
        let of_family = |net: &IpNet| matches!(net.network(), IpAddr::V4(_)) == (family == 4);
        let possible = |blocks: &[IpNet]| blocks.is_empty() || blocks.iter().any(of_family);
        if !possible(&rule.sources) || !possible(&rule.destinations) {
            return Vec::new();
        }
        let (nfproto, set, source, destination, len) = match family {
            4 => (2, SetId::NsgBlock4, 12, 16, 4),
            _ => (10, SetId::NsgBlock6, 8, 24, 16),
        };
        let mut addresses = vec![Expr::Meta(MetaKey::NfProto, 0), Expr::Equal(0, vec![nfproto])];
        for (blocks, offset, is_destination) in
            [(&rule.sources, source, false), (&rule.destinations, destination, true)]
        {
            if !blocks.is_empty() {
                let load = Expr::Payload { base: PayloadBase::Network, offset, len, to: 1 };
                addresses.extend([self.load(is_destination), load, Expr::In(set, 0)]);
            }
        }
        let mut ports = Vec::new();
        for (list, offset, is_destination) in
            [(&rule.source_ports, 0, false), (&rule.destination_ports, 2, true)]
        {
            if !list.is_empty() {
                let load = Expr::Payload { base: PayloadBase::Transport, offset, len: 2, to: 1 };
                ports.extend([self.load(is_destination), load, Expr::In(SetId::NsgPort, 0)]);
            }
        }
        let protocol = |number: u8| vec![Expr::Meta(MetaKey::L4Proto, 0), Expr::Equal(0, vec![number])];
        // Only TCP and UDP have ports: a rule that asks for ports means them.
        let protocols = match (rule.protocol, ports.is_empty()) {
            (None, true) => vec![Vec::new()],
            (None, false) => vec![protocol(TCP), protocol(UDP)],
            (Some(number), true) => vec![protocol(number)],
            (Some(number @ (TCP | UDP)), false) => vec![protocol(number)],
            (Some(_), false) => Vec::new(),
        };
        protocols.into_iter().map(|protocol| [addresses.clone(), protocol, ports.clone()].concat()).collect()
    }

    fn load(&self, destination: bool) -> Expr {
        Expr::Constant(0, self.number(destination).to_ne_bytes().to_vec())
    }
}
