//! Which private addresses are free in a subnet.

use crate::faults;
use aws_schema::Fault;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use records::{NetworkInterface, Subnet, SubnetCidrReservation};
use state_store::typed::{Scope, Tx};
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Random tries before all interfaces of the subnet are looked through.
const TRIES: u32 = 16;

/// Hands out addresses of subnets within one transaction. What it has given is remembered here, because interfaces of
/// the same transaction may not have been written yet.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    given: HashSet<(String, IpAddr)>,
    /// Prefixes given away whole, with their subnets.
    pub(super) prefixes: HashSet<(String, IpNet)>,
    /// Reservations of the subnets met so far.
    reserved: HashMap<String, Vec<SubnetCidrReservation>>,
}

/// Length of a delegated IPv4 prefix.
pub(super) const PREFIX_V4: u8 = 28;
/// Length of a delegated IPv6 prefix.
pub(super) const PREFIX_V6: u8 = 80;

/// The prefix an address would be delegated with.
pub(super) fn prefix_of(address: IpAddr) -> IpNet {
    match address {
        IpAddr::V4(v4) => IpNet::V4(Ipv4Net::new(v4, PREFIX_V4).unwrap_or_default().trunc()),
        IpAddr::V6(v6) => IpNet::V6(Ipv6Net::new(v6, PREFIX_V6).unwrap_or_default().trunc()),
    }
}

/// Whether machines may have this address: the first four and the last of a block are AWS's.
pub(super) fn usable(block: &Ipv4Net, address: Ipv4Addr) -> bool {
    let offset = u32::from(address).wrapping_sub(u32::from(block.network()));
    block.contains(&address) && offset >= 4 && address != block.broadcast()
}

impl Addresses {
    fn is_free(&self, tx: &mut Tx<'_>, scope: &Scope, subnet: &Subnet, address: IpAddr) -> bool {
        !self.given.contains(&(subnet.id.clone(), address))
            && tx
                .by_index::<NetworkInterface>(scope, "private", &format!("{}/{address}", subnet.id))
                .is_empty()
            && !self.is_delegated(tx, scope, subnet, prefix_of(address))
    }

    /// Whether an interface has this whole prefix.
    pub(super) fn is_delegated(
        &self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
        prefix: IpNet,
    ) -> bool {
        self.prefixes.contains(&(subnet.id.clone(), prefix))
            || !tx
                .by_index::<NetworkInterface>(scope, "prefix", &format!("{}/{prefix}", subnet.id))
                .is_empty()
    }

    /// The reservations of a subnet, whose addresses are not given by themselves.
    pub(super) fn reservations(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
    ) -> &[SubnetCidrReservation] {
        self.reserved.entry(subnet.id.clone()).or_insert_with(|| {
            let found = tx.by_index::<SubnetCidrReservation>(scope, "subnet", &subnet.id);
            found.iter().map(|r| SubnetCidrReservation::clone(r)).collect()
        })
    }

    /// The end of the reservation an address lies in.
    fn reserved_until(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
        address: IpAddr,
    ) -> Option<IpAddr> {
        let reservations = self.reservations(tx, scope, subnet);
        reservations.iter().find(|r| r.cidr.contains(&address)).map(|r| r.cidr.broadcast())
    }

    /// Whether an address in this prefix was given out in this transaction.
    pub(super) fn given_in(&self, subnet: &Subnet, prefix: IpNet) -> bool {
        self.given.iter().any(|(of, address)| *of == subnet.id && prefix.contains(address))
    }

    fn give(&mut self, subnet: &Subnet, address: IpAddr) {
        self.given.insert((subnet.id.clone(), address));
    }

    /// Takes exactly this address.
    ///
    /// # Errors
    /// `InvalidParameterValue` outside of the subnet's usable range, `InvalidIPAddress.InUse` when taken.
    pub(crate) fn take(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
        address: Ipv4Addr,
    ) -> Result<(), Fault> {
        if !subnet.cidr_block.contains(&address) {
            return Err(faults::invalid_parameter_value(format!(
                "Address {address} does not fall within the subnet's address range"
            )));
        }
        if !usable(&subnet.cidr_block, address) {
            return Err(faults::invalid_parameter_value(format!(
                "Address {address} is in subnet's reserved address range"
            )));
        }
        if !self.is_free(tx, scope, subnet, IpAddr::V4(address)) {
            return Err(in_use(IpAddr::V4(address)));
        }
        self.give(subnet, IpAddr::V4(address));
        Ok(())
    }

    /// Takes any free address: random as in AWS, so that its cost does not grow with the number of interfaces.
    ///
    /// # Errors
    /// `InsufficientFreeAddressesInSubnet`.
    pub(crate) fn take_any(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
    ) -> Result<Ipv4Addr, Fault> {
        let block = &subnet.cidr_block;
        let first = u32::from(block.network()) + 4;
        let count = (1u32 << (32 - block.prefix_len())).saturating_sub(5);
        for _ in 0..TRIES.min(count) {
            let address = Ipv4Addr::from(first + rand::random::<u32>() % count);
            if self.reserved_until(tx, scope, subnet, IpAddr::V4(address)).is_none()
                && self.is_free(tx, scope, subnet, IpAddr::V4(address))
            {
                self.give(subnet, IpAddr::V4(address));
                return Ok(address);
            }
        }
        let interfaces = tx.by_index::<NetworkInterface>(scope, "subnet", &subnet.id);
        let taken: HashSet<Ipv4Addr> =
            interfaces.iter().flat_map(|i| &i.private_addresses).map(|a| a.address).collect();
        let delegated: HashSet<Ipv4Net> =
            interfaces.iter().flat_map(|i| i.ipv4_prefixes.iter().copied()).collect();
        let reserved: Vec<IpNet> = self.reservations(tx, scope, subnet).iter().map(|r| r.cidr).collect();
        let free = (0..count).map(|offset| Ipv4Addr::from(first + offset)).find(|address| {
            let prefix = Ipv4Net::new(*address, PREFIX_V4).unwrap_or_default().trunc();
            !taken.contains(address)
                && !delegated.contains(&prefix)
                && !self.prefixes.contains(&(subnet.id.clone(), IpNet::V4(prefix)))
                && !self.given.contains(&(subnet.id.clone(), IpAddr::V4(*address)))
                && !reserved.iter().any(|block| block.contains(&IpAddr::V4(*address)))
        });
        let address = free.ok_or_else(|| no_room(subnet))?;
        self.give(subnet, IpAddr::V4(address));
        Ok(address)
    }

    /// Takes exactly this IPv6 address; errors as [`Addresses::take`].
    pub(crate) fn take_v6(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
        address: Ipv6Addr,
    ) -> Result<(), Fault> {
        let Some(block) = subnet.ipv6_associations.iter().map(|a| a.cidr).find(|c| c.contains(&address))
        else {
            return Err(faults::invalid_parameter_value(format!(
                "Address {address} does not fall within the subnet's address range"
            )));
        };
        let offset = u128::from(address) - u128::from(block.network());
        if offset < 4 || offset == u128::from(u64::MAX) {
            return Err(faults::invalid_parameter_value(format!(
                "Address {address} is in subnet's reserved address range"
            )));
        }
        if !self.is_free(tx, scope, subnet, IpAddr::V6(address)) {
            return Err(in_use(IpAddr::V6(address)));
        }
        self.give(subnet, IpAddr::V6(address));
        Ok(())
    }

    /// Takes any free IPv6 address.
    ///
    /// # Errors
    /// `InvalidParameterValue` when the subnet has no IPv6 block, `InsufficientFreeAddressesInSubnet` when all of it is
    /// reserved.
    pub(crate) fn take_any_v6(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
    ) -> Result<Ipv6Addr, Fault> {
        let block: Ipv6Net = subnet.ipv6_associations.first().map(|a| a.cidr).ok_or_else(|| {
            faults::invalid_parameter_value(format!(
                "The subnet '{}' has no IPv6 CIDR block associated with it.",
                subnet.id
            ))
        })?;
        // Of 2^64 addresses a random one is taken once in a lifetime; only reservations can be in the way.
        for _ in 0..TRIES {
            let host = u128::from(rand::random::<u64>() | 0x100);
            let address = Ipv6Addr::from(u128::from(block.network()) | host);
            if host != u128::from(u64::MAX)
                && self.reserved_until(tx, scope, subnet, IpAddr::V6(address)).is_none()
                && self.is_free(tx, scope, subnet, IpAddr::V6(address))
            {
                self.give(subnet, IpAddr::V6(address));
                return Ok(address);
            }
        }
        self.search_v6(tx, scope, subnet, block)
    }

    /// The first free IPv6 address of a block. Steps over whole reservations and prefixes, so it takes about as many
    /// steps as the subnet has interfaces.
    fn search_v6(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
        block: Ipv6Net,
    ) -> Result<Ipv6Addr, Fault> {
        let last = u128::from(block.broadcast());
        let mut at = u128::from(block.network()) + 0x100;
        while at < last {
            let address = IpAddr::V6(Ipv6Addr::from(at));
            let prefix = prefix_of(address);
            let skip_to = match self.reserved_until(tx, scope, subnet, address) {
                Some(end) => Some(end),
                None if self.is_delegated(tx, scope, subnet, prefix) => Some(prefix.broadcast()),
                None => None,
            };
            match skip_to {
                Some(IpAddr::V6(end)) => at = u128::from(end),
                _ if self.is_free(tx, scope, subnet, address) => {
                    self.give(subnet, address);
                    return Ok(Ipv6Addr::from(at));
                }
                _ => {}
            }
            at += 1;
        }
        Err(no_room(subnet))
    }
}

/// `InsufficientFreeAddressesInSubnet`.
fn no_room(subnet: &Subnet) -> Fault {
    Fault::sender(
        "InsufficientFreeAddressesInSubnet",
        format!(
            "There are not enough free addresses in subnet '{}' to satisfy the requested number of instances.",
            subnet.id
        ),
    )
}

/// `InvalidIPAddress.InUse`.
pub(super) fn in_use(address: IpAddr) -> Fault {
    Fault::sender("InvalidIPAddress.InUse", format!("Address {address} is in use."))
}
