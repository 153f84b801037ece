//! The authorise step. Policies are stored but not yet evaluated: until they are, only root, sessions of roles and
//! federated users may act.

use aws_schema::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::seams::Authorizer;
use contracts::{AUTHORIZATION_MESSAGE, Caller, PrincipalKind, Sealer};
use serde_json::json;
use std::sync::Arc;

/// Operations AWS allows every signed caller, whatever the policies say (STS API Reference: both "need no permission").
const ALWAYS: &[&str] = &["sts:GetCallerIdentity", "sts:GetSessionToken"];

/// Decides by who the caller is.
pub struct Rights {
    /// Seals the reason of a refusal for `DecodeAuthorizationMessage`.
    sealer: Sealer,
}

impl Rights {
    /// With the cloud's own sealer.
    pub fn new(sealer: Sealer) -> Arc<Rights> {
        Arc::new(Rights { sealer })
    }

    fn denied(&self, caller: &Caller, action: &str) -> Fault {
        let arn = &caller.principal.arn;
        let why = format!(
            "User: {arn} is not authorized to perform: {action} because no identity-based policy allows the {action} action"
        );
        match action.split(':').next() {
            Some("ec2") => {
                let encoded = self.encoded(caller, action);
                Fault::sender(
                    "UnauthorizedOperation",
                    format!("You are not authorized to perform this operation. {why}{encoded}"),
                )
                .with_status(403)
            }
            Some("iam" | "sts") => Fault::sender("AccessDenied", why).with_status(403),
            _ => Fault::sender("AccessDeniedException", why),
        }
    }

    /// The reason in the form EC2 adds to its refusals: sealed, so that only STS can open it, for this account.
    fn encoded(&self, caller: &Caller, action: &str) -> String {
        let reason = json!({
            "allowed": false,
            "explicitDeny": false,
            "matchedStatements": {"items": []},
            "failures": {"items": []},
            "context": {
                "principal": {"id": caller.principal.user_id, "arn": caller.principal.arn},
                "action": action,
                "conditions": {"items": []},
            },
        });
        let context = format!("{AUTHORIZATION_MESSAGE}/{}", caller.account());
        match self.sealer.seal(&context, reason.to_string().as_bytes()) {
            Ok(sealed) => {
                format!(". Encoded authorization failure message: {}", URL_SAFE_NO_PAD.encode(sealed))
            }
            // The refusal stands without its explanation.
            Err(_) => String::new(),
        }
    }
}

impl Authorizer for Rights {
    fn authorize(&self, caller: &Caller, action: &str) -> Result<(), Fault> {
        if !caller.enforced || ALWAYS.contains(&action) {
            return Ok(());
        }
        match caller.principal.kind {
            PrincipalKind::Root | PrincipalKind::AssumedRole { .. } | PrincipalKind::FederatedUser { .. } => {
                Ok(())
            }
            // Whatever AWS serves unsigned decides by its own token.
            PrincipalKind::Anonymous => Ok(()),
            // A session of GetSessionToken has the rights of its user and no more: were it let through, every user
            // could make itself root's equal with one call.
            PrincipalKind::User { .. } => Err(self.denied(caller, action)),
        }
    }
}
