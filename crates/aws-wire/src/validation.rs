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
        let missing = violations.iter().find(|violation| violation.missing);
        return Some(match missing {
            Some(violation) => Fault::sender(
                "MissingParameter",
                format!("The request must contain the parameter {}", parameter(&violation.path)),
            ),
            None => Fault::sender(
                "InvalidParameterValue",
                format!("Value ({}) for parameter {} is invalid. {}", first.value, parameter(&first.path), first.constraint),
            ),
        });
    }
    let count = violations.len();
    let errors = if count == 1 { "error" } else { "errors" };
    let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
    let code = if protocol == Protocol::Query { "ValidationError" } else { "ValidationException" };
    Some(Fault::sender(code, format!("{count} validation {errors} detected: {}", list.join("; "))))
}

/// EC2 names parameters as they stand in its responses: without the `member` of lists.
fn parameter(path: &str) -> String {
    path.replace(".member", "")
}
