//! Entries of a prefix list and the versions they go through.

use crate::{cidr, faults, limits};
use api_ec2::AddPrefixListEntry;
use aws_schema::Fault;
use ipnet::IpNet;
use records::{PrefixList, PrefixListEntry, RouteTable};
use state_store::typed::{Scope, Tx};

/// Most entries added or removed by one request.
pub(super) const MAX_CHANGES: usize = 100;
/// Most entries kept in all old versions together, so that the record stays far below the store's limit.
const MAX_HISTORY: usize = 5000;
/// Largest `MaxEntries`.
pub(super) const MAX_ENTRIES: i32 = 1000;

/// A block of the list's family.
pub(super) fn block(family: &str, text: &str) -> Result<IpNet, Fault> {
    match family {
        "IPv6" => cidr::v6("cidr", text).map(IpNet::V6),
        _ => cidr::v4("cidr", text).map(IpNet::V4),
    }
}

/// `PrefixListMaxEntriesExceeded`.
pub(super) fn full(list: &PrefixList) -> Fault {
    Fault::sender(
        "PrefixListMaxEntriesExceeded",
        format!("You've reached the maximum number of entries for the prefix list: {}.", list.max_entries),
    )
}

/// Adds entries, or gives existing ones another description.
pub(super) fn add(list: &mut PrefixList, entries: &[AddPrefixListEntry]) -> Result<(), Fault> {
    if entries.len() > MAX_CHANGES {
        return Err(faults::invalid_parameter_value(format!(
            "You cannot change more than {MAX_CHANGES} entries in one request."
        )));
    }
    let mut seen = std::collections::HashSet::new();
    for entry in entries {
        let cidr = block(&list.address_family, faults::required(entry.cidr.as_deref(), "cidr")?)?;
        if !seen.insert(cidr) {
            return Err(faults::invalid_parameter_value(format!("The entry {cidr} is given twice.")));
        }
        let description = entry.description.clone().filter(|text| !text.is_empty());
        if description.as_ref().is_some_and(|text| text.chars().count() > 255) {
            return Err(faults::invalid_parameter_value("The description is longer than 255 characters."));
        }
        match list.entries.iter_mut().find(|have| have.cidr == cidr) {
            Some(have) => have.description = description,
            None => list.entries.push(PrefixListEntry { cidr, description }),
        }
    }
    if list.entries.len() > usize::try_from(list.max_entries).unwrap_or(0) {
        return Err(full(list));
    }
    list.entries.sort_by_key(|entry| entry.cidr);
    Ok(())
}

/// Makes the entries a new version; the oldest versions are forgotten beyond the limits.
pub(super) fn new_version(list: &mut PrefixList) {
    list.version += 1;
    list.history.push((list.version, list.entries.clone()));
    let total = |history: &[(i64, Vec<PrefixListEntry>)]| history.iter().map(|(_, e)| e.len()).sum::<usize>();
    while list.history.len() > 1
        && (list.history.len() > limits::PREFIX_LIST_VERSIONS || total(&list.history) > MAX_HISTORY)
    {
        list.history.remove(0);
    }
}

/// Lets the routes of a list follow its entries, in the transaction that changes them.
///
/// # Errors
/// `RouteLimitExceeded`; `DependencyViolation` when a list with routes would become empty.
pub(super) fn follow_routes(tx: &mut Tx<'_>, scope: &Scope, list: &PrefixList) -> Result<Vec<String>, Fault> {
    let mut vpcs = Vec::new();
    for table in tx.by_index::<RouteTable>(scope, "prefix-list", &list.id) {
        let mut table = RouteTable::clone(&table);
        let of_list = |id: &Option<String>| id.as_deref() == Some(list.id.as_str());
        let Some(first) = table.routes.iter().position(|r| of_list(&r.prefix_list)) else { continue };
        if list.entries.is_empty() {
            return Err(faults::dependency_violation(format!(
                "The prefix list '{}' is used by a route of '{}' and cannot be emptied.",
                list.id, table.id
            )));
        }
        let pattern = table.routes[first].clone();
        table.routes.retain(|r| !of_list(&r.prefix_list));
        let routes = list.entries.iter().map(|e| records::Route { destination: e.cidr, ..pattern.clone() });
        table.routes.splice(first..first, routes);
        if table.routes.len() > limits::ROUTES_PER_TABLE {
            return Err(Fault::sender(
                "RouteLimitExceeded",
                "The maximum number of routes has been reached.",
            ));
        }
        vpcs.push(table.vpc_id.clone());
        tx.put(scope, table);
    }
    Ok(vpcs)
}
