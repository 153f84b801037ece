//! A task's call over the death of the cloud, at every write that belongs to it.

use super::failing_store::{Death, FailingStore};
use super::world::{ACCOUNT, ROLE, World, one_state};
use crate::{States, execution, machine};
use api_stepfunctions::*;
use contracts::{Call, Platform, Reply, ServiceTable, SystemClock};
use records::stepfunctions::TaskCall;
use serde::{Deserialize, Serialize};
use state_store::typed::{Scope, Store, Tx};
use state_store::{MemoryStore, Record, StateStore};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often something was done.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tally {
    id: String,
    count: u32,
}

impl Record for Tally {
    const KIND: &'static str = "test/tally";
    fn id(&self) -> &str {
        &self.id
    }
}

fn here() -> Scope {
    Scope::new(ACCOUNT, "eu-central-1")
}

async fn add_one(call: &Call<Platform>) -> Reply<u32> {
    let add = |tx: &mut Tx<'_>| {
        let count = tx.get::<Tally>(&here(), "t").map_or(1, |tally| tally.count + 1);
        tx.put(&here(), Tally { id: "t".into(), count });
        Ok(count)
    };
    Ok(call.transact(add).await?.value)
}

/// Counts, whatever it is asked; a second call would be seen.
async fn count_in_store(call: Call<Platform>, _: CreateActivityInput) -> Reply<CreateActivityOutput> {
    let count = add_one(&call).await?;
    Ok(CreateActivityOutput { activity_arn: Some(count.to_string()), creation_date: None })
}

/// Counts, and then refuses.
async fn count_and_refuse(call: Call<Platform>, _: DeleteActivityInput) -> Reply<DeleteActivityOutput> {
    add_one(&call).await?;
    Err(crate::faults::too_many_activities())
}

/// An operation whose effect is not a write under its own mark.
async fn count_outside(call: Call<Platform>, _: StartExecutionInput) -> Reply<StartExecutionOutput> {
    let count = add_one(&call).await?;
    Ok(StartExecutionOutput { execution_arn: Some(count.to_string()), start_date: None })
}

/// Only looks.
async fn look(call: Call<Platform>, _: ListActivitiesInput) -> Reply<ListActivitiesOutput> {
    call.transact(|tx| Ok(tx.count::<Tally>(&here()))).await?;
    Ok(ListActivitiesOutput::default())
}

/// A handler with a fault.
async fn panic(_: Call<Platform>, _: StopExecutionInput) -> Reply<StopExecutionOutput> {
    panic!("on purpose")
}

/// A cloud on the memory that its former lives left.
fn live(backend: Arc<dyn StateStore>, folder: &Path) -> World {
    let mut platform = Platform::without_host(Arc::new(SystemClock), ACCOUNT, true);
    platform.store = Store::new(backend);
    let counting = Arc::new(platform.clone());
    let mut table = ServiceTable::new(&SERVICE);
    table.on::<ops::CreateActivity, _, _, _>(&counting, count_in_store);
    table.on::<ops::DeleteActivity, _, _, _>(&counting, count_and_refuse);
    table.on::<ops::StartExecution, _, _, _>(&counting, count_outside);
    table.on::<ops::ListActivities, _, _, _>(&counting, look);
    table.on::<ops::StopExecution, _, _, _>(&counting, panic);
    World::with(States::new(platform), vec![table], Some(folder.to_owned()))
}

/// Starts an execution of one call.
async fn start(world: &World, action: &str, parameters: &str) -> String {
    let state = format!(
        r#"{{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:sfn:{action}","Parameters":{parameters},"End":true}}"#
    );
    let input = CreateStateMachineInput {
        name: Some("m".into()),
        definition: Some(one_state(&state)),
        role_arn: Some(ROLE.into()),
        ..CreateStateMachineInput::default()
    };
    let machine = machine::create(world.call(), input).await.unwrap().state_machine_arn;
    let input = StartExecutionInput { state_machine_arn: machine, ..StartExecutionInput::default() };
    execution::start(world.call(), input).await.unwrap().execution_arn.unwrap()
}

/// Waits for the end of an execution.
async fn end(world: &World, arn: &str) -> DescribeExecutionOutput {
    loop {
        let input = DescribeExecutionInput { execution_arn: Some(arn.into()), included_data: None };
        let shown = execution::describe(world.call(), input).await.unwrap();
        if shown.status != Some(ExecutionStatus::RUNNING) {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// How a task's call ended: count of effects, output, error and cause.
struct Outcome {
    effects: u32,
    output: Option<String>,
    error: Option<String>,
    cause: String,
}

/// Runs a call, dies at a write of it, goes on in a second life.
async fn over_death(action: &str, parameters: &str, death: Death) -> Outcome {
    let (memory, folder) = (Arc::new(MemoryStore::default()), tempfile::tempdir().unwrap());
    let backend = Arc::new(FailingStore::new(memory.clone(), Some(death)));
    let world = live(backend.clone(), folder.path());
    let arn = start(&world, action, parameters).await;
    while !backend.is_dead() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    world.close().await;
    let world = live(Arc::new(FailingStore::new(memory, None)), folder.path());
    let ended = end(&world, &arn).await;
    let store = world.states.platform.store.clone();
    while !store.list::<TaskCall>(&here()).is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    world.close().await;
    Outcome {
        effects: store.get::<Tally>(&here(), "t").map_or(0, |tally| tally.count),
        output: ended.output,
        error: ended.error,
        cause: ended.cause.unwrap_or_default(),
    }
}

/// Writes of the marks: with the effect, with the answer, the removal.
fn death(at: u32, applied: bool) -> Death {
    Death { prefix: "/states/call/", at, applied }
}

#[tokio::test]
async fn an_effect_is_there_once_whenever_the_cloud_dies() {
    for (at, applied, answered) in [
        (1, false, true),
        (1, true, false),
        (2, false, false),
        (2, true, true),
        (3, false, true),
        (3, true, true),
    ] {
        let ended = over_death("createActivity", r#"{"Name":"a"}"#, death(at, applied)).await;
        let what = format!("dead at write {at}, applied: {applied}");
        assert_eq!(ended.effects, 1, "{what}");
        if answered {
            assert_eq!(ended.output.as_deref(), Some(r#"{"ActivityArn":"1"}"#), "{what}");
        } else {
            assert_eq!(ended.error.as_deref(), Some("States.TaskFailed"), "{what}");
            assert!(ended.cause.contains("the effect is there once"), "{what}: {}", ended.cause);
        }
    }
}

#[tokio::test]
async fn a_fault_after_an_effect_is_kept_like_any_answer() {
    let parameters = r#"{"ActivityArn":"arn:aws:states:eu-central-1:000000000000:activity:a"}"#;
    let ended = over_death("deleteActivity", parameters, death(2, true)).await;
    assert_eq!((ended.effects, ended.error.as_deref()), (1, Some("Sfn.ActivityLimitExceededException")));
}

#[tokio::test]
async fn what_is_outside_the_store_is_begun_once() {
    let parameters = r#"{"StateMachineArn":"arn:aws:states:eu-central-1:000000000000:stateMachine:x"}"#;
    for (at, applied, begun) in [(1, false, true), (1, true, false), (2, true, true)] {
        let ended = over_death("startExecution", parameters, death(at, applied)).await;
        let what = format!("dead at write {at}, applied: {applied}");
        assert_eq!(ended.effects, u32::from(begun), "{what}");
        if begun {
            assert_eq!(ended.output.as_deref(), Some(r#"{"ExecutionArn":"1"}"#), "{what}");
        } else {
            assert!(ended.cause.contains("is not known"), "{what}: {}", ended.cause);
        }
    }
}

#[tokio::test]
async fn a_call_without_effect_leaves_no_mark() {
    let memory = Arc::new(MemoryStore::default());
    let folder = tempfile::tempdir().unwrap();
    // It would die at the first mark.
    let backend = Arc::new(FailingStore::new(memory, Some(death(1, false))));
    let world = live(backend.clone(), folder.path());
    let arn = start(&world, "listActivities", "{}").await;
    assert_eq!(end(&world, &arn).await.status, Some(ExecutionStatus::SUCCEEDED));
    assert!(!backend.is_dead());
    world.close().await;
}

#[tokio::test]
async fn a_call_that_panics_fails_its_task() {
    let (memory, folder) = (Arc::new(MemoryStore::default()), tempfile::tempdir().unwrap());
    let world = live(memory, folder.path());
    let parameters = r#"{"ExecutionArn":"arn:aws:states:eu-central-1:000000000000:execution:m:e"}"#;
    let arn = start(&world, "stopExecution", parameters).await;
    let ended = end(&world, &arn).await;
    assert_eq!(ended.error.as_deref(), Some("States.TaskFailed"));
    world.close().await;
}
