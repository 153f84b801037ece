//! Instance profiles: each holds one role for instances.

use crate::entity::find;
use crate::paging::{Asked, Listed};
use crate::{Iam, faults, names, tags};
use api_iam::*;
use aws_schema::Unit;
use contracts::{Call, Reply};
use records::iam;
use state_store::typed::Tx;
use std::sync::Arc;

/// Instance profiles in an account.
pub(crate) const PROFILES: usize = 1000;

/// CreateInstanceProfile.
pub(crate) async fn create_instance_profile(
    call: Call<Iam>,
    input: CreateInstanceProfileRequest,
) -> Reply<CreateInstanceProfileResponse> {
    let name = input.instance_profile_name.unwrap_or_default();
    names::check_name("instanceProfileName", &name)?;
    let profile = iam::InstanceProfile {
        id: name.to_lowercase(),
        profile_id: names::unique_id("AIPA"),
        path: names::check_path(input.path.as_deref())?,
        role: None,
        created: call.platform.clock.now(),
        tags: tags::read(input.tags)?,
        name,
    };
    let scope = call.caller.global();
    let written = call.platform.transact(|tx| {
        if tx.exists::<iam::InstanceProfile>(&scope, &profile.id) {
            return Err(faults::exists(format!("Instance Profile {} already exists.", profile.name)));
        }
        if tx.count::<iam::InstanceProfile>(&scope) >= PROFILES {
            return Err(faults::quota("InstanceProfilesPerAccount", PROFILES));
        }
        tx.put(&scope, profile.clone());
        Ok(())
    });
    written.await?;
    let shown = call.show_profile(&scope, &profile, true);
    Ok(CreateInstanceProfileResponse { instance_profile: Some(shown) })
}

/// GetInstanceProfile.
pub(crate) async fn get_instance_profile(
    call: Call<Iam>,
    input: GetInstanceProfileRequest,
) -> Reply<GetInstanceProfileResponse> {
    let scope = call.caller.global();
    let profile = call.get::<iam::InstanceProfile>(&scope, input.instance_profile_name())?;
    Ok(GetInstanceProfileResponse { instance_profile: Some(call.show_profile(&scope, &profile, true)) })
}

fn page(
    call: &Call<Iam>,
    asked: Asked<'_>,
    profiles: Vec<Arc<iam::InstanceProfile>>,
) -> Reply<Listed<InstanceProfile>> {
    let scope = call.caller.global();
    let page = call.page(&call.caller, asked, profiles, |profile| profile.id.clone())?;
    Ok(Listed {
        items: page.items.iter().map(|profile| call.show_profile(&scope, profile, false)).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// ListInstanceProfiles.
pub(crate) async fn list_instance_profiles(
    call: Call<Iam>,
    input: ListInstanceProfilesRequest,
) -> Reply<ListInstanceProfilesResponse> {
    let prefix = names::check_prefix(input.path_prefix.as_deref())?;
    let mut profiles = call.platform.store.list::<iam::InstanceProfile>(&call.caller.global());
    profiles.retain(|profile| profile.path.starts_with(&prefix));
    let asked = Asked {
        operation: "ListInstanceProfiles",
        list: prefix,
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = page(&call, asked, profiles)?;
    Ok(ListInstanceProfilesResponse {
        instance_profiles: Some(page.items),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// ListInstanceProfilesForRole.
pub(crate) async fn list_instance_profiles_for_role(
    call: Call<Iam>,
    input: ListInstanceProfilesForRoleRequest,
) -> Reply<ListInstanceProfilesForRoleResponse> {
    let scope = call.caller.global();
    let role = call.get::<iam::Role>(&scope, input.role_name())?;
    let profiles = call.platform.store.by_index::<iam::InstanceProfile>(&scope, "role", &role.id);
    let asked = Asked {
        operation: "ListInstanceProfilesForRole",
        list: role.id.clone(),
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = page(&call, asked, profiles)?;
    Ok(ListInstanceProfilesForRoleResponse {
        instance_profiles: Some(page.items),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// AddRoleToInstanceProfile: a profile holds one role only.
pub(crate) async fn add_role_to_instance_profile(
    call: Call<Iam>,
    input: AddRoleToInstanceProfileRequest,
) -> Reply<Unit> {
    let scope = call.caller.global();
    let change = |tx: &mut Tx<'_>, profile: &mut iam::InstanceProfile| {
        let role = find::<iam::Role>(tx, &scope, input.role_name())?;
        if profile.role.is_some() {
            return Err(faults::quota("InstanceSessionsPerInstanceProfile", 1));
        }
        profile.role = Some(role.id.clone());
        Ok(())
    };
    call.edit::<iam::InstanceProfile>(&scope, input.instance_profile_name(), change).await?;
    Ok(Unit)
}

/// RemoveRoleFromInstanceProfile.
pub(crate) async fn remove_role_from_instance_profile(
    call: Call<Iam>,
    input: RemoveRoleFromInstanceProfileRequest,
) -> Reply<Unit> {
    let scope = call.caller.global();
    let change = |tx: &mut Tx<'_>, profile: &mut iam::InstanceProfile| {
        let role = find::<iam::Role>(tx, &scope, input.role_name())?;
        if profile.role.as_ref() != Some(&role.id) {
            return Err(faults::no_such_entity(format!(
                "The role with name {} cannot be found.",
                input.role_name()
            )));
        }
        profile.role = None;
        Ok(())
    };
    call.edit::<iam::InstanceProfile>(&scope, input.instance_profile_name(), change).await?;
    Ok(Unit)
}

/// DeleteInstanceProfile: an empty one.
pub(crate) async fn delete_instance_profile(
    call: Call<Iam>,
    input: DeleteInstanceProfileRequest,
) -> Reply<Unit> {
    let scope = call.caller.global();
    let done = call.platform.transact(|tx| {
        let profile = find::<iam::InstanceProfile>(tx, &scope, input.instance_profile_name())?;
        if profile.role.is_some() {
            return Err(faults::conflict(
                "Cannot delete entity, must remove roles from instance profile first.",
            ));
        }
        tx.delete::<iam::InstanceProfile>(&scope, &profile.id);
        Ok(())
    });
    done.await?;
    Ok(Unit)
}
