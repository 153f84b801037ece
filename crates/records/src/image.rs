//! Machine images and key pairs.

use crate::{Millis, record};
use serde::{Deserialize, Serialize};

/// A machine image. The built-in one is not a record; these are registered ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Image {
    /// `ami-…`.
    pub id: String,
    /// Name, unique in the account and region.
    pub name: String,
    /// Free text.
    pub description: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// Where its root file system lies: `host` or a path below the data directory.
    pub source: String,
    /// `pending`, `available`, `failed`, `deregistered`.
    pub state: String,
    /// May be launched by every account.
    pub public: bool,
    /// When.
    pub created: Millis,
}
record!(Image, "ec2/image", "name" => |i| vec![i.name.clone()]);

/// A key pair; only the public half is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyPair {
    /// Name, which is also the record's id.
    pub id: String,
    /// `key-…`.
    pub key_pair_id: String,
    /// `rsa` or `ed25519`.
    pub key_type: String,
    /// As AWS computes it for this type and origin.
    pub fingerprint: String,
    /// One line in OpenSSH form.
    pub public_key: String,
    /// When.
    pub created: Millis,
}
record!(KeyPair, "ec2/key-pair", "key-pair-id" => |k| vec![k.key_pair_id.clone()]);
