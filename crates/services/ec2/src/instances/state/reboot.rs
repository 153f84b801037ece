//! RebootInstances.

use super::change::{Effect, apply, ids};
use crate::Ec2;
use crate::instances::faults::incorrect_state;
use api_ec2::RebootInstancesRequest;
use aws_schema::Unit;
use contracts::{Call, Reply};
use records::{Instance, InstanceState};

/// RebootInstances: the state stays `running`, the host agent restarts what runs inside.
pub(in crate::instances) async fn reboot_instances(
    call: Call<Ec2>,
    input: RebootInstancesRequest,
) -> Reply<Unit> {
    let ids = ids(input.instance_ids)?;
    let check = |instance: &Instance| {
        if instance.state == InstanceState::Running {
            return Ok(());
        }
        Err(incorrect_state(format!(
            "Instance '{}' is not in a state from which it can be rebooted.",
            instance.id
        )))
    };
    apply(&call, &ids, check, |_, _, instance| {
        // A reboot asked for twice before it happens happens once.
        let fresh = !instance.reboot_requested;
        instance.reboot_requested = true;
        Ok(if fresh { Effect::ForAgent } else { Effect::None })
    })
    .await?;
    Ok(Unit)
}
