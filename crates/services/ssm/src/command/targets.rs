//! Which instances a command goes to.

use crate::faults;
use crate::service::SsmCall;
use api_ssm::{SendCommandRequest, Target};
use aws_schema::Fault;
use records::{Instance, InstanceState, Tags};
use std::collections::BTreeSet;

/// Most instances of one command, so that its record stays within what the store takes.
const MOST: usize = 20_000;

/// Whether a command may be sent to an instance: it runs or is about to.
fn takes_commands(instance: &Instance) -> bool {
    matches!(instance.state, InstanceState::Pending | InstanceState::Running)
}

/// `i-` with 8 or 17 characters, or `mi-` with 17: the model's pattern.
fn is_instance_id(id: &str) -> bool {
    let digits = id.strip_prefix("i-").or_else(|| id.strip_prefix("mi-")).unwrap_or("");
    matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The instances of `InstanceIds`, in that order; every one must be able to take the command.
fn by_ids(call: &SsmCall, ids: &[String]) -> Result<Vec<String>, Fault> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = ids.iter().find(|id| !seen.insert(*id)) {
        return Err(faults::duplicate_instance(twice));
    }
    if let Some(bad) = ids.iter().find(|id| !is_instance_id(id)) {
        return Err(faults::validation(format!(
            "1 validation error detected: Value '[{bad}]' at 'instanceIds' failed to satisfy constraint: Member must \
             satisfy constraint: [Member must satisfy regular expression pattern: (^i-(\\w{{8}}|\\w{{17}})$)|(^mi-\\w{{17}}$)]"
        )));
    }
    let usable = |id: &&String| {
        call.platform
            .store
            .get::<Instance>(call.scope(), id)
            .is_some_and(|instance| takes_commands(&instance))
    };
    let bad: Vec<String> = ids.iter().filter(|id| !usable(id)).cloned().collect();
    if bad.is_empty() {
        Ok(ids.to_vec())
    } else {
        Err(faults::invalid_instances(&bad, call.caller.account()))
    }
}

/// Ids of the instances one target means, whatever their state.
fn one(call: &SsmCall, target: &Target) -> Result<BTreeSet<String>, Fault> {
    let key = target.key.as_deref().unwrap_or_default();
    let values = target.values.as_deref().unwrap_or_default();
    if values.is_empty() {
        return Err(faults::validation(format!("The target {key} has no values.")));
    }
    let store = &call.platform.store;
    let ids = |tags: Vec<std::sync::Arc<Tags>>| {
        tags.into_iter().filter(|t| t.resource_type == "instance").map(|t| t.id.clone())
    };
    if let Some(tag) = key.strip_prefix("tag:") {
        let found =
            values.iter().flat_map(|v| ids(store.by_index(call.scope(), "tag", &format!("{tag}={v}"))));
        return Ok(found.collect());
    }
    match key {
        "tag-key" => {
            let all = store.list::<Tags>(call.scope());
            let has = |t: &std::sync::Arc<Tags>| values.iter().any(|key| t.tags.contains_key(key));
            Ok(ids(all.into_iter().filter(has).collect()).collect())
        }
        "InstanceIds" | "instanceids" => Ok(by_ids(call, values)?.into_iter().collect()),
        "resource-groups:Name" | "resource-groups:ResourceTypeFilters" => Err(faults::validation(format!(
            "The target {key} is not valid: there is no resource group [{}] in this account.",
            values.join(", ")
        ))),
        other => Err(faults::validation(format!(
            "The target key {other} is not valid. Valid keys: InstanceIds, tag:<key>, tag-key, resource-groups:Name."
        ))),
    }
}

/// Resolves the targets of a request, once and for all. Several targets narrow each other down.
pub(crate) fn resolve(call: &SsmCall, input: &SendCommandRequest) -> Result<Vec<String>, Fault> {
    let ids = input.instance_ids.as_deref().unwrap_or_default();
    let targets = input.targets.as_deref().unwrap_or_default();
    match (ids.is_empty(), targets.is_empty()) {
        (false, false) => {
            return Err(faults::validation("InstanceIds and Targets can't be used together in one request."));
        }
        (true, true) => return Err(faults::invalid_instances(&[], call.caller.account())),
        (false, true) => return by_ids(call, ids),
        (true, false) => {}
    }
    let mut found: Option<BTreeSet<String>> = None;
    for target in targets {
        let these = one(call, target)?;
        found = Some(match found {
            Some(before) => before.intersection(&these).cloned().collect(),
            None => these,
        });
    }
    let usable = |id: &String| {
        call.platform
            .store
            .get::<Instance>(call.scope(), id)
            .is_some_and(|instance| takes_commands(&instance))
    };
    let found: Vec<String> = found.unwrap_or_default().into_iter().filter(usable).collect();
    if found.len() > MOST {
        return Err(faults::validation(format!(
            "The targets mean {} instances; a command can go to {MOST}.",
            found.len()
        )));
    }
    Ok(found)
}
