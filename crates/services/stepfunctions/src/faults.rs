//! Every error of the service, with AWS's words (Step Functions API reference; the answers in `tests/recordings`).

use aws_schema::Fault;
use std::fmt::Display;

/// `InvalidArn`.
pub(crate) fn invalid_arn(why: impl Display) -> Fault {
    Fault::sender("InvalidArn", format!("Invalid Arn: '{why}'"))
}

/// `InvalidArn`: an ARN of another kind than the operation takes.
pub(crate) fn wrong_resource_type(kind: &str) -> Fault {
    invalid_arn(format_args!("Resource type not valid in this context: {kind}"))
}

/// `InvalidArn` for a role.
pub(crate) fn invalid_role_arn(arn: &str) -> Fault {
    Fault::sender("InvalidArn", format!("Invalid Role Arn: '{arn}'"))
}

/// `AccessDeniedException`: the role's trust policy does not admit the service.
pub(crate) fn role_not_assumable() -> Fault {
    Fault::sender(
        "AccessDeniedException",
        "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the \
         provided role.",
    )
}

/// `InvalidName`.
pub(crate) fn invalid_name(name: &str) -> Fault {
    Fault::sender("InvalidName", format!("Invalid Name: '{name}'"))
}

/// `InvalidDefinition`.
pub(crate) fn invalid_definition(why: impl Display) -> Fault {
    Fault::sender("InvalidDefinition", format!("Invalid State Machine Definition: '{why}'"))
}

/// `InvalidLoggingConfiguration`.
pub(crate) fn invalid_logging(why: &str) -> Fault {
    Fault::sender("InvalidLoggingConfiguration", format!("Invalid Logging Configuration: {why}"))
}

/// `InvalidEncryptionConfiguration`.
pub(crate) fn invalid_encryption(why: &str) -> Fault {
    Fault::sender("InvalidEncryptionConfiguration", format!("Invalid Encryption Configuration: {why}"))
}

/// `InvalidToken`: a page token this list did not make.
pub(crate) fn invalid_page_token() -> Fault {
    Fault::sender("InvalidToken", "Invalid Token: 'Invalid token'")
}

/// `StateMachineDoesNotExist`.
pub(crate) fn no_machine(arn: &str) -> Fault {
    Fault::sender("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
}

/// `StateMachineAlreadyExists`.
pub(crate) fn machine_exists(arn: &str) -> Fault {
    Fault::sender("StateMachineAlreadyExists", format!("State Machine Already Exists: '{arn}'"))
}

/// `StateMachineDeleting`.
pub(crate) fn machine_deleting(arn: &str) -> Fault {
    Fault::sender("StateMachineDeleting", format!("State Machine Deleting: '{arn}'"))
}

/// `StateMachineLimitExceeded`.
pub(crate) fn too_many_machines() -> Fault {
    Fault::sender("StateMachineLimitExceeded", "The maximum number of state machines has been reached.")
}

/// `StateMachineTypeNotSupported`.
pub(crate) fn wrong_type() -> Fault {
    Fault::sender(
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )
}

/// `ActivityDoesNotExist`.
pub(crate) fn no_activity(arn: &str) -> Fault {
    Fault::sender("ActivityDoesNotExist", format!("Activity Does Not Exist: '{arn}'"))
}

/// `ActivityAlreadyExists`.
pub(crate) fn activity_exists(arn: &str) -> Fault {
    Fault::sender("ActivityAlreadyExists", format!("Activity Already Exists: '{arn}'"))
}

/// `ActivityLimitExceeded`.
pub(crate) fn too_many_activities() -> Fault {
    Fault::sender("ActivityLimitExceeded", "The maximum number of activities has been reached.")
}

/// `ResourceNotFound`: an alias, version or tagged resource.
pub(crate) fn no_resource() -> Fault {
    Fault::sender("ResourceNotFound", "Request references a resource that does not exist.")
}

/// `ResourceNotFound` of the tag operations.
pub(crate) fn no_tagged_resource(arn: &str) -> Fault {
    Fault::sender("ResourceNotFound", format!("Resource not found: '{arn}'")).with_detail("resourceName", arn)
}

/// `TooManyTags`.
pub(crate) fn too_many_tags(arn: &str) -> Fault {
    Fault::sender("TooManyTags", "The resource has too many tags; at most 50 are allowed.")
        .with_detail("resourceName", arn)
}

/// `ValidationException`.
pub(crate) fn validation(why: impl Into<String>) -> Fault {
    Fault::sender("ValidationException", why)
}

/// `MissingRequiredParameter`.
pub(crate) fn missing(why: &str) -> Fault {
    Fault::sender("MissingRequiredParameter", why)
}

/// `ConflictException`.
pub(crate) fn conflict(why: impl Into<String>) -> Fault {
    Fault::sender("ConflictException", why)
}

/// `ServiceQuotaExceededException`.
pub(crate) fn quota(why: &str) -> Fault {
    Fault::sender("ServiceQuotaExceededException", why)
}

/// `InvalidExecutionInput`.
pub(crate) fn invalid_input(why: &str) -> Fault {
    Fault::sender("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{why}'"))
}

/// `InvalidOutput`.
pub(crate) fn invalid_output(why: &str) -> Fault {
    Fault::sender("InvalidOutput", format!("Invalid Output: '{why}'"))
}

/// `InvalidToken`: no task has this token.
pub(crate) fn invalid_task_token() -> Fault {
    Fault::sender("InvalidToken", "Invalid Token: 'Invalid token'")
}

/// `TaskTimedOut`: the task was answered, timed out, or its execution ended.
pub(crate) fn task_over() -> Fault {
    Fault::sender("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
}

/// `ExecutionDoesNotExist`.
pub(crate) fn no_execution(arn: &str) -> Fault {
    Fault::sender("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"))
}

/// `ExecutionNotRedrivable`.
pub(crate) fn not_redrivable(why: &str) -> Fault {
    Fault::sender("ExecutionNotRedrivable", why)
}

/// `ActivityWorkerLimitExceeded`.
pub(crate) fn too_many_workers() -> Fault {
    Fault::sender(
        "ActivityWorkerLimitExceeded",
        "The maximum number of workers concurrently polling for activity tasks has been reached.",
    )
}

/// Back-pressure: the SDKs try again after a while.
pub(crate) fn overloaded(why: &str) -> Fault {
    Fault::sender("ThrottlingException", format!("Rate exceeded: {why}"))
}

/// `InternalFailure`: the disk does not take it.
fn unavailable(why: &str) -> Fault {
    Fault::internal(format!("Nothing was changed: {why}. Free space in the data directory, then try again."))
}

/// Executions cannot be read at the moment.
pub(crate) fn unreadable(error: &execution_engine::Unreadable) -> Fault {
    if error.is_overload() { overloaded(&error.0) } else { Fault::internal(error.to_string()) }
}

/// Why an execution could not be started.
pub(crate) fn start_refused(refusal: &execution_engine::StartRefusal, arn: &str) -> Fault {
    use execution_engine::StartRefusal as R;
    match refusal {
        R::Same(_) | R::Exists => {
            Fault::sender("ExecutionAlreadyExists", format!("Execution Already Exists: '{arn}'"))
        }
        R::Limit => Fault::sender(
            "ExecutionLimitExceeded",
            "The maximum number of running executions has been reached.",
        ),
        R::Definition(why) => invalid_definition(why),
        R::Overloaded(why) => overloaded(why),
        R::Unavailable(why) => unavailable(why),
    }
}

/// Why an execution could not be stopped or redriven.
pub(crate) fn change_refused(refusal: &execution_engine::ChangeRefusal, arn: &str) -> Fault {
    use execution_engine::ChangeRefusal as R;
    match refusal {
        R::NotFound => no_execution(arn),
        R::Status(status) => {
            let status = crate::execution::show_status(*status);
            not_redrivable(&format!("Execution is {} and cannot be redriven", status.as_str()))
        }
        R::Overloaded(why) => overloaded(why),
        R::Unavailable(why) => unavailable(why),
    }
}

/// Why a task could not be answered.
pub(crate) fn answer_refused(refusal: &execution_engine::AnswerRefusal) -> Fault {
    use execution_engine::AnswerRefusal as R;
    match refusal {
        R::InvalidToken => invalid_task_token(),
        R::Over => task_over(),
        R::Overloaded(why) => overloaded(why),
        R::Unavailable(why) => unavailable(why),
    }
}
