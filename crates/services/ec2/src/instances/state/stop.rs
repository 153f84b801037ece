//! StopInstances.

use super::change::{Changed, Effect, apply, by_user, ids};
use crate::instances::faults::{incorrect_state, protected};
use crate::{Ec2, faults};
use api_ec2::{StopInstancesRequest, StopInstancesResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{Instance, InstanceState};

fn check(instance: &Instance) -> Result<(), Fault> {
    let id = &instance.id;
    match instance.state {
        // Generation 1 is the launch: only a machine that ran before may be stopped while it starts.
        InstanceState::Pending if instance.generation <= 1 => Err(incorrect_state(format!(
            "Instance '{id}' cannot be stopped as it has never reached the 'running' state."
        ))),
        InstanceState::Pending | InstanceState::Running if instance.disable_api_stop => {
            Err(protected(id, "stopped", "disableApiStop"))
        }
        InstanceState::ShuttingDown | InstanceState::Terminated => Err(incorrect_state(format!(
            "This instance '{id}' is not in a state from which it can be stopped."
        ))),
        _ => Ok(()),
    }
}

/// StopInstances. `Force` and `SkipOsShutdown` both end the machine without asking it.
pub(in crate::instances) async fn stop_instances(
    call: Call<Ec2>,
    input: StopInstancesRequest,
) -> Reply<StopInstancesResult> {
    let ids = ids(input.instance_ids)?;
    if input.hibernate == Some(true) {
        return Err(faults::unsupported_parameter("Hibernate"));
    }
    let force = input.force == Some(true) || input.skip_os_shutdown == Some(true);
    let now = call.now();
    let changed = apply(&call, &ids, check, |_, _, instance| {
        match instance.state {
            InstanceState::Pending | InstanceState::Running => by_user(instance, now),
            // A machine that takes its time may be forced by a second request.
            InstanceState::Stopping if force && !instance.force => {}
            _ => return Ok(Effect::None),
        }
        instance.state = InstanceState::Stopping;
        instance.force = force;
        instance.reboot_requested = false;
        Ok(Effect::ForAgent)
    });
    let stopping = changed.await?.iter().map(Changed::to_api).collect();
    Ok(StopInstancesResult { stopping_instances: Some(stopping) })
}
