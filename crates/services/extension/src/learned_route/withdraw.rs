//! WithdrawLearnedRoutes.

use crate::kind::Kind;
use crate::{Extension, text};
use api_allod::{WithdrawLearnedRoutesRequest, WithdrawLearnedRoutesResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use ipnet::IpNet;
use records::transitions::propagate_gateway;
use records::{LearnedRoute, VpnGateway};
use std::collections::BTreeSet;

/// WithdrawLearnedRoutes: the routes are in no table any more when the call answers. All of them or none.
///
/// # Errors
/// `InvalidVpnGatewayID.NotFound`, `InvalidRoute.NotFound` for a prefix the gateway does not know.
pub(crate) async fn withdraw_learned_routes(
    call: Call<Extension>,
    input: WithdrawLearnedRoutesRequest,
) -> Reply<WithdrawLearnedRoutesResult> {
    let blocks = input.destination_cidr_blocks().iter();
    let destinations: BTreeSet<IpNet> =
        blocks.map(|written| text::block("DestinationCidrBlocks", written)).collect::<Result<_, _>>()?;
    let (scope, id) = (call.scope(), input.vpn_gateway_id());
    let changed = call.platform.transact(|tx| {
        Kind::VPN_GATEWAY.find::<VpnGateway>(tx, scope, id)?;
        for destination in &destinations {
            if !tx.delete::<LearnedRoute>(scope, &LearnedRoute::id_of(id, destination)) {
                let message = format!("'{id}' has learned no route with destination {destination}");
                return Err(Fault::sender("InvalidRoute.NotFound", message));
            }
        }
        Ok(propagate_gateway(tx, scope, id))
    });
    let done = changed.await?;
    for vpc in done.value {
        call.settled(scope, &vpc, done.revision.clone()).await?;
    }
    Ok(WithdrawLearnedRoutesResult::default())
}
