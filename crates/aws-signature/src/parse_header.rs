//! The `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…` header.

use std::borrow::Cow;

use crate::presented::{Form, Presented};
use crate::string_to_sign::ALGORITHM;
use crate::{CredentialScope, RequestParts, SignatureError, Timestamp};

/// Reads the claim in the header value `header`.
pub(crate) fn parse<'a>(parts: &RequestParts<'a>, header: &'a str) -> Result<Presented<'a>, SignatureError> {
    let (algorithm, fields) = header.split_once(' ').unwrap_or((header, ""));
    if algorithm != ALGORITHM {
        return Err(SignatureError::UnsupportedAlgorithm(algorithm.to_owned()));
    }
    let fields = Fields::read(fields)?;
    let timestamp_text = parts.header("x-amz-date").or_else(|| parts.header("date"));
    let (Some(credential), Some(signed_headers), Some(signature), Some(timestamp_text)) =
        (fields.credential, fields.signed_headers, fields.signature, timestamp_text)
    else {
        return Err(SignatureError::Incomplete(missing_parts(&fields, timestamp_text, header)));
    };
    Ok(Presented {
        scope: CredentialScope::parse(Cow::Borrowed(credential))?,
        signed_headers: Cow::Borrowed(signed_headers),
        signature: Cow::Borrowed(signature),
        timestamp: parse_timestamp(timestamp_text)?,
        session_token: parts.header("x-amz-security-token").map(Cow::Borrowed),
        form: Form::Header,
    })
}

/// Reads the time of signing, in either notation.
fn parse_timestamp(text: &str) -> Result<Timestamp, SignatureError> {
    Timestamp::parse_basic(text).or_else(|| Timestamp::parse_http_date(text)).ok_or_else(|| {
        SignatureError::Incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ))
    })
}

#[derive(Default)]
struct Fields<'a> {
    credential: Option<&'a str>,
    signed_headers: Option<&'a str>,
    signature: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Result<Self, SignatureError> {
        let mut fields = Self::default();
        // Both ", " and "," separate fields; SDKs do either.
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                SignatureError::Incomplete(format!(
                    "'{pair}' not a valid key=value pair (missing equal-sign) in Authorization header: \
                     '{text}'."
                ))
            })?;
            let slot = match name {
                "Credential" => &mut fields.credential,
                "SignedHeaders" => &mut fields.signed_headers,
                "Signature" => &mut fields.signature,
                _ => continue,
            };
            // A field given twice would let two readers see two different claims.
            if slot.replace(value).is_some() {
                return Err(SignatureError::Incomplete(format!(
                    "Authorization header has two '{name}' parameters."
                )));
            }
        }
        Ok(fields)
    }
}

fn missing_parts(fields: &Fields<'_>, timestamp: Option<&str>, header: &str) -> String {
    let mut text = String::new();
    for (name, value) in [
        ("Credential", fields.credential),
        ("Signature", fields.signature),
        ("SignedHeaders", fields.signed_headers),
    ] {
        if value.is_none() {
            text.extend(["Authorization header requires '", name, "' parameter. "]);
        }
    }
    if timestamp.is_none() {
        text += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
    }
    text + "Authorization=" + header.split(' ').next().unwrap_or_default()
}
