//! TerminateInstances.

use super::change::{Changed, Effect, apply, by_user, ids};
use crate::Ec2;
use crate::instances::faults::protected;
use api_ec2::{TerminateInstancesRequest, TerminateInstancesResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{Instance, InstanceState, Millis};

fn shut_down(instance: &mut Instance, force: bool, now: Millis) -> Effect {
    match instance.state {
        InstanceState::Terminated => return Effect::None,
        // A machine that takes its time may be forced by a second request.
        InstanceState::ShuttingDown => {
            let forced_now = force && !instance.force;
            instance.force |= force;
            return if forced_now { Effect::ForAgent } else { Effect::None };
        }
        _ => {}
    }
    by_user(instance, now);
    instance.state = InstanceState::ShuttingDown;
    instance.force = force;
    instance.reboot_requested = false;
    Effect::ForAgent
}

/// TerminateInstances. Terminating what is terminated changes nothing.
pub(in crate::instances) async fn terminate_instances(
    call: Call<Ec2>,
    input: TerminateInstancesRequest,
) -> Reply<TerminateInstancesResult> {
    let ids = ids(input.instance_ids)?;
    let force = input.force == Some(true) || input.skip_os_shutdown == Some(true);
    let now = call.now();
    let check = |instance: &Instance| {
        // Protection is about the decision; once made it is not asked for again.
        let alive = !matches!(instance.state, InstanceState::ShuttingDown | InstanceState::Terminated);
        if alive && instance.disable_api_termination {
            return Err(protected(&instance.id, "terminated", "disableApiTermination"));
        }
        Ok(())
    };
    let changed = apply(&call, &ids, check, |_, _, instance| Ok(shut_down(instance, force, now)));
    let terminating = changed.await?.iter().map(Changed::to_api).collect();
    Ok(TerminateInstancesResult { terminating_instances: Some(terminating) })
}

/// Terminates what a launch had begun before it failed, protected or not.
pub(in crate::instances) async fn request_termination(
    call: &Call<Ec2>,
    started: &[String],
) -> Result<(), Fault> {
    let now = call.now();
    apply(call, started, |_| Ok(()), |_, _, instance| Ok(shut_down(instance, true, now))).await.map(drop)
}
