//! CreateFlowLogs.

use super::{destination, format, invalid, resource, unsuccessful};
use crate::client_token::{self, Idempotent};
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, faults, limits};
use api_ec2::{CreateFlowLogsRequest, CreateFlowLogsResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::FlowLog;
use state_store::typed::{Scope, Tx};
use std::collections::BTreeSet;

/// Most resources of one request (AWS: 1,000).
const MAX_RESOURCES: usize = 1000;

/// Seconds of one aggregation.
fn interval(given: Option<i32>) -> Result<i32, Fault> {
    match given {
        None => Ok(600),
        Some(seconds @ (60 | 600)) => Ok(seconds),
        Some(_) => Err(invalid("Invalid Flow Log Max Aggregation Interval")),
    }
}

/// Members for things this cloud has not built are refused: a caller who asked for them must not believe to have them.
fn refuse_unbuilt(input: &CreateFlowLogsRequest) -> Result<(), Fault> {
    let given = [
        ("DeliverCrossAccountRole", input.deliver_cross_account_role.is_some()),
        ("TagFieldSpecification", input.tag_field_specifications.as_ref().is_some_and(|t| !t.is_empty())),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(faults::unsupported_parameter(name)),
        None => Ok(()),
    }
}

/// What all flow logs of the request have in common; id and resource differ.
fn pattern(scope: &Scope, input: &CreateFlowLogsRequest, created: records::Millis) -> Result<FlowLog, Fault> {
    let traffic = faults::required(input.traffic_type.as_ref(), "TrafficType")?;
    Ok(FlowLog {
        id: String::new(),
        resource_id: String::new(),
        traffic_type: traffic.as_str().to_owned(),
        destination_type: destination::LOG_GROUP.to_owned(),
        log_group: destination::log_group(scope, input)?,
        permission_arn: Some(destination::role(input.deliver_logs_permission_arn.as_deref())?),
        format: format::parse(input.log_format.as_deref())?,
        aggregation_seconds: interval(input.max_aggregation_interval)?,
        created,
        delivery_error: None,
    })
}

/// Makes the flow log of one resource; gives the resource's VPC.
///
/// # Errors
/// `NotFound` of the resource, `FlowLogAlreadyExists`, `FlowLogsLimitExceeded`.
fn make(tx: &mut Tx<'_>, scope: &Scope, kind: ResourceKind, log: &FlowLog) -> Result<String, Fault> {
    let vpc_id = resource::vpc_of(tx, scope, kind, &log.resource_id)?;
    let others = tx.by_index::<FlowLog>(scope, "resource", &log.resource_id);
    if others.iter().any(|other| other.log_group == log.log_group) {
        let message = "Error. There is an existing Flow Log with the same configuration and log destination.";
        return Err(Fault::sender("FlowLogAlreadyExists", message));
    }
    if others.len() >= limits::FLOW_LOGS_PER_RESOURCE {
        let message = format!("The maximum number of flow logs has been reached for {}.", log.resource_id);
        return Err(Fault::sender("FlowLogsLimitExceeded", message));
    }
    tx.put(scope, log.clone());
    Ok(vpc_id)
}

/// CreateFlowLogs: one flow log for each resource. Those that cannot be made are listed with their reasons; the others
/// are there when this has answered.
///
/// # Errors
/// `InvalidParameter`, `MissingParameter`, `UnsupportedOperation`, `FlowLogsLimitExceeded`,
/// `IdempotentParameterMismatch`: then none is made.
pub(super) async fn create_flow_logs(
    call: Call<Ec2>,
    input: CreateFlowLogsRequest,
) -> Reply<CreateFlowLogsResult> {
    refuse_unbuilt(&input)?;
    let once = Idempotent::of("CreateFlowLogs", input.client_token.as_deref(), &input)?;
    let (scope, now) = (call.scope(), call.now());
    let resource_type = faults::required(input.resource_type.as_ref(), "ResourceType")?;
    let kind = resource::kind(resource_type.as_str())?;
    let ids = faults::required(input.resource_ids.as_deref().filter(|ids| !ids.is_empty()), "ResourceId")?;
    if ids.len() > MAX_RESOURCES {
        return Err(invalid(format!("No more than {MAX_RESOURCES} resource IDs may be given.")));
    }
    resource::check(kind, ids)?;
    let pattern = pattern(scope, &input, now)?;
    let own = ResourceKind::FlowLog;
    let specified = TagSpecifications::parse(input.tag_specifications.clone(), &[own])?;
    let done = call.platform.transact(|tx| {
        let (mut made, mut vpcs, mut failed) = (Vec::new(), BTreeSet::new(), Vec::new());
        if let Some(earlier) = client_token::earlier(tx, scope, &once, now)? {
            return Ok((earlier.split_whitespace().map(str::to_owned).collect(), vpcs, failed));
        }
        if tx.count::<FlowLog>(scope) + ids.len() > limits::FLOW_LOGS {
            let message = "The maximum number of flow logs has been reached.";
            return Err(Fault::sender("FlowLogsLimitExceeded", message));
        }
        for id in ids {
            let log = FlowLog { id: own.new_id(), resource_id: id.clone(), ..pattern.clone() };
            match make(tx, scope, kind, &log) {
                Ok(vpc_id) => {
                    tags::put(tx, scope, own, &log.id, &specified.of(own));
                    vpcs.insert(vpc_id);
                    made.push(log.id);
                }
                Err(fault) => failed.push(unsuccessful(id, &fault)),
            }
        }
        if !made.is_empty() {
            client_token::remember(tx, scope, &once, &made.join(" "), now);
        }
        Ok((made, vpcs, failed))
    });
    let done = done.await?;
    let (made, vpcs, failed) = done.value;
    for vpc_id in vpcs {
        call.settled(scope, &vpc_id, done.revision.clone()).await?;
    }
    Ok(CreateFlowLogsResult {
        flow_log_ids: Some(made),
        unsuccessful: Some(failed),
        client_token: input.client_token,
    })
}
