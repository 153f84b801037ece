//! What the host image takes from the host's `/etc`: settings that programs in `/usr` need and that say nothing
//! about this host. Files that not every user may read are skipped even if listed.

/// Deepest directory followed.
pub(super) const MAX_DEPTH: usize = 6;
/// Most entries taken from one directory.
pub(super) const MAX_ENTRIES: usize = 5_000;
/// Largest file taken, in bytes.
pub(super) const MAX_BYTES: u64 = 4 << 20;

/// Names under `/etc`.
pub(super) const FILES: [&str; 34] = [
    // The dynamic loader.
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    // Which program stands behind a general name.
    "alternatives",
    // Certificate authorities of Debian, Red Hat and Alpine families; private keys live elsewhere.
    "ssl/certs",
    "ssl/cert.pem",
    "ssl/openssl.cnf",
    "pki/ca-trust/extracted",
    "pki/tls/certs",
    "pki/tls/cert.pem",
    "pki/tls/openssl.cnf",
    "crypto-policies/back-ends",
    "crypto-policies/config",
    // Names and numbers.
    "services",
    "protocols",
    "rpc",
    "ethertypes",
    "gai.conf",
    "host.conf",
    "mime.types",
    "magic",
    "locale.alias",
    "xattr.conf",
    "iproute2",
    // Interpreters and shells.
    "perl",
    "python3",
    "python3.11",
    "bash.bashrc",
    "inputrc",
    "terminfo",
    "login.defs",
    // What system this is.
    "debian_version",
    "redhat-release",
    "system-release",
];
