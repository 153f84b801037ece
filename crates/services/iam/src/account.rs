//! The account's alias and summary.

use crate::entity::Holder;
use crate::keys::keys_scope;
use crate::paging::Asked;
use crate::{Iam, access_key, attached, faults, group, instance_profile, managed, role, trust, user};
use api_iam::*;
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::iam::{self, AccountAlias};
use std::collections::BTreeMap;

/// The model's pattern for aliases: small letters, digits, single hyphens inside.
fn check_alias(alias: &str) -> Result<(), Fault> {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let sound = alias.bytes().all(|b| letter(b) || b == b'-')
        && !alias.starts_with('-')
        && !alias.ends_with('-')
        && !alias.contains("--");
    // Twelve digits would read as an account id.
    let is_account = alias.len() == 12 && alias.bytes().all(|b| b.is_ascii_digit());
    if sound && !is_account {
        Ok(())
    } else {
        Err(faults::validation(format!(
            "1 validation error detected: Value '{alias}' at 'accountAlias' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){{1,61}}[a-z0-9]$"
        )))
    }
}

/// CreateAccountAlias: an account has one; a new one takes the old one's place. No two accounts share one.
pub(crate) async fn create_account_alias(call: Call<Iam>, input: CreateAccountAliasRequest) -> Reply<Unit> {
    let alias = input.account_alias();
    check_alias(alias)?;
    let account = call.caller.account();
    let done = call.platform.transact(|tx| {
        if let Some(taken) = tx.get::<AccountAlias>(&keys_scope(), alias)
            && taken.account != account
        {
            return Err(faults::exists(format!("The account alias {alias} already exists.")));
        }
        for old in tx.by_index::<AccountAlias>(&keys_scope(), "account", account) {
            tx.delete::<AccountAlias>(&keys_scope(), &old.id);
        }
        tx.put(&keys_scope(), AccountAlias { id: alias.to_owned(), account: account.to_owned() });
        Ok(())
    });
    done.await?;
    Ok(Unit)
}

/// DeleteAccountAlias.
pub(crate) async fn delete_account_alias(call: Call<Iam>, input: DeleteAccountAliasRequest) -> Reply<Unit> {
    let alias = input.account_alias();
    let done = call.platform.transact(|tx| {
        let held = tx.get::<AccountAlias>(&keys_scope(), alias);
        if held.is_none_or(|held| held.account != call.caller.account()) {
            return Err(faults::no_such_entity(format!("The account alias {alias} cannot be found.")));
        }
        tx.delete::<AccountAlias>(&keys_scope(), alias);
        Ok(())
    });
    done.await?;
    Ok(Unit)
}

/// ListAccountAliases.
pub(crate) async fn list_account_aliases(
    call: Call<Iam>,
    input: ListAccountAliasesRequest,
) -> Reply<ListAccountAliasesResponse> {
    let held = call.platform.store.by_index::<AccountAlias>(&keys_scope(), "account", call.caller.account());
    let asked = Asked {
        operation: "ListAccountAliases",
        list: String::new(),
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let names = held.iter().map(|alias| alias.id.clone()).collect();
    let page = call.page(&call.caller, asked, names, String::clone)?;
    Ok(ListAccountAliasesResponse {
        account_aliases: Some(page.items),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// GetAccountSummary: what there is, and the quotas.
pub(crate) async fn get_account_summary(call: Call<Iam>, _: Unit) -> Reply<GetAccountSummaryResponse> {
    let (store, scope) = (&call.platform.store, call.caller.global());
    let policies = store.list::<iam::Policy>(&scope);
    let root = store.by_index::<iam::AccessKey>(&keys_scope(), "holder", &format!("{}/", scope.account));
    let summary: BTreeMap<&str, usize> = BTreeMap::from([
        ("Users", store.list::<iam::User>(&scope).len()),
        ("UsersQuota", user::USERS),
        ("Groups", store.list::<iam::Group>(&scope).len()),
        ("GroupsQuota", group::GROUPS),
        ("GroupsPerUserQuota", group::GROUPS_PER_USER),
        ("Roles", store.list::<iam::Role>(&scope).len()),
        ("RolesQuota", role::ROLES),
        ("InstanceProfiles", store.list::<iam::InstanceProfile>(&scope).len()),
        ("InstanceProfilesQuota", instance_profile::PROFILES),
        ("Policies", policies.len()),
        ("PoliciesQuota", managed::POLICIES),
        ("PolicySizeQuota", managed::SIZE),
        ("PolicyVersionsInUse", policies.iter().map(|policy| policy.versions.len()).sum()),
        ("PolicyVersionsInUseQuota", 10_000),
        ("VersionsPerPolicyQuota", managed::VERSIONS),
        ("AttachedPoliciesPerUserQuota", attached::ATTACHED),
        ("AttachedPoliciesPerGroupQuota", attached::ATTACHED),
        ("AttachedPoliciesPerRoleQuota", attached::ATTACHED),
        ("UserPolicySizeQuota", iam::User::INLINE),
        ("GroupPolicySizeQuota", iam::Group::INLINE),
        ("RolePolicySizeQuota", iam::Role::INLINE),
        ("AssumeRolePolicySizeQuota", trust::SIZE),
        ("AccessKeysPerUserQuota", access_key::KEYS_PER_USER),
        ("AccountAccessKeysPresent", usize::from(!root.is_empty())),
        ("GlobalEndpointTokenVersion", 1),
        // This cloud has none of these.
        ("AccountMFAEnabled", 0),
        ("AccountPasswordPresent", 0),
        ("AccountSigningCertificatesPresent", 0),
        ("MFADevices", 0),
        ("MFADevicesInUse", 0),
        ("Providers", 0),
        ("ServerCertificates", 0),
    ]);
    let summary = summary.into_iter().map(|(name, count)| (name.to_owned(), number(count)));
    Ok(GetAccountSummaryResponse { summary_map: Some(summary.collect()) })
}
