//! Roles.

use crate::entity::find;
use crate::paging::Asked;
use crate::{Iam, boundary, faults, names, show, tags, trust};
use api_iam::*;
use aws_schema::Unit;
use contracts::{Call, Reply};
use records::iam;
use state_store::typed::Tx;
use std::collections::BTreeMap;

/// Roles in an account.
pub(crate) const ROLES: usize = 1000;
/// Seconds a session lasts at most, unless the role says otherwise.
const SESSION: i32 = 3600;

/// CreateRole.
pub(crate) async fn create_role(call: Call<Iam>, input: CreateRoleRequest) -> Reply<CreateRoleResponse> {
    let name = input.role_name.unwrap_or_default();
    names::check_name("roleName", &name)?;
    names::check_description(input.description.as_deref())?;
    let trust_policy = input.assume_role_policy_document.unwrap_or_default();
    let principals = trust::check(&trust_policy)?;
    let role = iam::Role {
        id: name.to_lowercase(),
        role_id: names::unique_id("AROA"),
        path: names::check_path(input.path.as_deref())?,
        trust_policy,
        trusted: BTreeMap::new(),
        description: input.description,
        max_session_duration: input.max_session_duration.unwrap_or(SESSION),
        created: call.platform.clock.now(),
        tags: tags::read(input.tags)?,
        policies: iam::Policies { boundary: input.permissions_boundary, ..Default::default() },
        last_used: None,
        name,
    };
    let scope = call.caller.global();
    let written = call.platform.transact(|tx| {
        if tx.exists::<iam::Role>(&scope, &role.id) {
            return Err(faults::exists(format!("Role with name {} already exists.", role.name)));
        }
        if tx.count::<iam::Role>(&scope) >= ROLES {
            return Err(faults::quota("RolesPerAccount", ROLES));
        }
        let trusted = trust::resolve(tx, &principals)?;
        boundary::check(tx, &scope, role.policies.boundary.as_deref())?;
        tx.put(&scope, iam::Role { trusted, ..role.clone() });
        Ok(())
    });
    written.await?;
    Ok(CreateRoleResponse { role: Some(show::role(call.caller.account(), &role, true)) })
}

/// GetRole.
pub(crate) async fn get_role(call: Call<Iam>, input: GetRoleRequest) -> Reply<GetRoleResponse> {
    let role = call.get::<iam::Role>(&call.caller.global(), input.role_name())?;
    Ok(GetRoleResponse { role: Some(show::role(call.caller.account(), &role, true)) })
}

/// ListRoles.
pub(crate) async fn list_roles(call: Call<Iam>, input: ListRolesRequest) -> Reply<ListRolesResponse> {
    let prefix = names::check_prefix(input.path_prefix.as_deref())?;
    let mut roles = call.platform.store.list::<iam::Role>(&call.caller.global());
    roles.retain(|role| role.path.starts_with(&prefix));
    let asked = Asked {
        operation: "ListRoles",
        list: prefix,
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = call.page(&call.caller, asked, roles, |role| role.id.clone())?;
    let account = call.caller.account();
    Ok(ListRolesResponse {
        roles: Some(page.items.iter().map(|role| show::role(account, role, false)).collect()),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// UpdateRole: description and longest session; the latter falls back to an hour when it is not given.
pub(crate) async fn update_role(call: Call<Iam>, input: UpdateRoleRequest) -> Reply<UpdateRoleResponse> {
    names::check_description(input.description.as_deref())?;
    let change = |_: &mut Tx<'_>, role: &mut iam::Role| {
        if input.description.is_some() {
            role.description.clone_from(&input.description);
        }
        role.max_session_duration = input.max_session_duration.unwrap_or(SESSION);
        Ok(())
    };
    call.edit::<iam::Role>(&call.caller.global(), input.role_name(), change).await?;
    Ok(UpdateRoleResponse {})
}

/// UpdateRoleDescription.
pub(crate) async fn update_role_description(
    call: Call<Iam>,
    input: UpdateRoleDescriptionRequest,
) -> Reply<UpdateRoleDescriptionResponse> {
    names::check_description(input.description.as_deref())?;
    let change = |_: &mut Tx<'_>, role: &mut iam::Role| {
        role.description.clone_from(&input.description);
        Ok(())
    };
    let role = call.edit::<iam::Role>(&call.caller.global(), input.role_name(), change).await?;
    Ok(UpdateRoleDescriptionResponse { role: Some(show::role(call.caller.account(), &role, true)) })
}

/// UpdateAssumeRolePolicy.
pub(crate) async fn update_assume_role_policy(
    call: Call<Iam>,
    input: UpdateAssumeRolePolicyRequest,
) -> Reply<Unit> {
    let document = input.policy_document().to_owned();
    let principals = trust::check(&document)?;
    let change = |tx: &mut Tx<'_>, role: &mut iam::Role| {
        role.trusted = trust::resolve(tx, &principals)?;
        role.trust_policy.clone_from(&document);
        Ok(())
    };
    call.edit::<iam::Role>(&call.caller.global(), input.role_name(), change).await?;
    Ok(Unit)
}

/// DeleteRole: only when nothing hangs on it any more.
pub(crate) async fn delete_role(call: Call<Iam>, input: DeleteRoleRequest) -> Reply<Unit> {
    let scope = call.caller.global();
    let done = call.platform.transact(|tx| {
        let role = find::<iam::Role>(tx, &scope, input.role_name())?;
        if !tx.by_index::<iam::InstanceProfile>(&scope, "role", &role.id).is_empty() {
            return Err(faults::conflict(
                "Cannot delete entity, must remove roles from instance profile first.",
            ));
        }
        if !role.policies.attached.is_empty() {
            return Err(faults::conflict("Cannot delete entity, must detach all policies first."));
        }
        if !role.policies.inline.is_empty() {
            return Err(faults::conflict("Cannot delete entity, must delete policies first."));
        }
        tx.delete::<iam::Role>(&scope, &role.id);
        Ok(())
    });
    done.await?;
    Ok(Unit)
}
