//! Distributed Maps and redrives.

use crate::world::{World, arn, end, eventually, names, new, open};
use execution_engine::{Engine, Execution, Kind, ListFilter, ListOf, MapRunStatus, MapRunUpdate, Status};
use state_machine::history::Failure;
use state_machine::interpret::TaskAnswer;
use std::sync::Arc;

fn map(kind: &str, fields: &str, state: &str) -> String {
    format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","End":true,"Label":"lab"{fields},
        "ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"{kind}"}},
        "StartAt":"P","States":{{"P":{state}}}}}}}}}}}"#
    )
}

const PASS: &str = r#"{"Type":"Pass","End":true}"#;
const TASK: &str =
    r#"{"Type":"Task","Resource":"arn:aws:states:us-east-1:123456789012:activity:work","End":true}"#;

#[tokio::test]
async fn items_run_as_children_and_their_results_keep_their_order() {
    for kind in ["STANDARD", "EXPRESS"] {
        let world = Arc::new(World::default());
        let engine = open(None, &world);
        let input: Vec<String> = (0..500).map(|number| format!("{{\"n\":{number}}}")).collect();
        let input = format!("[{}]", input.join(","));
        engine.start(new(&map(kind, "", PASS), Kind::Standard, "one", &input)).await.unwrap();
        let execution = end(&engine, &arn("one")).await;
        assert_eq!(execution.output.as_deref(), Some(&*input), "{kind} {:?}", execution.failure);
        let runs = engine.map_runs(&arn("one")).await.unwrap();
        let run = &runs[0];
        assert_eq!((runs.len(), run.status, run.items.succeeded), (1, MapRunStatus::Succeeded, 500));
        assert_eq!((run.executions.total, run.items.running, run.items.pending), (500, 0, 0));
        assert!(run.arn.contains(":mapRun:hello/lab:") && run.machine_arn.ends_with(":hello/lab"));
        assert_eq!(engine.map_run(&run.arn).await.unwrap().as_ref(), Some(run));
        let of = ListOf::MapRun(run.arn.clone());
        let filter = ListFilter { of, status: None, version_arn: None, alias_arn: None, redriven: None };
        let listed = engine.list(filter, None, 1000).await.unwrap().executions.len();
        assert_eq!(listed, 500, "{kind}");
        let expected = [
            "ExecutionStarted",
            "MapStateEntered",
            "MapStateStarted",
            "MapRunStarted",
            "MapRunSucceeded",
            "MapStateSucceeded",
            "MapStateExited",
            "ExecutionSucceeded",
        ];
        assert_eq!(names(&engine, &arn("one")).await, expected);
    }
}

#[tokio::test]
async fn express_children_are_listed_by_their_run() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    let machine = map("EXPRESS", r#","MaxConcurrency":2,"ItemBatcher":{"MaxItemsPerBatch":2}"#, TASK);
    engine.start(new(&machine, Kind::Standard, "one", "[1,2,3,4,5]")).await.unwrap();
    let next = || async { eventually(|| async { world.dispatched.lock().unwrap().pop() }).await };
    let task = next().await;
    let run = task.execution.map_run.clone().unwrap();
    let running = eventually(|| async {
        let running = children(&engine, &run, Some(Status::Running)).await;
        (running.len() == 2).then_some(running)
    });
    let running = running.await;
    assert!(running.iter().any(|child| child.start.arn == task.execution.arn));
    engine.answer(&task.task.token, TaskAnswer::Failed(Failure::new("E", "C"))).await.unwrap();
    assert_eq!(end(&engine, &arn("one")).await.status, Status::Failed);
    engine.close();
    let engine = open(Some(folder.path()), &world);
    let of = ListOf::MapRun(run.clone());
    let filter = ListFilter { of, status: None, version_arn: None, alias_arn: None, redriven: None };
    let first = engine.list(filter.clone(), None, 1).await.unwrap();
    let second = engine.list(filter.clone(), first.next, 1).await.unwrap();
    let both = [&first.executions[0], &second.executions[0]];
    assert!(second.next.is_none_or(|next| next.arn == both[1].start.arn));
    for child in both {
        let failed = child.start.arn == task.execution.arn;
        assert_eq!(child.status, if failed { Status::Failed } else { Status::Aborted });
        assert_eq!((child.child.unwrap().items, child.stopped.is_some()), (2, true));
    }
    assert_ne!(both[0].start.arn, both[1].start.arn);
    let redriven = ListFilter { redriven: Some(true), ..filter };
    assert!(engine.list(redriven, None, 9).await.unwrap().executions.is_empty());
}

#[tokio::test]
async fn items_go_in_batches() {
    let engine = open(None, &Arc::new(World::default()));
    let batch = r#","ItemBatcher":{"MaxItemsPerBatch":3,"BatchInput":{"b":1}}"#;
    engine.start(new(&map("STANDARD", batch, PASS), Kind::Standard, "one", "[1,2,3,4,5]")).await.unwrap();
    let output = r#"[{"BatchInput":{"b":1},"Items":[1,2,3]},{"BatchInput":{"b":1},"Items":[4,5]}]"#;
    assert_eq!(end(&engine, &arn("one")).await.output.as_deref(), Some(output));
    let run = engine.map_runs(&arn("one")).await.unwrap().remove(0);
    assert_eq!((run.items.total, run.items.succeeded, run.executions.total), (5, 5, 2));
}

#[tokio::test]
async fn a_run_outlives_a_restart_and_asks_no_child_twice() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    let machine = map("STANDARD", r#","MaxConcurrency":3"#, TASK);
    engine.start(new(&machine, Kind::Standard, "one", "[0,1,2,3,4,5,6,7]")).await.unwrap();
    let run = eventually(|| async { engine.map_runs(&arn("one")).await.unwrap().pop() }).await;
    let answer =
        |dispatch: execution_engine::Dispatch| (dispatch.task.token, dispatch.task.input.to_string());
    let next = |world: Arc<World>| async move {
        eventually(|| async { world.dispatched.lock().unwrap().pop() }).await
    };
    let mut done = Vec::new();
    for _ in 0..4 {
        let (token, input) = answer(next(world.clone()).await);
        engine.answer(&token, TaskAnswer::Succeeded(format!("\"{input}\"").into())).await.unwrap();
        done.push(input);
    }
    eventually(|| async {
        let run = engine.map_run(&run.arn).await.unwrap()?;
        assert!(run.executions.running <= 3, "{run:?}");
        (run.items.succeeded == 4 && run.executions.running == 3).then_some(())
    })
    .await;
    let update = MapRunUpdate { max_concurrency: Some(2), ..MapRunUpdate::default() };
    engine.update_map_run(&run.arn, update).await.unwrap();
    engine.close();

    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    while done.len() < 8 {
        let (token, input) = answer(next(world.clone()).await);
        assert!(!done.contains(&input), "{input} is asked for twice");
        engine.answer(&token, TaskAnswer::Succeeded(format!("\"{input}\"").into())).await.unwrap();
        done.push(input);
    }
    let execution = end(&engine, &arn("one")).await;
    assert_eq!(
        execution.output.as_deref(),
        Some(r#"["0","1","2","3","4","5","6","7"]"#),
        "{:?}",
        execution.failure
    );
    let run = engine.map_run(&run.arn).await.unwrap().unwrap();
    assert_eq!((run.max_concurrency, run.status, run.items.succeeded), (2, MapRunStatus::Succeeded, 8));
}

#[tokio::test]
async fn too_many_failures_fail_a_run_and_its_redrive_runs_only_those() {
    let world = Arc::new(World::default());
    let engine = open(None, &world);
    let machine = map("STANDARD", r#","MaxConcurrency":1"#, TASK);
    engine.start(new(&machine, Kind::Standard, "one", "[1,2,3]")).await.unwrap();
    let next = || async { eventually(|| async { world.dispatched.lock().unwrap().pop() }).await };
    engine.answer(&next().await.task.token, TaskAnswer::Succeeded("\"a\"".into())).await.unwrap();
    engine.answer(&next().await.task.token, TaskAnswer::Failed(Failure::new("E", "C"))).await.unwrap();
    let execution = end(&engine, &arn("one")).await;
    assert_eq!(execution.status, Status::Failed);
    assert_eq!(execution.failure.error.as_deref(), Some("States.ExceedToleratedFailureThreshold"));
    let run = engine.map_runs(&arn("one")).await.unwrap().remove(0);
    // The third was never begun.
    assert_eq!(
        (run.status, run.items.succeeded, run.items.failed, run.items.pending, run.items.aborted),
        (MapRunStatus::Failed, 1, 1, 1, 0)
    );
    let failed = children(&engine, &run.arn, Some(Status::Failed)).await.remove(0);
    assert_eq!((failed.child.unwrap().index, failed.redrives.0), (1, 0));

    eventually(|| async { engine.redrive(&arn("one")).await.ok() }).await;
    engine.answer(&next().await.task.token, TaskAnswer::Succeeded("\"b\"".into())).await.unwrap();
    engine.answer(&next().await.task.token, TaskAnswer::Succeeded("\"c\"".into())).await.unwrap();
    let execution = end(&engine, &arn("one")).await;
    assert_eq!(execution.output.as_deref(), Some(r#"["a","b","c"]"#), "{:?}", execution.failure);
    assert_eq!(execution.redrives.0, 1);
    let parent = names(&engine, &arn("one")).await;
    assert!(parent.contains(&"ExecutionRedriven") && parent.contains(&"MapRunRedriven"), "{parent:?}");
    // The same child went on.
    let child = engine.describe(&failed.start.arn).await.unwrap().unwrap();
    assert_eq!((child.status, child.redrives.0), (Status::Succeeded, 1));
    let expected = [
        "ExecutionStarted",
        "TaskStateEntered",
        "ActivityScheduled",
        "ActivityFailed",
        "ExecutionFailed",
        "ExecutionRedriven",
        "ActivityScheduled",
        "ActivitySucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ];
    assert_eq!(names(&engine, &failed.start.arn).await, expected);
    let all = children(&engine, &run.arn, None).await;
    assert_eq!(all.len(), 3);
    assert_eq!(all.iter().map(|child| child.redrives.0).sum::<u32>(), 1);
    let (before, run) = (run.started, engine.map_run(&run.arn).await.unwrap().unwrap());
    assert_eq!((run.status, run.started, run.redrives.0), (MapRunStatus::Succeeded, before, 1));
    assert_eq!(run.redrives.1, execution.redrives.1);
    assert_eq!((run.items.succeeded, run.items.failed, run.items.pending_redrive), (3, 0, 0));
}

async fn children(engine: &Engine, run: &Arc<str>, status: Option<Status>) -> Vec<Execution> {
    let of = ListOf::MapRun(run.clone());
    let filter = ListFilter { of, status, version_arn: None, alias_arn: None, redriven: None };
    engine.list(filter, None, 1000).await.unwrap().executions
}

#[tokio::test]
async fn a_stopped_parent_stops_its_children() {
    let world = Arc::new(World::default());
    let engine = open(None, &world);
    engine.start(new(&map("STANDARD", "", TASK), Kind::Standard, "one", "[1,2]")).await.unwrap();
    let child = eventually(|| async { world.dispatched.lock().unwrap().pop() }).await.execution;
    engine.stop(&arn("one"), Failure::new("E", "C")).await.unwrap();
    assert_eq!(end(&engine, &child.arn).await.status, Status::Aborted);
    let run = eventually(|| async {
        let run = engine.map_runs(&arn("one")).await.unwrap().remove(0);
        (run.status != MapRunStatus::Running).then_some(run)
    })
    .await;
    assert_eq!((run.status, run.items.aborted), (MapRunStatus::Aborted, 2));
}

#[tokio::test]
async fn a_stopped_parent_stops_its_express_children() {
    let world = Arc::new(World::default());
    let engine = open(None, &world);
    engine.start(new(&map("EXPRESS", "", TASK), Kind::Standard, "one", "[1,2]")).await.unwrap();
    eventually(|| async { (world.dispatched.lock().unwrap().len() == 2).then_some(()) }).await;
    engine.stop(&arn("one"), Failure::new("E", "C")).await.unwrap();
    eventually(|| async { (world.ended.lock().unwrap().len() == 3).then_some(()) }).await;
    let ended = world.ended.lock().unwrap().clone();
    assert!(ended.iter().all(|execution| execution.status == Status::Aborted), "{ended:?}");
    assert_eq!(ended.iter().filter(|execution| execution.start.map_run.is_some()).count(), 2);
    let cancelled = world.cancelled.lock().unwrap();
    let wanted = |dispatch: &execution_engine::Dispatch| {
        !cancelled
            .iter()
            .any(|(arn, ticket)| **arn == *dispatch.execution.arn && *ticket == dispatch.task.ticket)
    };
    assert!(!world.dispatched.lock().unwrap().iter().any(wanted), "nor are their tasks wanted any more");
}

/// Quotas of Map Runs: 10,000 children run at once, whatever the state or an update says.
#[tokio::test]
async fn ten_thousand_children_run_at_once_at_most() {
    let engine = open(None, &Arc::new(World::default()));
    let wait = r#"{"Type":"Wait","Seconds":86400,"End":true}"#;
    let items: Vec<String> = (0..10_500).map(|item| item.to_string()).collect();
    let input = format!("[{}]", items.join(","));
    engine.start(new(&map("STANDARD", "", wait), Kind::Standard, "one", &input)).await.unwrap();
    let full = || async {
        let run = engine.map_runs(&arn("one")).await.unwrap().pop()?;
        assert!(run.items.running <= 10_000, "{run:?}");
        (run.items.running == 10_000).then_some(run)
    };
    let run = eventually(full).await;
    let more = MapRunUpdate { max_concurrency: Some(20_000), ..MapRunUpdate::default() };
    engine.update_map_run(&run.arn, more).await.unwrap();
    let run = eventually(full).await;
    assert_eq!((run.max_concurrency, run.items.pending), (20_000, 500));
    engine.stop(&arn("one"), Failure::default()).await.unwrap();
    let over = eventually(|| async {
        let run = engine.map_run(&run.arn).await.unwrap()?;
        (run.status == MapRunStatus::Aborted).then_some(run)
    });
    let counts = over.await.items;
    assert_eq!((counts.aborted, counts.pending, counts.running), (10_000, 500, 0));
    eventually(|| async {
        let running = children(&engine, &run.arn, Some(Status::Running)).await;
        running.is_empty().then_some(())
    })
    .await;
}
