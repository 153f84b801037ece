//! VPC peering connections (AWS: "VPC Peering Guide").
//!
//! One record lies in the scopes of both sides, so that each finds it where it looks. What time does to a connection
//! (a request expires, an ended connection is forgotten) is derived when it is looked at, never stored.

mod answer;
mod create;
mod delete;
mod describe;
mod faults;
mod options;
mod show;
mod status;
mod vpcs;

use crate::Ec2;
use api_ec2::ops;
use aws_schema::Fault;
use contracts::{Call, Change, ServiceTable};
use records::VpcPeering;
use std::sync::Arc;

pub(crate) use status::is_open;
pub(crate) use vpcs::{active_between, check_new_v4_block, end_with_vpc, follow_blocks};

/// Adds the operations on peering connections.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateVpcPeeringConnection => create::create_vpc_peering_connection,
        AcceptVpcPeeringConnection => answer::accept_vpc_peering_connection,
        RejectVpcPeeringConnection => answer::reject_vpc_peering_connection,
        DeleteVpcPeeringConnection => delete::delete_vpc_peering_connection,
        DescribeVpcPeeringConnections => describe::describe_vpc_peering_connections,
        ModifyVpcPeeringConnectionOptions => options::modify_vpc_peering_connection_options,
    });
}

/// Waits for both ends: the requester's side judges what leaves, the accepter's what enters.
async fn settle(call: &Call<Ec2>, peering: &VpcPeering, change: Change) -> Result<(), Fault> {
    for side in [&peering.requester, &peering.accepter] {
        call.settled(&side.scope(), &side.vpc_id, change.clone()).await?;
    }
    Ok(())
}
