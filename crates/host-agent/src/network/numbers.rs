//! Small integers for kernel names and marks, kept stable over restarts.

use records::record;
use serde::{Deserialize, Serialize};
use state_store::typed::{Scope, Store};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The spaces that each VPC has of its own.
const SPACES: [&str; 4] = ["table", "group", "acl", "nsg"];

/// The number of one resource on this host. `space` is what it is unique in: `vpc`, `eni`, or a VPC's tables or groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HostNumber {
    /// Id of the resource.
    pub(crate) id: String,
    /// Space of the number.
    pub(crate) space: String,
    /// The number, from 1.
    pub(crate) number: u32,
}
record!(HostNumber, "allod/host-number");

/// The numbers given out on this host. Only the network thread uses it, so there is one writer.
pub(crate) struct Numbers {
    scope: Scope,
    by_id: HashMap<String, HostNumber>,
    used: BTreeMap<String, BTreeSet<u32>>,
    changed: BTreeSet<String>,
}

impl Numbers {
    /// Those of an earlier run of this host.
    pub(crate) fn load(store: &Store, host: &str) -> Numbers {
        let scope = Scope::new("allod", host);
        let mut numbers = Numbers {
            scope: scope.clone(),
            by_id: HashMap::new(),
            used: BTreeMap::new(),
            changed: BTreeSet::new(),
        };
        for record in store.list::<HostNumber>(&scope) {
            numbers.used.entry(record.space.clone()).or_default().insert(record.number);
            numbers.by_id.insert(record.id.clone(), (*record).clone());
        }
        numbers
    }

    /// The number of `id`, a new one if it has none: the lowest that is free, since table indexes are small.
    pub(crate) fn of(&mut self, space: &str, id: &str) -> u32 {
        if let Some(known) = self.by_id.get(id) {
            return known.number;
        }
        let used = self.used.entry(space.to_owned()).or_default();
        let mut number = 1;
        for taken in used.iter() {
            if *taken != number {
                break;
            }
            number += 1;
        }
        used.insert(number);
        self.by_id.insert(id.to_owned(), HostNumber { id: id.to_owned(), space: space.to_owned(), number });
        self.changed.insert(id.to_owned());
        number
    }

    /// Frees the number of a resource that left this host.
    pub(crate) fn free(&mut self, id: &str) {
        if let Some(known) = self.by_id.remove(id) {
            if let Some(used) = self.used.get_mut(&known.space) {
                used.remove(&known.number);
                if used.is_empty() {
                    self.used.remove(&known.space);
                }
            }
            self.changed.insert(id.to_owned());
        }
    }

    /// Frees the numbers inside a VPC (of tables, groups, ACLs, NSGs) that no object carries any more; each space of a
    /// VPC is named `<what> <vpc id>`.
    pub(crate) fn free_unused(&mut self, vpc_id: &str, used: &HashSet<(&'static str, u32)>) {
        let unused = |number: &&HostNumber| {
            let what = number.space.strip_suffix(vpc_id).map(str::trim_end);
            what.is_some_and(|what| !used.iter().any(|(kind, n)| *kind == what && *n == number.number))
        };
        // Few VPCs have more numbers than are in use, so looking is made cheap: only then are they searched.
        let held: usize = SPACES.iter().map(|what| self.held(&format!("{what} {vpc_id}"))).sum();
        if held == used.len() {
            return;
        }
        let ids: Vec<String> = self.by_id.values().filter(unused).map(|number| number.id.clone()).collect();
        for id in ids {
            self.free(&id);
        }
    }

    fn held(&self, space: &str) -> usize {
        self.used.get(space).map_or(0, BTreeSet::len)
    }

    /// What has changed since the last call, for the store: scope, records to put, ids to delete.
    pub(crate) fn take_changes(&mut self) -> Option<(Scope, Vec<HostNumber>, Vec<String>)> {
        if self.changed.is_empty() {
            return None;
        }
        let (mut puts, mut deletes) = (Vec::new(), Vec::new());
        for id in std::mem::take(&mut self.changed) {
            match self.by_id.get(&id) {
                Some(record) => puts.push(record.clone()),
                None => deletes.push(id),
            }
        }
        Some((self.scope.clone(), puts, deletes))
    }

    /// Forgets everything (the cloud was reset).
    pub(crate) fn clear(&mut self) {
        self.by_id.clear();
        self.used.clear();
        self.changed.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowest_free_number_and_stable() {
        let mut numbers = Numbers::load(&Store::in_memory(), "host");
        assert_eq!((numbers.of("eni", "a"), numbers.of("eni", "b"), numbers.of("eni", "c")), (1, 2, 3));
        assert_eq!((numbers.of("vpc", "v"), numbers.of("eni", "b")), (1, 2));
        numbers.free("b");
        assert_eq!((numbers.of("eni", "d"), numbers.of("eni", "e")), (2, 4));
        let (_, puts, deletes) = numbers.take_changes().unwrap();
        assert_eq!((puts.len(), deletes), (5, vec!["b".to_owned()]));
        assert!(numbers.take_changes().is_none());
    }

    #[test]
    fn what_a_vpc_no_longer_has_is_free_again() {
        let mut numbers = Numbers::load(&Store::in_memory(), "host");
        let tables = "table vpc-1";
        assert_eq!((numbers.of(tables, "rtb-1"), numbers.of(tables, "rtb-2")), (1, 2));
        assert_eq!((numbers.of("group vpc-1", "sg-1"), numbers.of("table vpc-11", "rtb-3")), (1, 1));
        numbers.free_unused("vpc-1", &HashSet::from([("table", 2), ("group", 1)]));
        assert_eq!((numbers.of(tables, "rtb-4"), numbers.of("table vpc-11", "rtb-3")), (1, 1));
        assert_eq!((numbers.of(tables, "rtb-2"), numbers.of("group vpc-1", "sg-1")), (2, 1));
    }
}
