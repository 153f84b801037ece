//! Typed reads.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use super::codec::{decode, decode_or_log};
use super::index::IndexTable;
use super::{Record, Scope, TypedWatch};
use crate::{MemoryStore, RangeRequest, StateStore, StoreError};

/// The store as services see it. Cloning is cheap; all clones are the same store.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    backend: Arc<dyn StateStore>,
    /// One [`IndexTable`] per record type that was ever asked for an index.
    indexes: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// Transactions that lost repeatedly go one at a time through here.
    contended: tokio::sync::Mutex<()>,
}

impl Store {
    /// The typed view of a backend. Make one per backend and clone it: indexes are kept per view.
    pub fn new(backend: Arc<dyn StateStore>) -> Self {
        let contended = tokio::sync::Mutex::new(());
        Self { shared: Arc::new(Shared { backend, indexes: RwLock::default(), contended }) }
    }

    /// A store whose contents end with the process.
    pub fn in_memory() -> Self {
        Self::new(Arc::new(MemoryStore::default()))
    }

    /// The backend, for leases, wiping and raw keys.
    pub fn backend(&self) -> &Arc<dyn StateStore> {
        &self.shared.backend
    }

    /// The newest visible revision.
    pub fn revision(&self) -> u64 {
        self.shared.backend.revision()
    }

    pub(super) fn contended(&self) -> &tokio::sync::Mutex<()> {
        &self.shared.contended
    }

    /// Reads every record of a kind once and builds its indexes. Call it at start for each kind: that is
    /// where unreadable records are reported. Returns how many records there are.
    ///
    /// # Errors
    /// [`StoreError::Decode`] or [`StoreError::NewerVersion`] for the first unreadable record.
    pub fn check<R: Record>(&self) -> Result<usize, StoreError> {
        let all = self.backend().range(RangeRequest::prefix(&kind_prefix::<R>()));
        for record in &all.items {
            decode::<R>(record)?;
        }
        self.index_table::<R>();
        Ok(all.items.len())
    }

    /// One record. An unreadable record is logged and counts as absent here; a transaction that
    /// touches it fails instead (see [`Store::check`]).
    pub fn get<R: Record>(&self, scope: &Scope, id: &str) -> Option<Arc<R>> {
        decode_or_log(&self.backend().get(&scope.key(R::KIND, id))?)
    }

    /// All records of a kind in a scope, ordered by id.
    pub fn list<R: Record>(&self, scope: &Scope) -> Vec<Arc<R>> {
        self.list_prefix(scope, "")
    }

    /// At most `limit` records (0: all) whose id is greater than `after`, ordered by id: one page.
    pub fn list_after<R: Record>(&self, scope: &Scope, after: Option<&str>, limit: usize) -> Vec<Arc<R>> {
        let prefix = scope.key(R::KIND, "");
        let after = after.map(|id| scope.key(R::KIND, id));
        let page = RangeRequest { prefix: &prefix, after: after.as_deref(), limit };
        self.backend().range(page).items.iter().filter_map(decode_or_log).collect()
    }

    /// All records whose id begins with `id_prefix` (parameters by path), ordered by id.
    pub fn list_prefix<R: Record>(&self, scope: &Scope, id_prefix: &str) -> Vec<Arc<R>> {
        let prefix = scope.key(R::KIND, id_prefix);
        let found = self.backend().range(RangeRequest::prefix(&prefix));
        found.items.iter().filter_map(decode_or_log).collect()
    }

    /// All records in a scope whose [`Record::indexes`] contain this entry, ordered by id.
    pub fn by_index<R: Record>(&self, scope: &Scope, index: &'static str, value: &str) -> Vec<Arc<R>> {
        let found = self.index_table::<R>().find(scope, index, value);
        found.into_iter().map(|(_, record)| record).collect()
    }

    /// All records of a kind in all scopes, ordered by key. For controllers.
    pub fn list_all<R: Record>(&self) -> Vec<(Scope, Arc<R>)> {
        let found = self.backend().range(RangeRequest::prefix(&kind_prefix::<R>()));
        let scoped = found.items.iter().filter_map(|stored| {
            let (scope, _) = Scope::parse(R::KIND, &stored.key)?;
            Some((scope, decode_or_log(stored)?))
        });
        scoped.collect()
    }

    /// All records of a kind, then every change to them.
    pub fn watch_kind<R: Record>(&self) -> TypedWatch<R> {
        TypedWatch::new(Arc::clone(self.backend()), kind_prefix::<R>())
    }

    /// The indexes of a kind, built at the first call.
    pub(super) fn index_table<R: Record>(&self) -> Arc<IndexTable<R>> {
        let known = |table: &Arc<dyn Any + Send + Sync>| Arc::clone(table).downcast::<IndexTable<R>>().ok();
        let id = TypeId::of::<R>();
        if let Some(table) = self.shared.indexes.read().get(&id).and_then(known) {
            return table;
        }
        // Decoding happens here, before the backend's lock is taken, so that others need not wait for it.
        let prefix = kind_prefix::<R>();
        for stored in &self.backend().range(RangeRequest::prefix(&prefix)).items {
            let _warm = decode_or_log::<R>(stored);
        }
        let mut indexes = self.shared.indexes.write();
        if let Some(table) = indexes.get(&id).and_then(known) {
            return table;
        }
        let table = Arc::new(IndexTable::<R>::default());
        self.backend().attach(&prefix, Arc::clone(&table) as _);
        indexes.insert(id, Arc::clone(&table) as _);
        table
    }
}

pub(super) fn kind_prefix<R: Record>() -> String {
    format!("/{}/", R::KIND)
}
