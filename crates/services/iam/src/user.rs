//! Users.

use crate::entity::find;
use crate::keys::keys_scope;
use crate::paging::Asked;
use crate::{Iam, boundary, faults, names, show, tags};
use api_iam::*;
use aws_schema::{Fault, Unit};
use contracts::{Call, Caller, PrincipalKind, Reply};
use records::iam::{self, AccessKey};
use state_store::typed::{Scope, Tx};

/// Users in an account.
pub(crate) const USERS: usize = 5000;

/// The user the caller is: nothing for root; a fault for those who are neither.
pub(crate) fn own_name(caller: &Caller) -> Result<Option<String>, Fault> {
    match &caller.principal.kind {
        PrincipalKind::Root => Ok(None),
        PrincipalKind::User { name, .. } => Ok(Some(name.clone())),
        _ => Err(faults::validation("Must specify userName when calling with non-User credentials")),
    }
}

fn already(name: &str) -> Fault {
    faults::exists(format!("User with name {name} already exists."))
}

/// CreateUser.
pub(crate) async fn create_user(call: Call<Iam>, input: CreateUserRequest) -> Reply<CreateUserResponse> {
    let name = input.user_name.unwrap_or_default();
    names::check_name("userName", &name)?;
    let user = iam::User {
        id: name.to_lowercase(),
        user_id: names::unique_id("AIDA"),
        path: names::check_path(input.path.as_deref())?,
        created: call.platform.clock.now(),
        tags: tags::read(input.tags)?,
        policies: iam::Policies { boundary: input.permissions_boundary, ..Default::default() },
        groups: Vec::new(),
        name,
    };
    let scope = call.caller.global();
    let written = call.platform.transact(|tx| {
        if tx.exists::<iam::User>(&scope, &user.id) {
            return Err(already(&user.name));
        }
        if tx.count::<iam::User>(&scope) >= USERS {
            return Err(faults::quota("UsersPerAccount", USERS));
        }
        boundary::check(tx, &scope, user.policies.boundary.as_deref())?;
        tx.put(&scope, user.clone());
        Ok(())
    });
    written.await?;
    Ok(CreateUserResponse { user: Some(show::user(call.caller.account(), &user, true)) })
}

/// GetUser; without a name, the caller.
pub(crate) async fn get_user(call: Call<Iam>, input: GetUserRequest) -> Reply<GetUserResponse> {
    let name = match input.user_name {
        Some(name) => Some(name),
        None => own_name(&call.caller)?,
    };
    let scope = call.caller.global();
    let Some(name) = name else {
        return Ok(GetUserResponse { user: Some(root(&call)) });
    };
    let user = call.get::<iam::User>(&scope, &name)?;
    Ok(GetUserResponse { user: Some(show::user(call.caller.account(), &user, true)) })
}

/// The account's root as a user. When the account began is known by its first key only.
fn root(call: &Call<Iam>) -> User {
    let holder = format!("{}/", call.caller.account());
    let keys = call.platform.store.by_index::<AccessKey>(&keys_scope(), "holder", &holder);
    User {
        path: Some("/".to_owned()),
        user_id: Some(call.caller.account().to_owned()),
        arn: Some(format!("arn:aws:iam::{}:root", call.caller.account())),
        create_date: keys.iter().map(|key| key.created).min().map(show::time),
        ..Default::default()
    }
}

/// ListUsers.
pub(crate) async fn list_users(call: Call<Iam>, input: ListUsersRequest) -> Reply<ListUsersResponse> {
    let prefix = names::check_prefix(input.path_prefix.as_deref())?;
    let mut users = call.platform.store.list::<iam::User>(&call.caller.global());
    users.retain(|user| user.path.starts_with(&prefix));
    let asked = Asked {
        operation: "ListUsers",
        list: prefix,
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = call.page(&call.caller, asked, users, |user| user.id.clone())?;
    let account = call.caller.account();
    Ok(ListUsersResponse {
        users: Some(page.items.iter().map(|user| show::user(account, user, false)).collect()),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// UpdateUser: a new path, a new name, or both. Keys, groups and policies stay with the user.
pub(crate) async fn update_user(call: Call<Iam>, input: UpdateUserRequest) -> Reply<Unit> {
    if let Some(name) = &input.new_user_name {
        names::check_name("newUserName", name)?;
    }
    let path = input.new_path.as_deref().map(|path| names::check_path(Some(path))).transpose()?;
    let scope = call.caller.global();
    let done = call.platform.transact(|tx| {
        let old = find::<iam::User>(tx, &scope, input.user_name())?;
        let mut user = iam::User::clone(&old);
        user.path = path.clone().unwrap_or(user.path);
        if let Some(name) = &input.new_user_name {
            user.name.clone_from(name);
            user.id = name.to_lowercase();
            if user.id != old.id {
                if tx.exists::<iam::User>(&scope, &user.id) {
                    return Err(already(name));
                }
                move_keys(tx, &scope, &old.id, &user.id);
                tx.delete::<iam::User>(&scope, &old.id);
            }
        }
        tx.put(&scope, user);
        Ok(())
    });
    done.await?;
    Ok(Unit)
}

fn move_keys(tx: &mut Tx<'_>, scope: &Scope, old: &str, new: &str) {
    for key in tx.by_index::<AccessKey>(&keys_scope(), "holder", &format!("{}/{old}", scope.account)) {
        tx.put(&keys_scope(), AccessKey { user: Some(new.to_owned()), ..AccessKey::clone(&key) });
    }
}

/// DeleteUser: only when nothing hangs on it any more.
pub(crate) async fn delete_user(call: Call<Iam>, input: DeleteUserRequest) -> Reply<Unit> {
    let scope = call.caller.global();
    let done = call.platform.transact(|tx| {
        let user = find::<iam::User>(tx, &scope, input.user_name())?;
        let holder = format!("{}/{}", scope.account, user.id);
        if !user.groups.is_empty() {
            return Err(faults::conflict("Cannot delete entity, must remove users from group first."));
        }
        if !user.policies.attached.is_empty() {
            return Err(faults::conflict("Cannot delete entity, must detach all policies first."));
        }
        if !user.policies.inline.is_empty() {
            return Err(faults::conflict("Cannot delete entity, must delete policies first."));
        }
        if !tx.by_index::<AccessKey>(&keys_scope(), "holder", &holder).is_empty() {
            return Err(faults::conflict("Cannot delete entity, must delete access keys first."));
        }
        tx.delete::<iam::User>(&scope, &user.id);
        Ok(())
    });
    done.await?;
    Ok(Unit)
}
