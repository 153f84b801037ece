//! Calls of tasks: the rights of their role, and their trace in the audit log.

use super::world::{ACCOUNT, ROLE, World, one_state};
use crate::{States, execution, machine};
use api_stepfunctions::*;
use aws_schema::Fault;
use contracts::audit::{AuditEntry, AuditSink, Source, Who};
use contracts::seams::Authorizer;
use contracts::{Caller, Platform, SystemClock};
use parking_lot::Mutex;
use records::stepfunctions::Activity;
use serde_json::json;
use state_store::typed::Scope;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Refuses calls that delete or start, and keeps all entries.
#[derive(Default)]
struct Guard(Mutex<Vec<AuditEntry>>);

impl Authorizer for Guard {
    fn authorize(&self, caller: &Caller, action: &str) -> Result<(), Fault> {
        if ["states:CreateActivity", "states:ListActivities"].contains(&action) {
            return Ok(());
        }
        let why = format!("User: {} is not authorized to perform: {action}", caller.principal.arn);
        Err(Fault::sender("AccessDeniedException", why))
    }
}

impl AuditSink for Guard {
    fn record(&self, entry: AuditEntry) {
        self.0.lock().push(entry);
    }
    fn lost(&self) -> Arc<AtomicU64> {
        Arc::default()
    }
}

fn world(guard: &Arc<Guard>) -> World {
    let states = States::new(Platform::without_host(Arc::new(SystemClock), ACCOUNT, true));
    let tables = vec![crate::table(&states)];
    World::guarded(states, tables, None, guard.clone(), Some(guard.clone()))
}

/// Runs one task to the end of its execution: output and error.
async fn run(world: &World, resource: &str, parameters: &str) -> (Option<String>, Option<String>, String) {
    let state = format!(
        r#"{{"Type":"Task","Resource":"arn:aws:states:::{resource}","Parameters":{parameters},"End":true}}"#
    );
    let name = resource.replace(':', "-");
    let input = CreateStateMachineInput {
        name: Some(name),
        definition: Some(one_state(&state)),
        role_arn: Some(ROLE.into()),
        ..CreateStateMachineInput::default()
    };
    let machine = machine::create(world.call(), input).await.unwrap().state_machine_arn;
    let input = StartExecutionInput { state_machine_arn: machine, ..StartExecutionInput::default() };
    let arn = execution::start(world.call(), input).await.unwrap().execution_arn;
    loop {
        let input = DescribeExecutionInput { execution_arn: arn.clone(), included_data: None };
        let shown = execution::describe(world.call(), input).await.unwrap();
        if shown.status != Some(ExecutionStatus::RUNNING) {
            return (shown.output, shown.error, shown.cause.unwrap_or_default());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_call_is_recorded_as_one_of_the_roles_session() {
    let guard = Arc::new(Guard::default());
    let world = world(&guard);
    let (output, ..) = run(&world, "aws-sdk:sfn:createActivity", r#"{"Name":"a"}"#).await;
    assert!(output.is_some());
    // What only reads is not recorded.
    assert!(run(&world, "aws-sdk:sfn:listActivities", "{}").await.0.is_some());
    world.close().await;
    let entries = std::mem::take(&mut *guard.0.lock());
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((entry.action().as_str(), entry.status, &entry.fault), ("states:CreateActivity", 200, &None));
    assert_eq!(entry.source, Source::Service("states.amazonaws.com"));
    assert_eq!(entry.user_agent, "states.amazonaws.com");
    let input: serde_json::Value = serde_json::from_str(&entry.input).unwrap();
    assert_eq!(input, json!({"name": "a"}));
    let Who::Known(caller) = &entry.who else { panic!("{entry:?}") };
    assert!(caller.principal.arn.starts_with("arn:aws:sts::000000000000:assumed-role/tester/"));
}

#[tokio::test]
async fn a_call_without_right_is_the_services_error_and_changes_nothing() {
    let guard = Arc::new(Guard::default());
    let world = world(&guard);
    let here = Scope::new(ACCOUNT, "eu-central-1");
    let made = run(&world, "aws-sdk:sfn:createActivity", r#"{"Name":"a"}"#).await;
    assert!(made.0.is_some());
    let arn = "arn:aws:states:eu-central-1:000000000000";
    let (_, error, cause) =
        run(&world, "aws-sdk:sfn:deleteActivity", &format!(r#"{{"ActivityArn":"{arn}:activity:a"}}"#)).await;
    assert_eq!(error.as_deref(), Some("Sfn.AccessDeniedException"));
    assert!(cause.contains("assumed-role/tester/") && cause.contains("states:DeleteActivity"), "{cause}");
    assert!(world.states.platform.store.get::<Activity>(&here, "a").is_some());
    let machine = format!(r#"{{"StateMachineArn":"{arn}:stateMachine:aws-sdk-sfn-createActivity"}}"#);
    let (_, error, _) = run(&world, "states:startExecution", &machine).await;
    assert_eq!(error.as_deref(), Some("StepFunctions.AccessDeniedException"));
    world.close().await;
    let entries = std::mem::take(&mut *guard.0.lock());
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.action(), entry.fault.as_ref().map(|(code, _)| code.as_str())))
        .collect();
    let denied = Some("AccessDeniedException");
    let expected = [("CreateActivity", None), ("DeleteActivity", denied), ("StartExecution", denied)];
    assert_eq!(told, expected.map(|(name, fault)| (format!("states:{name}"), fault)));
}
