//! Whom a trust policy admits.

use crate::condition::{Context, holds};
use crate::principal::PrincipalName;
use crate::wildcard::matches;
use crate::{Document, Effect, Statement};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustCaller {
    /// Somebody in an account, by every ARN that names them: a session is named by its own ARN and its role's.
    Identity {
        /// Account id.
        account: String,
        /// The ARNs.
        arns: Vec<String>,
    },
    /// A service of the cloud, such as `ec2.amazonaws.com`.
    Service(String),
}

/// What a trust policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it.
    Denied,
    /// No statement is about it.
    Silent,
}

/// Whether the policy lets the caller do `action` (such as `sts:AssumeRole`).
///
/// A condition that cannot be evaluated makes an allowing statement not apply and a denying one apply: a door that is
/// not understood stays shut.
pub fn decide(document: &Document, action: &str, caller: &TrustCaller, context: &Context) -> Verdict {
    let mut verdict = Verdict::Silent;
    for statement in &document.statements {
        if !names_action(statement, action) || !names_caller(statement, caller) {
            continue;
        }
        let unknown = statement.effect == Effect::Deny;
        if !statement.conditions.iter().all(|c| holds(c, context).unwrap_or(unknown)) {
            continue;
        }
        match statement.effect {
            Effect::Deny => return Verdict::Denied,
            Effect::Allow => verdict = Verdict::Allowed,
        }
    }
    verdict
}

fn names_action(statement: &Statement, action: &str) -> bool {
    let action = action.to_lowercase();
    let named = statement.actions.patterns.iter().any(|p| matches(&p.to_lowercase(), &action));
    named != statement.actions.negated
}

fn names_caller(statement: &Statement, caller: &TrustCaller) -> bool {
    let Some(principals) = &statement.principals else { return false };
    let named = principals.names.iter().any(|(kind, name)| match (kind.as_str(), caller) {
        ("*", _) => true,
        ("Service", TrustCaller::Service(service)) => name == service,
        ("AWS", TrustCaller::Identity { account, arns }) => match PrincipalName::parse(name) {
            Some(PrincipalName::Everyone) => true,
            Some(PrincipalName::Account(trusted)) => trusted == *account,
            Some(_) => arns.contains(name),
            None => false,
        },
        _ => false,
    });
    named != principals.negated
}
