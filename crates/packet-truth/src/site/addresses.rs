//! Two languages for ids and addresses.

use ipnet::IpNet;
use reachability::{Header, Id};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

/// Translates between the topology's names and the cloud's.
#[derive(Clone, Default)]
pub struct Translator {
    real: HashMap<Id, String>,
    symbolic: HashMap<String, Id>,
    /// (in the topology, in the cloud), of equal length.
    blocks: Vec<(IpNet, IpNet)>,
}

impl Translator {
    /// The cloud calls this component so.
    pub fn name(&mut self, symbolic: &Id, real: String) {
        self.symbolic.insert(real.clone(), symbolic.clone());
        self.real.insert(symbolic.clone(), real);
    }

    /// The cloud gave this block in place of that one.
    pub fn block(&mut self, symbolic: IpNet, real: IpNet) {
        self.blocks.push((symbolic, real));
    }

    /// The cloud's name of a component.
    ///
    /// # Errors
    /// When it was never made.
    pub fn real(&self, symbolic: &str) -> anyhow::Result<String> {
        self.real.get(symbolic).cloned().ok_or_else(|| anyhow::anyhow!("{symbolic} was never made"))
    }

    /// The topology's name of a component.
    pub fn symbolic(&self, real: &str) -> Option<&Id> {
        self.symbolic.get(real)
    }

    /// The names of every component whose name in the topology begins so.
    pub fn all_real(&self, beginning: &str) -> Vec<String> {
        let mut all: Vec<_> = self.real.iter().filter(|(id, _)| id.starts_with(beginning)).collect();
        all.sort();
        all.into_iter().map(|(_, real)| real.clone()).collect()
    }

    /// An address as the cloud has it.
    pub fn real_address(&self, address: IpAddr) -> IpAddr {
        self.blocks
            .iter()
            .find(|(s, _)| s.contains(&address))
            .map_or(address, |(s, r)| moved(address, *s, *r))
    }

    /// An address as the topology has it.
    pub fn symbolic_address(&self, address: IpAddr) -> IpAddr {
        self.blocks
            .iter()
            .find(|(_, r)| r.contains(&address))
            .map_or(address, |(s, r)| moved(address, *r, *s))
    }

    /// A block as the cloud has it: parts of a translated block move with it.
    pub fn real_block(&self, block: IpNet) -> String {
        let inside = self.blocks.iter().any(|(s, _)| s.contains(&block));
        let network = if inside { self.real_address(block.network()) } else { block.network() };
        format!("{network}/{}", block.prefix_len())
    }

    /// A header with the cloud's addresses.
    pub fn real_header(&self, header: Header) -> Header {
        let Header { source, destination, protocol } = header;
        Header { source: self.real_address(source), destination: self.real_address(destination), protocol }
    }

    /// A header with the topology's addresses.
    pub fn symbolic_header(&self, header: Header) -> Header {
        let Header { source, destination, protocol } = header;
        Header {
            source: self.symbolic_address(source),
            destination: self.symbolic_address(destination),
            protocol,
        }
    }
}

/// The same place in another block of the same length.
fn moved(address: IpAddr, from: IpNet, to: IpNet) -> IpAddr {
    match (address, from, to) {
        (IpAddr::V6(a), IpNet::V6(from), IpNet::V6(to)) => {
            let host = u128::from(a) & !u128::from(from.netmask());
            IpAddr::V6(Ipv6Addr::from(u128::from(to.network()) | host))
        }
        (IpAddr::V4(_), _, IpNet::V4(to)) => IpAddr::V4(to.network()),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_there_and_back() {
        let mut translator = Translator::default();
        translator.block("2001:db8:1::/56".parse().unwrap(), "2600:1f18:5:6600::/56".parse().unwrap());
        translator.block("198.19.0.1/32".parse().unwrap(), "198.18.3.7/32".parse().unwrap());
        for (symbolic, real) in [
            ("2001:db8:1:3::9", "2600:1f18:5:6603::9"),
            ("198.19.0.1", "198.18.3.7"),
            ("10.0.0.1", "10.0.0.1"),
            ("2001:db8:2::1", "2001:db8:2::1"),
        ] {
            let (symbolic, real): (IpAddr, IpAddr) = (symbolic.parse().unwrap(), real.parse().unwrap());
            assert_eq!(translator.real_address(symbolic), real);
            assert_eq!(translator.symbolic_address(real), symbolic);
        }
        assert_eq!(translator.real_block("2001:db8:1:2::/64".parse().unwrap()), "2600:1f18:5:6602::/64");
        assert_eq!(translator.real_block("::/0".parse().unwrap()), "::/0");
    }
}
