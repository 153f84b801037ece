//! Flow logs: which packets of which interfaces are written down where (AWS: "VPC Flow Logs").

mod create;
mod delete;
mod describe;
mod destination;
mod format;
mod resource;

use crate::Ec2;
use api_ec2::{UnsuccessfulItem, UnsuccessfulItemError, ops};
use aws_schema::Fault;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds the operations on flow logs.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateFlowLogs => create::create_flow_logs,
        DeleteFlowLogs => delete::delete_flow_logs,
        DescribeFlowLogs => describe::describe_flow_logs,
    });
}

/// What a request over several resources could not do for one of them.
pub(crate) fn unsuccessful(id: &str, fault: &Fault) -> UnsuccessfulItem {
    UnsuccessfulItem {
        resource_id: Some(id.to_owned()),
        error: Some(UnsuccessfulItemError {
            code: Some(fault.code.to_string()),
            message: Some(fault.message.clone()),
        }),
    }
}

/// `InvalidFlowLogId.NotFound` with every unknown id.
fn not_found(ids: &[String]) -> Fault {
    let shown: Vec<&str> = ids.iter().take(100).map(String::as_str).collect();
    let message = format!(
        "These flow log ids in the input list are not found: [TotalCount: {}] {}",
        ids.len(),
        shown.join(", ")
    );
    Fault::sender("InvalidFlowLogId.NotFound", message)
}

/// `InvalidParameter`: what these operations answer where others say `InvalidParameterValue`.
fn invalid(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidParameter", message)
}
