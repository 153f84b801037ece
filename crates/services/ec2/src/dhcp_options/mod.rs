//! DHCP option sets.

mod create;
mod describe;

use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds the operations on DHCP option sets.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateDhcpOptions => create::create_dhcp_options,
        DeleteDhcpOptions => create::delete_dhcp_options,
        AssociateDhcpOptions => create::associate_dhcp_options,
        DescribeDhcpOptions => describe::describe_dhcp_options,
    });
}
