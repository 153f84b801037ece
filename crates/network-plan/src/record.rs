//! What the kernel's log says of a dropped packet.
//!
//! Every drop in a router is reported to netlink log group [`crate::LOG_GROUP`], with a prefix of at most 63 bytes:
//!
//! ```text
//! <gate>                      spoofed, multicast, egress-denied, no-route, …: [`Gate::name`]
//! <gate> <number> <entry>     acl-in 3 100      entry 100 of the ACL with number 3
//!                             acl-out 3 *       no entry of it matched
//!                             nsg-in 2 65500    the rule with priority 65500 of the NSG with number 2
//! ```
//!
//! At the edge and in NAT gateways the prefix is an [`Outpost::name`].
//!
//! Which ENI it concerns follows from the report's interfaces ([`DropRecord::eni`]), which route table had nothing
//! from its mark ([`DropRecord::route_table`]).

use crate::{Expr, Gate, LOG_BYTES, LOG_GROUP, Verdict, eni_number, table_number};

/// Which gate dropped a packet, and which of its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DropRecord {
    /// The gate.
    pub gate: Gate,
    /// The ACL or NSG, where the gate is one.
    pub list: Option<ListEntry>,
}

/// An entry of an ACL, or a rule of an NSG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListEntry {
    /// The ACL's or NSG's number.
    pub number: u32,
    /// The entry's number or the rule's priority; `None`: nothing matched.
    pub entry: Option<u16>,
}

/// What drops packets outside of the routers: at the edge, and in NAT gateways. Its name is the whole prefix of a report,
/// and no router's gate has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outpost {
    /// The edge: no VPC of this host takes the destination.
    Nobody,
    /// A NAT gateway: something that it does not translate, or a packet from outside that belongs to no known flow.
    NatRefused,
    /// A NAT gateway: its own packet came back, because the routes of its subnet lead to itself.
    NatCircle,
}

impl Outpost {
    const ALL: [Self; 3] = [Self::Nobody, Self::NatRefused, Self::NatCircle];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::NatRefused => "nat-refused",
            Self::NatCircle => "nat-circle",
        }
    }

    /// The one with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The last words of a rule that drops: report, count, drop.
    pub fn refuse(self) -> [Expr; 3] {
        let report = Expr::Log { group: LOG_GROUP, bytes: LOG_BYTES, prefix: self.name().to_owned() };
        [report, Expr::Counter, Expr::Verdict(Verdict::Drop)]
    }
}

impl DropRecord {
    /// Reads a prefix; `None` if it is none of ours.
    pub fn parse(prefix: &str) -> Option<Self> {
        let mut words = prefix.split(' ');
        let gate = Gate::by_name(words.next()?)?;
        let has_list = matches!(gate, Gate::AclIn | Gate::AclOut | Gate::NsgIn | Gate::NsgOut);
        let list = if has_list {
            let number = words.next()?.parse().ok()?;
            let entry = match words.next()? {
                "*" => None,
                text => Some(text.parse().ok()?),
            };
            Some(ListEntry { number, entry })
        } else {
            None
        };
        words.next().is_none().then_some(Self { gate, list })
    }

    /// The prefix that says this.
    pub fn prefix(&self) -> String {
        let gate = self.gate.name();
        match self.list {
            None => gate.to_owned(),
            Some(ListEntry { number, entry: Some(entry) }) => format!("{gate} {number} {entry}"),
            Some(ListEntry { number, entry: None }) => format!("{gate} {number} *"),
        }
    }

    /// The number of the ENI it concerns, from the interface indexes of the report (0 where it has none): the
    /// receiver's for gates on its side, otherwise the sender's. `None`: the packet came from or went to the edge
    /// or a peer.
    pub fn eni(&self, incoming: u32, outgoing: u32) -> Option<u32> {
        eni_number(if self.gate.is_inbound() { outgoing } else { incoming })
    }

    /// The number of the route table that led nowhere, from the report's mark. `None`: no table was asked, the
    /// packet was for an address of the VPC that nobody has.
    pub fn route_table(&self, mark: u32) -> Option<u32> {
        if self.gate == Gate::NoRoute { table_number(mark) } else { None }
    }
}
