//! Reading public keys that users bring along.

use super::{fingerprint, openssh};
use aws_schema::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPublicKey};

/// A key that may be imported.
#[derive(Debug)]
pub(super) struct PublicKey {
    /// `rsa` or `ed25519`.
    pub(super) key_type: &'static str,
    /// One line in OpenSSH form.
    pub(super) line: String,
    pub(super) fingerprint: String,
}

fn format_fault() -> Fault {
    Fault::sender("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
}

/// Takes OpenSSH's one-line form, RFC 4716's file form, and DER (SubjectPublicKeyInfo) in base64, bare or as PEM
/// (User Guide, "Create a key pair using a third-party tool and import the public key").
pub(super) fn parse(material: &[u8], name: &str) -> Result<PublicKey, Fault> {
    let text = std::str::from_utf8(material).map_err(|_| format_fault())?.trim();
    let mut words = text.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some("ssh-rsa" | "ssh-ed25519"), Some(blob)) => {
            let blob = STANDARD.decode(blob).map_err(|_| format_fault())?;
            of_blob(&blob, name)
        }
        _ if text.starts_with("---- BEGIN SSH2 PUBLIC KEY ----") => of_blob(&body(text)?, name),
        _ => {
            let der = body(text)?;
            of_rsa(&RsaPublicKey::from_public_key_der(&der).map_err(|_| format_fault())?, name)
        }
    }
}

/// The base64 between the marker lines, without RFC 4716's headers and their continuation lines.
fn body(text: &str) -> Result<Vec<u8>, Fault> {
    // A header may go on over several lines, each but the last ending in a backslash.
    let mut joined = String::new();
    let mut in_header = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("----")) {
        if in_header || line.contains(':') {
            in_header = line.ends_with('\\');
            continue;
        }
        joined.push_str(line);
    }
    STANDARD.decode(joined).map_err(|_| format_fault())
}

fn of_blob(blob: &[u8], name: &str) -> Result<PublicKey, Fault> {
    let mut fields = openssh::Fields(blob);
    match fields.next() {
        Some(b"ssh-rsa") => {
            let (e, n) = fields.next().zip(fields.next()).ok_or_else(format_fault)?;
            let (e, n) = (BigUint::from_bytes_be(e), BigUint::from_bytes_be(n));
            // The length is checked first: `new` accepts no more than 4,096 bits and says so in other words.
            check_length(n.bits())?;
            of_rsa(&RsaPublicKey::new(n, e).map_err(|_| format_fault())?, name)
        }
        Some(b"ssh-ed25519") => {
            let key: [u8; 32] = fields.next().and_then(|f| f.try_into().ok()).ok_or_else(format_fault)?;
            // Thirty-two bytes are not yet a point on the curve.
            ed25519_dalek::VerifyingKey::from_bytes(&key).map_err(|_| format_fault())?;
            let blob = openssh::ed25519_blob(&key);
            Ok(PublicKey {
                key_type: "ed25519",
                line: openssh::line("ssh-ed25519", &blob, name),
                fingerprint: fingerprint::ed25519(&blob),
            })
        }
        _ => Err(format_fault()),
    }
}

/// EC2 takes 1,024, 2,048 and 4,096 bits.
fn check_length(bits: usize) -> Result<(), Fault> {
    if matches!(bits, 1024 | 2048 | 4096) {
        return Ok(());
    }
    Err(Fault::sender("InvalidKey.Format", "Supported RSA key lengths are 1024, 2048 and 4096"))
}

fn of_rsa(key: &RsaPublicKey, name: &str) -> Result<PublicKey, Fault> {
    check_length(key.n().bits())?;
    let spki = key.to_public_key_der().map_err(|_| format_fault())?;
    let blob = openssh::rsa_blob(&key.e().to_bytes_be(), &key.n().to_bytes_be());
    Ok(PublicKey {
        key_type: "rsa",
        line: openssh::line("ssh-rsa", &blob, name),
        fingerprint: fingerprint::imported_rsa(spki.as_bytes()),
    })
}
