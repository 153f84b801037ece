//! DeletePortForwarding.

use crate::Extension;
use crate::kind::Kind;
use api_allod::{DeletePortForwardingRequest, DeletePortForwardingResult};
use contracts::{Call, Reply};
use records::PortForwarding;

/// DeletePortForwarding: nothing new comes in when the call answers. At an internet gateway what has begun ends as well,
/// for no answer leaves without the forwarding; a NAT gateway keeps the connections it knows, as it does outward.
///
/// # Errors
/// `InvalidPortForwardingID.NotFound`.
pub(crate) async fn delete_port_forwarding(
    call: Call<Extension>,
    input: DeletePortForwardingRequest,
) -> Reply<DeletePortForwardingResult> {
    let (scope, id) = (call.scope(), input.port_forwarding_id());
    let deleted = call.platform.transact(|tx| {
        let found = Kind::PORT_FORWARDING.find::<PortForwarding>(tx, scope, id)?;
        tx.delete::<PortForwarding>(scope, id);
        Ok(found.vpc_id.clone())
    });
    let done = deleted.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(DeletePortForwardingResult::default())
}
