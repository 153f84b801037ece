//! Signing our own requests: tests, the tour, health checks, agents.

use sha2::{Digest, Sha256};

use crate::canonical::{self, S3Path, push_strict};
use crate::string_to_sign::{self, ALGORITHM};
use crate::{
    HeaderSource, LONGEST_PRESIGN_SECONDS, Payload, RequestParts, Rules, SigningKey, Timestamp, hex, is_s3,
};

/// Header names (lower case) and values to add to a request.
pub type SignedHeaders = Vec<(&'static str, String)>;

/// Credentials and scope to sign with.
#[derive(Clone)]
pub struct Signer {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    region: String,
    service: String,
}

impl Signer {
    /// A signer for one region and one service (its signing name, e.g. `ec2`).
    pub fn new(access_key_id: &str, secret_access_key: &str, region: &str, service: &str) -> Self {
        Self {
            access_key_id: access_key_id.to_owned(),
            secret_access_key: secret_access_key.to_owned(),
            session_token: None,
            region: region.to_owned(),
            service: service.to_owned(),
        }
    }

    /// The same, for temporary credentials.
    pub fn with_session_token(mut self, token: &str) -> Self {
        self.session_token = Some(token.to_owned());
        self
    }

    /// Computes the headers that sign `parts`; all its headers are signed, `host` must be among them.
    ///
    /// An `x-amz-content-sha256` header in `parts` is signed as it is; for S3 one is added otherwise.
    /// The value of `authorization` comes last.
    pub fn sign(&self, parts: &RequestParts<'_>, now: Timestamp) -> SignedHeaders {
        let mut added: SignedHeaders = vec![("x-amz-date", now.to_string())];
        if let Some(token) = &self.session_token {
            added.push(("x-amz-security-token", token.clone()));
        }
        let payload_hash = parts.header("x-amz-content-sha256").map_or_else(
            || {
                let hash = hash_of(parts.payload);
                if is_s3(&self.service) {
                    added.push(("x-amz-content-sha256", hash.clone()));
                }
                hash
            },
            str::to_owned,
        );
        let headers = Both { sent: parts.headers, added: &added };
        let signed_headers = signed_names(&headers);
        let signature = self.signature(
            &RequestParts { headers: &headers, ..*parts },
            &signed_headers,
            &payload_hash,
            now,
        );
        let authorization = format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={signed_headers}, Signature={signature}",
            self.access_key_id,
            self.scope(now)
        );
        added.push(("authorization", authorization));
        added
    }

    /// Computes the query that presigns `parts` for `seconds` (at most 7 days); all its headers are
    /// signed, `host` must be among them. Returns the whole new query.
    pub fn presign(&self, parts: &RequestParts<'_>, now: Timestamp, seconds: i64) -> String {
        let signed_headers = signed_names(parts.headers);
        let mut query = parts.query.to_owned();
        let credential = format!("{}/{}", self.access_key_id, self.scope(now));
        let expires = seconds.clamp(1, LONGEST_PRESIGN_SECONDS).to_string();
        let date = now.to_string();
        for (name, value) in [
            ("X-Amz-Algorithm", Some(ALGORITHM)),
            ("X-Amz-Credential", Some(credential.as_str())),
            ("X-Amz-Date", Some(date.as_str())),
            ("X-Amz-Expires", Some(expires.as_str())),
            ("X-Amz-SignedHeaders", Some(signed_headers.as_str())),
            ("X-Amz-Security-Token", self.session_token.as_deref()),
        ] {
            if let Some(value) = value {
                push_parameter(&mut query, name, value);
            }
        }
        let rules = Rules::for_service(&self.service);
        let payload_hash = match parts.header("x-amz-content-sha256") {
            Some(declared) => declared.to_owned(),
            None if rules.presigned_without_payload => "UNSIGNED-PAYLOAD".to_owned(),
            None => hash_of(parts.payload),
        };
        let signature =
            self.signature(&RequestParts { query: &query, ..*parts }, &signed_headers, &payload_hash, now);
        push_parameter(&mut query, "X-Amz-Signature", &signature);
        query
    }

    /// The scope of requests signed at `now`, without the key id.
    pub fn scope(&self, now: Timestamp) -> String {
        format!("{}/{}/{}/aws4_request", now.date(), self.region, self.service)
    }

    /// The signing key of the day of `now`, for the chunks of a body.
    pub fn key(&self, now: Timestamp) -> SigningKey {
        SigningKey::derive(&self.secret_access_key, &now.date(), &self.region, &self.service)
    }

    fn signature(
        &self,
        parts: &RequestParts<'_>,
        signed_headers: &str,
        payload_hash: &str,
        now: Timestamp,
    ) -> String {
        let rule = Rules::for_service(&self.service).path;
        let request =
            canonical::request(parts, rule, S3Path::AsSent, signed_headers, payload_hash.as_bytes());
        let hash = Sha256::digest(&request).into();
        let text = string_to_sign::of_request(now, &self.scope(now), &hash);
        hex::encode_string(&self.key(now).sign(&text))
    }
}

fn hash_of(payload: Payload<'_>) -> String {
    match payload {
        Payload::Bytes(bytes) => hex::encode_string(&Sha256::digest(bytes).into()),
        Payload::Sha256(hash) => hex::encode_string(&hash),
        Payload::Unread => "UNSIGNED-PAYLOAD".to_owned(),
    }
}

/// All header names in lower case, sorted, once each.
fn signed_names(headers: &dyn HeaderSource) -> String {
    let mut names = Vec::new();
    headers.names(&mut |name| names.push(name.to_ascii_lowercase()));
    names.sort_unstable();
    names.dedup();
    names.join(";")
}

fn push_parameter(query: &mut String, name: &str, value: &str) {
    let mut encoded = Vec::with_capacity(value.len());
    push_strict(&mut encoded, value.as_bytes());
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    query.push_str(&String::from_utf8_lossy(&encoded));
}

/// The headers of the request and those the signer adds.
struct Both<'a> {
    sent: &'a dyn HeaderSource,
    added: &'a [(&'static str, String)],
}

impl HeaderSource for Both<'_> {
    fn first(&self, name: &str) -> Option<&[u8]> {
        let added = self.added.iter().find(|(known, _)| *known == name);
        added.map(|(_, value)| value.as_bytes()).or_else(|| self.sent.first(name))
    }

    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        match self.added.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => each(value.as_bytes()),
            None => self.sent.values(name, each),
        }
    }

    fn names(&self, each: &mut dyn FnMut(&str)) {
        self.sent.names(each);
        self.added.iter().for_each(|(name, _)| each(name));
    }
}
