//! Descriptions of instances that were shown before.
//!
//! Clients describe the same instances again and again while they wait for something. A description holds about a hundred
//! strings; one whose records are all the same as last time is taken from here, its text included.

use super::instance::to_api;
use super::view::View;
use api_ec2::Instance as ApiInstance;
use aws_schema::Shared;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Instances of one generation. A description with its text and records is about 12 KiB: 24 MiB at most, and only
/// where two thousand machines, which take a hundred times that, are described.
const GENERATION: usize = 1024;

/// Descriptions by instance id: those asked for lately, and those of the time before.
///
/// When the young are many, they become the old and the old are forgotten, unless asked for meanwhile.
#[derive(Default)]
pub(crate) struct Shown {
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<String, Entry>,
    old: HashMap<String, Entry>,
}

struct Entry {
    /// What the description was made of.
    view: View,
    shown: Shared<ApiInstance>,
}

impl Shown {
    /// The description of an instance: the one of last time, or a new one when any of its records has changed.
    pub(in crate::instances) fn of(&self, view: View) -> Shared<ApiInstance> {
        if let Some(known) = self.generations.lock().known(&view) {
            return known;
        }
        // Made without the lock. Of two at the same time the later one is kept, which is as good: whoever asks next
        // compares it with the records of then.
        let shown = Shared::remembering(to_api(&view));
        let entry = Entry { shown: shown.clone(), view };
        self.generations.lock().keep(entry);
        shown
    }
}

impl Generations {
    fn known(&mut self, view: &View) -> Option<Shared<ApiInstance>> {
        let id = view.instance.id.as_str();
        if let Some(entry) = self.young.get(id) {
            return entry.view.is_same(view).then(|| entry.shown.clone());
        }
        let entry = self.old.remove(id).filter(|entry| entry.view.is_same(view))?;
        let shown = entry.shown.clone();
        self.keep(entry);
        Some(shown)
    }

    fn keep(&mut self, entry: Entry) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(entry.view.instance.id.clone(), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instances::show::Viewer;
    use crate::test_world::World;
    use records::Instance;
    use std::sync::Arc;

    #[tokio::test]
    async fn the_same_records_are_described_once_and_memory_is_bounded() {
        let world = World::new();
        let id = crate::instances::tests::id_of_one(&world).await;
        let record = world.store().get::<Instance>(&world.scope(), &id).unwrap();
        let scope = world.scope();
        let viewer = Viewer::new(&world.ec2, &scope);
        let shown = Shown::default();
        let first = shown.of(viewer.view(Arc::clone(&record)));
        let place = |shown: &Shared<ApiInstance>| std::ptr::from_ref::<ApiInstance>(shown);
        let is_first = |other: &Shared<ApiInstance>| place(other) == place(&first);
        assert!(is_first(&shown.of(viewer.view(Arc::clone(&record)))));
        for number in 0..3 * GENERATION {
            let other = Instance { id: format!("i-{number}"), ..Instance::clone(&record) };
            let other = shown.of(viewer.view(Arc::new(other)));
            assert_eq!(other.instance_id, Some(format!("i-{number}")));
            if number % 100 == 0 {
                assert!(is_first(&shown.of(viewer.view(Arc::clone(&record)))), "asked for often: kept");
            }
        }
        let generations = shown.generations.lock();
        assert!(generations.young.len() <= GENERATION && generations.old.len() <= GENERATION);
        drop(generations);
        for number in 0..2 * GENERATION {
            shown.of(viewer.view(Arc::new(Instance { id: format!("j-{number}"), ..Instance::clone(&record) })));
        }
        assert!(!is_first(&shown.of(viewer.view(record))), "not asked for: forgotten");
    }

    #[tokio::test]
    async fn an_id_in_another_region_is_another_instance() {
        let world = World::new();
        let id = crate::instances::tests::id_of_one(&world).await;
        let record = world.store().get::<Instance>(&world.scope(), &id).unwrap();
        let elsewhere = state_store::typed::Scope::new("111111111111", "eu-west-1");
        let shown = Shown::default();
        let one = shown.of(Viewer::new(&world.ec2, &world.scope()).view(Arc::clone(&record)));
        let other = shown.of(Viewer::new(&world.ec2, &elsewhere).view(record));
        // There the instance's interface does not exist.
        assert_ne!(one, other);
    }
}
