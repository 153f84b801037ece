//! Names of services, actions, members and errors as tasks write them.

use aws_schema::{OperationSpec, ServiceSpec};

/// The service's name in `aws-sdk:<name>` (developer guide, "AWS SDK service integrations": the package of the SDK).
fn package(spec: &ServiceSpec) -> String {
    spec.service_id.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_lowercase()
}

/// Whether a task means this service.
pub(super) fn is_service(spec: &ServiceSpec, name: &str) -> bool {
    package(spec) == name
}

/// The operation of an action in lower camel case.
pub(super) fn operation(spec: &ServiceSpec, action: &str) -> Option<&'static OperationSpec> {
    spec.operations.iter().copied().find(|operation| lower_first(operation.name) == action)
}

/// What stands before the dot in error names: `Ec2`, `Sfn`.
pub(super) fn error_prefix(spec: &ServiceSpec) -> String {
    let package = package(spec);
    let mut letters = package.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The exception of an error code: `InvalidToken` is an `InvalidTokenException`, `InvalidInstanceID.NotFound` an
/// `InvalidInstanceIdNotFoundException`.
pub(super) fn exception(code: &str) -> String {
    let mut name = String::with_capacity(code.len() + 9);
    for part in code.split(['.', '-', '_', ':']) {
        let mut capitals = 0;
        let mut at_start = true;
        let letters: Vec<char> = part.chars().collect();
        for (at, letter) in letters.iter().enumerate() {
            let next_is_lower = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
            // In a run of capitals only the first stays, and the last where a word begins with it.
            if letter.is_ascii_uppercase() {
                let keep = capitals == 0 || next_is_lower;
                name.push(if keep { *letter } else { letter.to_ascii_lowercase() });
                capitals += 1;
            } else {
                name.push(if at_start { letter.to_ascii_uppercase() } else { *letter });
                capitals = 0;
            }
            at_start = false;
        }
    }
    if !name.ends_with("Exception") {
        name.push_str("Exception");
    }
    name
}

/// A member's name in requests and answers.
pub(crate) fn member(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors() {
        for (code, expected) in [
            ("InvalidToken", "InvalidTokenException"),
            ("StateMachineDoesNotExist", "StateMachineDoesNotExistException"),
            ("ValidationException", "ValidationException"),
            ("InvalidInstanceID.NotFound", "InvalidInstanceIdNotFoundException"),
            ("InvalidVpcID.NotFound", "InvalidVpcIdNotFoundException"),
            ("InvalidAMIID.NotFound", "InvalidAmiidNotFoundException"),
            ("DryRunOperation", "DryRunOperationException"),
            ("NoSuchEntity", "NoSuchEntityException"),
        ] {
            assert_eq!(exception(code), expected, "{code}");
        }
    }

    #[test]
    fn names_of_members_and_services() {
        assert_eq!((member("taskToken").as_str(), member("VpcId").as_str()), ("TaskToken", "VpcId"));
        let spec = &api_stepfunctions::SERVICE;
        assert!(is_service(spec, "sfn") && !is_service(spec, "states"));
        assert_eq!(error_prefix(spec), "Sfn");
        assert_eq!(operation(spec, "getActivityTask").map(|o| o.name), Some("GetActivityTask"));
        assert!(operation(spec, "GetActivityTask").is_none() && operation(spec, "nothing").is_none());
    }
}
