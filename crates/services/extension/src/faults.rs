//! Faults of the extension: EC2's codes and words where EC2 has the case, and the same style where it has not.

use aws_schema::Fault;

/// `InvalidParameterValue`: `Value (x) for parameter y is invalid. <why>`.
pub(crate) fn invalid_value(parameter: &str, value: &str, why: &str) -> Fault {
    let value: String = value.chars().take(200).collect();
    let message = format!("Value ({value}) for parameter {parameter} is invalid. {why}");
    Fault::sender("InvalidParameterValue", message.trim_end())
}

/// `InvalidParameterCombination`: parameters that exclude each other.
pub(crate) fn invalid_combination(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidParameterCombination", message)
}

/// `MissingParameter`: `The request must contain the parameter x`.
pub(crate) fn missing_parameter(name: &str) -> Fault {
    Fault::sender("MissingParameter", format!("The request must contain the parameter {name}"))
}

/// `DependencyViolation`: something still uses the resource.
pub(crate) fn dependency_violation(message: impl Into<String>) -> Fault {
    Fault::sender("DependencyViolation", message)
}

/// `Gateway.NotAttached`: the gateway belongs to no VPC.
pub(crate) fn not_attached(gateway_id: &str) -> Fault {
    Fault::sender("Gateway.NotAttached", format!("resource {gateway_id} is not attached to any network"))
}

/// `Resource.AlreadyAssociated`.
pub(crate) fn already_associated(resource: &str, with: &str) -> Fault {
    let message = format!("resource {resource} is already associated with associate-id {with}");
    Fault::sender("Resource.AlreadyAssociated", message)
}

/// `<Thing>LimitExceeded`: the quota of [`crate::limits`] is used up.
pub(crate) fn limit_exceeded(code: &'static str, of: &str, limit: usize) -> Fault {
    Fault::sender(code, format!("The maximum number of {of} has been reached ({limit})."))
}

/// `InternalError` (500): ours, with words for the operator.
pub(crate) fn internal(message: impl Into<String>) -> Fault {
    Fault { code: "InternalError".into(), ..Fault::internal(message) }
}
