//! Random histories, compared step by step with the model.

use super::model::{Model, Step};
use super::{Random, Subject};
use crate::Watch;

/// A watch together with what it was asked for.
struct Watched(Watch, &'static str, u64);

fn random_watch(subject: &Subject, model: &Model, random: &mut Random) -> Watched {
    let prefix = random.choose(["", "/a/", "/b/", "/b/1"]);
    // Near enough to the present to be remembered, sometimes in the future.
    let from = (model.revision + 3).saturating_sub(random.below(20)).max(1);
    Watched(subject.store.watch(prefix, from), prefix, from)
}

fn check(subject: &Subject, model: &Model, watches: &mut [Watched]) {
    model.assert_same(&*subject.store);
    for Watched(watch, prefix, from) in watches {
        model.assert_watched(watch, prefix, *from);
    }
}

/// One step at a time.
pub async fn sequential_histories_match_the_model(subject: &Subject) {
    let mut model = Model::default();
    let mut random = Random::new(1);
    let mut watches = Vec::new();
    for step in 0..3_000 {
        if step % 100 == 0 {
            watches.push(random_watch(subject, &model, &mut random));
        }
        match model.random_step(&mut random, true) {
            Step::Transaction(transaction) => {
                let result = subject.store.transaction(transaction.clone()).await.unwrap();
                assert_eq!(result, model.apply(&transaction), "step {step}: {transaction:?}");
            }
            Step::Wipe(prefix) => {
                assert_eq!(subject.store.wipe(prefix).await.unwrap(), model.wipe(prefix));
            }
        }
    }
    check(subject, &model, &mut watches);
}

/// Many steps handed over before the first answer: the store must judge them in order, each against the
/// ones before it, although none of those is durable yet. Wipes are left out: while one is on its way,
/// [`crate::Compare::Unchanged`] may fail without need, which the model does not.
pub async fn pipelined_histories_match_the_model(subject: &Subject) {
    for seed in 2..6 {
        let start = subject.store.wipe("").await.unwrap();
        let mut model = Model { revision: start, start, ..Model::default() };
        let mut random = Random::new(seed);
        let mut watches = Vec::new();
        for round in 0..60 {
            watches.push(random_watch(subject, &model, &mut random));
            let mut waiting = Vec::new();
            for _ in 0..random.below(40) {
                let Step::Transaction(transaction) = model.random_step(&mut random, false) else { continue };
                let expected = model.apply(&transaction);
                waiting.push((subject.store.transaction(transaction), expected));
            }
            for (answer, mut expected) in waiting {
                let answer = answer.await.unwrap();
                if answer.revision < expected.revision {
                    // A read that touched nothing unsettled may be answered from the visible past.
                    expected.revision = answer.revision;
                }
                assert_eq!(answer, expected, "seed {seed}, round {round}");
            }
            model.assert_same(&*subject.store);
        }
        // The past of earlier seeds is not in this model.
        watches.retain(|Watched(_, _, from)| *from > start);
        check(subject, &model, &mut watches);
    }
}
