//! The policy of an endpoint: who may do what through it.

use crate::{faults, limits};
use aws_schema::Fault;
use iam_policy::PolicyUse;

/// AWS's policy of endpoints that are given none: everything to everyone.
pub(super) const FULL_ACCESS: &str = "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \
    \"Effect\": \"Allow\", \n      \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}";

/// Checks a policy. Principals and actions are enforced where the endpoint is served; what cannot be enforced there yet
/// (single resources, conditions) is refused, so that nobody relies on it.
///
/// # Errors
/// `InvalidPolicyDocument` for a text that is no policy, `UnsupportedOperation` for elements that are not enforced.
pub(super) fn check(text: &str) -> Result<(), Fault> {
    let invalid = |why: String| {
        Fault::sender("InvalidPolicyDocument", format!("The specified policy document is not valid: {why}"))
    };
    if text.len() > limits::ENDPOINT_POLICY {
        return Err(invalid(format!("it is longer than {} bytes", limits::ENDPOINT_POLICY)));
    }
    let document =
        iam_policy::parse(text, PolicyUse::Endpoint).map_err(|malformed| invalid(malformed.to_string()))?;
    for statement in &document.statements {
        let all = |r: &iam_policy::Patterns| !r.negated && r.patterns.iter().any(|pattern| pattern == "*");
        if !statement.resources.as_ref().is_some_and(all) {
            return Err(faults::unsupported(
                "Endpoint policies of this cloud cannot name single resources yet: use \"Resource\": \"*\".",
            ));
        }
        if !statement.conditions.is_empty() {
            return Err(faults::unsupported("Endpoint policies of this cloud cannot have a Condition yet."));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies() {
        check(FULL_ACCESS).unwrap();
        let statement =
            |rest: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow"{rest}}}]}}"#);
        check(&statement(r#","Principal":{"AWS":"000000000000"},"Action":"ec2:Describe*","Resource":"*""#))
            .unwrap();
        let long = " ".repeat(limits::ENDPOINT_POLICY);
        for (text, code) in [
            ("", "InvalidPolicyDocument"),
            ("{", "InvalidPolicyDocument"),
            ("{}", "InvalidPolicyDocument"),
            (long.as_str(), "InvalidPolicyDocument"),
            (&statement(r#","Action":"*","Resource":"*""#), "InvalidPolicyDocument"),
            (&statement(r#","Principal":"*","Action":"*""#), "InvalidPolicyDocument"),
            (&statement(r#","Principal":"*","Action":"Describe","Resource":"*""#), "InvalidPolicyDocument"),
            (
                &statement(
                    r#","Principal":"*","Action":"*","Resource":"arn:aws:ssm:us-east-1:000000000000:parameter/a""#,
                ),
                "UnsupportedOperation",
            ),
            (&statement(r#","Principal":"*","Action":"*","NotResource":"*""#), "UnsupportedOperation"),
            (
                &statement(
                    r#","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}"#,
                ),
                "UnsupportedOperation",
            ),
        ] {
            assert_eq!(check(text).unwrap_err().code, code, "{text}");
        }
    }
}
