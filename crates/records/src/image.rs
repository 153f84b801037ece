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

/// An image every account and region has without anybody having registered it: this host's own system, under its own
/// name or under the name of a distribution it stands in for, so that usual look-ups by name find something to launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltInImage {
    /// Short name from which the id is derived.
    pub key: &'static str,
    /// `Name`, with `{arch}` and `{deb}` for the two spellings of the architecture.
    pub name: &'static str,
    /// Account of the publisher.
    pub owner: &'static str,
    /// What it stands in for, in words.
    pub stands_for: &'static str,
    /// Launches ask for IMDSv2 unless told otherwise.
    pub imds_v2: bool,
}

/// The built-in images, the plain one first.
pub const BUILT_IN: &[BuiltInImage] = &[
    BuiltInImage {
        key: "host",
        name: "allod-host-{arch}",
        owner: AMAZON,
        stands_for: "itself",
        imds_v2: true,
    },
    BuiltInImage {
        key: "al2023",
        name: "al2023-ami-2023.9.20261116.0-kernel-6.1-{arch}",
        owner: AMAZON,
        stands_for: "Amazon Linux 2023",
        imds_v2: true,
    },
    BuiltInImage {
        key: "amzn2",
        name: "amzn2-ami-hvm-2.0.20261116.0-{arch}-gp2",
        owner: AMAZON,
        stands_for: "Amazon Linux 2",
        imds_v2: false,
    },
    BuiltInImage {
        key: "ubuntu-24.04",
        name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{deb}-server-20261111",
        owner: "099720109477",
        stands_for: "Ubuntu 24.04",
        imds_v2: true,
    },
    BuiltInImage {
        key: "ubuntu-22.04",
        name: "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-{deb}-server-20261111",
        owner: "099720109477",
        stands_for: "Ubuntu 22.04",
        imds_v2: false,
    },
    BuiltInImage {
        key: "debian-12",
        name: "debian-12-{deb}-20261112-2176",
        owner: "136693071363",
        stands_for: "Debian 12",
        imds_v2: false,
    },
];

/// Amazon's own account, which publishes Amazon Linux.
pub const AMAZON: &str = "137112412989";

/// Architecture of this host in EC2's spelling.
pub const HOST_ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };

impl BuiltInImage {
    /// The id in a region; the same on every start and every host.
    pub fn id(&self, region: &str) -> String {
        format!("ami-0{:016x}", fnv(&[self.key, region]))
    }

    /// Id of the snapshot behind its root volume.
    pub fn snapshot_id(&self, region: &str) -> String {
        format!("snap-0{:016x}", fnv(&["snapshot", self.key, region]))
    }

    /// `Name` on this host.
    pub fn name(&self) -> String {
        let deb = if HOST_ARCHITECTURE == "arm64" { "arm64" } else { "amd64" };
        self.name.replace("{arch}", HOST_ARCHITECTURE).replace("{deb}", deb)
    }

    /// The built-in image with this id in a region.
    pub fn find(region: &str, id: &str) -> Option<&'static BuiltInImage> {
        BUILT_IN.iter().find(|image| image.id(region) == id)
    }
}

/// FNV-1a with a final mix: ids need to be stable and spread out, not secret.
fn fnv(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^ (hash >> 29)
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_stable_and_differ_by_image_and_region() {
        let mut ids = BTreeSet::new();
        for image in BUILT_IN {
            for region in ["us-east-1", "us-east-2", "eu-central-1"] {
                let id = image.id(region);
                assert_eq!((id.len(), id.starts_with("ami-0")), (21, true), "{id}");
                assert_eq!(BuiltInImage::find(region, &id), Some(image));
                assert!(ids.insert(id));
            }
            assert!(!image.name().contains('{'));
        }
        assert!(BuiltInImage::find("us-west-1", &BUILT_IN[0].id("us-east-1")).is_none());
        // A stored instance names its image by this id: it must never change.
        assert_eq!(BUILT_IN[0].id("us-east-1"), "ami-01cd96a2da213d9d7");
    }
}
