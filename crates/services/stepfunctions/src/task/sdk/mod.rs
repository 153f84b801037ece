//! `aws-sdk:<service>:<action>`: every operation this cloud has, called in this process through the tables that the
//! gateway serves too. Requests and answers follow the shapes of the model, with the first letter of every member
//! capital as in the SDK for Java that stands behind the real service.

mod names;
mod read;
mod write;

pub(crate) use names::member as member_name;
pub(crate) use write::plain_value as write_value;

use super::integration::{Attempt, Integration, Outcome};
use aws_schema::{Fault, OperationSpec, Protocol, ServiceSpec, Shape};
use aws_wire::validation_fault;
use contracts::seams::Authorizer;
use contracts::{BoxFuture, Caller, Prepared, Principal, PrincipalKind, ServiceTable, new_uuid};
use execution_engine::Dispatch;
use read::ReadProblem;
use state_machine::Value;
use state_machine::interpret::{Pattern, TaskAnswer, Work};
use state_store::typed::Scope;
use std::sync::Arc;

/// Calls the operations of this cloud's services.
pub(crate) struct SdkCalls {
    tables: Vec<ServiceTable>,
    authorizer: Arc<dyn Authorizer>,
    /// Rights are enforced.
    enforced: bool,
}

impl SdkCalls {
    /// On these tables.
    pub(crate) fn new(
        tables: Vec<ServiceTable>,
        authorizer: Arc<dyn Authorizer>,
        enforced: bool,
    ) -> SdkCalls {
        SdkCalls { tables, authorizer, enforced }
    }

    /// Shape of the answer of an action, such as that of `ec2` and `describeInstances`.
    pub(crate) fn answer_shape(&self, service: &str, action: &str) -> Option<&'static Shape> {
        let table = self.table(service)?;
        names::operation(table.spec, action).map(|operation| operation.output)
    }

    fn table(&self, name: &str) -> Option<&ServiceTable> {
        self.tables.iter().find(|table| names::is_service(table.spec, name))
    }

    /// Decodes, checks and authorises a call.
    fn prepare(
        &self,
        table: &ServiceTable,
        operation: &'static OperationSpec,
        input: &Value,
        key: &str,
        caller: &Caller,
    ) -> Result<Prepared, Problem> {
        let mut unknown = None;
        let mut fill = |target: &mut dyn aws_schema::ReadMembers| {
            read::fill(input, key, target).map_err(|problem| match problem {
                ReadProblem::Unknown(name) => {
                    unknown = Some(name);
                    Fault::sender("UnknownField", "")
                }
                ReadProblem::Wrong(error) => Fault::sender("SerializationException", error.to_string()),
            })
        };
        let prepared = table.prepare(operation, &mut fill, false);
        if let Some(name) = unknown {
            return Err(Problem::Parameter(format!(
                "The field \"{name}\" is not supported by Step Functions"
            )));
        }
        let prepared = prepared.ok_or_else(|| Problem::Fault(not_built(table.spec, operation)))?;
        let prepared = prepared.map_err(Problem::Fault)?;
        let protocol = table.spec.protocols.first().copied().unwrap_or(Protocol::Json11);
        if let Some(fault) = validation_fault(protocol, &prepared.violations) {
            return Err(Problem::Fault(fault));
        }
        let action = format!("{}:{}", table.spec.signing_name, operation.name);
        self.authorizer.authorize(caller, &action).map_err(Problem::Fault)?;
        if prepared.dry_run {
            let message = "Request would have succeeded, but DryRun flag is set.";
            return Err(Problem::Fault(Fault::sender("DryRunOperation", message).with_status(412)));
        }
        Ok(prepared)
    }
}

enum Problem {
    /// The parameters of the state are wrong, whatever the service says.
    Parameter(String),
    /// The service says no.
    Fault(Fault),
}

fn not_built(spec: &ServiceSpec, operation: &OperationSpec) -> Fault {
    let message = format!(
        "{} of {} is not implemented by this cloud; `allod coverage` lists what is.",
        operation.name, spec.service_id
    );
    Fault::sender("NotImplementedException", message).with_status(501)
}

/// Whoever acts for an execution: a session of its role (developer guide, "How Step Functions works with IAM").
fn caller(scope: &Scope, dispatch: &Dispatch, request_id: &str, enforced: bool) -> Caller {
    let role_arn = dispatch.task.role.as_ref().unwrap_or(&dispatch.execution.role_arn);
    let role = role_arn.rsplit('/').next().unwrap_or_default().to_owned();
    let account = role_arn.split(':').nth(4).unwrap_or(&scope.account).to_owned();
    let session = dispatch.key.chars().filter(|c| c.is_ascii_alphanumeric()).take(32).collect::<String>();
    Caller {
        // With a role of another account the call acts in that account.
        scope: Scope::new(account.as_str(), scope.region.clone()),
        principal: Principal {
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
            user_id: format!("AROA:{session}"),
            kind: PrincipalKind::AssumedRole { role, role_id: String::new(), session },
        },
        access_key_id: String::new(),
        source_ip: None,
        request_id: request_id.to_owned(),
        user_agent: "states.amazonaws.com".to_owned(),
        host: "states.amazonaws.com".to_owned(),
        enforced,
    }
}

impl Integration for SdkCalls {
    fn serves(&self, resource_type: &str) -> bool {
        resource_type.starts_with("aws-sdk:")
    }

    fn run(&self, work: Attempt) -> BoxFuture<'static, Outcome> {
        let (resource_type, action) = &work.target;
        let name = resource_type.trim_start_matches("aws-sdk:");
        let request_id = new_uuid();
        let unknown = |what: String| -> BoxFuture<'static, Outcome> {
            Box::pin(async move { Outcome::failed("States.Runtime", what) })
        };
        let Some(table) = self.table(name) else {
            let cause = format!("This cloud has no service '{name}' yet; the call {action} was not made.");
            return Box::pin(async move { Outcome::failed("States.TaskFailed", cause) });
        };
        let Some(operation) = names::operation(table.spec, action) else {
            return unknown(format!("The service '{name}' has no action '{action}'."));
        };
        let dispatch = work.dispatch;
        if dispatch.again && !repeatable(operation) {
            let cause = format!(
                "The cloud was restarted while {action} was called; whether it took effect is not known."
            );
            return Box::pin(async move { Outcome::failed("States.TaskFailed", cause) });
        }
        let prefix = names::error_prefix(table.spec);
        let caller = Arc::new(caller(&work.scope, &dispatch, &request_id, self.enforced));
        let prepared = match self.prepare(table, operation, &dispatch.task.input, &dispatch.key, &caller) {
            Ok(prepared) => prepared,
            Err(Problem::Parameter(why)) => return unknown(why),
            Err(Problem::Fault(fault)) => {
                let outcome = refused(&prefix, &fault, &request_id);
                return Box::pin(async move { outcome });
            }
        };
        let callback = matches!(&dispatch.task.work, Work::Service { pattern: Pattern::Callback, .. });
        let token = dispatch.task.token.clone();
        Box::pin(async move {
            match prepared.run(caller).await {
                Ok(output) => {
                    let output: Arc<str> = write::value(&*output).to_string().into();
                    if !callback {
                        return Outcome::Answer(TaskAnswer::Succeeded(output));
                    }
                    work.service.tell(&token, TaskAnswer::Submitted(output)).await;
                    Outcome::Later
                }
                Err(fault) => refused(&prefix, &fault, &request_id),
            }
        })
    }
}

/// Whether a call may be made once more when nobody knows what became of the first: it only reads, or carries a token
/// by which the service knows it again.
fn repeatable(operation: &OperationSpec) -> bool {
    ["Describe", "List", "Get", "Lookup", "Search"].iter().any(|verb| operation.name.starts_with(verb))
        || operation.input.members.iter().any(|member| member.idempotency_token)
}

fn refused(prefix: &str, fault: &Fault, request_id: &str) -> Outcome {
    let error = format!("{prefix}.{}", names::exception(&fault.code));
    let cause = format!(
        "{} (Service: {prefix}, Status Code: {}, Request ID: {request_id}) (SDK Attempt Count: 1)",
        fault.message, fault.status
    );
    Outcome::failed(&error, cause)
}
