//! OpenSSH's encodings: public key blobs (RFC 4253 §6.6, RFC 8709) and unencrypted private keys (`PROTOCOL.key`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// `string`: length and bytes.
fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(bytes);
}

/// `mpint` of a positive number: a leading zero keeps it positive.
fn put_number(out: &mut Vec<u8>, big_endian: &[u8]) {
    let digits = &big_endian[big_endian.iter().take_while(|b| **b == 0).count()..];
    if digits.first().is_some_and(|b| b & 0x80 != 0) {
        put(out, &[&[0], digits].concat());
    } else {
        put(out, digits);
    }
}

/// Blob of an RSA key; exponent and modulus big-endian.
pub(super) fn rsa_blob(exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(modulus.len() + 32);
    put(&mut blob, b"ssh-rsa");
    put_number(&mut blob, exponent);
    put_number(&mut blob, modulus);
    blob
}

/// Blob of an ED25519 key.
pub(super) fn ed25519_blob(public: &[u8; 32]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(51);
    put(&mut blob, b"ssh-ed25519");
    put(&mut blob, public);
    blob
}

/// One line of `authorized_keys`.
pub(super) fn line(algorithm: &str, blob: &[u8], comment: &str) -> String {
    format!("{algorithm} {} {comment}", STANDARD.encode(blob))
}

/// An unencrypted ED25519 private key as PEM; `check` is any number.
pub(super) fn ed25519_private(seed: &[u8; 32], public: &[u8; 32], check: u32, comment: &str) -> String {
    let mut secret = Vec::with_capacity(256);
    secret.extend(check.to_be_bytes());
    secret.extend(check.to_be_bytes());
    put(&mut secret, b"ssh-ed25519");
    put(&mut secret, public);
    put(&mut secret, &[&seed[..], &public[..]].concat());
    put(&mut secret, comment.as_bytes());
    // Padding 1, 2, 3 … up to the cipher's block size, which is 8 for `none`.
    for pad in 1u8.. {
        if secret.len().is_multiple_of(8) {
            break;
        }
        secret.push(pad);
    }
    let mut key = b"openssh-key-v1\0".to_vec();
    put(&mut key, b"none");
    put(&mut key, b"none");
    put(&mut key, b"");
    key.extend(1u32.to_be_bytes());
    put(&mut key, &ed25519_blob(public));
    put(&mut key, &secret);
    let text = STANDARD.encode(key);
    let mut pem = String::from("-----BEGIN OPENSSH PRIVATE KEY-----\n");
    for start in (0..text.len()).step_by(70) {
        pem.push_str(&text[start..text.len().min(start + 70)]);
        pem.push('\n');
    }
    // ssh refuses the file without the last line end.
    pem.push_str("-----END OPENSSH PRIVATE KEY-----\n");
    pem
}

/// Reads a blob's fields one after another.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// The next `string`; `None` at the end or when its length lies.
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let (field, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        self.0 = rest;
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lose_leading_zeros_and_stay_positive() {
        for (digits, encoded) in [
            (&[0, 0, 5][..], &[0, 0, 0, 1, 5][..]),
            (&[0x80], &[0, 0, 0, 2, 0, 0x80]),
            (&[1, 0, 1], &[0, 0, 0, 3, 1, 0, 1]),
            (&[0], &[0, 0, 0, 0]),
        ] {
            let mut out = Vec::new();
            put_number(&mut out, digits);
            assert_eq!(out, encoded, "{digits:?}");
        }
    }

    #[test]
    fn fields_end_where_the_bytes_end() {
        let mut fields = Fields(&[0, 0, 0, 2, b'a', b'b', 0, 0, 0, 0]);
        assert_eq!((fields.next(), fields.next(), fields.next()), (Some(&b"ab"[..]), Some(&b""[..]), None));
        for short in [&[][..], &[0, 0, 0], &[0, 0, 0, 1], &[0xff, 0xff, 0xff, 0xff, 1]] {
            assert_eq!(Fields(short).next(), None, "{short:?}");
        }
    }
}
