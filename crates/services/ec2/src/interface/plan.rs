//! Planning a new interface: addresses, groups, MAC, public address.

use super::addresses::Addresses;
use super::{WantedPrefixes, claim_public};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, limits, security_group};
use aws_schema::Fault;
use records::{ConnectionTracking, NetworkInterface, PrivateAddress, Subnet};
use state_store::typed::{Scope, Tx};
use std::net::{Ipv4Addr, Ipv6Addr};

/// What a new interface shall have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Free text.
    pub(crate) description: String,
    /// The primary address; any free one without it.
    pub(crate) primary: Option<Ipv4Addr>,
    /// Further addresses by name …
    pub(crate) secondary: Vec<Ipv4Addr>,
    /// … and by number.
    pub(crate) secondary_count: usize,
    /// IPv6 addresses by name …
    pub(crate) ipv6: Vec<Ipv6Addr>,
    /// … and by number; `None` takes one where the subnet says so.
    pub(crate) ipv6_count: Option<usize>,
    /// Ids of security groups, checked; none means the VPC's default group.
    pub(crate) groups: Vec<String>,
    /// Gets a public address from the pool, which goes back when the instance stops.
    pub(crate) public: bool,
    /// Prefixes delegated to it.
    pub(crate) prefixes: WantedPrefixes,
    /// Idle timeouts other than the usual ones.
    pub(crate) connection_tracking: Option<ConnectionTracking>,
    /// The first IPv6 address is to stay.
    pub(crate) primary_ipv6: bool,
}

/// Plans interfaces within one transaction, also many at once. Make it inside of the transaction's closure, so that a
/// repeated run starts afresh.
#[derive(Debug, Default)]
pub(crate) struct Planner {
    addresses: Addresses,
}

impl Planner {
    /// A new interface in `subnet`. The public address is claimed; the interface itself is **not** written yet, so that
    /// the caller can attach it first: `tx.put(scope, interface)`.
    ///
    /// # Errors
    /// Faults about addresses and groups, `NetworkInterfaceLimitExceeded` never (count with the caller's batch).
    pub(crate) fn plan(
        &mut self,
        ec2: &Ec2,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
        wanted: &Wanted,
    ) -> Result<NetworkInterface, Fault> {
        let number = 1 + wanted.secondary.len() + wanted.secondary_count + wanted.prefixes.v4_number();
        let number_v6 = wanted.ipv6.len() + wanted.ipv6_count.unwrap_or(0) + wanted.prefixes.v6_number();
        let numbers = [number, number_v6];
        if numbers.iter().any(|n| *n > limits::ADDRESSES_PER_INTERFACE) {
            return Err(faults::address_limit());
        }
        let id = ResourceKind::NetworkInterface.new_id();
        let groups = if wanted.groups.is_empty() {
            vec![security_group::default_group(tx, scope, &subnet.vpc_id)?]
        } else {
            wanted.groups.clone()
        };
        let mut private_addresses = self.private(tx, scope, subnet, wanted)?;
        let ipv6_addresses = self.ipv6(tx, scope, subnet, wanted)?;
        if wanted.primary_ipv6 && ipv6_addresses.is_empty() {
            return Err(super::primary_ipv6::none_there());
        }
        let ipv4_prefixes = wanted.prefixes.take_v4(&mut self.addresses, tx, scope, subnet)?;
        let ipv6_prefixes = wanted.prefixes.take_v6(&mut self.addresses, tx, scope, subnet)?;
        if wanted.public {
            let pool = ec2.platform.config.public_pool;
            let public = claim_public(tx, pool, scope, &id, None)?;
            if let Some(primary) = private_addresses.first_mut() {
                primary.public = Some(public);
            }
        }
        Ok(NetworkInterface {
            id,
            subnet_id: subnet.id.clone(),
            vpc_id: subnet.vpc_id.clone(),
            availability_zone: subnet.availability_zone.clone(),
            description: wanted.description.clone(),
            mac_address: new_mac(),
            private_addresses,
            ipv6_addresses,
            ipv4_prefixes,
            ipv6_prefixes,
            source_dest_check: true,
            groups,
            interface_type: "interface".to_owned(),
            requester_managed: false,
            attachment: None,
            connection_tracking: wanted.connection_tracking,
            primary_ipv6: wanted.primary_ipv6,
            created: ec2.now(),
        })
    }

    /// IPv4 addresses; those asked for by name first, so that a random one never takes them away.
    fn private(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
        wanted: &Wanted,
    ) -> Result<Vec<PrivateAddress>, Fault> {
        for address in wanted.primary.iter().chain(&wanted.secondary) {
            self.addresses.take(tx, scope, subnet, *address)?;
        }
        let primary = match wanted.primary {
            Some(address) => address,
            None => self.addresses.take_any(tx, scope, subnet)?,
        };
        let mut all = vec![private(primary, true)];
        all.extend(wanted.secondary.iter().map(|address| private(*address, false)));
        for _ in 0..wanted.secondary_count {
            all.push(private(self.addresses.take_any(tx, scope, subnet)?, false));
        }
        Ok(all)
    }

    fn ipv6(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        subnet: &Subnet,
        wanted: &Wanted,
    ) -> Result<Vec<Ipv6Addr>, Fault> {
        for address in &wanted.ipv6 {
            self.addresses.take_v6(tx, scope, subnet, *address)?;
        }
        let automatic = subnet.assign_ipv6_address_on_creation && !subnet.ipv6_associations.is_empty();
        let implied = usize::from(automatic && wanted.ipv6.is_empty());
        let mut all = wanted.ipv6.clone();
        for _ in 0..wanted.ipv6_count.unwrap_or(implied) {
            all.push(self.addresses.take_any_v6(tx, scope, subnet)?);
        }
        Ok(all)
    }
}

/// An address with nothing public mapped to it.
pub(super) fn private(address: Ipv4Addr, primary: bool) -> PrivateAddress {
    PrivateAddress { address, primary, public: None, allocation_id: None, association_id: None }
}

/// A random MAC address of the locally administered range EC2 uses.
fn new_mac() -> String {
    let digits = contracts::hex_id(10);
    let pairs: Vec<&str> = (0..10).step_by(2).map(|at| &digits[at..at + 2]).collect();
    format!("0a:{}", pairs.join(":"))
}
