//! Route tables and routes.

mod associations;
mod create;
mod delete;
mod describe;
mod destination;
mod inside;
mod partner;
mod routes;
mod show;
mod target;

use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds the operations on route tables.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateRouteTable => create::create_route_table,
        DeleteRouteTable => delete::delete_route_table,
        DescribeRouteTables => describe::describe_route_tables,
        AssociateRouteTable => associations::associate_route_table,
        DisassociateRouteTable => associations::disassociate_route_table,
        ReplaceRouteTableAssociation => associations::replace_route_table_association,
        CreateRoute => routes::create_route,
        ReplaceRoute => routes::replace_route,
        DeleteRoute => routes::delete_route,
    });
}
