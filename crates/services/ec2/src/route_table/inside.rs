//! Which destinations a table may have for which targets (VPC user guide, "Route table concepts" and "Gateway route tables").

use crate::faults;
use aws_schema::Fault;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use records::{RouteTable, RouteTarget, Subnet, Vpc};
use state_store::typed::{Scope, Tx};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Ranges AWS keeps for the services inside of a VPC; no route may lead to them or to a part of them.
const KEPT_V4: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 168, 0), 22);
const KEPT_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32);

/// The blocks of a VPC and of its subnets, which are the only destinations inside of it a route may have.
pub(super) struct Inside {
    vpc: Vec<IpNet>,
    subnets: Vec<IpNet>,
}

/// Whether the table steers what comes in through a gateway (edge association).
pub(super) fn is_gateway_table(table: &RouteTable) -> bool {
    table.associations.iter().any(|association| association.gateway_id.is_some())
}

/// A machine that looks at packets on their way.
fn is_appliance(target: &RouteTarget) -> bool {
    matches!(target, RouteTarget::Instance(..) | RouteTarget::NetworkInterface(_))
}

impl Inside {
    /// Reads the blocks.
    pub(super) fn of(tx: &mut Tx<'_>, scope: &Scope, vpc: &Vpc) -> Inside {
        let subnets = tx.by_index::<Subnet>(scope, "vpc", &vpc.id);
        let v6 = |subnet: &Subnet| -> Vec<IpNet> {
            subnet.ipv6_associations.iter().map(|a| IpNet::V6(a.cidr)).collect()
        };
        Inside {
            vpc: vpc.ipv4_blocks().map(IpNet::V4).chain(vpc.ipv6_blocks().map(IpNet::V6)).collect(),
            subnets: subnets.iter().flat_map(|s| [vec![IpNet::V4(s.cidr_block)], v6(s)].concat()).collect(),
        }
    }

    fn contains(&self, destination: &IpNet) -> bool {
        self.vpc.iter().any(|block| block.contains(destination))
    }

    /// Whether it is a whole block of the VPC or of a subnet.
    fn is_whole_block(&self, destination: &IpNet) -> bool {
        self.vpc.contains(destination) || self.subnets.contains(destination)
    }

    /// Checks a route other than `local`.
    ///
    /// # Errors
    /// `InvalidParameterValue`.
    pub(super) fn check(
        &self,
        table: &RouteTable,
        destination: &IpNet,
        target: &RouteTarget,
    ) -> Result<(), Fault> {
        let kept = match destination {
            IpNet::V4(net) => KEPT_V4.contains(net),
            IpNet::V6(net) => KEPT_V6.contains(net),
        };
        if kept {
            let message = format!("The destination CIDR block {destination} is reserved for AWS services.");
            return Err(faults::invalid_parameter_value(message));
        }
        if is_gateway_table(table) {
            return self.check_at_gateway(destination, target);
        }
        if !self.contains(destination) {
            return Ok(());
        }
        if !is_appliance(target) && !matches!(target, RouteTarget::NatGateway(_)) {
            return Err(faults::invalid_parameter_value(format!(
                "The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR \
                 blocks. This route can target only an interface or an instance."
            )));
        }
        self.check_whole(destination)
    }

    /// A route of the table of a gateway: into the VPC by way of an appliance.
    pub(super) fn check_at_gateway(&self, destination: &IpNet, target: &RouteTarget) -> Result<(), Fault> {
        if !is_appliance(target) || !self.contains(destination) {
            return Err(faults::invalid_parameter_value(format!(
                "The route to {destination} cannot be in the route table of a gateway: \
                 it must lead to a CIDR block of the VPC and target an interface."
            )));
        }
        self.check_whole(destination)
    }

    fn check_whole(&self, destination: &IpNet) -> Result<(), Fault> {
        if self.is_whole_block(destination) {
            return Ok(());
        }
        Err(faults::invalid_parameter_value(format!(
            "The destination CIDR block {destination} is more specific than the VPC's and does not match the CIDR block \
             of a subnet."
        )))
    }
}
