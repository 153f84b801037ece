//! The two security-group gates.
//!
//! A gate walks the groups of the ENI on its side, slot by slot. For each group
//! it asks two questions: does a rule with an address block admit the packet,
//! and does a rule that names a group admit it — for each group behind the
//! other side's private address. All groups share the same sets; the group's
//! number is the first field of the key. So a rule, a membership or an
//! attachment is one element, and no chain ever depends on them. Rules for one port are asked for first, exactly;
//! what is left are intervals.
//!
//! Two values of the packet serve as variables across chains: the mark holds the
//! group in question and then [`ALLOWED`]; the priority holds the other side's
//! group.

use super::dsl::*;
use crate::{
    ALLOWED, Chain, ChainRule, EXACT_PREFIXES_V4, EXACT_PREFIXES_V6, Expr, FORWARDED, Gate,
    MAX_GROUPS_PER_ENI, MetaKey, SetId,
};

/// Slots are looked up in bands: the first two always, the next only if the
/// first slot of their band is taken. Most ENIs have one or two groups.
const BANDS: [std::ops::Range<usize>; 3] = [0..2, 2..5, 5..MAX_GROUPS_PER_ENI];

#[derive(Clone, Copy)]
enum Direction {
    Egress,
    Ingress,
}

impl Direction {
    const fn name(self) -> &'static str {
        match self {
            Self::Egress => "egress",
            Self::Ingress => "ingress",
        }
    }

    /// The interface of the ENI whose groups are asked.
    const fn side(self) -> MetaKey {
        match self {
            Self::Egress => MetaKey::Iif,
            Self::Ingress => MetaKey::Oif,
        }
    }

    const fn gate(self) -> Gate {
        match self {
            Self::Egress => Gate::EgressDenied,
            Self::Ingress => Gate::IngressDenied,
        }
    }

    /// The address of the other side.
    const fn peer(self, family: Family, to: u8) -> Expr {
        match self {
            Self::Egress => family.destination(to),
            Self::Ingress => family.source(to),
        }
    }

    const fn block_rules(self, family: Family) -> SetId {
        match self {
            Self::Egress => family.pick(SetId::Egress4, SetId::Egress6),
            Self::Ingress => family.pick(SetId::Ingress4, SetId::Ingress6),
        }
    }

    const fn exact_rules(self, family: Family) -> SetId {
        match self {
            Self::Egress => family.pick(SetId::EgressExact4, SetId::EgressExact6),
            Self::Ingress => family.pick(SetId::IngressExact4, SetId::IngressExact6),
        }
    }

    const fn exact_group_rules(self) -> SetId {
        match self {
            Self::Egress => SetId::EgressGroupExact,
            Self::Ingress => SetId::IngressGroupExact,
        }
    }

    const fn group_rules(self) -> SetId {
        match self {
            Self::Egress => SetId::EgressGroup,
            Self::Ingress => SetId::IngressGroup,
        }
    }
}

/// What stands in the port field of a key. One set serves all protocols, since
/// the protocol is part of the key, but each protocol finds its field elsewhere:
/// reading a "port" from an ICMP message would yield its checksum.
#[derive(Clone, Copy)]
enum PortField {
    /// Destination port.
    Port,
    /// Type and code.
    IcmpTypeCode,
    /// The protocol has neither.
    Nothing,
}

impl PortField {
    const ALL: [Self; 3] = [Self::Port, Self::IcmpTypeCode, Self::Nothing];

    const fn name(self) -> &'static str {
        match self {
            Self::Port => "port",
            Self::IcmpTypeCode => "icmp",
            Self::Nothing => "other",
        }
    }

    fn load(self, to: u8) -> Expr {
        match self {
            Self::Port => transport(2, 2, to),
            Self::IcmpTypeCode => transport(0, 2, to),
            Self::Nothing => Expr::Constant(to, vec![0; 2]),
        }
    }
}

pub(super) fn chains() -> Vec<Chain> {
    let mut chains = Vec::new();
    for direction in [Direction::Egress, Direction::Ingress] {
        let name = direction.name();
        for band in 0..BANDS.len() {
            chains.push(own_groups(direction, band));
        }
        chains.push(inner(
            format!("{name}_group"),
            Family::BOTH
                .map(|family| rule![family.matches(), goto(format!("{name}_group{}", family.digit()))])
                .to_vec(),
        ));
        for family in Family::BOTH {
            let digit = family.digit();
            chains.push(by_protocol(&format!("{name}_group{digit}"), &format!("{name}{digit}")));
            for field in PortField::ALL {
                chains.push(block_question(direction, family, field));
            }
            for band in 0..BANDS.len() {
                chains.push(peer_groups(direction, family, band));
            }
            if family == Family::V6 {
                chains.push(prefix_groups(direction));
            }
        }
        chains.push(by_protocol(&format!("{name}_peer"), &format!("{name}_peer")));
        for field in PortField::ALL {
            chains.push(group_question(direction, field));
        }
    }
    chains
}

fn band_name(base: &str, band: usize) -> String {
    match band {
        0 => base.to_owned(),
        _ => format!("{base}_from_slot_{}", BANDS[band].start),
    }
}

fn slot(number: usize, to: u8) -> Expr {
    Expr::Constant(to, u32::try_from(number).unwrap_or(u32::MAX).to_ne_bytes().to_vec())
}

/// The groups of the ENI on this side.
fn own_groups(direction: Direction, band: usize) -> Chain {
    let name = direction.name();
    let group_in = |number: usize| {
        [Expr::Meta(direction.side(), 0), slot(number, 1), Expr::Map { set: SetId::EniGroup, key: 0, to: 0 }]
    };
    let mut rules = Vec::new();
    for number in BANDS[band].clone() {
        rules.push(rule![group_in(number), Expr::SetMeta(MetaKey::Mark, 0), jump(format!("{name}_group"))]);
        rules.push(rule![is_allowed(), RETURN]);
    }
    if let Some(next) = BANDS.get(band + 1) {
        rules.push(rule![group_in(next.start), goto(band_name(name, band + 1))]);
    }
    rules.push(rule![refuse(direction.gate())]);
    inner(band_name(name, band), rules)
}

fn by_protocol(name: &str, base: &str) -> Chain {
    let to = |field: PortField| goto(format!("{base}_{}", field.name()));
    inner(
        name,
        vec![
            rule![protocol(TCP), to(PortField::Port)],
            rule![protocol(UDP), to(PortField::Port)],
            rule![protocol(ICMP), to(PortField::IcmpTypeCode)],
            rule![protocol(ICMPV6), to(PortField::IcmpTypeCode)],
            rule![to(PortField::Nothing)],
        ],
    )
}

/// Does a rule with an address block admit the packet? If not, ask for groups.
fn block_question(direction: Direction, family: Family, field: PortField) -> Chain {
    let base = format!("{}{}", direction.name(), family.digit());
    let packet = || [Expr::Meta(MetaKey::Mark, 0), Expr::Meta(MetaKey::L4Proto, 1), field.load(2)];
    let admit = || [set_mark(ALLOWED).to_vec(), vec![RETURN]].concat();
    let mut rules = Vec::new();
    if matches!(field, PortField::Port) {
        let prefixes = match family {
            Family::V4 => &EXACT_PREFIXES_V4[..],
            Family::V6 => &EXACT_PREFIXES_V6[..],
        };
        for prefix in prefixes {
            rules.push(rule![
                packet(),
                block_around(direction, family, *prefix),
                Expr::Constant(3 + family.after_address(), vec![*prefix]),
                Expr::In(direction.exact_rules(family), 0),
                admit()
            ]);
        }
    }
    rules.push(rule![
        packet(),
        direction.peer(family, 3),
        Expr::In(direction.block_rules(family), 0),
        admit()
    ]);
    rules.push(rule![goto(format!("{base}_peers"))]);
    inner(format!("{base}_{}", field.name()), rules)
}

/// Loads the block of a size that the other side's address lies in.
fn block_around(direction: Direction, family: Family, prefix: u8) -> Vec<Expr> {
    let width = match family {
        Family::V4 => 4,
        Family::V6 => 16,
    };
    let ones = usize::from(prefix) / 8;
    let mask = [vec![0xff; ones], vec![0; width - ones]].concat();
    match ones {
        0 => vec![Expr::Constant(3, mask)],
        _ if ones == width => vec![direction.peer(family, 3)],
        _ => {
            vec![direction.peer(family, 3), Expr::Bits { register: 3, mask, flip: vec![0; width] }]
        }
    }
}

/// The groups behind the other side's address. What IPv6 does not know as an
/// address it may know by its delegated prefix.
fn peer_groups(direction: Direction, family: Family, band: usize) -> Chain {
    let base = format!("{}{}_peers", direction.name(), family.digit());
    let members = family.pick(SetId::Member4, SetId::Member6);
    let mut rules: Vec<ChainRule> = Vec::new();
    if band == 0 {
        // "If you reference the security group of the other instance, this does not allow traffic to flow" past a
        // middlebox (VPC guide, "Security group referencing").
        rules.push(rule![marked(FORWARDED), RETURN]);
    }
    rules.extend(BANDS[band].clone().flat_map(|number| member_of(direction, family, members, number)));
    if let Some(next) = BANDS.get(band + 1) {
        let found = group_behind(direction, family, members, next.start);
        rules.push(rule![found, goto(band_name(&base, band + 1))]);
    }
    if family == Family::V6 {
        let found = group_behind(direction, family, SetId::MemberPrefix6, 0);
        rules.push(rule![found, goto(format!("{}_prefix", direction.name()))]);
    }
    inner(band_name(&base, band), rules)
}

/// The groups behind the other side's delegated prefix. Few have one, so there are no bands: chains may be nested
/// sixteen deep only, counting `goto` too.
fn prefix_groups(direction: Direction) -> Chain {
    let slots = 0..MAX_GROUPS_PER_ENI;
    let rules = slots.flat_map(|number| member_of(direction, Family::V6, SetId::MemberPrefix6, number));
    inner(format!("{}_prefix", direction.name()), rules.collect())
}

/// Loads the group in a slot behind the other side's address.
fn group_behind(direction: Direction, family: Family, members: SetId, number: usize) -> [Expr; 3] {
    let load = Expr::Map { set: members, key: 0, to: 0 };
    [direction.peer(family, 0), slot(number, family.after_address()), load]
}

fn member_of(direction: Direction, family: Family, members: SetId, number: usize) -> [ChainRule; 2] {
    [
        rule![
            group_behind(direction, family, members, number),
            Expr::SetMeta(MetaKey::Priority, 0),
            jump(format!("{}_peer", direction.name()))
        ],
        rule![is_allowed(), RETURN],
    ]
}

/// Does a rule that names the other side's group admit the packet?
fn group_question(direction: Direction, field: PortField) -> Chain {
    let question = |set: SetId| {
        rule![
            Expr::Meta(MetaKey::Mark, 0),
            Expr::Meta(MetaKey::Priority, 1),
            Expr::Meta(MetaKey::L4Proto, 2),
            field.load(3),
            Expr::In(set, 0),
            set_mark(ALLOWED),
            RETURN
        ]
    };
    let mut rules = Vec::new();
    if matches!(field, PortField::Port) {
        rules.push(question(direction.exact_group_rules()));
    }
    rules.push(question(direction.group_rules()));
    inner(format!("{}_peer_{}", direction.name(), field.name()), rules)
}
