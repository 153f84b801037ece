//! Client tokens: a repeated request gets the first one's answer (AWS: "Ensuring idempotency").

use crate::{Millis, record};
use serde::{Deserialize, Serialize};

/// A client token that was used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientToken {
    /// `<operation>/<token>`.
    pub id: String,
    /// Digest of the request without the token: another request with the token is refused.
    pub fingerprint: String,
    /// What the request made.
    pub resource_id: String,
    /// When.
    pub used: Millis,
}
record!(ClientToken, "ec2/client-token");
