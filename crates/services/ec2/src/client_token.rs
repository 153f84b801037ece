//! Client tokens: a repeated request makes nothing new (AWS: "Ensuring idempotency in Amazon EC2 API requests").

use aws_schema::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use records::{ClientToken, Millis};
use sha2::{Digest, Sha256};
use state_store::typed::{Scope, Tx};
use std::fmt::Debug;

/// How long a token is remembered.
const KEPT: Millis = 24 * 3600 * 1000;
/// Most tokens kept for an account in a region; beyond that the oldest are forgotten.
const MOST: usize = 2000;
/// Most tokens forgotten in one transaction.
const SWEEP: usize = 50;
/// Longest token (AWS: 64 ASCII characters).
const LONGEST: usize = 64;

/// A request that may come again.
pub(crate) struct Idempotent {
    /// Key of the record and fingerprint of the request; `None` without a token.
    token: Option<(String, String)>,
}

impl Idempotent {
    /// From the operation's name, the caller's token and the input (its `Debug` form is the fingerprint).
    ///
    /// # Errors
    /// `InvalidParameterValue` for a token that is too long or not ASCII.
    pub(crate) fn of(operation: &str, token: Option<&str>, input: &impl Debug) -> Result<Idempotent, Fault> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Ok(Idempotent { token: None });
        };
        if token.len() > LONGEST || !token.is_ascii() {
            return Err(crate::faults::invalid_value(
                "clientToken",
                token,
                "It must not exceed 64 ASCII characters.",
            ));
        }
        let digest = Sha256::digest(format!("{input:?}").as_bytes());
        let fingerprint = URL_SAFE_NO_PAD.encode(&digest[..16]);
        Ok(Idempotent { token: Some((format!("{operation}/{token}"), fingerprint)) })
    }
}

/// What an earlier request with this token made.
///
/// # Errors
/// `IdempotentParameterMismatch` when that request was another one.
pub(crate) fn earlier(
    tx: &mut Tx<'_>,
    scope: &Scope,
    request: &Idempotent,
    now: Millis,
) -> Result<Option<String>, Fault> {
    let Some((id, fingerprint)) = &request.token else { return Ok(None) };
    match tx.get::<ClientToken>(scope, id) {
        Some(known) if now - known.used > KEPT => Ok(None),
        Some(known) if known.fingerprint == *fingerprint => Ok(Some(known.resource_id.clone())),
        Some(_) => Err(Fault::sender(
            "IdempotentParameterMismatch",
            "The client token you have provided is associated with a resource for which the parameters do not match.",
        )),
        None => Ok(None),
    }
}

/// Remembers what this request made, and forgets old tokens.
pub(crate) fn remember(tx: &mut Tx<'_>, scope: &Scope, request: &Idempotent, made: &str, now: Millis) {
    let Some((id, fingerprint)) = &request.token else { return };
    let mut known: Vec<(Millis, String)> =
        tx.list::<ClientToken>(scope).iter().map(|token| (token.used, token.id.clone())).collect();
    known.sort_unstable();
    let surplus = (known.len() + 1).saturating_sub(MOST);
    for (at, (used, old)) in known.into_iter().take(SWEEP).enumerate() {
        if at < surplus || now - used > KEPT {
            tx.delete::<ClientToken>(scope, &old);
        }
    }
    tx.put(
        scope,
        ClientToken {
            id: id.clone(),
            fingerprint: fingerprint.clone(),
            resource_id: made.to_owned(),
            used: now,
        },
    );
}
