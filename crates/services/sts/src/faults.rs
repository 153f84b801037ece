//! The errors of STS: codes, statuses and words of the STS API Reference and of the service itself.

use aws_schema::Fault;
use contracts::Caller;

/// `ValidationError`.
pub(crate) fn validation(message: impl Into<String>) -> Fault {
    Fault::sender("ValidationError", message)
}

/// `AccessDenied` in other words than [`not_authorized`].
pub(crate) fn denied(message: impl Into<String>) -> Fault {
    Fault::sender("AccessDenied", message).with_status(403)
}

/// `AccessDenied`: also what a role that does not exist answers, so that nobody can ask which ones do.
pub(crate) fn not_authorized(caller: &Caller, action: &str, resource: &str) -> Fault {
    let arn = &caller.principal.arn;
    denied(format!("User: {arn} is not authorized to perform: {action} on resource: {resource}"))
}

/// `MalformedPolicyDocument`.
pub(crate) fn malformed(why: iam_policy::Malformed) -> Fault {
    Fault::sender("MalformedPolicyDocument", why.to_string())
}

/// `InvalidIdentityToken`.
pub(crate) fn invalid_identity_token(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidIdentityToken", message)
}
