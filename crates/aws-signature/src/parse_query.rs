//! Presigned requests: the claim is in the query as `X-Amz-…` parameters.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::presented::{Form, Presented};
use crate::string_to_sign::ALGORITHM;
use crate::{CredentialScope, LONGEST_PRESIGN_SECONDS, SignatureError, Timestamp};

/// Whether the query carries a presigned claim at all.
pub(crate) fn names_algorithm(query: &str) -> bool {
    // Almost no request has a query; the common case costs nothing.
    !query.is_empty() && pairs(query).any(|(name, _)| name == "X-Amz-Algorithm")
}

/// The raw name and value of every parameter.
fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Reads the claim in a raw query string.
pub(crate) fn parse(query: &str) -> Result<Presented<'_>, SignatureError> {
    let mut found = Parameters::default();
    for (name, value) in pairs(query) {
        let slot = match name {
            "X-Amz-Algorithm" => &mut found.algorithm,
            "X-Amz-Credential" => &mut found.credential,
            "X-Amz-SignedHeaders" => &mut found.signed_headers,
            "X-Amz-Signature" => &mut found.signature,
            "X-Amz-Date" => &mut found.date,
            "X-Amz-Expires" => &mut found.expires,
            "X-Amz-Security-Token" => &mut found.token,
            _ => continue,
        };
        // A parameter given twice would let two readers see two different claims.
        if slot.replace(decode(value)?).is_some() {
            return Err(SignatureError::Incomplete(format!("Query has two '{name}' parameters.")));
        }
    }
    if found.algorithm.as_deref() != Some(ALGORITHM) {
        return Err(SignatureError::UnsupportedAlgorithm(found.algorithm.unwrap_or_default().into_owned()));
    }
    let missing = found.missing();
    let (Some(credential), Some(signed_headers), Some(signature), Some(date)) =
        (found.credential, found.signed_headers, found.signature, found.date)
    else {
        return Err(SignatureError::Incomplete(missing));
    };
    let timestamp = Timestamp::parse_basic(&date).ok_or_else(|| {
        SignatureError::Incomplete(format!(
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\". Got '{date}'"
        ))
    })?;
    Ok(Presented {
        scope: CredentialScope::parse(credential)?,
        signed_headers,
        signature,
        timestamp,
        session_token: found.token,
        form: Form::Presigned { expires: found.expires.map(|text| parse_expires(&text)).transpose()? },
    })
}

#[derive(Default)]
struct Parameters<'a> {
    algorithm: Option<Cow<'a, str>>,
    credential: Option<Cow<'a, str>>,
    signed_headers: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    date: Option<Cow<'a, str>>,
    expires: Option<Cow<'a, str>>,
    token: Option<Cow<'a, str>>,
}

impl Parameters<'_> {
    /// The message for absent parameters; empty if all are there.
    fn missing(&self) -> String {
        let mut text = String::new();
        for (name, value) in [
            ("X-Amz-Credential", &self.credential),
            ("X-Amz-Signature", &self.signature),
            ("X-Amz-SignedHeaders", &self.signed_headers),
            ("X-Amz-Date", &self.date),
        ] {
            if value.is_none() {
                text.extend(["AWS query-string parameters must include '", name, "'. "]);
            }
        }
        text.truncate(text.trim_end().len());
        text
    }
}

fn decode(value: &str) -> Result<Cow<'_, str>, SignatureError> {
    percent_decode_str(value)
        .decode_utf8()
        .map_err(|_| SignatureError::Incomplete(format!("'{value}' is not a valid query value.")))
}

fn parse_expires(text: &str) -> Result<i64, SignatureError> {
    let seconds = text
        .parse::<i64>()
        .map_err(|_| SignatureError::BadExpires("X-Amz-Expires should be a number".to_owned()))?;
    match seconds {
        i64::MIN..=-1 => Err(SignatureError::BadExpires("X-Amz-Expires must be non-negative".to_owned())),
        0..=LONGEST_PRESIGN_SECONDS => Ok(seconds),
        _ => Err(SignatureError::BadExpires(format!(
            "X-Amz-Expires must be less than a week (in seconds) that is {LONGEST_PRESIGN_SECONDS}"
        ))),
    }
}
