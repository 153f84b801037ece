use super::*;
use StateKind as S;
use std::collections::BTreeSet;
use std::sync::Arc;

/// `HistoryEventType` of the service model: all 62.
const TYPES: &str = "ActivityFailed ActivityScheduled ActivityScheduleFailed ActivityStarted ActivitySucceeded \
    ActivityTimedOut ChoiceStateEntered ChoiceStateExited EvaluationFailed ExecutionAborted ExecutionFailed ExecutionRedriven \
    ExecutionStarted ExecutionSucceeded ExecutionTimedOut FailStateEntered LambdaFunctionFailed LambdaFunctionScheduled \
    LambdaFunctionScheduleFailed LambdaFunctionStarted LambdaFunctionStartFailed LambdaFunctionSucceeded \
    LambdaFunctionTimedOut MapIterationAborted MapIterationFailed MapIterationStarted MapIterationSucceeded MapRunAborted \
    MapRunFailed MapRunRedriven MapRunStarted MapRunSucceeded MapStateAborted MapStateEntered MapStateExited MapStateFailed \
    MapStateStarted MapStateSucceeded ParallelStateAborted ParallelStateEntered ParallelStateExited ParallelStateFailed \
    ParallelStateStarted ParallelStateSucceeded PassStateEntered PassStateExited SucceedStateEntered SucceedStateExited \
    TaskFailed TaskScheduled TaskStarted TaskStartFailed TaskStateAborted TaskStateEntered TaskStateExited TaskSubmitFailed \
    TaskSubmitted TaskSucceeded TaskTimedOut WaitStateAborted WaitStateEntered WaitStateExited";

#[test]
fn every_type_of_event_can_be_made() {
    use EventKind as E;
    let text: Arc<str> = "x".into();
    let why = Failure::default;
    let task = || TaskResource { resource_type: text.clone(), resource: text.clone() };
    let place = || Iteration { name: text.clone(), index: 0 };
    let work = || {
        let (timeout, heartbeat, role) = (None, None, None);
        Box::new(ScheduledWork { resource: text.clone(), input: text.clone(), timeout, heartbeat, role })
    };
    let output = text.clone();
    let mut kinds = vec![
        E::ExecutionStarted {
            input: text.clone(),
            role_arn: text.clone(),
            alias_arn: None,
            version_arn: None,
        },
        E::ExecutionSucceeded { output: output.clone() },
        E::ExecutionFailed(why()),
        E::ExecutionTimedOut(why()),
        E::ExecutionAborted(why()),
        E::ExecutionRedriven { count: 1 },
        E::MapStateStarted { length: 0 },
        E::MapStateSucceeded,
        E::MapStateFailed,
        E::MapIterationStarted(place()),
        E::MapIterationSucceeded(place()),
        E::MapIterationFailed(place()),
        E::MapIterationAborted(place()),
        E::MapRunStarted { arn: text.clone() },
        E::MapRunSucceeded,
        E::MapRunFailed(why()),
        E::MapRunAborted,
        E::MapRunRedriven { arn: text.clone(), count: 1 },
        E::ParallelStateStarted,
        E::ParallelStateSucceeded,
        E::ParallelStateFailed,
        E::TaskScheduled(Box::new(ScheduledTask {
            resource: task(),
            region: text.clone(),
            parameters: text.clone(),
            timeout: None,
            heartbeat: None,
            role: None,
        })),
        E::TaskStarted(task()),
        E::TaskStartFailed(task(), why()),
        E::TaskSubmitted { resource: task(), output: output.clone() },
        E::TaskSubmitFailed(task(), why()),
        E::TaskSucceeded { resource: task(), output: output.clone() },
        E::TaskFailed(task(), why()),
        E::TaskTimedOut(task(), why()),
        E::ActivityScheduled(work()),
        E::ActivityScheduleFailed(why()),
        E::ActivityStarted { worker: None },
        E::ActivitySucceeded { output: output.clone() },
        E::ActivityFailed(why()),
        E::ActivityTimedOut(why()),
        E::LambdaFunctionScheduled(work()),
        E::LambdaFunctionScheduleFailed(why()),
        E::LambdaFunctionStarted,
        E::LambdaFunctionStartFailed(why()),
        E::LambdaFunctionSucceeded { output: output.clone() },
        E::LambdaFunctionFailed(why()),
        E::LambdaFunctionTimedOut(why()),
        E::EvaluationFailed { failure: why(), location: None, state: text.clone() },
    ];
    for kind in [S::Choice, S::Fail, S::Map, S::Parallel, S::Pass, S::Succeed, S::Task, S::Wait] {
        let (name, input) = (text.clone(), text.clone());
        kinds.push(E::StateEntered { kind, name: name.clone(), input });
        kinds.push(E::StateExited { kind, name, output: output.clone(), assigned: None });
        kinds.push(E::StateAborted { kind });
    }
    let made: BTreeSet<&str> = kinds.iter().map(EventKind::name).collect();
    let expected: BTreeSet<&str> = TYPES.split_whitespace().collect();
    assert_eq!(expected.len(), 62);
    assert_eq!(made, expected);
}

#[test]
fn failures_are_cut_to_what_the_api_tells() {
    let failure = Failure::new("é".repeat(300), "ü".repeat(40_000));
    assert_eq!(failure.error.unwrap().chars().count(), 256);
    assert_eq!(failure.cause.unwrap().chars().count(), 32_768);
    assert_eq!(Failure::default().cut(), Failure::default());
}
