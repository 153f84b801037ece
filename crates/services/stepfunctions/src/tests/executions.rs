//! Executions, workers and tasks that call services, on the engine.

use super::world::{ROLE, World, one_state, pass};
use crate::{activity, execution, machine, task};
use api_stepfunctions::*;
use contracts::Reply;
use std::time::Duration;

async fn machine(world: &World, name: &str, definition: String, express: bool) -> String {
    let input = CreateStateMachineInput {
        name: Some(name.into()),
        definition: Some(definition),
        role_arn: Some(ROLE.into()),
        type_: express.then_some(StateMachineType::EXPRESS),
        ..CreateStateMachineInput::default()
    };
    machine::create(world.call(), input).await.unwrap().state_machine_arn.unwrap()
}

async fn start(world: &World, arn: &str, name: Option<&str>, input: &str) -> Reply<String> {
    let input = StartExecutionInput {
        state_machine_arn: Some(arn.into()),
        name: name.map(Into::into),
        input: Some(input.into()),
        trace_header: None,
    };
    execution::start(world.call(), input).await.map(|begun| begun.execution_arn.unwrap())
}

async fn describe(world: &World, arn: &str) -> Reply<DescribeExecutionOutput> {
    let input = DescribeExecutionInput { execution_arn: Some(arn.into()), included_data: None };
    execution::describe(world.call(), input).await
}

/// Waits for the end of an execution.
async fn ended(world: &World, arn: &str) -> DescribeExecutionOutput {
    loop {
        let shown = describe(world, arn).await.unwrap();
        if shown.status != Some(ExecutionStatus::RUNNING) {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn types(world: &World, arn: &str) -> Vec<String> {
    let input = GetExecutionHistoryInput { execution_arn: Some(arn.into()), ..Default::default() };
    let page = execution::history(world.call(), input).await.unwrap();
    page.events.unwrap().into_iter().map(|event| event.type_.unwrap().as_str().to_owned()).collect()
}

#[tokio::test]
async fn from_start_to_history() {
    let world = World::new();
    let arn = machine(&world, "m", pass(), false).await;
    for (input, code) in [("", "InvalidExecutionInput"), ("{", "InvalidExecutionInput")] {
        assert_eq!(start(&world, &arn, None, input).await.unwrap_err().code, code);
    }
    assert_eq!(start(&world, &arn, Some("a b"), "{}").await.unwrap_err().code, "InvalidName");
    let execution = start(&world, &arn, Some("e"), r#"{"a": 1}"#).await.unwrap();
    let shown = ended(&world, &execution).await;
    assert_eq!(
        (shown.status.unwrap(), shown.output.unwrap().as_str()),
        (ExecutionStatus::SUCCEEDED, r#"{"a": 1}"#)
    );
    assert_eq!(
        types(&world, &execution).await,
        ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
    );
    // A used name is used.
    assert_eq!(
        start(&world, &arn, Some("e"), r#"{"a": 1}"#).await.unwrap_err().code,
        "ExecutionAlreadyExists"
    );
    let (mut seen, mut token) = (Vec::new(), None);
    loop {
        let input = GetExecutionHistoryInput {
            execution_arn: Some(execution.clone()),
            max_results: Some(3),
            reverse_order: Some(true),
            next_token: token,
            include_execution_data: Some(false),
        };
        let page = execution::history(world.call(), input).await.unwrap();
        for event in page.events.unwrap() {
            assert!(event.state_entered_event_details.is_none_or(|details| details.input.is_none()));
            seen.push(event.id.unwrap());
        }
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, [4, 3, 2, 1]);
    assert_eq!(describe(&world, &format!("{execution}x")).await.unwrap_err().code, "ExecutionDoesNotExist");
    assert_eq!(describe(&world, &arn).await.unwrap_err().code, "InvalidArn");
    world.close().await;
}

#[tokio::test]
async fn a_worker_takes_work_once() {
    let world = World::new();
    let input = CreateActivityInput { name: Some("a".into()), ..CreateActivityInput::default() };
    let work = activity::create(world.call(), input).await.unwrap().activity_arn.unwrap();
    let state = format!(r#"{{"Type":"Task","Resource":"{work}","End":true}}"#);
    let arn = machine(&world, "m", one_state(&state), false).await;
    let poll = || {
        let input = GetActivityTaskInput { activity_arn: Some(work.clone()), worker_name: Some("w".into()) };
        activity::get_task(world.call(), input)
    };
    // A worker that waits is served when the work comes.
    let (given, execution) = tokio::join!(poll(), start(&world, &arn, None, r#"{"n":1}"#));
    let (given, execution) = (given.unwrap(), execution.unwrap());
    assert_eq!(given.input.as_deref(), Some(r#"{"n":1}"#));
    assert_eq!(world.states.board.waiting(&work), 0);
    let token = given.task_token;
    let say = |output: &str, token: Option<String>| {
        task::success(world.call(), SendTaskSuccessInput { task_token: token, output: Some(output.into()) })
    };
    assert_eq!(say("{}", Some("foreign".into())).await.unwrap_err().code, "InvalidToken");
    assert_eq!(say("no json", token.clone()).await.unwrap_err().code, "InvalidOutput");
    task::heartbeat(world.call(), SendTaskHeartbeatInput { task_token: token.clone() }).await.unwrap();
    say(r#"{"done":true}"#, token.clone()).await.unwrap();
    assert_eq!(say("{}", token.clone()).await.unwrap_err().code, "TaskTimedOut");
    let late = SendTaskFailureInput { task_token: token, error: None, cause: None };
    assert_eq!(task::failure(world.call(), late).await.unwrap_err().code, "TaskTimedOut");
    assert_eq!(ended(&world, &execution).await.output.as_deref(), Some(r#"{"done":true}"#));
    world.close().await;
}

#[tokio::test]
async fn more_work_than_there_is_room_for_is_kept_as_tokens() {
    let world = World::new();
    let input = CreateActivityInput { name: Some("a".into()), ..CreateActivityInput::default() };
    let work = activity::create(world.call(), input).await.unwrap().activity_arn.unwrap();
    let state = format!(r#"{{"Type":"Task","Resource":"{work}","End":true}}"#);
    let arn = machine(&world, "m", one_state(&state), false).await;
    let mut wanted = std::collections::BTreeSet::new();
    let mut executions = Vec::new();
    for number in 0..300 {
        let input = format!("\"{number}{}\"", "x".repeat(2_000));
        executions.push(start(&world, &arn, None, &input).await.unwrap());
        wanted.insert(input);
    }
    while world.states.board.waiting(&work) < 300 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // Cancelled work, whole or not, is not handed out.
    for number in (0..300).step_by(2) {
        let stop =
            StopExecutionInput { execution_arn: Some(executions[number].clone()), error: None, cause: None };
        execution::stop(world.call(), stop).await.unwrap();
        wanted.remove(&format!("\"{number}{}\"", "x".repeat(2_000)));
    }
    while world.states.board.waiting(&work) > 150 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    for _ in 0..150 {
        let poll = GetActivityTaskInput { activity_arn: Some(work.clone()), worker_name: None };
        let given = activity::get_task(world.call(), poll).await.unwrap();
        assert!(wanted.remove(given.input.as_deref().unwrap()), "handed out twice, or not wanted");
        let answer = SendTaskSuccessInput { task_token: given.task_token, output: Some("1".into()) };
        task::success(world.call(), answer).await.unwrap();
    }
    assert!(wanted.is_empty() && world.states.board.waiting(&work) == 0);
    world.close().await;
}

#[tokio::test]
async fn cancelled_work_is_taken_back() {
    let world = World::new();
    let input = CreateActivityInput { name: Some("a".into()), ..CreateActivityInput::default() };
    let work = activity::create(world.call(), input).await.unwrap().activity_arn.unwrap();
    let state = format!(r#"{{"Type":"Task","Resource":"{work}","End":true}}"#);
    let arn = machine(&world, "m", one_state(&state), false).await;
    let execution = start(&world, &arn, None, "{}").await.unwrap();
    while world.states.board.waiting(&work) == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let stop =
        StopExecutionInput { execution_arn: Some(execution.clone()), error: Some("E".into()), cause: None };
    let first = execution::stop(world.call(), stop.clone()).await.unwrap();
    // Once more changes nothing.
    assert_eq!(execution::stop(world.call(), stop).await.unwrap(), first);
    let shown = ended(&world, &execution).await;
    assert_eq!((shown.status.unwrap(), shown.error.as_deref()), (ExecutionStatus::ABORTED, Some("E")));
    while world.states.board.waiting(&work) > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    world.close().await;
}

#[tokio::test]
async fn tasks_call_services_of_this_cloud() {
    let world = World::new();
    let child = machine(&world, "child", pass(), false).await;
    let call = |resource: &str, parameters: &str| {
        one_state(&format!(
            r#"{{"Type":"Task","Resource":"arn:aws:states:::{resource}","Parameters":{parameters},"End":true}}"#
        ))
    };
    let start_child = format!(r#"{{"StateMachineArn":"{child}","Input":{{"x":[1]}}}}"#);
    let cases = [
        ("sync", call("states:startExecution.sync:2", &start_child), "SUCCEEDED", r#""Output":{"x":[1]}"#),
        (
            "sdk",
            call("aws-sdk:sfn:describeStateMachine", &format!(r#"{{"StateMachineArn":"{child}"}}"#)),
            "SUCCEEDED",
            r#""Name":"child""#,
        ),
        (
            "token",
            call("aws-sdk:sfn:sendTaskHeartbeat", r#"{"TaskToken":"x"}"#),
            "FAILED",
            "Sfn.InvalidTokenException",
        ),
        (
            "none",
            call(
                "states:startExecution",
                r#"{"StateMachineArn":"arn:aws:states:eu-central-1:000000000000:stateMachine:no"}"#,
            ),
            "FAILED",
            "StepFunctions.StateMachineDoesNotExistException",
        ),
        ("later", call("aws-sdk:glue:getTables", "{}"), "FAILED", "States.TaskFailed"),
    ];
    for (name, definition, status, word) in cases {
        let arn = machine(&world, name, definition, false).await;
        let execution = start(&world, &arn, None, "{}").await.unwrap();
        let shown = ended(&world, &execution).await;
        let told = format!("{:?}{:?}{:?}", shown.output, shown.error, shown.cause).replace('\\', "");
        assert_eq!(shown.status.as_ref().unwrap().as_str(), status, "{name}: {told}");
        assert!(told.contains(word), "{name}: {told}");
    }
    world.close().await;
}

#[tokio::test]
async fn express_is_answered_at_its_end() {
    let world = World::new();
    let express = machine(&world, "m", pass(), true).await;
    let standard = machine(&world, "s", pass(), false).await;
    let sync = |arn: &str| {
        let input = StartSyncExecutionInput {
            state_machine_arn: Some(arn.into()),
            input: Some(r#"{"a":1}"#.into()),
            ..StartSyncExecutionInput::default()
        };
        execution::start_sync(world.call(), input)
    };
    let done = sync(&express).await.unwrap();
    assert_eq!(
        (done.status, done.output.as_deref()),
        (Some(SyncExecutionStatus::SUCCEEDED), Some(r#"{"a":1}"#))
    );
    assert_eq!(sync(&standard).await.unwrap_err().code, "StateMachineTypeNotSupported");
    let begun = start(&world, &express, None, "{}").await.unwrap();
    assert_eq!(describe(&world, &begun).await.unwrap_err().code, "InvalidArn");
    let list = ListExecutionsInput { state_machine_arn: Some(express), ..ListExecutionsInput::default() };
    assert_eq!(execution::list(world.call(), list).await.unwrap_err().code, "StateMachineTypeNotSupported");
    world.close().await;
}

#[tokio::test]
async fn waits_within_one_millisecond_come_to_an_end() {
    let world = World::new();
    let wait = r#"{"Type":"Wait","Timestamp":"2024-11-06T09:42:03Z","Next":"B"}"#;
    let last = r#"{"Type":"Wait","Seconds":0,"End":true}"#;
    let definition = format!(r#"{{"StartAt":"A","States":{{"A":{wait},"B":{last}}}}}"#);
    let arn = machine(&world, "m", definition, false).await;
    // Both waits of some of these fall into the same millisecond.
    let mut all = Vec::new();
    for _ in 0..200 {
        all.push(start(&world, &arn, None, "{}").await.unwrap());
    }
    for execution in all {
        assert_eq!(ended(&world, &execution).await.status, Some(ExecutionStatus::SUCCEEDED));
    }
    world.close().await;
}

#[tokio::test]
async fn executions_stop_with_their_machine() {
    let world = World::new();
    let arn = machine(&world, "m", one_state(r#"{"Type":"Wait","Seconds":600,"End":true}"#), false).await;
    let execution = start(&world, &arn, Some("one"), "{}").await.unwrap();
    let delete = DeleteStateMachineInput { state_machine_arn: Some(arn.clone()) };
    machine::delete(world.call(), delete).await.unwrap();
    assert!(matches!(
        start(&world, &arn, None, "{}").await.unwrap_err().code.as_ref(),
        "StateMachineDeleting" | "StateMachineDoesNotExist"
    ));
    // It can be seen until the machine is gone.
    while let Ok(shown) = describe(&world, &execution).await {
        assert!([ExecutionStatus::RUNNING, ExecutionStatus::ABORTED].contains(&shown.status.unwrap()));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let describe = || {
        let input = DescribeStateMachineInput { state_machine_arn: Some(arn.clone()), included_data: None };
        machine::describe(world.call(), input)
    };
    while let Ok(shown) = describe().await {
        assert_eq!(shown.status, Some(StateMachineStatus::DELETING));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // The name is free for a machine that is made again.
    let again = machine(&world, "m", one_state(r#"{"Type":"Pass","End":true}"#), false).await;
    assert_eq!(again, arn);
    assert_eq!(start(&world, &arn, Some("one"), "[2]").await.unwrap(), execution);
    assert_eq!(ended(&world, &execution).await.status, Some(ExecutionStatus::SUCCEEDED));
    world.close().await;
}

#[tokio::test]
async fn names_of_executions_that_ended_are_free_behind_their_machine() {
    let world = World::new();
    for round in 0..3 {
        let arn = machine(&world, "m", pass(), false).await;
        let execution = start(&world, &arn, Some("one"), &format!("[{round}]")).await.unwrap();
        assert_eq!(ended(&world, &execution).await.output, Some(format!("[{round}]")));
        let delete = DeleteStateMachineInput { state_machine_arn: Some(arn.clone()) };
        machine::delete(world.call(), delete).await.unwrap();
        // The last of them may still be on its way into the archive.
        let input =
            || DescribeStateMachineInput { state_machine_arn: Some(arn.clone()), included_data: None };
        while machine::describe(world.call(), input()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(describe(&world, &execution).await.unwrap_err().code, "ExecutionDoesNotExist");
    }
    world.close().await;
}
