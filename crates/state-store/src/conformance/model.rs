//! The store as simple as can be: a map, a revision, and a list of everything that ever happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Random;
use crate::{
    Compare, Event, KeyValue, Operation, OperationResult, RangeRequest, StateStore, Transaction,
    TransactionResult, Watch,
};

/// A naive model of a [`StateStore`].
#[derive(Debug, Default, Clone)]
pub struct Model {
    /// What exists.
    pub records: BTreeMap<String, KeyValue>,
    /// The last revision.
    pub revision: u64,
    /// Every event so far.
    pub events: Vec<Event>,
    /// The revision before the first event; the model knows nothing about what was earlier.
    pub start: u64,
}

/// One random step of a history.
#[derive(Debug, Clone)]
pub enum Step {
    /// A transaction.
    Transaction(Transaction),
    /// A wipe of a prefix.
    Wipe(&'static str),
}

impl Model {
    fn holds(&self, compare: &Compare) -> bool {
        let record = |key: &Arc<str>| self.records.get(&**key);
        match compare {
            Compare::ModifiedAt(key, at) => record(key).map_or(0, |r| r.modified_revision) == *at,
            Compare::CreatedAt(key, at) => record(key).map_or(0, |r| r.created_revision) == *at,
            Compare::ValueIs(key, value) => record(key).is_some_and(|r| r.bytes() == value),
            Compare::Unchanged { prefix, since } => {
                !self.events.iter().any(|e| e.revision > *since && e.key.starts_with(&**prefix))
            }
        }
    }

    fn change(&mut self, revision: u64, key: &Arc<str>, current: Option<KeyValue>) -> Option<KeyValue> {
        let previous = match &current {
            Some(record) => self.records.insert(key.to_string(), record.clone()),
            None => self.records.remove(&**key),
        };
        if current.is_some() || previous.is_some() {
            self.events.push(Event { revision, key: Arc::clone(key), current, previous: previous.clone() });
        }
        previous
    }

    /// Carries out a transaction.
    pub fn apply(&mut self, transaction: &Transaction) -> TransactionResult {
        let succeeded = transaction.compare.iter().all(|compare| self.holds(compare));
        let steps = if succeeded { &transaction.then } else { &transaction.otherwise };
        let (revision, events) = (self.revision + 1, self.events.len());
        let mut results = Vec::new();
        for step in steps {
            results.push(match step {
                Operation::Get { key } => OperationResult::Got(self.records.get(&**key).cloned()),
                Operation::Delete { key } => OperationResult::Deleted(self.change(revision, key, None)),
                Operation::Put { key, value, lease } => {
                    let old = self.records.get(&**key);
                    let record = KeyValue {
                        key: Arc::clone(key),
                        value: Arc::clone(value),
                        created_revision: old.map_or(revision, |old| old.created_revision),
                        modified_revision: revision,
                        lease: *lease,
                    };
                    OperationResult::Put(self.change(revision, key, Some(record)))
                }
            });
        }
        if self.events.len() > events {
            self.revision = revision;
        }
        TransactionResult { succeeded, revision: self.revision, results }
    }

    /// Carries out a wipe; counts as a change even when nothing is there.
    pub fn wipe(&mut self, prefix: &str) -> u64 {
        self.revision += 1;
        let doomed: Vec<Arc<str>> =
            self.records.values().filter(|r| r.key.starts_with(prefix)).map(|r| Arc::clone(&r.key)).collect();
        for key in doomed {
            self.change(self.revision, &key, None);
        }
        self.revision
    }

    /// Panics unless the store holds exactly what the model holds.
    pub fn assert_same(&self, store: &dyn StateStore) {
        let found = store.range(RangeRequest::prefix(""));
        assert_eq!(found.items, self.records.values().cloned().collect::<Vec<_>>());
        assert_eq!((found.revision, store.revision()), (self.revision, self.revision));
        assert_eq!(store.is_empty(), self.records.is_empty());
        for record in &found.items {
            assert_eq!(store.get(&record.key).as_ref(), Some(record));
        }
    }

    /// Panics unless the watch, begun with revision `from`, has delivered exactly the model's events.
    pub fn assert_watched(&self, watch: &mut Watch, prefix: &str, from: u64) {
        let mut seen = Vec::new();
        while let Some(events) = watch.try_next() {
            seen.extend(events.unwrap().iter().map(|event| Event::clone(event)));
        }
        let expected = self.events.iter().filter(|e| e.revision >= from && e.key.starts_with(prefix));
        let expected: Vec<Event> = expected.cloned().collect();
        // Only the first difference is worth reading.
        if let Some(at) = (0..seen.len().max(expected.len())).find(|at| seen.get(*at) != expected.get(*at)) {
            panic!(
                "watch of {prefix} from {from}, event {at}: {:?} instead of {:?}",
                seen.get(at),
                expected.get(at)
            );
        }
    }

    /// A random step; many compares are built to hold. Without `wipes` none is made.
    pub fn random_step(&self, random: &mut Random, wipes: bool) -> Step {
        const PREFIXES: [&str; 4] = ["/a/", "/b/", "/", "/a/1"];
        if wipes && random.below(60) == 0 {
            return Step::Wipe(random.choose(PREFIXES));
        }
        let compare = (0..random.below(3)).map(|_| self.random_compare(random)).collect();
        Step::Transaction(Transaction {
            compare,
            then: random_operations(random),
            otherwise: random_operations(random),
        })
    }

    fn random_compare(&self, random: &mut Random) -> Compare {
        let key = random_key(random);
        let record = self.records.get(&*key);
        let guess = self.revision.saturating_sub(random.below(6));
        match random.below(5) {
            0 => Compare::ModifiedAt(key, record.map_or(0, |r| r.modified_revision)),
            1 => Compare::CreatedAt(key, record.map_or(0, |r| r.created_revision)),
            2 => Compare::ValueIs(key, record.map_or_else(Default::default, |r| r.bytes().clone())),
            3 => Compare::Unchanged { prefix: key[..3].into(), since: guess.max(self.start) },
            _ => Compare::ModifiedAt(key, guess),
        }
    }
}

fn random_key(random: &mut Random) -> Arc<str> {
    let side = if random.below(2) == 0 { 'a' } else { 'b' };
    format!("/{side}/{}", random.below(12)).into()
}

fn random_operations(random: &mut Random) -> Vec<Operation> {
    let mut steps: BTreeMap<Arc<str>, Operation> = BTreeMap::new();
    for _ in 0..random.below(4) {
        let key = random_key(random);
        let step = match random.below(5) {
            0 => Operation::Get { key: Arc::clone(&key) },
            1 => Operation::Delete { key: Arc::clone(&key) },
            _ => Operation::put(Arc::clone(&key), random.below(1_000).to_string()),
        };
        steps.insert(key, step);
    }
    steps.into_values().collect()
}
