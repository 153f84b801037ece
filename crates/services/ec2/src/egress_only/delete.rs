//! DeleteEgressOnlyInternetGateway.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup, tags};
use api_ec2::{DeleteEgressOnlyInternetGatewayRequest, DeleteEgressOnlyInternetGatewayResult};
use contracts::{Call, Reply};
use records::EgressOnlyInternetGateway;

/// DeleteEgressOnlyInternetGateway. Routes to it stay and are blackholes.
///
/// # Errors
/// `InvalidEgressOnlyInternetGatewayId.NotFound`.
pub(super) async fn delete_egress_only_internet_gateway(
    call: Call<Ec2>,
    input: DeleteEgressOnlyInternetGatewayRequest,
) -> Reply<DeleteEgressOnlyInternetGatewayResult> {
    let id = faults::required(input.egress_only_internet_gateway_id, "egressOnlyInternetGatewayId")?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        let kind = ResourceKind::EgressOnlyInternetGateway;
        let gateway = lookup::find::<EgressOnlyInternetGateway>(tx, scope, kind, &id)?;
        tags::delete(tx, scope, &id);
        tx.delete::<EgressOnlyInternetGateway>(scope, &id);
        Ok(gateway.vpc_id.clone())
    });
    let done = deleted.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(DeleteEgressOnlyInternetGatewayResult { return_code: Some(true) })
}
