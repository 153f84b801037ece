//! Access keys of users, and of the account's root.

use crate::entity::find;
use crate::keys::keys_scope;
use crate::paging::Asked;
use crate::user::own_name;
use crate::{Iam, faults, show};
use api_iam::*;
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply, access_key_id, secret_text};
use records::iam;
use state_store::typed::Tx;

/// Keys of one user.
pub(crate) const KEYS_PER_USER: usize = 2;

/// Whose keys: nothing for root's.
fn holder(call: &Call<Iam>, name: Option<String>) -> Result<Option<String>, Fault> {
    match name {
        Some(name) => Ok(Some(name)),
        None => own_name(&call.caller),
    }
}

fn missing(id: &str) -> Fault {
    faults::no_such_entity(format!("The Access Key with id {id} cannot be found"))
}

/// The index entry of the holder's keys; a named user must exist.
fn index(tx: &mut Tx<'_>, call: &Call<Iam>, name: Option<&str>) -> Result<String, Fault> {
    let scope = call.caller.global();
    let id = name.map(|name| find::<iam::User>(tx, &scope, name)).transpose()?;
    Ok(format!("{}/{}", scope.account, id.map(|user| user.id.clone()).unwrap_or_default()))
}

/// CreateAccessKey: the only answer that ever has the secret.
pub(crate) async fn create_access_key(
    call: Call<Iam>,
    input: CreateAccessKeyRequest,
) -> Reply<CreateAccessKeyResponse> {
    let name = holder(&call, input.user_name)?;
    let account = call.caller.account();
    let (id, secret) = (access_key_id("AKIA", account), secret_text(30));
    let sealed = call.platform.sealer.seal(&id, secret.as_bytes());
    let sealed_secret = sealed.map_err(|error| Fault::internal(error.to_string()))?;
    let key = iam::AccessKey {
        id: id.clone(),
        account: account.to_owned(),
        user: name.as_deref().map(str::to_lowercase),
        sealed_secret,
        active: true,
        created: call.platform.clock.now(),
        last_used: None,
    };
    let written = call.platform.transact(|tx| {
        let index = index(tx, &call, name.as_deref())?;
        if tx.by_index::<iam::AccessKey>(&keys_scope(), "holder", &index).len() >= KEYS_PER_USER {
            return Err(faults::quota("AccessKeysPerUser", KEYS_PER_USER));
        }
        tx.put(&keys_scope(), key.clone());
        Ok(())
    });
    written.await?;
    Ok(CreateAccessKeyResponse {
        access_key: Some(AccessKey {
            user_name: name,
            access_key_id: Some(id),
            status: Some(StatusType::ACTIVE),
            secret_access_key: Some(secret),
            create_date: Some(show::time(key.created)),
        }),
    })
}

/// ListAccessKeys.
pub(crate) async fn list_access_keys(
    call: Call<Iam>,
    input: ListAccessKeysRequest,
) -> Reply<ListAccessKeysResponse> {
    let name = holder(&call, input.user_name)?;
    let user = name.map(|name| call.get::<iam::User>(&call.caller.global(), &name)).transpose()?;
    let entry =
        format!("{}/{}", call.caller.account(), user.as_ref().map(|u| u.id.as_str()).unwrap_or_default());
    let mut keys = call.platform.store.by_index::<iam::AccessKey>(&keys_scope(), "holder", &entry);
    keys.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    let asked = Asked {
        operation: "ListAccessKeys",
        list: entry,
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = call.page_in_order(&call.caller, asked, keys)?;
    let form = |key: &iam::AccessKey| AccessKeyMetadata {
        user_name: user.as_ref().map(|user| user.name.clone()),
        access_key_id: Some(key.id.clone()),
        status: Some(if key.active { StatusType::ACTIVE } else { StatusType::INACTIVE }),
        create_date: Some(show::time(key.created)),
    };
    Ok(ListAccessKeysResponse {
        access_key_metadata: Some(page.items.iter().map(|key| form(key)).collect()),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// The holder's key of this id, read in a transaction.
fn key_of(tx: &mut Tx<'_>, call: &Call<Iam>, name: Option<&str>, id: &str) -> Result<iam::AccessKey, Fault> {
    let index = index(tx, call, name)?;
    let key = tx
        .get::<iam::AccessKey>(&keys_scope(), id)
        .filter(|key| format!("{}/{}", key.account, key.user.as_deref().unwrap_or_default()) == index);
    key.map(|key| iam::AccessKey::clone(&key)).ok_or_else(|| missing(id))
}

/// UpdateAccessKey: switches a key on or off.
pub(crate) async fn update_access_key(call: Call<Iam>, input: UpdateAccessKeyRequest) -> Reply<Unit> {
    let active = match input.status.as_ref().map(StatusType::as_str) {
        Some("Active") => true,
        Some("Inactive") => false,
        _ => return Err(faults::validation("Status must be Active or Inactive.")),
    };
    let (id, name) = (input.access_key_id.unwrap_or_default(), holder(&call, input.user_name)?);
    let done = call.platform.transact(|tx| {
        let mut key = key_of(tx, &call, name.as_deref(), &id)?;
        key.active = active;
        tx.put(&keys_scope(), key);
        Ok(())
    });
    done.await?;
    Ok(Unit)
}

/// DeleteAccessKey.
pub(crate) async fn delete_access_key(call: Call<Iam>, input: DeleteAccessKeyRequest) -> Reply<Unit> {
    let (id, name) = (input.access_key_id.unwrap_or_default(), holder(&call, input.user_name)?);
    let done = call.platform.transact(|tx| {
        key_of(tx, &call, name.as_deref(), &id)?;
        tx.delete::<iam::AccessKey>(&keys_scope(), &id);
        Ok(())
    });
    done.await?;
    Ok(Unit)
}

/// GetAccessKeyLastUsed: follows the use of a key by a few seconds.
pub(crate) async fn get_access_key_last_used(
    call: Call<Iam>,
    input: GetAccessKeyLastUsedRequest,
) -> Reply<GetAccessKeyLastUsedResponse> {
    let id = input.access_key_id();
    let key = call.platform.store.get::<iam::AccessKey>(&keys_scope(), id);
    let key = key.filter(|key| key.account == call.caller.account()).ok_or_else(|| missing(id))?;
    let user = key.user.as_deref();
    let user = user.and_then(|id| call.platform.store.get::<iam::User>(&call.caller.global(), id));
    let used = key.last_used.as_ref();
    let text = |text: Option<&String>| Some(text.map_or_else(|| "N/A".to_owned(), String::clone));
    Ok(GetAccessKeyLastUsedResponse {
        user_name: user.map(|user| user.name.clone()),
        access_key_last_used: Some(AccessKeyLastUsed {
            last_used_date: used.map(|(at, _, _)| show::time(*at)),
            service_name: text(used.map(|(_, service, _)| service)),
            region: text(used.map(|(_, _, region)| region)),
        }),
    })
}
