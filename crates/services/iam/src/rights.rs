//! The authorise step. Policies are stored but not yet evaluated: until they are, only root and sessions may act.

use aws_schema::Fault;
use contracts::seams::Authorizer;
use contracts::{Caller, PrincipalKind};

/// Operations AWS allows every signed caller, whatever the policies say (IAM User Guide, "Permissions for temporary
/// security credentials"; STS API Reference).
const ALWAYS: &[&str] = &["sts:GetCallerIdentity", "sts:GetSessionToken"];

/// Decides by who the caller is.
pub struct Rights;

impl Authorizer for Rights {
    fn authorize(&self, caller: &Caller, action: &str) -> Result<(), Fault> {
        if !caller.enforced || ALWAYS.contains(&action) {
            return Ok(());
        }
        match caller.principal.kind {
            PrincipalKind::Root | PrincipalKind::AssumedRole { .. } | PrincipalKind::FederatedUser { .. } => {
                Ok(())
            }
            // A session of a user is known by its temporary key.
            PrincipalKind::User { .. } if caller.access_key_id.starts_with("ASIA") => Ok(()),
            // Whatever AWS serves unsigned decides by its own token.
            PrincipalKind::Anonymous => Ok(()),
            PrincipalKind::User { .. } => Err(denied(caller, action)),
        }
    }
}

fn denied(caller: &Caller, action: &str) -> Fault {
    let arn = &caller.principal.arn;
    let why = format!(
        "User: {arn} is not authorized to perform: {action} because no identity-based policy allows the {action} action"
    );
    match action.split(':').next() {
        Some("ec2") => Fault::sender(
            "UnauthorizedOperation",
            format!("You are not authorized to perform this operation. {why}"),
        )
        .with_status(403),
        Some("iam" | "sts") => Fault::sender("AccessDenied", why).with_status(403),
        _ => Fault::sender("AccessDeniedException", why),
    }
}
