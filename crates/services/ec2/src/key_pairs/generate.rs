//! Making key pairs.

use super::{fingerprint, openssh};
use crate::faults;
use aws_schema::Fault;
use ed25519_dalek::SigningKey;
use rand::RngCore as _;
use rand::rngs::OsRng;
use rsa::RsaPrivateKey;
use rsa::pkcs1::{EncodeRsaPrivateKey as _, LineEnding};
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;

/// Length of RSA keys, as EC2 makes them.
const RSA_BITS: usize = 2048;

/// A fresh pair.
pub(super) struct Generated {
    /// The private half as PEM; leaves the cloud with the answer and is not kept.
    pub(super) private_pem: String,
    /// One line in OpenSSH form.
    pub(super) public_line: String,
    pub(super) fingerprint: String,
}

fn failed(error: &dyn std::fmt::Display) -> Fault {
    faults::internal(format!("The key pair could not be made: {error}."))
}

/// An RSA pair: PKCS#1 PEM. Takes a good part of a second of one processor.
pub(super) fn rsa(name: &str) -> Result<Generated, Fault> {
    let key = RsaPrivateKey::new(&mut OsRng, RSA_BITS).map_err(|e| failed(&e))?;
    let pkcs8 = key.to_pkcs8_der().map_err(|e| failed(&e))?;
    let pem = key.to_pkcs1_pem(LineEnding::LF).map_err(|e| failed(&e))?;
    let blob = openssh::rsa_blob(&key.e().to_bytes_be(), &key.n().to_bytes_be());
    Ok(Generated {
        // AWS's answer has no line end after the last line.
        private_pem: pem.trim_end().to_owned(),
        public_line: openssh::line("ssh-rsa", &blob, name),
        fingerprint: fingerprint::created_rsa(pkcs8.as_bytes()),
    })
}

/// An ED25519 pair: OpenSSH's own PEM form.
pub(super) fn ed25519(name: &str) -> Generated {
    let key = SigningKey::generate(&mut OsRng);
    let public = key.verifying_key().to_bytes();
    let blob = openssh::ed25519_blob(&public);
    Generated {
        private_pem: openssh::ed25519_private(&key.to_bytes(), &public, OsRng.next_u32(), name),
        public_line: openssh::line("ssh-ed25519", &blob, name),
        fingerprint: fingerprint::ed25519(&blob),
    }
}
