//! DeleteFlowLogs.

use super::{not_found, resource};
use crate::{Ec2, faults, tags};
use api_ec2::{DeleteFlowLogsRequest, DeleteFlowLogsResult};
use contracts::{Call, Reply};
use records::FlowLog;
use std::collections::BTreeSet;

/// DeleteFlowLogs: all or none. What was written stays.
///
/// # Errors
/// `InvalidFlowLogId.NotFound` with every unknown id, `MissingParameter`.
pub(super) async fn delete_flow_logs(
    call: Call<Ec2>,
    input: DeleteFlowLogsRequest,
) -> Reply<DeleteFlowLogsResult> {
    let ids = faults::required(input.flow_log_ids.filter(|ids| !ids.is_empty()), "FlowLogId")?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        let unknown: Vec<String> =
            ids.iter().filter(|id| !tx.exists::<FlowLog>(scope, id)).cloned().collect();
        if !unknown.is_empty() {
            return Err(not_found(&unknown));
        }
        let mut vpcs = BTreeSet::new();
        for id in &ids {
            if let Some(log) = tx.get::<FlowLog>(scope, id) {
                vpcs.extend(resource::vpc_of_any(tx, scope, &log.resource_id));
            }
            tags::delete(tx, scope, id);
            tx.delete::<FlowLog>(scope, id);
        }
        Ok(vpcs)
    });
    let done = deleted.await?;
    for vpc_id in &done.value {
        call.settled(scope, vpc_id, done.revision.clone()).await?;
    }
    Ok(DeleteFlowLogsResult { unsuccessful: Some(Vec::new()) })
}
