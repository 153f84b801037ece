//! What connection tracking knows a flow by, so that no probe belongs to the flow of another.

use reachability::{Header, Protocol, Topology};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// Flows used so far in a topology.
pub struct Known {
    used: HashSet<(IpAddr, IpAddr, u8, u16, u16)>,
    /// The private address behind a public one.
    behind: HashMap<IpAddr, IpAddr>,
}

impl Known {
    /// Nothing used yet.
    pub fn new(topology: &Topology) -> Self {
        let interfaces = topology.network_interfaces.iter().flat_map(|i| &i.public);
        let behind = interfaces.map(|p| (p.public, p.private)).collect();
        Self { used: HashSet::new(), behind }
    }

    /// Notes a flow; false when it is one already noted, in either direction. `identifier` tells ICMP queries apart.
    pub fn take(&mut self, header: &Header, identifier: u16) -> bool {
        let private = |a: IpAddr| self.behind.get(&a).copied().unwrap_or(a);
        let (a, b) = (private(header.source), private(header.destination));
        let (p, q) = match header.protocol {
            Protocol::Icmp { .. } | Protocol::Icmpv6 { .. } => (identifier, identifier),
            other => other.ports().unwrap_or_default(),
        };
        let number = header.protocol.number();
        let key = if (a, p) <= (b, q) { (a, b, number, p, q) } else { (b, a, number, q, p) };
        self.used.insert(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_belongs_to_its_question() {
        let mut known = Known::new(&Topology::default());
        let (a, b) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let header = Header { source: a, destination: b, protocol: Protocol::tcp(80) };
        assert!(known.take(&header, 0));
        assert!(!known.take(&header.reversed(), 0));
        let other = Header { source: a, destination: b, protocol: Protocol::tcp(81) };
        assert!(known.take(&other, 0));
    }
}
