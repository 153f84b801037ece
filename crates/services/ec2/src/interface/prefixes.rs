//! Prefixes delegated to interfaces as a whole (AWS: "Prefix delegation for Amazon EC2 network interfaces").

use super::addresses::{Addresses, PREFIX_V4, PREFIX_V6, in_use, prefix_of};
use crate::{cidr, faults};
use aws_schema::Fault;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use records::{NetworkInterface, Subnet};
use state_store::typed::{Scope, Tx};
use std::collections::HashSet;
use std::net::IpAddr;

/// Prefixes asked for, by name or by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct WantedPrefixes {
    pub(crate) v4: Vec<Ipv4Net>,
    pub(crate) v4_count: usize,
    pub(crate) v6: Vec<Ipv6Net>,
    pub(crate) v6_count: usize,
}

impl WantedPrefixes {
    /// From the members of a request.
    ///
    /// # Errors
    /// `InvalidParameterValue` for blocks of another length, `InvalidParameterCombination` for names beside a number.
    pub(crate) fn parse(
        v4: &[String],
        v4_count: Option<i32>,
        v6: &[String],
        v6_count: Option<i32>,
    ) -> Result<WantedPrefixes, Fault> {
        let wanted = WantedPrefixes {
            v4: v4.iter().map(|text| parse_v4(text)).collect::<Result<_, _>>()?,
            v4_count: super::create::count("ipv4PrefixCount", v4_count)?,
            v6: v6.iter().map(|text| parse_v6(text)).collect::<Result<_, _>>()?,
            v6_count: super::create::count("ipv6PrefixCount", v6_count)?,
        };
        for (names, number, family) in
            [(wanted.v4.len(), wanted.v4_count, 4), (wanted.v6.len(), wanted.v6_count, 6)]
        {
            if names > 0 && number > 0 {
                return Err(faults::invalid_combination(format!(
                    "The parameters ipv{family}Prefixes and ipv{family}PrefixCount cannot be used together"
                )));
            }
        }
        Ok(wanted)
    }

    /// How many IPv4 prefixes.
    pub(crate) fn v4_number(&self) -> usize {
        self.v4.len() + self.v4_count
    }

    /// How many IPv6 prefixes.
    pub(crate) fn v6_number(&self) -> usize {
        self.v6.len() + self.v6_count
    }

    /// Takes the IPv4 prefixes from a subnet.
    ///
    /// # Errors
    /// `InvalidIPAddress.InUse`, `InvalidParameterValue` outside of the subnet, `InsufficientCidrBlocks`.
    pub(super) fn take_v4(
        &self,
        addresses: &mut Addresses,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
    ) -> Result<Vec<Ipv4Net>, Fault> {
        if self.v4_number() == 0 {
            return Ok(Vec::new());
        }
        let mut room = Room::of(tx, scope, subnet);
        for prefix in &self.v4 {
            if !subnet.cidr_block.contains(prefix) || !is_whole_v4(subnet, prefix) {
                return Err(outside(prefix));
            }
            room.take(addresses, subnet, IpNet::V4(*prefix))?;
        }
        let mut all = self.v4.clone();
        let reserved = reserved_first(addresses, tx, scope, subnet);
        for _ in 0..self.v4_count {
            let found =
                candidates_v4(subnet, &reserved).find(|p| room.is_free(addresses, subnet, IpNet::V4(*p)));
            let prefix = found.ok_or_else(no_block)?;
            room.take(addresses, subnet, IpNet::V4(prefix))?;
            all.push(prefix);
        }
        Ok(all)
    }

    /// Takes the IPv6 prefixes from a subnet.
    ///
    /// # Errors
    /// As [`WantedPrefixes::take_v4`]; `InvalidParameterValue` when the subnet has no IPv6 block.
    pub(super) fn take_v6(
        &self,
        addresses: &mut Addresses,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
    ) -> Result<Vec<Ipv6Net>, Fault> {
        if self.v6_number() == 0 {
            return Ok(Vec::new());
        }
        let block = subnet.ipv6_associations.first().map(|a| a.cidr).ok_or_else(|| {
            faults::invalid_parameter_value(format!(
                "The subnet '{}' has no IPv6 CIDR block associated with it.",
                subnet.id
            ))
        })?;
        let mut room = Room::of(tx, scope, subnet);
        for prefix in &self.v6 {
            if !block.contains(prefix) || !is_whole_v6(&block, prefix) {
                return Err(outside(prefix));
            }
            room.take(addresses, subnet, IpNet::V6(*prefix))?;
        }
        let mut all = self.v6.clone();
        let reserved = reserved_first(addresses, tx, scope, subnet);
        for _ in 0..self.v6_count {
            let found =
                candidates_v6(&block, &reserved).find(|p| room.is_free(addresses, subnet, IpNet::V6(*p)));
            let prefix = found.ok_or_else(no_block)?;
            room.take(addresses, subnet, IpNet::V6(prefix))?;
            all.push(prefix);
        }
        Ok(all)
    }
}

/// A /28 as requests write it.
fn parse_v4(text: &str) -> Result<Ipv4Net, Fault> {
    let net = cidr::v4("ipv4Prefix", text)?;
    if net.prefix_len() == PREFIX_V4 { Ok(net) } else { Err(length("ipv4Prefix", text, PREFIX_V4)) }
}

/// A /80 as requests write it.
fn parse_v6(text: &str) -> Result<Ipv6Net, Fault> {
    let net = cidr::v6("ipv6Prefix", text)?;
    if net.prefix_len() == PREFIX_V6 { Ok(net) } else { Err(length("ipv6Prefix", text, PREFIX_V6)) }
}

fn length(parameter: &str, text: &str, expected: u8) -> Fault {
    faults::invalid_value(parameter, text, &format!("The prefix length must be /{expected}."))
}

fn outside(prefix: &impl std::fmt::Display) -> Fault {
    faults::invalid_parameter_value(format!(
        "Prefix {prefix} does not fall within the subnet's assignable address range"
    ))
}

/// `InsufficientCidrBlocks`.
fn no_block() -> Fault {
    Fault::sender(
        "InsufficientCidrBlocks",
        "There are not enough free CIDR blocks in the specified subnet to satisfy the request.",
    )
}

/// Whether a prefix holds none of the subnet's reserved addresses: those lie in its first and its last one.
fn is_whole_v4(subnet: &Subnet, prefix: &Ipv4Net) -> bool {
    prefix.network() != subnet.cidr_block.network() && prefix.broadcast() != subnet.cidr_block.broadcast()
}

/// The same for IPv6.
fn is_whole_v6(block: &Ipv6Net, prefix: &Ipv6Net) -> bool {
    prefix.network() != block.network() && prefix.broadcast() != block.broadcast()
}

/// Reservations for prefixes, and then those for anything.
struct Reserved {
    for_prefixes: Vec<IpNet>,
    all: Vec<IpNet>,
}

fn reserved_first(addresses: &mut Addresses, tx: &mut Tx<'_>, scope: &Scope, subnet: &Subnet) -> Reserved {
    let found = addresses.reservations(tx, scope, subnet);
    Reserved {
        for_prefixes: found.iter().filter(|r| !r.explicit).map(|r| r.cidr).collect(),
        all: found.iter().map(|r| r.cidr).collect(),
    }
}

/// Whether two blocks share an address.
fn overlap(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}

/// Prefixes that may be given by themselves: those reserved for it first, then those nobody reserved.
fn candidates_v4<'a>(subnet: &'a Subnet, reserved: &'a Reserved) -> impl Iterator<Item = Ipv4Net> + 'a {
    let inside = |block: Ipv4Net| block.subnets(PREFIX_V4).ok().into_iter().flatten();
    let first = reserved.for_prefixes.iter().filter_map(|block| match block {
        IpNet::V4(block) => Some(*block),
        IpNet::V6(_) => None,
    });
    let free = |prefix: &Ipv4Net| !reserved.all.iter().any(|block| overlap(block, &IpNet::V4(*prefix)));
    let rest = inside(subnet.cidr_block).filter(free);
    first.flat_map(inside).chain(rest).filter(|prefix| is_whole_v4(subnet, prefix))
}

/// The same for IPv6; a /64 has 65,536 of them.
fn candidates_v6<'a>(block: &'a Ipv6Net, reserved: &'a Reserved) -> impl Iterator<Item = Ipv6Net> + 'a {
    let inside = |block: Ipv6Net| block.subnets(PREFIX_V6).ok().into_iter().flatten();
    let first = reserved.for_prefixes.iter().filter_map(|block| match block {
        IpNet::V6(block) => Some(*block),
        IpNet::V4(_) => None,
    });
    let free = |prefix: &Ipv6Net| !reserved.all.iter().any(|block| overlap(block, &IpNet::V6(*prefix)));
    let rest = inside(*block).filter(free);
    first.flat_map(inside).chain(rest).filter(|prefix| is_whole_v6(block, prefix))
}

/// What the interfaces of a subnet have, looked through once.
struct Room {
    taken: HashSet<IpNet>,
}

impl Room {
    fn of(tx: &mut Tx<'_>, scope: &Scope, subnet: &Subnet) -> Room {
        let mut taken = HashSet::new();
        for interface in tx.by_index::<NetworkInterface>(scope, "subnet", &subnet.id) {
            let v4 = interface.private_addresses.iter().map(|a| prefix_of(IpAddr::V4(a.address)));
            taken.extend(v4.chain(interface.ipv6_addresses.iter().map(|a| prefix_of(IpAddr::V6(*a)))));
            taken.extend(interface.ipv4_prefixes.iter().map(|p| IpNet::V4(*p)));
            taken.extend(interface.ipv6_prefixes.iter().map(|p| IpNet::V6(*p)));
        }
        Room { taken }
    }

    fn is_free(&self, addresses: &Addresses, subnet: &Subnet, prefix: IpNet) -> bool {
        !self.taken.contains(&prefix)
            && !addresses.prefixes.contains(&(subnet.id.clone(), prefix))
            && !addresses.given_in(subnet, prefix)
    }

    fn take(&mut self, addresses: &mut Addresses, subnet: &Subnet, prefix: IpNet) -> Result<(), Fault> {
        if !self.is_free(addresses, subnet, prefix) {
            return Err(in_use(prefix.network()));
        }
        self.taken.insert(prefix);
        addresses.prefixes.insert((subnet.id.clone(), prefix));
        Ok(())
    }
}
