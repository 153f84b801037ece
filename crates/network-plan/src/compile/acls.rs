//! Network ACLs as chains, and which subnet has which.

use ipnet::IpNet;

use super::block::last;
use super::{Draft, Index, subnet_key};
use crate::skeleton::dsl::denied;
use crate::{
    AclEntry, ChainId, ChainRule, Element, Expr, Gate, Key, MetaKey, PayloadBase, Protocol, RuleChain,
    RuleList, SetId, Verdict, VpcInput,
};

pub(super) fn compile(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    for acl in &input.acls {
        for (list, gate, entries) in
            [(RuleList::AclOut, Gate::AclOut, &acl.egress), (RuleList::AclIn, Gate::AclIn, &acl.ingress)]
        {
            let id = ChainId { list, number: acl.number };
            draft.plan.chains.insert(id, RuleChain::new(rules(gate, acl.number, entries)));
        }
    }
    for subnet in &input.subnets {
        let acl = subnet.acl_id.as_deref().and_then(|id| index.acls.get(id));
        if let Some(acl) = acl {
            let entry = Element::pair(subnet_key(subnet), Key::new().native(acl.number));
            draft.element(SetId::AclOut, entry);
            draft.element(SetId::AclIn, entry);
        }
    }
}

/// The entries in ascending order, whatever the order of the list, and the `*` that denies the rest.
fn rules(gate: Gate, number: u32, entries: &[AclEntry]) -> Vec<ChainRule> {
    let mut sorted: Vec<&AclEntry> = entries.iter().collect();
    sorted.sort_by_key(|entry| entry.number);
    let mut rules: Vec<ChainRule> = Vec::with_capacity(sorted.len() + 1);
    for entry in sorted {
        let Some(mut body) = matches(gate, entry) else { continue };
        if entry.allow {
            body.push(Expr::Verdict(Verdict::Return));
        } else {
            body.extend(denied(gate, number, Some(entry.number)));
        }
        rules.push(ChainRule { body });
    }
    rules.push(ChainRule { body: denied(gate, number, None).into() });
    rules
}

/// What an entry asks of a packet. `None`: it can match nothing, because it asks for the other family's ICMP.
fn matches(gate: Gate, entry: &AclEntry) -> Option<Vec<Expr>> {
    let v4 = matches!(entry.cidr, IpNet::V4(_));
    let mut body = vec![Expr::Meta(MetaKey::NfProto, 0), Expr::Equal(0, vec![if v4 { 2 } else { 10 }])];
    let protocol = |number: u8| [Expr::Meta(MetaKey::L4Proto, 0), Expr::Equal(0, vec![number])];
    let transport = |offset, len| Expr::Payload { base: PayloadBase::Transport, offset, len, to: 0 };
    match entry.protocol {
        Protocol::All => {}
        Protocol::Number(number) => body.extend(protocol(number)),
        Protocol::Tcp(ports) | Protocol::Udp(ports) => {
            let number = if matches!(entry.protocol, Protocol::Tcp(_)) { 6 } else { 17 };
            body.extend(protocol(number));
            if (ports.from, ports.to) != (0, u16::MAX) {
                body.push(transport(2, 2));
                body.push(Expr::InRange(0, ports.from.to_be_bytes().into(), ports.to.to_be_bytes().into()));
            }
        }
        Protocol::Icmp { kind, code } | Protocol::Icmpv6 { kind, code } => {
            let for_v4 = matches!(entry.protocol, Protocol::Icmp { .. });
            if for_v4 != v4 {
                return None;
            }
            body.extend(protocol(if v4 { 1 } else { 58 }));
            if let Some(kind) = kind {
                body.extend([transport(0, 1), Expr::Equal(0, vec![kind])]);
                if let Some(code) = code {
                    body.extend([transport(1, 1), Expr::Equal(0, vec![code])]);
                }
            }
        }
    }
    if entry.cidr.prefix_len() > 0 {
        body.extend(address(gate, entry.cidr));
    }
    Some(body)
}

/// The peer's address lies in the block: the source of what enters, the destination of what leaves.
fn address(gate: Gate, cidr: IpNet) -> [Expr; 2] {
    let (offset, len) = match (gate.is_inbound(), cidr) {
        (true, IpNet::V4(_)) => (12, 4),
        (false, IpNet::V4(_)) => (16, 4),
        (true, IpNet::V6(_)) => (8, 16),
        (false, IpNet::V6(_)) => (24, 16),
    };
    let octets = |address| match address {
        std::net::IpAddr::V4(v4) => v4.octets().to_vec(),
        std::net::IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    let load = Expr::Payload { base: PayloadBase::Network, offset, len, to: 0 };
    [load, Expr::InRange(0, octets(cidr.network()), octets(last(cidr)))]
}
