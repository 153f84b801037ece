//! User data: base64 on the wire, at most 16 KiB raw.

use aws_schema::Fault;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Most raw bytes (User Guide, "User data").
const MAX: usize = 16 * 1024;

/// EC2 takes base64 with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Checks user data as it came and gives it back in padded base64; `None` when it is empty.
///
/// # Errors
/// `InvalidUserData.Malformed` when it is no base64, `InvalidParameterValue` when it is too long.
pub(super) fn check(text: &str) -> Result<Option<String>, Fault> {
    // Line breaks of tools that wrap base64 mean nothing.
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let raw = LENIENT
        .decode(&text)
        .map_err(|_| Fault::sender("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."))?;
    encode(&raw)
}

/// Checks raw user data and gives it in base64; `None` when it is empty.
///
/// # Errors
/// `InvalidParameterValue` when it is too long.
pub(super) fn encode(raw: &[u8]) -> Result<Option<String>, Fault> {
    if raw.len() > MAX {
        return Err(crate::faults::invalid_parameter_value("User data is limited to 16384 bytes"));
    }
    let encoded = base64::engine::general_purpose::STANDARD.encode(raw);
    Ok(Some(encoded).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_base64() {
        for (text, kept) in [
            ("", None),
            ("IyEvYmluL3No", Some("IyEvYmluL3No")),
            ("YQ==", Some("YQ==")),
            ("YQ", Some("YQ==")),
            ("Y\nQ =\r\n=", Some("YQ==")),
        ] {
            assert_eq!(check(text).unwrap().as_deref(), kept, "{text:?}");
        }
        for bad in ["#!/bin/sh", "Y", "Y=Q=", "ä"] {
            assert_eq!(check(bad).unwrap_err().code, "InvalidUserData.Malformed", "{bad:?}");
        }
    }

    #[test]
    fn the_limit_counts_raw_bytes() {
        assert!(encode(&[b'x'; MAX]).is_ok());
        let text = base64::engine::general_purpose::STANDARD.encode([b'x'; MAX]);
        assert!(check(&text).is_ok());
        let fault = encode(&vec![b'x'; MAX + 1]).unwrap_err();
        assert_eq!(fault.message, "User data is limited to 16384 bytes");
    }
}
