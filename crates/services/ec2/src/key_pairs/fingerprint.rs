//! Fingerprints as EC2 shows them (User Guide, "Verify the fingerprint of your key pair").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

fn colons(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    pairs.join(":")
}

/// RSA pair made by EC2: SHA-1 of the private key in PKCS#8 DER.
pub(super) fn created_rsa(pkcs8: &[u8]) -> String {
    colons(&Sha1::digest(pkcs8))
}

/// Imported RSA key: MD5 of the public key in DER (SubjectPublicKeyInfo).
pub(super) fn imported_rsa(spki: &[u8]) -> String {
    colons(&Md5::digest(spki))
}

/// ED25519, made or imported: SHA-256 of the OpenSSH blob in base64.
pub(super) fn ed25519(blob: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(blob))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_digest_and_form() {
        // The digests of the empty text are known to everybody.
        assert_eq!(created_rsa(b""), "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09");
        assert_eq!(imported_rsa(b""), "d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e");
        assert_eq!(ed25519(b""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
