//! Whose record it is: the account and the region.

use std::fmt;
use std::sync::Arc;

/// An account and a region. Every key carries both, so that isolation of accounts is a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// The twelve-digit account id.
    pub account: Arc<str>,
    /// The region, or `global` for services without regions such as IAM.
    pub region: Arc<str>,
}

impl Scope {
    /// A scope of a regional service.
    pub fn new(account: impl Into<Arc<str>>, region: impl Into<Arc<str>>) -> Self {
        Self { account: account.into(), region: region.into() }
    }

    /// The scope of a service without regions.
    pub fn global(account: impl Into<Arc<str>>) -> Self {
        Self::new(account, "global")
    }

    /// Whether both parts can stand in a key: a slash would let one scope reach into another.
    pub fn is_valid(&self) -> bool {
        [&self.account, &self.region].iter().all(|part| !part.is_empty() && !part.contains('/'))
    }

    /// `/<kind>/<account>/<region>/<rest>`.
    pub(crate) fn key(&self, kind: &str, rest: &str) -> String {
        let length = kind.len() + self.account.len() + self.region.len() + rest.len() + 4;
        let mut key = String::with_capacity(length);
        for part in [kind, &self.account, &self.region] {
            key.push('/');
            key.push_str(part);
        }
        key.push('/');
        key.push_str(rest);
        key
    }

    /// Scope and id of a key of this kind.
    pub(crate) fn parse<'a>(kind: &str, key: &'a str) -> Option<(Self, &'a str)> {
        let rest = key.strip_prefix('/')?.strip_prefix(kind)?.strip_prefix('/')?;
        let mut parts = rest.splitn(3, '/');
        let scope = Self::new(parts.next()?, parts.next()?);
        Some((scope, parts.next()?))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}
