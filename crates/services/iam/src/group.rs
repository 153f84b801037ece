//! Groups and who is in them.

use crate::entity::find;
use crate::paging::Asked;
use crate::{Iam, faults, names, show};
use api_iam::*;
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::iam;
use state_store::typed::Tx;

/// Groups in an account, and groups of one user.
pub(crate) const GROUPS: usize = 300;
pub(crate) const GROUPS_PER_USER: usize = 10;

fn already(name: &str) -> Fault {
    faults::exists(format!("Group with name {name} already exists."))
}

/// CreateGroup.
pub(crate) async fn create_group(call: Call<Iam>, input: CreateGroupRequest) -> Reply<CreateGroupResponse> {
    let name = input.group_name.unwrap_or_default();
    names::check_name("groupName", &name)?;
    let group = iam::Group {
        id: name.to_lowercase(),
        group_id: names::unique_id("AGPA"),
        path: names::check_path(input.path.as_deref())?,
        created: call.platform.clock.now(),
        policies: iam::Policies::default(),
        name,
    };
    let scope = call.caller.global();
    let written = call.platform.transact(|tx| {
        if tx.exists::<iam::Group>(&scope, &group.id) {
            return Err(already(&group.name));
        }
        if tx.count::<iam::Group>(&scope) >= GROUPS {
            return Err(faults::quota("GroupsPerAccount", GROUPS));
        }
        tx.put(&scope, group.clone());
        Ok(())
    });
    written.await?;
    Ok(CreateGroupResponse { group: Some(show::group(call.caller.account(), &group)) })
}

/// GetGroup: the group and its users.
pub(crate) async fn get_group(call: Call<Iam>, input: GetGroupRequest) -> Reply<GetGroupResponse> {
    let scope = call.caller.global();
    let group = call.get::<iam::Group>(&scope, input.group_name())?;
    let users = call.platform.store.by_index::<iam::User>(&scope, "group", &group.id);
    let asked = Asked {
        operation: "GetGroup",
        list: group.id.clone(),
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = call.page(&call.caller, asked, users, |user| user.id.clone())?;
    let account = call.caller.account();
    Ok(GetGroupResponse {
        group: Some(show::group(account, &group)),
        users: Some(page.items.iter().map(|user| show::user(account, user, false)).collect()),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// ListGroups.
pub(crate) async fn list_groups(call: Call<Iam>, input: ListGroupsRequest) -> Reply<ListGroupsResponse> {
    let prefix = names::check_prefix(input.path_prefix.as_deref())?;
    let mut groups = call.platform.store.list::<iam::Group>(&call.caller.global());
    groups.retain(|group| group.path.starts_with(&prefix));
    let asked = Asked {
        operation: "ListGroups",
        list: prefix,
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = call.page(&call.caller, asked, groups, |group| group.id.clone())?;
    let account = call.caller.account();
    Ok(ListGroupsResponse {
        groups: Some(page.items.iter().map(|group| show::group(account, group)).collect()),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// UpdateGroup: a new path, a new name, or both; the users stay in it.
pub(crate) async fn update_group(call: Call<Iam>, input: UpdateGroupRequest) -> Reply<Unit> {
    if let Some(name) = &input.new_group_name {
        names::check_name("newGroupName", name)?;
    }
    let path = input.new_path.as_deref().map(|path| names::check_path(Some(path))).transpose()?;
    let scope = call.caller.global();
    let done = call.platform.transact(|tx| {
        let old = find::<iam::Group>(tx, &scope, input.group_name())?;
        let mut group = iam::Group::clone(&old);
        group.path = path.clone().unwrap_or(group.path);
        if let Some(name) = &input.new_group_name {
            group.name.clone_from(name);
            group.id = name.to_lowercase();
            if group.id != old.id {
                if tx.exists::<iam::Group>(&scope, &group.id) {
                    return Err(already(name));
                }
                for user in tx.by_index::<iam::User>(&scope, "group", &old.id) {
                    let mut user = iam::User::clone(&user);
                    user.groups.retain(|known| *known != old.id);
                    user.groups.push(group.id.clone());
                    tx.put(&scope, user);
                }
                tx.delete::<iam::Group>(&scope, &old.id);
            }
        }
        tx.put(&scope, group);
        Ok(())
    });
    done.await?;
    Ok(Unit)
}

/// DeleteGroup: an empty one without policies.
pub(crate) async fn delete_group(call: Call<Iam>, input: DeleteGroupRequest) -> Reply<Unit> {
    let scope = call.caller.global();
    let done = call.platform.transact(|tx| {
        let group = find::<iam::Group>(tx, &scope, input.group_name())?;
        if !tx.by_index::<iam::User>(&scope, "group", &group.id).is_empty() {
            return Err(faults::conflict("Cannot delete entity, must remove users from group first."));
        }
        if !group.policies.attached.is_empty() {
            return Err(faults::conflict("Cannot delete entity, must detach all policies first."));
        }
        if !group.policies.inline.is_empty() {
            return Err(faults::conflict("Cannot delete entity, must delete policies first."));
        }
        tx.delete::<iam::Group>(&scope, &group.id);
        Ok(())
    });
    done.await?;
    Ok(Unit)
}

/// AddUserToGroup; a user who is in it stays in it.
pub(crate) async fn add_user_to_group(call: Call<Iam>, input: AddUserToGroupRequest) -> Reply<Unit> {
    let scope = call.caller.global();
    let change = |tx: &mut Tx<'_>, user: &mut iam::User| {
        let group = find::<iam::Group>(tx, &scope, input.group_name())?;
        if user.groups.contains(&group.id) {
            return Ok(());
        }
        if user.groups.len() >= GROUPS_PER_USER {
            return Err(faults::quota("GroupsPerUser", GROUPS_PER_USER));
        }
        user.groups.push(group.id.clone());
        Ok(())
    };
    call.edit::<iam::User>(&scope, input.user_name(), change).await?;
    Ok(Unit)
}

/// RemoveUserFromGroup.
pub(crate) async fn remove_user_from_group(
    call: Call<Iam>,
    input: RemoveUserFromGroupRequest,
) -> Reply<Unit> {
    let scope = call.caller.global();
    let change = |tx: &mut Tx<'_>, user: &mut iam::User| {
        let group = find::<iam::Group>(tx, &scope, input.group_name())?;
        user.groups.retain(|known| *known != group.id);
        Ok(())
    };
    call.edit::<iam::User>(&scope, input.user_name(), change).await?;
    Ok(Unit)
}

/// ListGroupsForUser.
pub(crate) async fn list_groups_for_user(
    call: Call<Iam>,
    input: ListGroupsForUserRequest,
) -> Reply<ListGroupsForUserResponse> {
    let scope = call.caller.global();
    let user = call.get::<iam::User>(&scope, input.user_name())?;
    let mut names = user.groups.clone();
    names.sort();
    let groups = names.iter().filter_map(|name| call.platform.store.get::<iam::Group>(&scope, name));
    let asked = Asked {
        operation: "ListGroupsForUser",
        list: user.id.clone(),
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = call.page(&call.caller, asked, groups.collect(), |group| group.id.clone())?;
    let account = call.caller.account();
    Ok(ListGroupsForUserResponse {
        groups: Some(page.items.iter().map(|group| show::group(account, group)).collect()),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}
