//! The errors of IAM: codes, statuses and words of the IAM API Reference and of the service itself.

use aws_schema::Fault;
use iam_policy::Malformed;

/// `NoSuchEntity`.
pub(crate) fn no_such_entity(message: impl Into<String>) -> Fault {
    Fault::sender("NoSuchEntity", message).with_status(404)
}

/// `EntityAlreadyExists`.
pub(crate) fn exists(message: impl Into<String>) -> Fault {
    Fault::sender("EntityAlreadyExists", message).with_status(409)
}

/// `DeleteConflict`: the entity is still in use.
pub(crate) fn conflict(message: &'static str) -> Fault {
    Fault::sender("DeleteConflict", message).with_status(409)
}

/// `LimitExceeded`, naming the quota as IAM does.
pub(crate) fn quota(name: &str, limit: usize) -> Fault {
    limit_exceeded(format!("Cannot exceed quota for {name}: {limit}"))
}

/// `LimitExceeded` in other words.
pub(crate) fn limit_exceeded(message: impl Into<String>) -> Fault {
    Fault::sender("LimitExceeded", message).with_status(409)
}

/// `InvalidInput`.
pub(crate) fn invalid_input(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidInput", message)
}

/// `ValidationError`.
pub(crate) fn validation(message: impl Into<String>) -> Fault {
    Fault::sender("ValidationError", message)
}

/// `MalformedPolicyDocument`.
pub(crate) fn malformed(why: Malformed) -> Fault {
    Fault::sender("MalformedPolicyDocument", why.to_string())
}

/// A managed policy that is not there, by its ARN.
pub(crate) fn no_such_policy(arn: &str) -> Fault {
    no_such_entity(format!("Policy {arn} was not found."))
}

/// A managed policy that cannot be attached because it is not there.
pub(crate) fn not_attachable(arn: &str) -> Fault {
    no_such_entity(format!("Policy {arn} does not exist or is not attachable."))
}
