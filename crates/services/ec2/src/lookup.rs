//! Finding the resources a request names.

use crate::resource_kind::ResourceKind;
use aws_schema::Fault;
use state_store::Record;
use state_store::typed::{Scope, Store, Tx};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The resource with this id.
///
/// # Errors
/// The kind's `Malformed` or `NotFound`.
pub(crate) fn find<R: Record>(
    tx: &mut Tx<'_>,
    scope: &Scope,
    kind: ResourceKind,
    id: &str,
) -> Result<Arc<R>, Fault> {
    kind.check(id)?;
    tx.get::<R>(scope, id).ok_or_else(|| kind.not_found(id))
}

/// A copy to change of the resource with this id; errors as [`find`].
pub(crate) fn find_mut<R: Record>(
    tx: &mut Tx<'_>,
    scope: &Scope,
    kind: ResourceKind,
    id: &str,
) -> Result<R, Fault> {
    find::<R>(tx, scope, kind, id).map(|record| R::clone(&record))
}

/// What a Describe operation starts from: the resources with these ids, all of them without ids; by id.
///
/// # Errors
/// `Malformed` before anything is read, then `NotFound` with every unknown id.
pub(crate) fn select<R: Record>(
    store: &Store,
    scope: &Scope,
    kind: ResourceKind,
    ids: &[String],
) -> Result<Vec<Arc<R>>, Fault> {
    if ids.is_empty() {
        return Ok(store.list::<R>(scope));
    }
    kind.check_all(ids)?;
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for id in ids.iter().collect::<BTreeSet<_>>() {
        match store.get::<R>(scope, id) {
            Some(record) => found.push(record),
            None => unknown.push(id.clone()),
        }
    }
    if unknown.is_empty() { Ok(found) } else { Err(kind.not_found_all(&unknown)) }
}
