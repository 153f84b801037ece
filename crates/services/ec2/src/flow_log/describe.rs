//! DescribeFlowLogs.

use super::{destination, not_found};
use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use crate::{Ec2, tags};
use api_ec2::{DescribeFlowLogsRequest, DescribeFlowLogsResult};
use aws_schema::Timestamp;
use contracts::{Call, Reply};
use records::FlowLog;
use state_store::typed::{Scope, Store};

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &[
    "deliver-log-status",
    "flow-log-id",
    "log-destination-type",
    "log-group-name",
    "resource-id",
    "traffic-type",
];

/// `FAILED` while the last delivery did not succeed.
fn delivery(log: &FlowLog) -> &'static str {
    if log.delivery_error.is_some() { "FAILED" } else { "SUCCESS" }
}

fn show(store: &Store, scope: &Scope, log: &FlowLog) -> api_ec2::FlowLog {
    api_ec2::FlowLog {
        flow_log_id: Some(log.id.clone()),
        flow_log_status: Some("ACTIVE".to_owned()),
        resource_id: Some(log.resource_id.clone()),
        traffic_type: Some(log.traffic_type.clone().into()),
        log_destination_type: Some(log.destination_type.clone().into()),
        log_group_name: Some(log.log_group.clone()),
        log_destination: Some(destination::arn(scope, &log.log_group)),
        log_format: Some(log.format.clone()),
        max_aggregation_interval: Some(log.aggregation_seconds),
        deliver_logs_permission_arn: log.permission_arn.clone(),
        deliver_logs_status: Some(delivery(log).to_owned()),
        deliver_logs_error_message: log.delivery_error.clone(),
        creation_time: Some(Timestamp::from_millis(log.created)),
        tags: Some(tags::to_api(&tags::of(store, scope, &log.id))),
        ..api_ec2::FlowLog::default()
    }
}

/// DescribeFlowLogs.
///
/// # Errors
/// `InvalidFlowLogId.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter.
pub(super) async fn describe_flow_logs(
    call: Call<Ec2>,
    input: DescribeFlowLogsRequest,
) -> Reply<DescribeFlowLogsResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filter, FILTERS)?;
    let ids = input.flow_log_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeFlowLogs",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: None,
    };
    paging.check(USUAL)?;
    let mut found = store.list::<FlowLog>(scope);
    let unknown: Vec<String> =
        ids.iter().filter(|id| !found.iter().any(|log| log.id == **id)).cloned().collect();
    if !unknown.is_empty() {
        return Err(not_found(&unknown));
    }
    found.retain(|log| {
        (ids.is_empty() || ids.contains(&log.id))
            && (filters.is_empty()
                || filters.matches(&tags::of(store, scope, &log.id), |name| match name {
                    "deliver-log-status" => one(delivery(log)),
                    "flow-log-id" => one(&log.id),
                    "log-destination-type" => one(&log.destination_type),
                    "log-group-name" => one(&log.log_group),
                    "resource-id" => one(&log.resource_id),
                    "traffic-type" => one(&log.traffic_type),
                    _ => Vec::new(),
                }))
    });
    let page = paging.page(&call, found, |log| log.id.clone())?;
    let shown = page.items.iter().map(|log| show(store, scope, log)).collect();
    Ok(DescribeFlowLogsResult { flow_logs: Some(shown), next_token: page.next })
}
