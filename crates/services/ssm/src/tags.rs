//! AddTagsToResource, RemoveTagsFromResource, ListTagsForResource.

use crate::faults;
use crate::parameter::{ParameterRef, is_live};
use crate::service::SsmCall;
use api_ssm::{
    AddTagsToResourceRequest, AddTagsToResourceResult, ListTagsForResourceRequest, ListTagsForResourceResult,
    RemoveTagsFromResourceRequest, RemoveTagsFromResourceResult, Tag,
};
use aws_schema::Fault;
use contracts::Reply;
use records::ssm::{Document, Parameter};
use state_store::typed::Tx;
use std::collections::BTreeMap;

/// Most tags of a resource.
const MOST: usize = 50;

/// Tags by key.
type TagMap = BTreeMap<String, String>;

/// The tags of a request, checked by themselves.
pub(crate) fn tag_map(tags: &[Tag]) -> Result<TagMap, Fault> {
    let mut map = TagMap::new();
    for tag in tags {
        let key = tag.key.clone().unwrap_or_default();
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(faults::validation(format!(
                "Tag keys can't begin with the reserved prefix aws: {key}"
            )));
        }
        let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
        let value = tag.value.clone().unwrap_or_default();
        if !key.chars().all(allowed) || !value.chars().all(allowed) {
            return Err(faults::validation(format!("The tag {key} holds characters that tags can't hold.")));
        }
        if map.insert(key.clone(), value).is_some() {
            return Err(faults::validation(format!("Duplicate tag key: {key}")));
        }
    }
    if map.len() > MOST {
        return Err(faults::too_many_tags());
    }
    Ok(map)
}

/// Shows the tags of a resource to `change`, and keeps what it made of them.
fn edit<T>(
    call: &SsmCall,
    tx: &mut Tx<'_>,
    kind: &str,
    id: &str,
    change: impl FnOnce(&mut TagMap) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let scope = call.scope();
    match kind {
        "Parameter" => {
            let wanted = ParameterRef::parse(&call.caller, id).filter(|w| w.selector.is_none());
            let found =
                wanted.and_then(|w| tx.get::<Parameter>(scope, &w.id)).filter(|p| is_live(p, call.now()));
            let mut parameter = (*found.ok_or_else(faults::invalid_resource_id)?).clone();
            let before = parameter.tags.clone();
            let value = change(&mut parameter.tags)?;
            if parameter.tags != before {
                tx.put(scope, parameter);
            }
            Ok(value)
        }
        "Document" => {
            let name = id.strip_prefix(&call.caller.arn("ssm", "document/")).unwrap_or(id);
            let found = tx.get::<Document>(scope, name);
            let mut document = (*found.ok_or_else(faults::invalid_resource_id)?).clone();
            let before = document.tags.clone();
            let value = change(&mut document.tags)?;
            if document.tags != before {
                tx.put(scope, document);
            }
            Ok(value)
        }
        // These kinds of resources have no operations here that could make one, so every id is unknown. EC2 instances
        // carry EC2's tags: AWS, too, takes only `mi-…` here.
        "ManagedInstance" | "MaintenanceWindow" | "PatchBaseline" | "OpsItem" | "OpsMetadata"
        | "Automation" | "Association" | "CloudConnector" => Err(faults::invalid_resource_id()),
        _ => Err(faults::invalid_resource_type()),
    }
}

/// AddTagsToResource.
///
/// Errors: `InvalidResourceId`, `InvalidResourceType`, `TooManyTagsError`, `ValidationException` for tags themselves.
pub(crate) async fn add(call: SsmCall, input: AddTagsToResourceRequest) -> Reply<AddTagsToResourceResult> {
    let new = tag_map(input.tags())?;
    let kind = input.resource_type.as_ref().map_or("", |k| k.as_str());
    let run = |tx: &mut Tx<'_>| {
        edit(&call, tx, kind, input.resource_id(), |tags| {
            tags.extend(new.clone());
            if tags.len() > MOST { Err(faults::too_many_tags()) } else { Ok(()) }
        })
    };
    call.platform.transact(run).await?;
    Ok(AddTagsToResourceResult {})
}

/// RemoveTagsFromResource: keys that are not there do not matter.
pub(crate) async fn remove(
    call: SsmCall,
    input: RemoveTagsFromResourceRequest,
) -> Reply<RemoveTagsFromResourceResult> {
    let kind = input.resource_type.as_ref().map_or("", |k| k.as_str());
    let run = |tx: &mut Tx<'_>| {
        edit(&call, tx, kind, input.resource_id(), |tags| {
            input.tag_keys().iter().for_each(|key| drop(tags.remove(key)));
            Ok(())
        })
    };
    call.platform.transact(run).await?;
    Ok(RemoveTagsFromResourceResult {})
}

/// ListTagsForResource.
pub(crate) async fn list(
    call: SsmCall,
    input: ListTagsForResourceRequest,
) -> Reply<ListTagsForResourceResult> {
    let kind = input.resource_type.as_ref().map_or("", |k| k.as_str());
    let run = |tx: &mut Tx<'_>| edit(&call, tx, kind, input.resource_id(), |tags| Ok(tags.clone()));
    let tags = call.platform.transact(run).await?.value;
    Ok(ListTagsForResourceResult { tag_list: Some(tag_list(&tags)) })
}

/// Tags as answers show them.
pub(crate) fn tag_list(tags: &TagMap) -> Vec<Tag> {
    tags.iter().map(|(k, v)| Tag { key: Some(k.clone()), value: Some(v.clone()) }).collect()
}
