//! StartInstances.

use super::change::{Changed, Effect, apply, ids};
use crate::Ec2;
use crate::instances::faults::incorrect_state;
use crate::interface::claim_public;
use api_ec2::{StartInstancesRequest, StartInstancesResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{Instance, InstanceState, NetworkInterface, StateReason};
use state_store::typed::{Scope, Tx};

/// A stopped machine that had a public address of its own gets a new one.
fn give_public(ec2: &Ec2, tx: &mut Tx<'_>, scope: &Scope, instance: &Instance) -> Result<(), Fault> {
    let Some(id) = instance.network_interfaces.first().filter(|_| instance.options.auto_public_ip) else {
        return Ok(());
    };
    let Some(found) = tx.get::<NetworkInterface>(scope, id) else { return Ok(()) };
    let mut interface = NetworkInterface::clone(&found);
    // An elastic address associated meanwhile stands in its place.
    let Some(primary) = interface.private_addresses.iter_mut().find(|a| a.primary && a.public.is_none())
    else {
        return Ok(());
    };
    primary.public = Some(claim_public(tx, ec2.platform.config.public_pool, scope, id, None)?);
    tx.put(scope, interface);
    Ok(())
}

/// StartInstances. Starting what is running changes nothing.
pub(in crate::instances) async fn start_instances(
    call: Call<Ec2>,
    input: StartInstancesRequest,
) -> Reply<StartInstancesResult> {
    let ids = ids(input.instance_ids)?;
    let check = |instance: &Instance| match instance.state {
        InstanceState::Stopped | InstanceState::Pending | InstanceState::Running => Ok(()),
        _ => Err(incorrect_state(format!(
            "The instance '{}' is not in a state from which it can be started.",
            instance.id
        ))),
    };
    let (scope, now) = (call.scope().clone(), call.now());
    let changed = apply(&call, &ids, check, |ec2, tx, instance| {
        if instance.state != InstanceState::Stopped {
            return Ok(Effect::None);
        }
        give_public(ec2, tx, &scope, instance)?;
        instance.state = InstanceState::Pending;
        instance.state_reason =
            Some(StateReason { code: "pending".to_owned(), message: "pending".to_owned() });
        instance.transition_reason.clear();
        instance.launch_time = now;
        Ok(Effect::ForAgent)
    });
    let starting = changed.await?.iter().map(Changed::to_api).collect();
    Ok(StartInstancesResult { starting_instances: Some(starting) })
}
