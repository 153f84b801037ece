//! Tags of users, roles, instance profiles and policies.

use crate::entity::Tagged;
use crate::managed;
use crate::paging::Asked;
use crate::{Iam, faults};
use api_iam::*;
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::iam;
use state_store::typed::Tx;
use std::collections::{BTreeMap, BTreeSet};

/// Most tags of one entity.
const MOST: usize = 50;

/// Checks tags and makes a map of them. IAM tells keys apart without regard to case.
pub(crate) fn read(tags: Option<Vec<Tag>>) -> Result<BTreeMap<String, String>, Fault> {
    let (mut map, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for (at, tag) in tags.unwrap_or_default().into_iter().enumerate() {
        let (key, value) = (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
        check(&key, &format!("tags.{}.member.key", at + 1), "+")?;
        check(&value, &format!("tags.{}.member.value", at + 1), "*")?;
        if key.to_lowercase().starts_with("aws:") {
            return Err(faults::invalid_input(
                "Tag keys that begin with aws: are reserved for AWS use and cannot be changed.",
            ));
        }
        if !seen.insert(key.to_lowercase()) {
            return Err(faults::invalid_input(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        map.insert(key, value);
    }
    Ok(map)
}

fn check(text: &str, member: &str, times: &str) -> Result<(), Fault> {
    let sound =
        |c: char| c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c);
    if text.chars().all(sound) {
        return Ok(());
    }
    Err(faults::validation(format!(
        "1 validation error detected: Value '{text}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]{times}"
    )))
}

/// The API's form.
pub(crate) fn show(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
}

/// The same where AWS leaves an empty list away.
pub(crate) fn show_some(tags: &BTreeMap<String, String>) -> Option<Vec<Tag>> {
    Some(show(tags)).filter(|tags| !tags.is_empty())
}

fn add<R: Tagged>(record: &mut R, new: &BTreeMap<String, String>) -> Result<(), Fault> {
    let tags = record.tags_mut();
    for (key, value) in new {
        tags.retain(|known, _| known.to_lowercase() != key.to_lowercase());
        tags.insert(key.clone(), value.clone());
    }
    if tags.len() > MOST {
        return Err(faults::quota(&format!("TagsPer{}", R::QUOTA), MOST));
    }
    Ok(())
}

fn remove<R: Tagged>(record: &mut R, keys: &[String]) {
    let keys: BTreeSet<String> = keys.iter().map(|key| key.to_lowercase()).collect();
    record.tags_mut().retain(|known, _| !keys.contains(&known.to_lowercase()));
}

macro_rules! tag_operations {
    ($record:ty, $name:ident, $tag:ident($tag_input:ty), $untag:ident($untag_input:ty),
     $list:ident($operation:literal, $list_input:ty) -> $list_output:ident) => {
        #[doc = concat!("Adds or replaces tags; by `", stringify!($name), "`.")]
        pub(crate) async fn $tag(call: Call<Iam>, input: $tag_input) -> Reply<Unit> {
            let new = read(input.tags)?;
            let name = input.$name.unwrap_or_default();
            call.edit::<$record>(&call.caller.global(), &name, |_, record| add(record, &new)).await?;
            Ok(Unit)
        }

        #[doc = concat!("Removes tags; by `", stringify!($name), "`.")]
        pub(crate) async fn $untag(call: Call<Iam>, input: $untag_input) -> Reply<Unit> {
            let (name, keys) = (input.$name.unwrap_or_default(), input.tag_keys.unwrap_or_default());
            let change = |_: &mut Tx<'_>, record: &mut $record| {
                remove(record, &keys);
                Ok(())
            };
            call.edit::<$record>(&call.caller.global(), &name, change).await?;
            Ok(Unit)
        }

        #[doc = concat!($operation, ".")]
        pub(crate) async fn $list(call: Call<Iam>, input: $list_input) -> Reply<$list_output> {
            let name = input.$name.unwrap_or_default();
            let record = call.get::<$record>(&call.caller.global(), &name)?;
            let asked = Asked {
                operation: $operation,
                list: record.id.clone(),
                marker: input.marker.as_deref(),
                max_items: input.max_items,
            };
            let page = call.page_in_order(&call.caller, asked, show(&record.tags))?;
            Ok($list_output { tags: Some(page.items), is_truncated: page.is_truncated, marker: page.marker })
        }
    };
}

tag_operations!(
    iam::User, user_name, tag_user(TagUserRequest), untag_user(UntagUserRequest),
    list_user_tags("ListUserTags", ListUserTagsRequest) -> ListUserTagsResponse
);
tag_operations!(
    iam::Role, role_name, tag_role(TagRoleRequest), untag_role(UntagRoleRequest),
    list_role_tags("ListRoleTags", ListRoleTagsRequest) -> ListRoleTagsResponse
);
tag_operations!(
    iam::InstanceProfile, instance_profile_name,
    tag_instance_profile(TagInstanceProfileRequest), untag_instance_profile(UntagInstanceProfileRequest),
    list_instance_profile_tags("ListInstanceProfileTags", ListInstanceProfileTagsRequest) -> ListInstanceProfileTagsResponse
);

/// TagPolicy.
pub(crate) async fn tag_policy(call: Call<Iam>, input: TagPolicyRequest) -> Reply<Unit> {
    let new = read(input.tags)?;
    let arn = input.policy_arn.unwrap_or_default();
    managed::edit(&call, &arn, |policy| add(policy, &new)).await?;
    Ok(Unit)
}

/// UntagPolicy.
pub(crate) async fn untag_policy(call: Call<Iam>, input: UntagPolicyRequest) -> Reply<Unit> {
    let (arn, keys) = (input.policy_arn.unwrap_or_default(), input.tag_keys.unwrap_or_default());
    let change = |policy: &mut iam::Policy| {
        remove(policy, &keys);
        Ok(())
    };
    managed::edit(&call, &arn, change).await?;
    Ok(Unit)
}

/// ListPolicyTags.
pub(crate) async fn list_policy_tags(
    call: Call<Iam>,
    input: ListPolicyTagsRequest,
) -> Reply<ListPolicyTagsResponse> {
    let arn = input.policy_arn.unwrap_or_default();
    let policy = managed::find(&call.platform.store, &call.caller.global(), &arn)?;
    let asked = Asked {
        operation: "ListPolicyTags",
        list: arn,
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = call.page_in_order(&call.caller, asked, policy.tags())?;
    Ok(ListPolicyTagsResponse {
        tags: Some(page.items),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}
