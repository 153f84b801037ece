//! ModifyManagedPrefixList and RestoreManagedPrefixListVersion.

use super::create::{check_max_entries, check_name};
use super::{entries, show};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup, security_group};
use api_ec2::{
    ModifyManagedPrefixListRequest, ModifyManagedPrefixListResult, RestoreManagedPrefixListVersionRequest,
    RestoreManagedPrefixListVersionResult,
};
use aws_schema::Fault;
use contracts::{Call, Change, Reply};
use records::{PrefixList, SecurityGroup};
use state_store::typed::{Scope, Tx};
use std::collections::BTreeSet;

/// `PrefixListVersionMismatch`: somebody else has changed the list since the caller looked.
fn wrong_version() -> Fault {
    Fault::sender("PrefixListVersionMismatch", "The prefix list has the incorrect version number.")
}

/// The VPCs in which a change of the list can be noticed: those of groups and routes that name it.
fn noticed_in(tx: &mut Tx<'_>, scope: &Scope, list: &PrefixList) -> Result<BTreeSet<String>, Fault> {
    let mut vpcs: BTreeSet<String> = entries::follow_routes(tx, scope, list)?.into_iter().collect();
    let groups = tx.by_index::<SecurityGroup>(scope, "prefix-list", &list.id);
    vpcs.extend(groups.iter().map(|group| group.vpc_id.clone()));
    Ok(vpcs)
}

/// Waits for every VPC, since groups and routes of several may name one list.
async fn settle(call: &Call<Ec2>, vpcs: &BTreeSet<String>, change: Change) -> Result<(), Fault> {
    for vpc in vpcs {
        call.settled(call.scope(), vpc, change.clone()).await?;
    }
    Ok(())
}

/// Changes entries (a new version), the name, or the largest number of entries.
fn apply(list: &mut PrefixList, input: &ModifyManagedPrefixListRequest) -> Result<bool, Fault> {
    let added = input.add_entries.as_deref().unwrap_or_default();
    let removed = input.remove_entries.as_deref().unwrap_or_default();
    let entries_change = !added.is_empty() || !removed.is_empty();
    if input.current_version.is_some_and(|version| version != list.version) {
        return Err(wrong_version());
    }
    if entries_change && input.current_version.is_none() {
        return Err(faults::missing_parameter("currentVersion"));
    }
    if entries_change && input.max_entries.is_some() {
        return Err(faults::invalid_combination(
            "The parameter maxEntries may not be used with addEntries or removeEntries",
        ));
    }
    if removed.len() > entries::MAX_CHANGES {
        return Err(faults::invalid_parameter_value(
            "You cannot change more than 100 entries in one request.",
        ));
    }
    if let Some(name) = &input.prefix_list_name {
        check_name(name)?;
        list.name.clone_from(name);
    }
    if let Some(max) = input.max_entries {
        let max = check_max_entries(max)?;
        if usize::try_from(max).unwrap_or(0) < list.entries.len() {
            return Err(faults::invalid_value("maxEntries", &max.to_string(), "The list has more entries."));
        }
        list.max_entries = max;
    }
    for entry in removed {
        let text = faults::required(entry.cidr.as_deref(), "cidr")?;
        let cidr = entries::block(&list.address_family, text)?;
        let at = list.entries.iter().position(|have| have.cidr == cidr);
        let at = at.ok_or_else(|| faults::invalid_value("cidr", text, "The list has no such entry."))?;
        list.entries.remove(at);
    }
    entries::add(list, added)?;
    if entries_change {
        entries::new_version(list);
    }
    Ok(entries_change)
}

/// ModifyManagedPrefixList.
///
/// # Errors
/// `PrefixListVersionMismatch`, `PrefixListMaxEntriesExceeded`, `RulesPerSecurityGroupLimitExceeded` and
/// `RouteLimitExceeded` when the list outgrows its users.
pub(super) async fn modify_managed_prefix_list(
    call: Call<Ec2>,
    input: ModifyManagedPrefixListRequest,
) -> Reply<ModifyManagedPrefixListResult> {
    let id = faults::required(input.prefix_list_id.clone(), "prefixListId")?;
    if input.ipam_prefix_list_resolver_sync_enabled.is_some() {
        return Err(faults::unsupported_parameter("IpamPrefixListResolverSyncEnabled"));
    }
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut list = lookup::find_mut::<PrefixList>(tx, scope, ResourceKind::PrefixList, &id)?;
        let entries_changed = apply(&mut list, &input)?;
        security_group::prefix_list_grows(tx, scope, &list, list.max_entries)?;
        "modify-complete".clone_into(&mut list.state);
        let vpcs = if entries_changed { noticed_in(tx, scope, &list)? } else { BTreeSet::new() };
        tx.put(scope, list.clone());
        Ok((list, vpcs))
    });
    let done = changed.await?;
    let (list, vpcs) = done.value;
    settle(&call, &vpcs, done.revision).await?;
    let shown = show::list(call.store(), scope, &list, "modify-in-progress");
    Ok(ModifyManagedPrefixListResult { prefix_list: Some(shown) })
}

/// RestoreManagedPrefixListVersion: an old version's entries become the newest version.
///
/// # Errors
/// `PrefixListVersionMismatch` for a wrong current or an unknown previous version; otherwise as ModifyManagedPrefixList.
pub(super) async fn restore_managed_prefix_list_version(
    call: Call<Ec2>,
    input: RestoreManagedPrefixListVersionRequest,
) -> Reply<RestoreManagedPrefixListVersionResult> {
    let id = faults::required(input.prefix_list_id, "prefixListId")?;
    let previous = faults::required(input.previous_version, "previousVersion")?;
    let current = faults::required(input.current_version, "currentVersion")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut list = lookup::find_mut::<PrefixList>(tx, scope, ResourceKind::PrefixList, &id)?;
        if current != list.version {
            return Err(wrong_version());
        }
        let old = list.history.iter().find(|(version, _)| *version == previous).map(|(_, e)| e.clone());
        list.entries = old.ok_or_else(wrong_version)?;
        if list.entries.len() > usize::try_from(list.max_entries).unwrap_or(0) {
            return Err(entries::full(&list));
        }
        entries::new_version(&mut list);
        "restore-complete".clone_into(&mut list.state);
        let vpcs = noticed_in(tx, scope, &list)?;
        tx.put(scope, list.clone());
        Ok((list, vpcs))
    });
    let done = changed.await?;
    let (list, vpcs) = done.value;
    settle(&call, &vpcs, done.revision).await?;
    let shown = show::list(call.store(), scope, &list, "restore-in-progress");
    Ok(RestoreManagedPrefixListVersionResult { prefix_list: Some(shown) })
}
