//! Policy documents as AWS writes them: their grammar, and the decision whether a trust policy admits a caller.
//!
//! Pure: no records, no clock. Source of the rules: IAM User Guide, "Grammar of the IAM JSON policy language" and
//! "IAM JSON policy element reference".
#![forbid(unsafe_code)]

mod condition;
mod document;
mod malformed;
mod parse;
mod principal;
mod trust;
mod wildcard;

#[cfg(test)]
mod tests;

pub use condition::Context;
pub use document::{Condition, Document, Effect, Patterns, Principals, Statement};
pub use malformed::Malformed;
pub use parse::{PolicyUse, parse, size};
pub use principal::PrincipalName;
pub use trust::{TrustCaller, Verdict, decide};
pub use wildcard::matches;
