//! A reservation as the API shows it.

use crate::tags;
use records::SubnetCidrReservation;
use state_store::typed::{Scope, Store};

/// `explicit` or `prefix`.
pub(super) fn kind(reservation: &SubnetCidrReservation) -> &'static str {
    if reservation.explicit { "explicit" } else { "prefix" }
}

/// The reservation with its tags.
pub(super) fn reservation(
    store: &Store,
    scope: &Scope,
    reservation: &SubnetCidrReservation,
) -> api_ec2::SubnetCidrReservation {
    api_ec2::SubnetCidrReservation {
        subnet_cidr_reservation_id: Some(reservation.id.clone()),
        subnet_id: Some(reservation.subnet_id.clone()),
        cidr: Some(reservation.cidr.to_string()),
        reservation_type: Some(kind(reservation).to_owned().into()),
        owner_id: Some(scope.account.to_string()),
        description: reservation.description.clone(),
        tags: Some(tags::to_api(&tags::of(store, scope, &reservation.id))),
    }
}
