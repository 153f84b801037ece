//! Faults of EC2: code, status and words in one place.
//!
//! Codes follow AWS's page "Error codes for the Amazon EC2 API"; words follow what the real service answers.

use aws_schema::Fault;

/// `InvalidParameterValue`: the value cannot be meant.
pub(crate) fn invalid_parameter_value(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidParameterValue", message)
}

/// `InvalidParameterValue` in the usual wording: `Value (x) for parameter y is invalid. <why>`.
pub(crate) fn invalid_value(parameter: &str, value: &str, why: &str) -> Fault {
    let value: String = value.chars().take(200).collect();
    invalid_parameter_value(format!("Value ({value}) for parameter {parameter} is invalid. {why}").trim_end())
}

/// `InvalidParameterCombination`: parameters that exclude each other.
pub(crate) fn invalid_combination(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidParameterCombination", message)
}

/// `MissingParameter`: `The request must contain the parameter x`.
pub(crate) fn missing_parameter(name: &str) -> Fault {
    Fault::sender("MissingParameter", format!("The request must contain the parameter {name}"))
}

/// The value of a parameter that must be there and not be empty, or [`missing_parameter`].
pub(crate) fn required<T>(value: Option<T>, name: &str) -> Result<T, Fault> {
    value.ok_or_else(|| missing_parameter(name))
}

/// `DependencyViolation`: something still uses the resource.
pub(crate) fn dependency_violation(message: impl Into<String>) -> Fault {
    Fault::sender("DependencyViolation", message)
}

/// `OperationNotPermitted`.
pub(crate) fn not_permitted(message: impl Into<String>) -> Fault {
    Fault::sender("OperationNotPermitted", message)
}

/// `UnsupportedOperation`: AWS has it, this cloud does not do it (yet).
pub(crate) fn unsupported(message: impl Into<String>) -> Fault {
    Fault::sender("UnsupportedOperation", message)
}

/// `Unsupported parameter` of a built operation: refused rather than ignored.
pub(crate) fn unsupported_parameter(name: &str) -> Fault {
    unsupported(format!("The parameter {name} is not supported by this cloud."))
}

/// `IncorrectState`.
pub(crate) fn incorrect_state(message: impl Into<String>) -> Fault {
    Fault::sender("IncorrectState", message)
}

/// `InternalError` (500): ours, with words for the operator.
pub(crate) fn internal(message: impl Into<String>) -> Fault {
    Fault { code: "InternalError".into(), ..Fault::internal(message) }
}

/// `PrivateIpAddressLimitExceeded`.
pub(crate) fn address_limit() -> Fault {
    Fault::sender("PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit.")
}
