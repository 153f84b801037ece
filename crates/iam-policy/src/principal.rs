//! Names of principals in a trust policy.

/// A principal of kind `AWS`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalName {
    /// `*`.
    Everyone,
    /// `123456789012` or `arn:aws:iam::123456789012:root`: everybody in that account.
    Account(String),
    /// A user: account and path with name (`division/anna`).
    User(String, String),
    /// A role: account and path with name.
    Role(String, String),
    /// A session: its whole ARN.
    Session(String),
}

impl PrincipalName {
    /// Reads it; nothing for a text that can be no principal.
    pub fn parse(text: &str) -> Option<PrincipalName> {
        if text == "*" {
            return Some(PrincipalName::Everyone);
        }
        if is_account(text) {
            return Some(PrincipalName::Account(text.to_owned()));
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", "aws", service, "", account, resource] = parts.as_slice() else { return None };
        // A wildcard may not stand inside a principal (IAM User Guide, "Principal").
        if !is_account(account) || resource.contains(['*', '?']) {
            return None;
        }
        let account = (*account).to_owned();
        let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
        match (*service, kind, name.is_empty()) {
            ("iam", "root", true) => Some(PrincipalName::Account(account)),
            ("iam", "user", false) => Some(PrincipalName::User(account, name.to_owned())),
            ("iam", "role", false) => Some(PrincipalName::Role(account, name.to_owned())),
            ("sts", "assumed-role" | "federated-user", false) => {
                Some(PrincipalName::Session(text.to_owned()))
            }
            _ => None,
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// Whether the text can name a service, such as `ec2.amazonaws.com`.
pub(crate) fn is_service(text: &str) -> bool {
    let host = text.strip_suffix(".amazonaws.com").or_else(|| text.strip_suffix(".amazonaws.com.cn"));
    host.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
    })
}

/// Whether the text can name an identity provider: a SAML or OIDC provider's ARN, or one of the built-in ones.
pub(crate) fn is_provider(text: &str) -> bool {
    let provider = |rest: &str| rest.starts_with("saml-provider/") || rest.starts_with("oidc-provider/");
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", "aws", "iam", "", account, resource] => is_account(account) && provider(resource),
        _ => {
            matches!(
                text,
                "cognito-identity.amazonaws.com"
                    | "www.amazon.com"
                    | "graph.facebook.com"
                    | "accounts.google.com"
            )
        }
    }
}
