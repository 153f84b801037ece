//! The kinds of resources requests name, and the faults of bad ids. Codes of EC2's kinds are EC2's.

use aws_schema::Fault;
use state_store::typed::{Record, Scope, Tx};
use std::sync::Arc;

/// A kind of resource with an id of its own.
pub(crate) struct Kind {
    /// Before the hyphen of the id.
    prefix: &'static str,
    /// `The <noun> '<id>' does not exist`.
    noun: &'static str,
    malformed: &'static str,
    not_found: &'static str,
}

const fn kind(
    prefix: &'static str,
    noun: &'static str,
    malformed: &'static str,
    not_found: &'static str,
) -> Kind {
    Kind { prefix, noun, malformed, not_found }
}

#[rustfmt::skip]
impl Kind {
    pub(crate) const VPC: Kind = kind("vpc", "vpc ID", "InvalidVpcID.Malformed", "InvalidVpcID.NotFound");
    pub(crate) const SUBNET: Kind = kind("subnet", "subnet ID", "InvalidSubnetID.Malformed", "InvalidSubnetID.NotFound");
    pub(crate) const INTERFACE: Kind = kind("eni", "networkInterface ID", "InvalidNetworkInterfaceId.Malformed", "InvalidNetworkInterfaceID.NotFound");
    pub(crate) const INTERNET_GATEWAY: Kind = kind("igw", "internetGateway ID", "InvalidInternetGatewayId.Malformed", "InvalidInternetGatewayID.NotFound");
    pub(crate) const NAT_GATEWAY: Kind = kind("nat", "NatGateway ID", "NatGatewayMalformed", "NatGatewayNotFound");
    pub(crate) const VPN_GATEWAY: Kind = kind("vgw", "vpnGateway ID", "InvalidVpnGatewayID.Malformed", "InvalidVpnGatewayID.NotFound");
    pub(crate) const ELASTIC_IP: Kind = kind("eipalloc", "allocation ID", "InvalidAllocationID.NotFound", "InvalidAllocationID.NotFound");
    pub(crate) const PORT_FORWARDING: Kind = kind("pfw", "port forwarding ID", "InvalidPortForwardingID.Malformed", "InvalidPortForwardingID.NotFound");
    pub(crate) const SECURITY_GROUP: Kind = kind("nsg", "network security group ID", "InvalidNetworkSecurityGroupID.Malformed", "InvalidNetworkSecurityGroupID.NotFound");
}

impl Kind {
    /// A fresh id.
    pub(crate) fn new_id(&self) -> String {
        contracts::new_id(self.prefix)
    }

    /// The kind's `NotFound`, naming every unknown id.
    pub(crate) fn not_found(&self, ids: &[String]) -> Fault {
        let shown: String = ids.join(", ").chars().take(400).collect();
        Fault::sender(self.not_found, format!("The {} '{shown}' does not exist", self.noun))
    }

    /// Refuses what cannot be an id of this kind: prefix, hyphen, 8 to 17 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// The kind's `Malformed`.
    pub(crate) fn check(&self, id: &str) -> Result<(), Fault> {
        let digits = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-'));
        let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if digits.is_some_and(|d| (8..=17).contains(&d.len()) && d.bytes().all(lower_hex)) {
            return Ok(());
        }
        let shown: String = id.chars().take(200).collect();
        if self.malformed == self.not_found {
            return Err(self.not_found(&[shown]));
        }
        let message = format!("Invalid id: \"{shown}\" (expecting \"{}-...\")", self.prefix);
        Err(Fault::sender(self.malformed, message))
    }

    /// The resource with this id.
    ///
    /// # Errors
    /// The kind's `Malformed` or `NotFound`.
    pub(crate) fn find<R: Record>(&self, tx: &mut Tx<'_>, scope: &Scope, id: &str) -> Result<Arc<R>, Fault> {
        self.check(id)?;
        tx.get::<R>(scope, id).ok_or_else(|| self.not_found(&[id.to_owned()]))
    }
}
