//! ListEntitiesForPolicy: who has it.

use super::find;
use crate::entity::Holder;
use crate::paging::Asked;
use crate::{Iam, faults, names};
use api_iam::*;
use contracts::{Call, Reply};
use records::iam;
use state_store::typed::{Scope, Store};

/// Somebody who has the policy.
struct Entity {
    kind: &'static str,
    name: String,
    id: String,
}

struct Wanted<'a> {
    arn: &'a str,
    prefix: &'a str,
    usage: Option<&'a PolicyUsageType>,
}

fn collect<H: Holder>(store: &Store, scope: &Scope, wanted: &Wanted<'_>, found: &mut Vec<Entity>) {
    for record in store.by_index::<H>(scope, "policy", wanted.arn) {
        let attached = record.policies().attached.iter().any(|held| held == wanted.arn);
        let boundary = record.policies().boundary.as_deref() == Some(wanted.arn);
        let (path, name, id) = record.identity();
        let fits = match wanted.usage {
            None => true,
            Some(usage) if *usage == PolicyUsageType::PERMISSIONS_BOUNDARY => boundary,
            Some(_) => attached,
        };
        if fits && path.starts_with(wanted.prefix) {
            found.push(Entity { kind: H::WORD, name: name.to_owned(), id: id.to_owned() });
        }
    }
}

/// ListEntitiesForPolicy.
pub(crate) async fn list_entities_for_policy(
    call: Call<Iam>,
    input: ListEntitiesForPolicyRequest,
) -> Reply<ListEntitiesForPolicyResponse> {
    let (store, scope, arn) = (&call.platform.store, call.caller.global(), input.policy_arn());
    find(store, &scope, arn)?;
    let prefix = names::check_prefix(input.path_prefix.as_deref())?;
    let filter = input.entity_filter.as_ref().map(EntityType::as_str);
    if filter.is_some_and(|f| !["User", "Role", "Group"].contains(&f)) {
        return Err(faults::invalid_input("EntityFilter must be one of User, Role, Group."));
    }
    let wanted = Wanted { arn, prefix: &prefix, usage: input.policy_usage_filter.as_ref() };
    let mut found = Vec::new();
    if filter.is_none_or(|f| f == "Group") {
        collect::<iam::Group>(store, &scope, &wanted, &mut found);
    }
    if filter.is_none_or(|f| f == "Role") {
        collect::<iam::Role>(store, &scope, &wanted, &mut found);
    }
    if filter.is_none_or(|f| f == "User") {
        collect::<iam::User>(store, &scope, &wanted, &mut found);
    }
    let asked = Asked {
        operation: "ListEntitiesForPolicy",
        list: format!("{arn}\0{filter:?}\0{prefix}\0{:?}", input.policy_usage_filter),
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let key = |entity: &Entity| format!("{} {}", entity.kind, entity.name.to_lowercase());
    found.sort_by_key(key);
    let page = call.page(&call.caller, asked, found, key)?;
    let mut answer = ListEntitiesForPolicyResponse {
        policy_groups: Some(Vec::new()),
        policy_users: Some(Vec::new()),
        policy_roles: Some(Vec::new()),
        is_truncated: page.is_truncated,
        marker: page.marker,
    };
    for Entity { kind, name, id } in page.items {
        let (name, id) = (Some(name), Some(id));
        match kind {
            "group" => {
                answer
                    .policy_groups
                    .get_or_insert_default()
                    .push(PolicyGroup { group_name: name, group_id: id });
            }
            "role" => {
                answer.policy_roles.get_or_insert_default().push(PolicyRole { role_name: name, role_id: id });
            }
            _ => {
                answer.policy_users.get_or_insert_default().push(PolicyUser { user_name: name, user_id: id });
            }
        }
    }
    Ok(answer)
}
