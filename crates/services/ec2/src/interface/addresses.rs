//! Which private addresses are free in a subnet.

use crate::faults;
use aws_schema::Fault;
use ipnet::{Ipv4Net, Ipv6Net};
use records::{NetworkInterface, Subnet};
use state_store::typed::{Scope, Tx};
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Random tries before all interfaces of the subnet are looked through.
const TRIES: u32 = 16;

/// Hands out addresses of subnets within one transaction. What it has given is remembered here, because interfaces of
/// the same transaction may not have been written yet.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    given: HashSet<(String, IpAddr)>,
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
            if self.is_free(tx, scope, subnet, IpAddr::V4(address)) {
                self.give(subnet, IpAddr::V4(address));
                return Ok(address);
            }
        }
        let interfaces = tx.by_index::<NetworkInterface>(scope, "subnet", &subnet.id);
        let taken: HashSet<Ipv4Addr> =
            interfaces.iter().flat_map(|i| &i.private_addresses).map(|a| a.address).collect();
        let free = (0..count).map(|offset| Ipv4Addr::from(first + offset)).find(|address| {
            !taken.contains(address) && !self.given.contains(&(subnet.id.clone(), IpAddr::V4(*address)))
        });
        let address = free.ok_or_else(|| {
            Fault::sender(
                "InsufficientFreeAddressesInSubnet",
                "There are not enough free addresses in subnet '".to_owned()
                    + &subnet.id
                    + "' to satisfy the requested number of instances.",
            )
        })?;
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
    /// `InvalidParameterValue` when the subnet has no IPv6 block.
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
        // Of 2^64 addresses a random one is taken once in a lifetime; the loop is for that once.
        loop {
            let host = u128::from(rand::random::<u64>() | 0x100);
            let address = Ipv6Addr::from(u128::from(block.network()) | host);
            if host != u128::from(u64::MAX) && self.is_free(tx, scope, subnet, IpAddr::V6(address)) {
                self.give(subnet, IpAddr::V6(address));
                return Ok(address);
            }
        }
    }
}

/// `InvalidIPAddress.InUse`.
pub(super) fn in_use(address: IpAddr) -> Fault {
    Fault::sender("InvalidIPAddress.InUse", format!("Address {address} is in use."))
}
