//! DeleteSubnetCidrReservation.

use super::show;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup, tags};
use api_ec2::{DeleteSubnetCidrReservationRequest, DeleteSubnetCidrReservationResult};
use contracts::{Call, Reply};
use records::SubnetCidrReservation;

/// DeleteSubnetCidrReservation: interfaces keep what they have from it.
///
/// # Errors
/// `InvalidSubnetCidrReservationID.NotFound`.
pub(super) async fn delete_subnet_cidr_reservation(
    call: Call<Ec2>,
    input: DeleteSubnetCidrReservationRequest,
) -> Reply<DeleteSubnetCidrReservationResult> {
    let id = faults::required(input.subnet_cidr_reservation_id, "SubnetCidrReservationId")?;
    let scope = call.scope();
    let kind = ResourceKind::SubnetCidrReservation;
    kind.check(&id)?;
    // With its tags, which go with it.
    let shown = call.store().get::<SubnetCidrReservation>(scope, &id);
    let shown = shown.map(|found| show::reservation(call.store(), scope, &found));
    let deleted = call.platform.transact(|tx| {
        lookup::find::<SubnetCidrReservation>(tx, scope, kind, &id)?;
        tags::delete(tx, scope, &id);
        tx.delete::<SubnetCidrReservation>(scope, &id);
        Ok(())
    });
    deleted.await?;
    Ok(DeleteSubnetCidrReservationResult { deleted_subnet_cidr_reservation: shown })
}
