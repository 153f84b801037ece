//! A prefix list as the API shows it.

use crate::tags;
use api_ec2::ManagedPrefixList;
use records::PrefixList;
use state_store::typed::{Scope, Store};

/// The list with its tags, without entries.
pub(super) fn list(store: &Store, scope: &Scope, list: &PrefixList, state: &str) -> ManagedPrefixList {
    ManagedPrefixList {
        prefix_list_id: Some(list.id.clone()),
        prefix_list_name: Some(list.name.clone()),
        prefix_list_arn: Some(format!(
            "arn:aws:ec2:{}:{}:prefix-list/{}",
            scope.region, scope.account, list.id
        )),
        address_family: Some(list.address_family.clone()),
        max_entries: Some(list.max_entries),
        version: Some(list.version),
        state: Some(state.to_owned().into()),
        owner_id: Some(scope.account.to_string()),
        tags: Some(tags::to_api(&tags::of(store, scope, &list.id))),
        ..ManagedPrefixList::default()
    }
}
