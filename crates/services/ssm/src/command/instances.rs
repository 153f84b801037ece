//! DescribeInstanceInformation and GetConnectionStatus: the instances commands can be sent to.

use crate::faults;
use crate::service::{SsmCall, page_size};
use api_ssm::{
    DescribeInstanceInformationRequest, DescribeInstanceInformationResult, GetConnectionStatusRequest,
    GetConnectionStatusResponse, InstanceInformation,
};
use aws_schema::{Fault, Timestamp};
use contracts::Reply;
use records::{Instance, InstanceState, NetworkInterface, Tags};

/// The part of this program that answers for machines which need no agent of their own.
const AGENT_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Keys both kinds of filters know; `tag:<key>` comes on top.
const KEYS: [&str; 9] = [
    "InstanceIds",
    "AgentVersion",
    "PingStatus",
    "PlatformTypes",
    "ActivationIds",
    "IamRole",
    "ResourceType",
    "AssociationStatus",
    "tag-key",
];

/// Keys with their values; an instance passes when every key has one that fits.
type Filters = Vec<(String, Vec<String>)>;

/// Checks the filters of a request, whichever of the two forms it uses.
fn filters(input: &DescribeInstanceInformationRequest) -> Result<Filters, Fault> {
    let new = input.filters.as_deref().unwrap_or_default();
    let old = input.instance_information_filter_list.as_deref().unwrap_or_default();
    if !new.is_empty() && !old.is_empty() {
        return Err(faults::validation("Use either Filters or InstanceInformationFilterList, not both."));
    }
    let new = new.iter().map(|f| (f.key.clone().unwrap_or_default(), f.values.clone().unwrap_or_default()));
    let old = old.iter().map(|f| {
        (f.key.as_ref().map_or("", |k| k.as_str()).to_owned(), f.value_set.clone().unwrap_or_default())
    });
    let filters: Filters = new.chain(old).collect();
    for (key, values) in &filters {
        if !KEYS.contains(&key.as_str()) && !key.starts_with("tag:") {
            return Err(faults::invalid_filter_key(format!("The specified key isn't valid: {key}")));
        }
        if values.is_empty() {
            return Err(faults::invalid_instance_filter(key));
        }
    }
    Ok(filters)
}

/// Only instances that once came up have registered; terminated ones are forgotten.
fn is_managed(call: &SsmCall, instance: &Instance) -> bool {
    match instance.state {
        InstanceState::Running => true,
        InstanceState::Pending => call.platform.machines.reachable(&instance.id),
        InstanceState::Stopping | InstanceState::Stopped => instance.booted_at.is_some(),
        InstanceState::ShuttingDown | InstanceState::Terminated => false,
    }
}

/// `InstanceInformation` of an answer. What is not known of a machine (its distribution, say) is left out.
fn entry(call: &SsmCall, instance: &Instance) -> InstanceInformation {
    let reachable = call.platform.machines.reachable(&instance.id);
    let first = instance.network_interfaces.first();
    let interface = first.and_then(|id| call.platform.store.get::<NetworkInterface>(call.scope(), id));
    let address = interface.and_then(|i| i.primary().map(|a| a.address.to_string()));
    // Of a machine that does not answer it is only known that it was there when it booted.
    let seen = if reachable { Some(call.now()) } else { instance.booted_at };
    InstanceInformation {
        instance_id: Some(instance.id.clone()),
        ping_status: Some(if reachable { "Online" } else { "ConnectionLost" }.into()),
        last_ping_date_time: seen.map(Timestamp::from_millis),
        agent_version: Some(AGENT_VERSION.to_owned()),
        is_latest_version: Some(true),
        platform_type: Some("Linux".into()),
        resource_type: Some("EC2Instance".into()),
        ip_address: address,
        computer_name: Some(instance.hostname.clone()),
        iam_role: None,
        source_id: Some(instance.id.clone()),
        source_type: Some("AWS::EC2::Instance".into()),
        ..Default::default()
    }
}

/// Whether an instance passes one filter.
fn passes(call: &SsmCall, shown: &InstanceInformation, key: &str, values: &[String]) -> bool {
    let is = |text: Option<&str>| text.is_some_and(|text| values.iter().any(|v| v == text));
    let tags =
        || call.platform.store.get::<Tags>(call.scope(), shown.instance_id.as_deref().unwrap_or_default());
    match key {
        "InstanceIds" => is(shown.instance_id.as_deref()),
        "AgentVersion" => is(shown.agent_version.as_deref()),
        "PingStatus" => is(shown.ping_status.as_ref().map(|s| s.as_str())),
        "PlatformTypes" => is(shown.platform_type.as_ref().map(|s| s.as_str())),
        "ResourceType" => is(shown.resource_type.as_ref().map(|s| s.as_str())),
        "tag-key" => tags().is_some_and(|t| values.iter().any(|key| t.tags.contains_key(key))),
        // EC2 instances have no activation, no service role of their own, and no associations yet.
        "ActivationIds" | "IamRole" | "AssociationStatus" => false,
        key => {
            let tag = key.strip_prefix("tag:").unwrap_or_default();
            tags().is_some_and(|t| is(t.tags.get(tag).map(String::as_str)))
        }
    }
}

/// DescribeInstanceInformation, by instance id.
///
/// Errors: `InvalidFilterKey`, `InvalidInstanceInformationFilterValue`, `InvalidNextToken`.
pub(crate) async fn describe_instances(
    call: SsmCall,
    input: DescribeInstanceInformationRequest,
) -> Reply<DescribeInstanceInformationResult> {
    let filters = filters(&input)?;
    let instances = call.platform.store.list::<Instance>(call.scope());
    let managed = instances.iter().filter(|i| is_managed(&call, i)).map(|i| entry(&call, i));
    let found: Vec<_> = managed.filter(|i| filters.iter().all(|(k, v)| passes(&call, i, k, v))).collect();
    let purpose = format!("instances/{filters:?}");
    let (token, limit) = (input.next_token.as_deref(), page_size(input.max_results, 50));
    let key = |i: &InstanceInformation| i.instance_id.clone().unwrap_or_default();
    let page = call.page(&purpose, call.scope(), found, token, limit, key)?;
    Ok(DescribeInstanceInformationResult {
        instance_information_list: Some(page.items),
        next_token: page.next,
    })
}

/// GetConnectionStatus: whether the machine can be spoken to. Unknown ones are not connected, as AWS says.
pub(crate) async fn connection_status(
    call: SsmCall,
    input: GetConnectionStatusRequest,
) -> Reply<GetConnectionStatusResponse> {
    let target = input.target();
    let known = call.platform.store.get::<Instance>(call.scope(), target).is_some();
    let connected = known && call.platform.machines.reachable(target);
    Ok(GetConnectionStatusResponse {
        target: Some(target.to_owned()),
        status: Some(if connected { "connected" } else { "notconnected" }.into()),
    })
}
