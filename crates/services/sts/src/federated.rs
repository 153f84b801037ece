//! AssumeRoleWithWebIdentity, AssumeRoleWithSAML, AssumeRoot.
//!
//! Identity providers and organizations cannot be registered here, so no token can be proven and no account manages
//! another. Each call is read as far as AWS reads it before it misses the provider, and refused in AWS's words.

use crate::{Sts, faults};
use api_sts::*;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use contracts::{Call, Reply};
use serde_json::Value;

/// Providers AWS knows without registration are addressed by `ProviderId`.
const BUILT_IN: &[&str] = &["www.amazon.com", "graph.facebook.com"];

/// The issuer of a JSON web token (RFC 7519); nothing for a text that is none.
fn issuer(token: &str) -> Option<String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { return None };
    let json = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    json(header)?.get("alg")?.as_str()?;
    URL_SAFE_NO_PAD.decode(signature).ok()?;
    Some(json(claims)?.get("iss")?.as_str()?.to_owned())
}

/// AssumeRoleWithWebIdentity.
pub(crate) async fn assume_role_with_web_identity(
    _call: Call<Sts>,
    input: AssumeRoleWithWebIdentityRequest,
) -> Reply<AssumeRoleWithWebIdentityResponse> {
    if let Some(provider) = input.provider_id.as_deref() {
        let message = if BUILT_IN.contains(&provider) {
            "The provider cannot be asked about its token."
        } else {
            "Specified provider doesn't exist"
        };
        return Err(faults::invalid_identity_token(message));
    }
    let Some(issuer) = issuer(input.web_identity_token()) else {
        return Err(faults::invalid_identity_token(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        ));
    };
    Err(faults::invalid_identity_token(format!(
        "No OpenIDConnect provider found in your account for {issuer}"
    )))
}

/// AssumeRoleWithSAML.
pub(crate) async fn assume_role_with_saml(
    _call: Call<Sts>,
    input: AssumeRoleWithSAMLRequest,
) -> Reply<AssumeRoleWithSAMLResponse> {
    if STANDARD.decode(input.saml_assertion().trim()).is_err() {
        return Err(faults::invalid_identity_token("Invalid base64 SAMLResponse"));
    }
    Err(faults::invalid_identity_token("Specified provider doesn't exist"))
}

/// AssumeRoot: for the management account of an organization only.
pub(crate) async fn assume_root(call: Call<Sts>, input: AssumeRootRequest) -> Reply<AssumeRootResponse> {
    let target = input.target_principal.unwrap_or_default();
    Err(faults::not_authorized(&call.caller, "sts:AssumeRoot", &target))
}
