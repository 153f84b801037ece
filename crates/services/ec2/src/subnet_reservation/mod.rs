//! CIDR reservations inside subnets (AWS: "Subnet CIDR reservations"): their addresses are not given out by themselves.

mod create;
mod delete;
mod get;
mod show;

use crate::{Ec2, tags};
use api_ec2::ops;
use contracts::ServiceTable;
use records::SubnetCidrReservation;
use state_store::typed::{Scope, Tx};
use std::sync::Arc;

/// Adds the operations on reservations.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateSubnetCidrReservation => create::create_subnet_cidr_reservation,
        DeleteSubnetCidrReservation => delete::delete_subnet_cidr_reservation,
        GetSubnetCidrReservations => get::get_subnet_cidr_reservations,
    });
}

/// Forgets the reservations of a subnet that goes away in this transaction.
pub(crate) fn forget_of_subnet(tx: &mut Tx<'_>, scope: &Scope, subnet_id: &str) {
    for reservation in tx.by_index::<SubnetCidrReservation>(scope, "subnet", subnet_id) {
        tags::delete(tx, scope, &reservation.id);
        tx.delete::<SubnetCidrReservation>(scope, &reservation.id);
    }
}
