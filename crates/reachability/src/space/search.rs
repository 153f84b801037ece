//! Whether any packet of a set arrives: a witness, or the proof that there is none.

use super::addresses::Ends;
use super::cell::{Cell, number, pieces};
use super::cuts::Cuts;
use super::{AddressRange, SpaceError};
use crate::index::Index;
use crate::judgement::{Component, Judgement, Step, Verdict};
use crate::packet::{Header, Packet, Place, SourceMac, State};
use crate::topology::{Direction, PortRange, Topology};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::rc::Rc;

/// Boxes looked at in one search; a machine with the largest quotas of rules stays far below.
pub(super) const MAX_CELLS: usize = 500_000;

/// A question with filters left open: what is `None` may be anything.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Query {
    /// Where packets start.
    pub from: Place,
    /// Where they shall arrive.
    pub to: Place,
    /// Source addresses where they start. Open, an interface sends from its own addresses and the internet from any.
    pub source: Option<AddressRange>,
    /// Destination addresses where they start. Open, an interface is addressed by its own and its public addresses.
    pub destination: Option<AddressRange>,
    /// The IP protocol.
    pub protocol: Option<u8>,
    /// The type of ICMP or ICMPv6; it restricts the search to these two.
    #[serde(default)]
    pub icmp_type: Option<u8>,
    /// Source ports; they restrict the search to TCP and UDP.
    pub source_ports: Option<PortRange>,
    /// Destination ports; they restrict the search to TCP and UDP.
    pub destination_ports: Option<PortRange>,
    /// What the header must be where the packet arrives, behind every translation.
    #[serde(default)]
    pub seen: Seen,
}

/// What a header must be where the packet arrives; what is `None` may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Source addresses.
    pub source: Option<AddressRange>,
    /// Destination addresses.
    pub destination: Option<AddressRange>,
    /// Source ports.
    pub source_ports: Option<PortRange>,
    /// Destination ports.
    pub destination_ports: Option<PortRange>,
}

impl Seen {
    pub(super) fn admits(&self, header: Header) -> bool {
        let address = |range: Option<AddressRange>, ip: IpAddr| {
            range.is_none_or(|r| {
                r.from.is_ipv4() == ip.is_ipv4() && number(r.from) <= number(ip) && number(ip) <= number(r.to)
            })
        };
        let port = |range: Option<PortRange>, port: Option<u16>| {
            range.is_none_or(|r| port.is_some_and(|p| r.contains(p)))
        };
        let ports = header.protocol.ports();
        address(self.source, header.source)
            && address(self.destination, header.destination)
            && port(self.source_ports, ports.map(|p| p.0))
            && port(self.destination_ports, ports.map(|p| p.1))
    }

    /// Where the conditions cut the ports as they were sent: a NAT gateway moves a low source port up by 1024, and a
    /// port that a forwarding sets is a constant, which cuts before it do not harm.
    fn cut(&self, cuts: &mut Cuts) {
        if let Some(range) = self.source_ports {
            for base in [0, 1024] {
                cuts.first.insert(range.from.saturating_sub(base));
                cuts.first.insert(range.to.saturating_sub(base).saturating_add(1));
            }
        }
        if let Some(range) = self.destination_ports {
            cuts.second.insert(range.from);
            cuts.second.extend(range.to.checked_add(1));
        }
    }
}

impl Query {
    /// Any packet at all between two places.
    pub const fn between(from: Place, to: Place) -> Self {
        Self {
            from,
            to,
            source: None,
            destination: None,
            protocol: None,
            icmp_type: None,
            source_ports: None,
            destination_ports: None,
            seen: Seen { source: None, destination: None, source_ports: None, destination_ports: None },
        }
    }
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderSpace {
    /// A packet that arrives, with its judgement; `None` is the proof that there is none.
    pub witness: Option<(Packet, Judgement)>,
    /// Without a witness, the packet that came furthest: the best explanation of what is in the way.
    pub nearest: Option<(Packet, Judgement)>,
    /// Boxes looked at.
    pub examined: usize,
}

/// Searches the set of headers that a question leaves open. Protocols are tried in the order TCP, UDP, ICMP, others.
///
/// Fails when a range of the question is empty or when the rules cut the space into too many boxes.
pub fn header_space(topology: &Topology, query: &Query) -> Result<HeaderSpace, SpaceError> {
    let index = Index::new(topology);
    let mut stack = first_boxes(&index, query)?;
    let mut space = HeaderSpace { witness: None, nearest: None, examined: 0 };
    while let Some(open) = stack.pop() {
        if space.examined >= MAX_CELLS {
            return Err(SpaceError::TooManyCells { limit: MAX_CELLS });
        }
        space.examined += 1;
        let packet = open.packet(query);
        let judgement = index.judge(&packet);
        if arrives(&judgement, query) {
            space.witness = Some((packet, judgement));
            space.nearest = None;
            return Ok(space);
        }
        let further = space.nearest.as_ref().is_none_or(|(_, j)| j.path.len() < judgement.path.len());
        let way = Way { there: judgement.path.iter().collect(), back: Vec::new() };
        split(&index, query, &open, packet.header, &way, &mut stack);
        if further {
            space.nearest = Some((packet, judgement));
        }
    }
    Ok(space)
}

/// The boxes to begin with. They are taken from the end, so the preferred ones stand there.
pub(super) fn first_boxes(index: &Index<'_>, query: &Query) -> Result<Vec<Open>, SpaceError> {
    let cells = first_cells(index, query)?.into_iter();
    Ok(cells.rev().map(|cell| Open { cell, cut_by: Rc::default() }).collect())
}

/// A box still to be looked at.
pub(super) struct Open {
    cell: Cell,
    /// The components that have cut it already: their rules need not be read again.
    cut_by: Rc<Vec<Filter>>,
}

impl Open {
    /// The packet that stands for all of the box.
    pub(super) fn packet(&self, query: &Query) -> Packet {
        Packet {
            at: query.from.clone(),
            header: self.cell.representative(),
            source_mac: SourceMac::Own,
            state: State::New,
        }
    }
}

/// What a packet of a box was compared with, and its answer, if that was judged too.
pub(super) struct Way<'s> {
    /// The steps of the packet.
    pub(super) there: Vec<&'s Step>,
    /// The steps of its answer, whose ports are the packet's exchanged.
    pub(super) back: Vec<&'s Step>,
}

/// A component as something that cuts: it cuts differently at another interface, in another direction and between
/// other addresses.
type Filter = (Component, Option<Direction>, Option<Component>, IpAddr, IpAddr);

fn arrives(judgement: &Judgement, query: &Query) -> bool {
    matches!(&judgement.verdict, Verdict::Delivered { at, as_seen } if *at == query.to && query.seen.admits(*as_seen))
}

/// Cuts a box by everything that the packet which stands for it was compared with. Inside the piece that the packet lies
/// in, all comparisons come out alike, so that piece is settled; the others are judged in their turn.
pub(super) fn split(
    index: &Index<'_>,
    query: &Query,
    open: &Open,
    judged: Header,
    way: &Way<'_>,
    stack: &mut Vec<Open>,
) {
    let cell = open.cell;
    let filter = |s: &Step| {
        let Header { source, destination, .. } = s.inbound;
        (s.component.clone(), s.direction, s.attached_to.clone(), source, destination)
    };
    let is_fresh = |s: &&Step| !open.cut_by.contains(&filter(s));
    let there: Vec<&Step> = way.there.iter().copied().filter(is_fresh).collect();
    let back: Vec<&Step> = way.back.iter().copied().filter(is_fresh).collect();
    if there.is_empty() && back.is_empty() {
        return;
    }
    let single = (cell.protocol.0 == cell.protocol.1).then_some(cell.protocol.0);
    let mut cuts = Cuts::of_steps(index, there.iter().copied(), single);
    if !back.is_empty() {
        cuts.mirror(&Cuts::of_steps(index, back.iter().copied(), single));
    }
    query.seen.cut(&mut cuts);
    // While the protocol is open nothing is cut by ports, so the pieces begin anew.
    let cut_by = if single.is_some() {
        let fresh = there.into_iter().chain(back);
        Rc::new(open.cut_by.iter().cloned().chain(fresh.map(filter)).collect())
    } else {
        Rc::default()
    };
    let packet = judged.protocol;
    let (a, b) = fields(packet);
    let settled = |c: &Cell| {
        (c.protocol.0..=c.protocol.1).contains(&packet.number())
            && (c.first.0..=c.first.1).contains(&a)
            && (c.second.0..=c.second.1).contains(&b)
    };
    let seconds = pieces(cell.second, cuts.second);
    let firsts = pieces(cell.first, cuts.first);
    for protocol in pieces(cell.protocol, cuts.protocol) {
        for &first in &firsts {
            for &second in &seconds {
                let piece = Cell { protocol, first, second, ..cell };
                if !settled(&piece) {
                    stack.push(Open { cell: piece, cut_by: Rc::clone(&cut_by) });
                }
            }
        }
    }
}

fn fields(protocol: crate::packet::Protocol) -> (u16, u16) {
    protocol.ports().or_else(|| protocol.icmp().map(|(k, c)| (k.into(), c.into()))).unwrap_or_default()
}

/// The boxes that a question leaves open, the preferred ones first.
fn first_cells(index: &Index<'_>, query: &Query) -> Result<Vec<Cell>, SpaceError> {
    let mut cells = Vec::new();
    for v6 in [false, true] {
        let ends = Ends::new(index, query, v6);
        let (sources, destinations) = (ends.sources()?, ends.destinations()?);
        for &source in &sources {
            for &destination in &destinations {
                for (protocol, first, second) in protocols(query) {
                    cells.push(Cell { v6, source, destination, protocol, first, second });
                }
                if cells.len() > MAX_CELLS {
                    return Err(SpaceError::TooManyCells { limit: MAX_CELLS });
                }
            }
        }
    }
    let preference = |c: &Cell| match c.protocol.0 {
        6 => 0,
        17 => 1,
        1 | 58 => 2,
        _ => 3,
    };
    cells.sort_by_key(preference);
    Ok(cells)
}

type Fields = ((u8, u8), (u16, u16), (u16, u16));

fn protocols(query: &Query) -> Vec<Fields> {
    let ports = |p: Option<PortRange>| p.map_or((0, u16::MAX), |p| (p.from, p.to));
    let (first, second) = (ports(query.source_ports), ports(query.destination_ports));
    if first.0 > first.1 || second.0 > second.1 {
        return Vec::new();
    }
    let byte = (0, u16::from(u8::MAX));
    let mut all: Vec<Fields> = vec![((6, 6), first, second), ((17, 17), first, second)];
    if let Some(kind) = query.icmp_type.map(u16::from) {
        all = if query.source_ports.is_none() && query.destination_ports.is_none() {
            vec![((1, 1), (kind, kind), byte), ((58, 58), (kind, kind), byte)]
        } else {
            Vec::new()
        };
    } else if query.source_ports.is_none() && query.destination_ports.is_none() {
        all.extend([((1, 1), byte, byte), ((58, 58), byte, byte)]);
        // Between the protocols that have fields lie those that have none.
        all.extend([(0, 0), (2, 5), (7, 16), (18, 57), (59, 255)].map(|p| (p, (0, 0), (0, 0))));
    }
    match query.protocol {
        None => all,
        Some(n) => {
            let narrow = |f: Fields| ((n, n), f.1, f.2);
            all.into_iter().filter(|f| f.0.0 <= n && n <= f.0.1).map(narrow).collect()
        }
    }
}
