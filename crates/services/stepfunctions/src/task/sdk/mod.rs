//! `aws-sdk:<service>:<action>`: every operation this cloud has, called in this process through the tables that the
//! gateway serves too. Requests and answers follow the shapes of the model, with the first letter of every member
//! capital as in the SDK for Java that stands behind the real service.

mod call;
mod names;
mod once;
mod read;
mod write;

pub(crate) use names::member as member_name;
pub(crate) use once::sweep;
pub(crate) use write::plain_value as write_value;

use super::inside::{Inside, Watch};
use super::integration::{Attempt, Integration, Outcome};
use aws_schema::{Fault, OperationSpec, Protocol, ServiceSpec, Shape};
use aws_wire::validation_fault;
use call::{Form, SdkCall};
use contracts::{BoxFuture, Prepared, ServiceTable};
use execution_engine::Dispatch;
use read::ReadProblem;
use state_machine::history::Failure;
use state_machine::interpret::TaskAnswer;
use std::sync::Arc;

/// Calls the operations of this cloud's services.
pub(crate) struct SdkCalls {
    tables: Vec<ServiceTable>,
    inside: Arc<Inside>,
}

impl SdkCalls {
    /// On these tables.
    pub(crate) fn new(tables: Vec<ServiceTable>, inside: Arc<Inside>) -> SdkCalls {
        SdkCalls { tables, inside }
    }

    /// Shape of the answer of an action, such as that of `ec2` and `describeInstances`.
    pub(crate) fn answer_shape(&self, service: &str, action: &str) -> Option<&'static Shape> {
        let table = self.table(service)?;
        names::operation(table.spec, action).map(|operation| operation.output)
    }

    fn table(&self, name: &str) -> Option<&ServiceTable> {
        self.tables.iter().find(|table| names::is_service(table.spec, name))
    }

    /// What an attempt calls; its outcome where there is nothing to call.
    fn call(&self, work: &Attempt) -> Result<SdkCall, Outcome> {
        let (resource_type, action) = &work.target;
        let name = resource_type.trim_start_matches("aws-sdk:");
        let Some(table) = self.table(name) else {
            let cause = format!("This cloud has no service '{name}' yet; the call {action} was not made.");
            return Err(Outcome::failed("States.TaskFailed", cause));
        };
        let Some(operation) = names::operation(table.spec, action) else {
            let cause = format!("The service '{name}' has no action '{action}'.");
            return Err(Outcome::failed("States.Runtime", cause));
        };
        let dispatch = &work.dispatch;
        let form = Form::of(table.spec, dispatch);
        let caller = self.inside.caller(&work.scope, dispatch, &form.request_id);
        let mut watch = self.inside.watch(&caller, table.spec, operation);
        let prepared = match self.prepare(table, operation, dispatch, &mut watch) {
            Ok(prepared) => Ok((prepared, watch)),
            Err(Problem::Parameter(why)) => Err(TaskAnswer::Failed(Failure::new("States.Runtime", why))),
            Err(Problem::Fault(fault)) => {
                watch.end(Some(&fault));
                Err(form.refused(&fault))
            }
        };
        Ok(SdkCall { operation, form, caller, prepared })
    }

    /// Decodes, checks and authorises a call.
    fn prepare(
        &self,
        table: &ServiceTable,
        operation: &'static OperationSpec,
        dispatch: &Dispatch,
        watch: &mut Watch,
    ) -> Result<Prepared, Problem> {
        let mut unknown = None;
        let mut fill = |target: &mut dyn aws_schema::ReadMembers| {
            read::fill(&dispatch.task.input, &dispatch.key, target).map_err(|problem| match problem {
                ReadProblem::Unknown(name) => {
                    unknown = Some(name);
                    Fault::sender("UnknownField", "")
                }
                ReadProblem::Wrong(error) => Fault::sender("SerializationException", error.to_string()),
            })
        };
        let prepared = table.prepare(operation, &mut fill, watch.wants_input());
        if let Some(name) = unknown {
            return Err(Problem::Parameter(format!(
                "The field \"{name}\" is not supported by Step Functions"
            )));
        }
        let prepared = prepared.ok_or_else(|| Problem::Fault(not_built(table.spec, operation)))?;
        let mut prepared = prepared.map_err(Problem::Fault)?;
        let protocol = table.spec.protocols.first().copied().unwrap_or(Protocol::Json11);
        if let Some(fault) = validation_fault(protocol, &prepared.violations) {
            return Err(Problem::Fault(fault));
        }
        watch.input(std::mem::take(&mut prepared.input));
        self.inside.authorize(watch).map_err(Problem::Fault)?;
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

impl Integration for SdkCalls {
    fn serves(&self, resource_type: &str) -> bool {
        resource_type.starts_with("aws-sdk:")
    }

    fn run(&self, work: Attempt) -> BoxFuture<'static, Outcome> {
        let call = self.call(&work);
        Box::pin(async move {
            match call {
                Ok(call) => call.make(&work).await,
                Err(outcome) => outcome,
            }
        })
    }
}
