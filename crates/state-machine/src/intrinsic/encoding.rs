//! `States.Base64Encode`, `States.Base64Decode`, `States.Hash`.

use super::Fault;
use crate::Value;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use std::fmt::Write as _;

/// Longest text these functions take, in characters (developer guide).
const LONGEST: usize = 10_000;

fn bounded<'v>(value: &'v Value, what: &str) -> Result<&'v str, Fault> {
    let Value::String(text) = value else {
        return Err(Fault::new(format!("{what} must be a string")));
    };
    if text.chars().count() > LONGEST {
        return Err(Fault::new(format!("{what} must not have more than {LONGEST} characters")));
    }
    Ok(text)
}

pub(super) fn encode(value: &Value) -> Result<Value, Fault> {
    let text = bounded(value, "The argument of States.Base64Encode")?;
    Ok(Value::from(STANDARD.encode(text).as_str()))
}

pub(super) fn decode(value: &Value) -> Result<Value, Fault> {
    let text = bounded(value, "The argument of States.Base64Decode")?;
    let bytes = STANDARD.decode(text).map_err(|error| Fault::new(format!("Invalid base64: {error}")))?;
    Ok(Value::from(&*String::from_utf8_lossy(&bytes)))
}

/// The data is hashed as text: a string as it is, anything else as its JSON.
pub(super) fn hash(data: &Value, algorithm: &Value) -> Result<Value, Fault> {
    let json;
    let text = match data {
        Value::String(text) => &**text,
        other => {
            json = other.to_string();
            &json
        }
    };
    if text.chars().count() > LONGEST {
        return Err(Fault::new(format!(
            "The data of States.Hash must not have more than {LONGEST} characters"
        )));
    }
    let Value::String(algorithm) = algorithm else {
        return Err(Fault::new("The algorithm of States.Hash must be a string"));
    };
    digest(text, algorithm).map(|found| Value::from(found.as_str())).ok_or_else(|| {
        Fault::new(format!("Unknown algorithm '{algorithm}': use MD5, SHA-1, SHA-256, SHA-384 or SHA-512"))
    })
}

/// The digest in lower-case hexadecimal digits; `None` for an unknown algorithm.
pub(crate) fn digest(text: &str, algorithm: &str) -> Option<String> {
    let bytes = match algorithm {
        "MD5" => md5::Md5::digest(text).to_vec(),
        "SHA-1" => sha1::Sha1::digest(text).to_vec(),
        "SHA-256" => sha2::Sha256::digest(text).to_vec(),
        "SHA-384" => sha2::Sha384::digest(text).to_vec(),
        "SHA-512" => sha2::Sha512::digest(text).to_vec(),
        _ => return None,
    };
    Some(bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
