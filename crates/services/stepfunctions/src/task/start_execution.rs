//! `states:startExecution`, alone, with `.sync`, `.sync:2` and `.waitForTaskToken`.

use super::inside::Inside;
use super::integration::{Attempt, Integration, Outcome};
use super::waiting::{self, Waiter};
use crate::execution::{Begun, begin};
use crate::service::States;
use api_stepfunctions::{StartExecutionInput, ops};
use aws_schema::{Fault, Operation as _};
use contracts::{BoxFuture, Reply, audit_text, new_uuid};
use execution_engine::{Dispatch, Status};
use state_machine::interpret::{Pattern, TaskAnswer, Work};
use state_machine::{Map, Value};
use state_store::typed::Scope;
use std::fmt::Write as _;
use std::sync::Arc;
use time::OffsetDateTime;

/// Starts executions for tasks.
pub(crate) struct StartExecution(pub(crate) Arc<Inside>);

/// What a task may name (developer guide, "Start a new execution": the parameters of StartExecution).
struct Parameters {
    machine_arn: String,
    name: String,
    input: Option<String>,
    trace_header: Option<String>,
}

impl Parameters {
    fn read(dispatch: &Dispatch) -> Result<Parameters, String> {
        let empty = Map::new();
        let members = if let Value::Object(members) = &dispatch.task.input { members } else { &empty };
        let text = |name: &str| match members.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.to_string()),
            Some(other) => Some(other.to_string()),
        };
        let known = ["StateMachineArn", "Name", "Input", "TraceHeader"];
        if let Some(unknown) = members.keys().find(|name| !known.contains(&&***name)) {
            return Err(format!("The field \"{unknown}\" is not supported by Step Functions"));
        }
        Ok(Parameters {
            machine_arn: text("StateMachineArn")
                .ok_or("The field \"StateMachineArn\" is required but was missing")?,
            // By its name an execution is known again: the same attempt never starts a second one.
            name: text("Name").unwrap_or_else(|| name_of(&dispatch.key)),
            input: text("Input"),
            trace_header: text("TraceHeader"),
        })
    }

    /// The request they make.
    fn request(&self) -> StartExecutionInput {
        StartExecutionInput {
            state_machine_arn: Some(self.machine_arn.clone()),
            name: Some(self.name.clone()),
            input: self.input.clone(),
            trace_header: self.trace_header.clone(),
        }
    }
}

/// A name in the form of a UUID, made of the attempt's key.
fn name_of(key: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(key.as_bytes()) {
        let _ = write!(hash, "{byte:02x}");
    }
    format!("{}-{}-4{}-8{}-{}", &hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..32])
}

impl Integration for StartExecution {
    fn serves(&self, resource_type: &str) -> bool {
        resource_type == "states"
    }

    fn run(&self, work: Attempt) -> BoxFuture<'static, Outcome> {
        let inside = self.0.clone();
        Box::pin(async move {
            if &*work.target.1 != "startExecution" {
                return Outcome::failed("States.Runtime", format!("There is no action '{}'.", work.target.1));
            }
            let Work::Service { pattern, .. } = work.dispatch.task.work.clone() else {
                return Outcome::failed("States.Runtime", "The task calls no service.");
            };
            let request_id = new_uuid();
            let asked = match Parameters::read(&work.dispatch) {
                Ok(asked) => asked,
                Err(why) => return Outcome::failed("States.Runtime", why),
            };
            match watched(&inside, &work, &asked, &request_id).await {
                Ok(begun) => go_on(&work, pattern, &begun, &request_id).await,
                Err(fault) => {
                    let outcome = refused(&fault, &request_id);
                    match (pattern, outcome) {
                        (Pattern::Sync(_), Outcome::Answer(TaskAnswer::Failed(failure))) => {
                            Outcome::Answer(TaskAnswer::SubmitFailed(failure))
                        }
                        (_, outcome) => outcome,
                    }
                }
            }
        })
    }
}

/// The start as a call of the task's role.
async fn watched(inside: &Inside, work: &Attempt, asked: &Parameters, request_id: &str) -> Reply<Begun> {
    let caller = inside.caller(&work.scope, &work.dispatch, request_id);
    let mut watch = inside.watch(&caller, &api_stepfunctions::SERVICE, ops::StartExecution::SPEC);
    if watch.wants_input() {
        watch.input(audit_text(&asked.request()));
    }
    let begun = match inside.authorize(&mut watch) {
        Ok(()) => started(&work.service, &caller.scope, &work.dispatch, asked).await,
        Err(fault) => Err(fault),
    };
    watch.end(begun.as_ref().err());
    begun
}

/// Starts the execution, or finds the one that this very attempt started before a restart.
async fn started(service: &States, scope: &Scope, dispatch: &Dispatch, asked: &Parameters) -> Reply<Begun> {
    let begun = begin(
        service,
        scope,
        &asked.machine_arn,
        Some(&asked.name),
        asked.input.as_deref(),
        asked.trace_header.as_deref(),
    )
    .await;
    match begun {
        Err(fault) if fault.code == "ExecutionAlreadyExists" && dispatch.again => {
            let machine = asked.machine_arn.split(':').nth(6).unwrap_or_default();
            let arn = crate::arn::of(scope, &format!("execution:{machine}:{}", asked.name));
            let found = service.engine()?.describe(&arn).await;
            match found {
                Ok(Some(execution)) => Ok(Begun { arn: execution.start.arn.clone(), at: execution.start.at }),
                _ => Err(fault),
            }
        }
        other => other,
    }
}

async fn go_on(work: &Attempt, pattern: Pattern, begun: &Begun, request_id: &str) -> Outcome {
    let (service, dispatch) = (&work.service, &work.dispatch);
    let output = submitted(begun, request_id, service.now());
    let parsed = match pattern {
        Pattern::RequestResponse => return Outcome::Answer(TaskAnswer::Succeeded(output)),
        Pattern::Callback => {
            service.tell(&dispatch.task.token, TaskAnswer::Submitted(output)).await;
            return Outcome::Later;
        }
        Pattern::Sync(version) => version > 1,
    };
    if !dispatch.taken || !dispatch.again {
        service.tell(&dispatch.task.token, TaskAnswer::Submitted(output)).await;
    }
    let waiter = Waiter {
        token: dispatch.task.token.clone(),
        task: (dispatch.execution.arn.clone(), dispatch.task.ticket),
        parsed,
    };
    service.waiting.put(&begun.arn, waiter);
    // It may have ended before anybody waited.
    if let Ok(engine) = service.engine()
        && let Ok(Some(execution)) = engine.describe(&begun.arn).await
        && execution.status != Status::Running
    {
        for waiter in service.waiting.take(&begun.arn) {
            service.tell(&waiter.token, waiting::answer(&execution, waiter.parsed)).await;
        }
    }
    Outcome::Later
}

/// The answer of StartExecution as the real service shows it to a task, with the head of the answer it got itself.
fn submitted(begun: &Begun, request_id: &str, now: i64) -> Arc<str> {
    // What the service's own answer would be long: the start as a number like 1.688123456789E9.
    let length = format!("{{\"executionArn\":\"{}\",\"startDate\":1.688123456789E9}}", begun.arn).len();
    let date = http_date(now);
    let one = |text: &str| Value::from(vec![Value::from(text)]);
    let object = |members: Vec<(&str, Value)>| {
        Value::from(members.into_iter().map(|(name, value)| (Arc::from(name), value)).collect::<Map>())
    };
    let kind = "application/x-amz-json-1.0";
    let length = length.to_string();
    let value = object(vec![
        ("ExecutionArn", Value::String(begun.arn.clone())),
        (
            "SdkHttpMetadata",
            object(vec![
                (
                    "AllHttpHeaders",
                    object(vec![
                        ("x-amzn-RequestId", one(request_id)),
                        ("connection", one("keep-alive")),
                        ("Content-Length", one(&length)),
                        ("Date", one(&date)),
                        ("Content-Type", one(kind)),
                    ]),
                ),
                (
                    "HttpHeaders",
                    object(vec![
                        ("connection", Value::from("keep-alive")),
                        ("Content-Length", Value::from(length.as_str())),
                        ("Content-Type", Value::from(kind)),
                        ("Date", Value::from(date.as_str())),
                        ("x-amzn-RequestId", Value::from(request_id)),
                    ]),
                ),
                ("HttpStatusCode", Value::from(200_i64)),
            ]),
        ),
        ("SdkResponseMetadata", object(vec![("RequestId", Value::from(request_id))])),
        ("StartDate", Value::from(begun.at)),
    ]);
    value.to_string().into()
}

/// `Fri, 20 Nov 2026 10:00:00 GMT` (RFC 9110, IMF-fixdate).
fn http_date(millis: i64) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)) else { return String::new() };
    let (day, month) = (at.weekday().to_string(), at.month().to_string());
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let (hour, minute, second) = at.to_hms();
    format!(
        "{}, {:02} {} {} {hour:02}:{minute:02}:{second:02} GMT",
        short(&day),
        at.day(),
        short(&month),
        at.year()
    )
}

fn refused(fault: &Fault, request_id: &str) -> Outcome {
    let code = &fault.code;
    let error = if code.ends_with("Exception") { code.to_string() } else { format!("{code}Exception") };
    let cause = format!(
        "{} (Service: AWSStepFunctions; Status Code: {}; Error Code: {code}; Request ID: {request_id}; Proxy: null)",
        fault.message, fault.status
    );
    Outcome::failed(&format!("StepFunctions.{error}"), cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_names() {
        assert_eq!(http_date(1_795_168_800_000), "Fri, 20 Nov 2026 10:00:00 GMT");
        let name = name_of("execution/7");
        assert_eq!(
            (name.len(), name_of("execution/7") == name, name_of("execution/8") == name),
            (36, true, false)
        );
    }
}
