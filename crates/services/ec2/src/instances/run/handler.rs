//! The operation: check, count, write in parts, answer.

use super::launch::Launch;
use super::{quota, request, write};
use crate::instances::show::{Viewer, reservations, to_api};
use crate::instances::state::request_termination;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, subnet, vpc};
use api_ec2::{Reservation, RunInstancesRequest};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::Instance;

/// The code of a subnet that has run full.
const SUBNET_FULL: &str = "InsufficientFreeAddressesInSubnet";

/// RunInstances. The instances are `pending`; the host agent brings them up in order.
pub(in crate::instances) async fn run_instances(
    call: Call<Ec2>,
    input: RunInstancesRequest,
) -> Reply<Reservation> {
    // What needs no record is refused before the first record is touched.
    let launch = request::parse(&call, input)?;
    vpc::ensure_default_vpc(&call, call.scope()).await?;
    // Looked at before quotas are counted: a repeated request must not fail for what it has started itself.
    if let Some(earlier) = earlier(&call, &launch).await? {
        return answer(&call, &earlier);
    }
    let count = count(&call, &launch).await?;
    let reservation = ResourceKind::Reservation.new_id();
    let reservation = start(&call, &launch, reservation, count).await?;
    answer(&call, &reservation)
}

/// The reservation of an earlier request with the same client token.
async fn earlier(call: &Call<Ec2>, launch: &Launch) -> Result<Option<String>, Fault> {
    let Some(token) = &launch.token else { return Ok(None) };
    Ok(call.platform.transact(|tx| token.earlier(tx, call.scope())).await?.value)
}

/// How many to start: quotas and the subnet's free addresses may leave fewer than the maximum.
async fn count(call: &Call<Ec2>, launch: &Launch) -> Result<usize, Fault> {
    let allowed = quota::allowed(call, launch)?;
    // One machine finds a full subnet inside its own transaction, so the look ahead is for several.
    if launch.max_count == 1 {
        return Ok(allowed);
    }
    let looked = call.platform.transact(|tx| write::check(tx, call.scope(), launch)).await?;
    let (each, its_subnet) = looked.value;
    let free = usize::try_from(subnet::available(call.store(), call.scope(), &its_subnet)).unwrap_or(0);
    let room = free.checked_div(each).unwrap_or(usize::MAX);
    if launch.min_count > room {
        return Err(Fault::sender(
            SUBNET_FULL,
            format!(
                "There are not enough free addresses in subnet '{}' to satisfy the requested number of instances.",
                its_subnet.id
            ),
        ));
    }
    Ok(allowed.min(room))
}

/// Writes the instances; answers the reservation, which is an earlier one when another request with the same client
/// token was faster.
async fn start(
    call: &Call<Ec2>,
    launch: &Launch,
    reservation: String,
    count: usize,
) -> Result<String, Fault> {
    let (scope, step) = (call.scope(), write::per_transaction(launch));
    let mut started: Vec<String> = Vec::new();
    while started.len() < count {
        let (first, number) = (started.len(), step.min(count - started.len()));
        let (service, reservation_id) = (call.service(), &reservation);
        let written = call.platform.transact(move |tx| {
            // The first part claims the token: of two requests at the same moment one commits, the other runs again
            // and finds the token taken.
            if let (0, Some(token)) = (first, &launch.token) {
                if let Some(earlier) = token.earlier(tx, scope)? {
                    return Ok(Err(earlier));
                }
                token.remember(tx, scope, reservation_id);
            }
            write::instances(&service, tx, scope, launch, reservation_id, first, number).map(Ok)
        });
        match written.await {
            Ok(done) => match done.value {
                Ok(ids) => started.extend(ids),
                Err(earlier) => return Ok(earlier),
            },
            // Others took the last addresses meanwhile: what was started counts when it is enough.
            Err(fault) if fault.code == SUBNET_FULL && started.len() >= launch.min_count => break,
            Err(fault) => {
                give_up(call, &started).await;
                return Err(fault);
            }
        }
    }
    Ok(reservation)
}

/// Takes back the instances of a launch that failed half-way.
async fn give_up(call: &Call<Ec2>, started: &[String]) {
    if let Err(fault) = request_termination(call, started).await {
        tracing::error!(%fault, "instances of a failed launch could not be terminated");
    }
}

/// The reservation with its instances in launch order.
fn answer(call: &Call<Ec2>, reservation: &str) -> Reply<Reservation> {
    let viewer = Viewer::new(call, call.scope());
    let mut views: Vec<_> = call
        .store()
        .by_index::<Instance>(call.scope(), "reservation", reservation)
        .into_iter()
        .map(|instance| viewer.view(instance))
        .collect();
    views.sort_by_key(|view| view.instance.launch_index);
    reservations(views, |view| to_api(&view).into()).into_iter().next().ok_or_else(|| {
        crate::faults::internal("The instances were terminated while they were being launched.")
    })
}
