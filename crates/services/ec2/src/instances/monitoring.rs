//! MonitorInstances and UnmonitorInstances: the flag of detailed monitoring.

use super::state::{apply, ids};
use crate::Ec2;
use crate::instances::faults::incorrect_state;
use api_ec2::{
    InstanceMonitoring, MonitorInstancesRequest, MonitorInstancesResult, Monitoring,
    UnmonitorInstancesRequest, UnmonitorInstancesResult,
};
use aws_schema::Fault;
use contracts::Call;
use contracts::Reply;
use records::{Instance, InstanceState};

/// Sets the flag; answers the state that AWS shows while it changes.
async fn set(
    call: &Call<Ec2>,
    wanted: Option<Vec<String>>,
    on: bool,
    while_changing: &'static str,
) -> Result<Vec<InstanceMonitoring>, Fault> {
    let ids = ids(wanted)?;
    let check = |instance: &Instance| {
        if matches!(instance.state, InstanceState::ShuttingDown | InstanceState::Terminated) {
            return Err(incorrect_state(format!(
                "The instance '{}' is not in a state from which monitoring can be changed.",
                instance.id
            )));
        }
        Ok(())
    };
    apply(call, &ids, check, |_, _, instance| {
        instance.monitoring = on;
        // The host agent has nothing to do: no new generation.
        Ok(super::state::Effect::RecordOnly)
    })
    .await?;
    let shown = |id: String| InstanceMonitoring {
        instance_id: Some(id),
        monitoring: Some(Monitoring { state: Some(while_changing.into()), ..Monitoring::default() }),
    };
    Ok(ids.into_iter().map(shown).collect())
}

/// MonitorInstances.
pub(super) async fn monitor_instances(
    call: Call<Ec2>,
    input: MonitorInstancesRequest,
) -> Reply<MonitorInstancesResult> {
    let shown = set(&call, input.instance_ids, true, "pending").await?;
    Ok(MonitorInstancesResult { instance_monitorings: Some(shown) })
}

/// UnmonitorInstances.
pub(super) async fn unmonitor_instances(
    call: Call<Ec2>,
    input: UnmonitorInstancesRequest,
) -> Reply<UnmonitorInstancesResult> {
    let shown = set(&call, input.instance_ids, false, "disabling").await?;
    Ok(UnmonitorInstancesResult { instance_monitorings: Some(shown) })
}
