//! Tags: `TagSpecification` when something is created, and the tag operations.

mod describe;
mod operations;
mod rules;
mod specification;
pub(crate) mod table;

use crate::resource_kind::ResourceKind;
use api_ec2::Tag;
use records::Tags;
use state_store::typed::{Scope, Store, Tx};
use std::collections::BTreeMap;

pub(crate) use rules::check_tags;
pub(crate) use specification::TagSpecifications;

/// Writes the tags of a resource made in this transaction; without tags nothing is written.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    scope: &Scope,
    kind: ResourceKind,
    id: &str,
    tags: &BTreeMap<String, String>,
) {
    let Some(resource_type) = kind.tag_type() else { return };
    if tags.is_empty() {
        return;
    }
    let record = Tags { id: id.to_owned(), resource_type: resource_type.to_owned(), tags: tags.clone() };
    tx.put(scope, record);
}

/// Removes the tags of a resource that goes away in this transaction.
pub(crate) fn delete(tx: &mut Tx<'_>, scope: &Scope, id: &str) {
    tx.delete::<Tags>(scope, id);
}

/// The tags of a resource.
pub(crate) fn of(store: &Store, scope: &Scope, id: &str) -> BTreeMap<String, String> {
    store.get::<Tags>(scope, id).map(|record| record.tags.clone()).unwrap_or_default()
}

/// The tags of a resource inside a transaction.
pub(crate) fn of_in_tx(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> BTreeMap<String, String> {
    tx.get::<Tags>(scope, id).map(|record| record.tags.clone()).unwrap_or_default()
}

/// Tags as the API shows them, by key.
pub(crate) fn to_api(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
}
