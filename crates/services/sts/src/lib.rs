//! Meaning of the STS operations, and role sessions for the cloud's own parts.
#![forbid(unsafe_code)]

mod assume_role;
mod caller;
mod faults;
mod federated;
mod identity;
mod input;
mod own_session;
mod roles;
mod session;

#[cfg(test)]
mod tests;

pub use roles::Roles;

use api_sts::ops;
use contracts::{Platform, ServiceTable};
use std::sync::Arc;

/// The STS service.
pub struct Sts {
    pub(crate) platform: Platform,
}

/// The built operations of STS.
pub fn table(platform: Platform) -> ServiceTable {
    let service = Arc::new(Sts { platform });
    let mut table = ServiceTable::new(&api_sts::SERVICE);
    contracts::operations!(table, service, {
        GetCallerIdentity => identity::get_caller_identity,
        GetAccessKeyInfo => identity::get_access_key_info,
        DecodeAuthorizationMessage => identity::decode_authorization_message,
        AssumeRole => assume_role::assume_role,
        AssumeRoleWithWebIdentity => federated::assume_role_with_web_identity,
        AssumeRoleWithSAML => federated::assume_role_with_saml,
        AssumeRoot => federated::assume_root,
        GetSessionToken => own_session::get_session_token,
        GetFederationToken => own_session::get_federation_token,
    });
    table
}
