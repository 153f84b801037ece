//! GetAccountAuthorizationDetails: everything at once, in pages.

use crate::paging::Asked;
use crate::{Iam, managed, show, tags};
use api_iam::*;
use contracts::{Call, Reply};
use records::iam;
use state_store::typed::Scope;

enum Detail {
    User(UserDetail),
    Group(GroupDetail),
    Role(Box<RoleDetail>),
    Policy(ManagedPolicyDetail),
}

fn user(call: &Call<Iam>, scope: &Scope, user: &iam::User) -> UserDetail {
    let groups = user.groups.iter().filter_map(|id| call.platform.store.get::<iam::Group>(scope, id));
    UserDetail {
        path: Some(user.path.clone()),
        user_name: Some(user.name.clone()),
        user_id: Some(user.user_id.clone()),
        arn: Some(user.arn(&scope.account)),
        create_date: Some(show::time(user.created)),
        user_policy_list: Some(show::inline(&user.policies)).filter(|list| !list.is_empty()),
        group_list: Some(groups.map(|group| group.name.clone()).collect()),
        attached_managed_policies: Some(show::attached(&user.policies)),
        permissions_boundary: show::boundary(&user.policies),
        tags: Some(tags::show(&user.tags)),
    }
}

fn group(scope: &Scope, group: &iam::Group) -> GroupDetail {
    GroupDetail {
        path: Some(group.path.clone()),
        group_name: Some(group.name.clone()),
        group_id: Some(group.group_id.clone()),
        arn: Some(group.arn(&scope.account)),
        create_date: Some(show::time(group.created)),
        group_policy_list: Some(show::inline(&group.policies)),
        attached_managed_policies: Some(show::attached(&group.policies)),
    }
}

fn role(call: &Call<Iam>, scope: &Scope, role: &iam::Role) -> RoleDetail {
    let profiles = call.platform.store.by_index::<iam::InstanceProfile>(scope, "role", &role.id);
    RoleDetail {
        path: Some(role.path.clone()),
        role_name: Some(role.name.clone()),
        role_id: Some(role.role_id.clone()),
        arn: Some(role.arn(&scope.account)),
        create_date: Some(show::time(role.created)),
        assume_role_policy_document: Some(show::document(&role.trust_policy)),
        instance_profile_list: Some(profiles.iter().map(|p| call.show_profile(scope, p, true)).collect()),
        role_policy_list: Some(show::inline(&role.policies)),
        attached_managed_policies: Some(show::attached(&role.policies)),
        permissions_boundary: show::boundary(&role.policies),
        tags: Some(tags::show(&role.tags)),
        role_last_used: Some(show::last_used(role)),
    }
}

/// GetAccountAuthorizationDetails.
pub(crate) async fn get_account_authorization_details(
    call: Call<Iam>,
    input: GetAccountAuthorizationDetailsRequest,
) -> Reply<GetAccountAuthorizationDetailsResponse> {
    let (store, scope) = (&call.platform.store, call.caller.global());
    let filter = input.filter.unwrap_or_default();
    let wants = |kind: &EntityType| filter.is_empty() || filter.contains(kind);
    let mut found: Vec<(String, Detail)> = Vec::new();
    if wants(&EntityType::USER) {
        let users = store.list::<iam::User>(&scope);
        found.extend(users.iter().map(|u| (format!("0{}", u.id), Detail::User(user(&call, &scope, u)))));
    }
    if wants(&EntityType::GROUP) {
        let groups = store.list::<iam::Group>(&scope);
        found.extend(groups.iter().map(|g| (format!("1{}", g.id), Detail::Group(group(&scope, g)))));
    }
    if wants(&EntityType::ROLE) {
        let roles = store.list::<iam::Role>(&scope);
        let form = |r: &iam::Role| Detail::Role(Box::new(role(&call, &scope, r)));
        found.extend(roles.iter().map(|r| (format!("2{}", r.id), form(r))));
    }
    let (aws, own) = (wants(&EntityType::AWS_MANAGED_POLICY), wants(&EntityType::LOCAL_MANAGED_POLICY));
    for policy in managed::details(store, &scope, aws, own) {
        let name = policy.policy_name.clone().unwrap_or_default();
        let is_aws = policy.arn.as_deref().unwrap_or_default().starts_with("arn:aws:iam::aws:");
        let key = if is_aws { format!("4{name}") } else { format!("3{}", name.to_lowercase()) };
        found.push((key, Detail::Policy(policy)));
    }
    let mut names: Vec<&str> = filter.iter().map(EntityType::as_str).collect();
    names.sort_unstable();
    let asked = Asked {
        operation: "GetAccountAuthorizationDetails",
        list: names.join(","),
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    let page = call.page(&call.caller, asked, found, |(key, _)| key.clone())?;
    let (mut users, mut groups, mut roles, mut policies) = (vec![], vec![], vec![], vec![]);
    for (_, detail) in page.items {
        match detail {
            Detail::User(user) => users.push(user),
            Detail::Group(group) => groups.push(group),
            Detail::Role(role) => roles.push(*role),
            Detail::Policy(policy) => policies.push(policy),
        }
    }
    Ok(GetAccountAuthorizationDetailsResponse {
        user_detail_list: Some(users),
        group_detail_list: Some(groups),
        role_detail_list: Some(roles),
        policies: Some(policies),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}
