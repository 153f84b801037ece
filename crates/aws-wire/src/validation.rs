//! Broken limits of a request as the fault each protocol's services answer with.

use aws_schema::{Fault, Protocol, Violation};

/// The fault for these violations; `None` when there are none.
///
/// JSON, REST and CBOR services say `ValidationException`, the query services (IAM, STS) `ValidationError`, both with all
/// violations in one message; EC2 names the first absent parameter as `MissingParameter`, and anything else as
/// `InvalidParameterValue` (EC2 API reference, "Error codes").
pub fn validation_fault(protocol: Protocol, violations: &[Violation]) -> Option<Fault> {
    let first = violations.first()?;
    if protocol == Protocol::Ec2 {
        return Some(ec2_fault(violations.iter().find(|violation| violation.missing).unwrap_or(first)));
    }
    let count = violations.len();
    let errors = if count == 1 { "error" } else { "errors" };
    let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
    let code = if protocol == Protocol::Query { "ValidationError" } else { "ValidationException" };
    Some(Fault::sender(code, format!("{count} validation {errors} detected: {}", list.join("; "))))
}

fn ec2_fault(violation: &Violation) -> Fault {
    let Violation { parameter, value, constraint, .. } = violation;
    if violation.missing {
        return Fault::sender(
            "MissingParameter",
            format!("The request must contain the parameter {parameter}"),
        );
    }
    // EC2 does not list the allowed values: of instance types alone there are more than a thousand.
    if constraint.contains("enum value set") {
        let name = parameter.rsplit('.').next().unwrap_or_default();
        return Fault::sender("InvalidParameterValue", format!("Invalid value '{value}' for {name}."));
    }
    let expected = constraint.strip_prefix("Member must have ").unwrap_or(constraint);
    Fault::sender(
        "InvalidParameterValue",
        format!("Value ({value}) for parameter {parameter} is invalid. Expecting a {expected}."),
    )
}
