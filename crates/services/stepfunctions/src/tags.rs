//! TagResource, UntagResource, ListTagsForResource: tags of state machines and activities.

use crate::arn::{self, Resource};
use crate::service::StatesCall;
use crate::{faults, limits};
use api_stepfunctions::{
    ListTagsForResourceInput, ListTagsForResourceOutput, Tag, TagResourceInput, TagResourceOutput,
    UntagResourceInput, UntagResourceOutput,
};
use aws_schema::Fault;
use contracts::Reply;
use records::stepfunctions::{Activity, StateMachine};
use state_store::typed::Tx;
use std::collections::BTreeMap;

/// Tags by key.
pub(crate) type TagMap = BTreeMap<String, String>;

/// The tags of a request; a key that comes twice has its last value.
pub(crate) fn tag_map(tags: &[Tag], resource_arn: &str) -> Result<TagMap, Fault> {
    let mut map = TagMap::new();
    for tag in tags {
        let key = tag.key.clone().unwrap_or_default();
        if key.is_empty() || key.starts_with("aws:") {
            return Err(faults::validation(format!("Invalid tag key: '{key}'")));
        }
        map.insert(key, tag.value.clone().unwrap_or_default());
    }
    if map.len() > limits::TAGS {
        return Err(faults::too_many_tags(resource_arn));
    }
    Ok(map)
}

/// Shows the tags of a resource to `change`, and keeps what it made of them.
fn edit<T>(
    call: &StatesCall,
    tx: &mut Tx<'_>,
    resource_arn: &str,
    change: impl FnOnce(&mut TagMap) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let scope = call.scope();
    let missing = || faults::no_tagged_resource(resource_arn);
    match arn::parse(&call.caller, resource_arn)? {
        Resource::Machine { name, qualifier: None } => {
            let mut machine = (*tx.get::<StateMachine>(scope, name).ok_or_else(missing)?).clone();
            let value = change(&mut machine.tags)?;
            tx.put(scope, machine);
            Ok(value)
        }
        Resource::Activity { name } => {
            let mut activity = (*tx.get::<Activity>(scope, name).ok_or_else(missing)?).clone();
            let value = change(&mut activity.tags)?;
            tx.put(scope, activity);
            Ok(value)
        }
        other => Err(other.unexpected()),
    }
}

/// TagResource.
///
/// Errors: `InvalidArn`, `ResourceNotFound`, `TooManyTags`, `ValidationException`.
pub(crate) async fn add(call: StatesCall, input: TagResourceInput) -> Reply<TagResourceOutput> {
    let resource = input.resource_arn();
    let new = tag_map(input.tags(), resource)?;
    let run = |tx: &mut Tx<'_>| {
        edit(&call, tx, resource, |tags| {
            tags.extend(new.clone());
            if tags.len() > limits::TAGS { Err(faults::too_many_tags(resource)) } else { Ok(()) }
        })
    };
    call.platform.transact(run).await?;
    Ok(TagResourceOutput {})
}

/// UntagResource: keys that are not there do not matter.
pub(crate) async fn remove(call: StatesCall, input: UntagResourceInput) -> Reply<UntagResourceOutput> {
    let run = |tx: &mut Tx<'_>| {
        edit(&call, tx, input.resource_arn(), |tags| {
            input.tag_keys().iter().for_each(|key| drop(tags.remove(key)));
            Ok(())
        })
    };
    call.platform.transact(run).await?;
    Ok(UntagResourceOutput {})
}

/// ListTagsForResource.
pub(crate) async fn list(
    call: StatesCall,
    input: ListTagsForResourceInput,
) -> Reply<ListTagsForResourceOutput> {
    let (scope, store) = (call.scope(), &call.platform.store);
    let tags = match arn::parse(&call.caller, input.resource_arn())? {
        Resource::Machine { name, qualifier: None } => {
            store.get::<StateMachine>(scope, name).map(|machine| machine.tags.clone())
        }
        Resource::Activity { name } => {
            store.get::<Activity>(scope, name).map(|activity| activity.tags.clone())
        }
        other => return Err(other.unexpected()),
    };
    let tags = tags.ok_or_else(|| faults::no_tagged_resource(input.resource_arn()))?;
    let tags = tags.into_iter().map(|(key, value)| Tag { key: Some(key), value: Some(value) });
    Ok(ListTagsForResourceOutput { tags: Some(tags.collect()) })
}
