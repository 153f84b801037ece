//! Lists that pass over many executions to find a few.

use crate::basics::{SLEEP, TWO, WORK};
use crate::world::{MACHINE, World, arn, end, new, open};
use execution_engine::{Engine, Kind, ListFilter, ListOf, Status};
use state_machine::history::Failure;
use state_machine::interpret::TaskAnswer;
use std::sync::Arc;

fn all() -> ListFilter {
    let of = ListOf::Machine(MACHINE.into());
    ListFilter { of, status: None, version_arn: None, alias_arn: None, redriven: None }
}

/// Names of a list, and how many pages it took.
async fn pages(engine: &Engine, filter: &ListFilter, limit: usize) -> (Vec<String>, usize) {
    let (mut names, mut count, mut after) = (Vec::new(), 0, None);
    loop {
        let page = engine.list(filter.clone(), after, limit).await.unwrap();
        assert!(page.executions.len() <= limit);
        names.extend(page.executions.iter().map(|execution| execution.start.name.to_string()));
        count += 1;
        after = page.next;
        if after.is_none() {
            return (names, count);
        }
    }
}

async fn start_many(engine: &Engine, definition: &str, name: &str, count: usize) {
    let mut starts = tokio::task::JoinSet::new();
    for number in 0..count {
        let (engine, new) =
            (engine.clone(), new(definition, Kind::Standard, &format!("{name}{number}"), "{}"));
        starts.spawn(async move { engine.start(new).await.unwrap() });
    }
    starts.join_all().await;
}

#[tokio::test]
async fn a_redriven_execution_is_listed_as_what_it_is() {
    let world = Arc::new(World::default());
    let engine = open(None, &world);
    engine.start(new(WORK, Kind::Standard, "work", "{}")).await.unwrap();
    let token = world.task(&arn("work")).await.task.token;
    engine.answer(&token, TaskAnswer::Failed(Failure::new("E", "c"))).await.unwrap();
    assert_eq!(end(&engine, &arn("work")).await.status, Status::Failed);
    let failed = ListFilter { status: Some(Status::Failed), ..all() };
    assert_eq!(pages(&engine, &failed, 9).await.0, ["work"]);
    engine.redrive(&arn("work")).await.unwrap();
    assert!(pages(&engine, &failed, 9).await.0.is_empty(), "it runs");
    assert!(pages(&engine, &ListFilter { redriven: Some(false), ..all() }, 9).await.0.is_empty());
    let running = ListFilter { status: Some(Status::Running), redriven: Some(true), ..all() };
    assert_eq!(pages(&engine, &running, 9).await.0, ["work"]);
    engine.close();
}

#[tokio::test]
async fn a_page_ends_after_a_while_and_the_next_goes_on() {
    let world = Arc::new(World::default());
    let engine = open(None, &world);
    engine.start(new(SLEEP, Kind::Standard, "first", "{}")).await.unwrap();
    engine.stop(&arn("first"), Failure::default()).await.unwrap();
    engine.redrive(&arn("first")).await.unwrap();
    // More than one list brings into memory of one shard, not all begun in one millisecond.
    for round in 0..5 {
        start_many(&engine, SLEEP, &format!("sleep{round}-"), 1_000).await;
    }
    let redriven = ListFilter { redriven: Some(true), ..all() };
    let (names, count) = pages(&engine, &redriven, 9).await;
    assert_eq!(names, ["first"]);
    assert!(count > 1, "the first page does not look at all of them");
    // What the first record need not be read for is passed over at once.
    let aborted = ListFilter { status: Some(Status::Aborted), ..all() };
    assert_eq!(pages(&engine, &aborted, 9).await, (Vec::new(), 1));
    let (names, _) = pages(&engine, &all(), 1_000).await;
    let distinct: std::collections::HashSet<&String> = names.iter().collect();
    assert_eq!((names.len(), distinct.len()), (5_001, 5_001));
    engine.close();
}

#[tokio::test]
async fn closed_ones_are_looked_through_in_steps_too() {
    let engine = open(None, &Arc::new(World::default()));
    engine.start(new(SLEEP, Kind::Standard, "first", "{}")).await.unwrap();
    engine.stop(&arn("first"), Failure::default()).await.unwrap();
    for round in 0..11 {
        start_many(&engine, TWO, &format!("two{round}-"), 1_000).await;
    }
    let aborted = ListFilter { status: Some(Status::Aborted), ..all() };
    let found = crate::world::eventually(|| async {
        let (names, count) = pages(&engine, &aborted, 9).await;
        assert_eq!(names, ["first"]);
        // Until they are in the archive the shards tell of them.
        (count > 1).then_some(count)
    });
    assert!(found.await < 10);
    engine.close();
}
