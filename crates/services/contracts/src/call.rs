//! Who calls, and what a handler is given.

use std::net::IpAddr;
use std::sync::Arc;

use state_store::typed::Scope;

/// What kind of identity signed the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// The account itself.
    Root,
    /// An IAM user, by name (with path) and id.
    User {
        /// User name.
        name: String,
        /// `AIDA…`.
        id: String,
    },
    /// A session of a role.
    AssumedRole {
        /// Role name.
        role: String,
        /// `AROA…`.
        role_id: String,
        /// Session name.
        session: String,
    },
    /// A federated user of GetFederationToken.
    FederatedUser {
        /// Its name.
        name: String,
    },
    /// Nobody: an operation AWS allows unsigned.
    Anonymous,
}

/// The identity behind a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its kind.
    pub kind: PrincipalKind,
    /// Its ARN, such as `arn:aws:iam::000000000000:root`.
    pub arn: String,
    /// `UserId` of GetCallerIdentity.
    pub user_id: String,
}

impl Principal {
    /// The root user of an account.
    pub fn root(account: &str) -> Principal {
        Principal {
            kind: PrincipalKind::Root,
            arn: format!("arn:aws:iam::{account}:root"),
            user_id: account.to_owned(),
        }
    }
}

/// Everything about a request that is not its input.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Account and region the request speaks to.
    pub scope: Scope,
    /// Who signed it.
    pub principal: Principal,
    /// The key it was signed with.
    pub access_key_id: String,
    /// Peer address.
    pub source_ip: Option<IpAddr>,
    /// One UUID per request.
    pub request_id: String,
    /// `User-Agent`.
    pub user_agent: String,
    /// `Host` as the caller wrote it, for answers that hold URLs.
    pub host: String,
    /// Signatures are verified and rights enforced; otherwise open (loopback) mode.
    pub enforced: bool,
}

impl Caller {
    /// Account id, 12 digits.
    pub fn account(&self) -> &str {
        &self.scope.account
    }

    /// Region name.
    pub fn region(&self) -> &str {
        &self.scope.region
    }

    /// The account's scope for services without regions (IAM).
    pub fn global(&self) -> Scope {
        Scope { account: self.scope.account.clone(), region: Arc::from("global") }
    }

    /// `arn:aws:<service>:<region>:<account>:<rest>`.
    pub fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{rest}", self.region(), self.account())
    }
}

/// What a handler is given beside its input: the caller and its own service (by `Deref`).
pub struct Call<S> {
    /// The caller.
    pub caller: Arc<Caller>,
    service: Arc<S>,
}

impl<S> Call<S> {
    /// Puts the two together; the gateway's table does this, and tests.
    pub fn new(caller: Arc<Caller>, service: Arc<S>) -> Call<S> {
        Call { caller, service }
    }

    /// A shared handle on the service, for work that goes on after the answer.
    pub fn service(&self) -> Arc<S> {
        self.service.clone()
    }

    /// Account and region.
    pub fn scope(&self) -> &Scope {
        &self.caller.scope
    }
}

impl<S> Clone for Call<S> {
    fn clone(&self) -> Self {
        Call { caller: self.caller.clone(), service: self.service.clone() }
    }
}

impl<S> std::ops::Deref for Call<S> {
    type Target = S;
    fn deref(&self) -> &S {
        &self.service
    }
}
