//! Managed prefix lists.

mod create;
mod delete;
mod describe;
mod entries;
mod modify;
mod show;

use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds the operations on prefix lists.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateManagedPrefixList => create::create_managed_prefix_list,
        DeleteManagedPrefixList => delete::delete_managed_prefix_list,
        DescribeManagedPrefixLists => describe::describe_managed_prefix_lists,
        GetManagedPrefixListEntries => describe::get_managed_prefix_list_entries,
        GetManagedPrefixListAssociations => describe::get_managed_prefix_list_associations,
        ModifyManagedPrefixList => modify::modify_managed_prefix_list,
        RestoreManagedPrefixListVersion => modify::restore_managed_prefix_list_version,
    });
}
