//! What a machine does when it boots: a plain list made on the host, so that PID 1 parses no user input.

use serde::{Deserialize, Serialize};

/// Everything PID 1 needs to know at boot. Written by the host, read once inside the fresh namespaces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootPlan {
    /// Instance id; first-boot steps run once per id and root.
    pub instance_id: String,
    /// Host name written to `/etc/hostname` and `/etc/hosts`.
    pub hostname: String,
    /// Fully qualified name, when it differs.
    pub fqdn: Option<String>,
    /// Address that the host name resolves to inside; `127.0.1.1` when absent.
    pub address: Option<String>,
    /// `nameserver` lines of `/etc/resolv.conf`.
    pub dns_servers: Vec<String>,
    /// `search` line of `/etc/resolv.conf`.
    pub search_domains: Vec<String>,
    /// Users that receive `authorized_keys` (those that exist inside).
    pub login_users: Vec<String>,
    /// OpenSSH public keys.
    pub authorized_keys: Vec<String>,
    /// User-data, decoded and ordered.
    pub actions: Vec<BootAction>,
}

/// One step of user-data, with the moment it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootAction {
    /// Run at every boot, not only the first.
    pub every_boot: bool,
    /// The step.
    pub step: BootStep,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BootStep {
    /// Write a line to the console; used for parts of user-data that were understood but not supported.
    Note(String),
    /// Set the host name.
    Hostname(String),
    /// Create a user if absent, with a home directory.
    User(UserSpec),
    /// Append keys to a user's `authorized_keys`.
    AuthorizedKeys {
        /// User name.
        user: String,
        /// Public keys.
        keys: Vec<String>,
    },
    /// Write a file, creating parent directories.
    WriteFile(FileSpec),
    /// Run a program and wait for it.
    Run {
        /// Program and arguments.
        argv: Vec<String>,
    },
    /// Store a script under `/var/lib/cloud/instance/scripts` and run it.
    Script {
        /// File name.
        name: String,
        /// Its text, beginning with `#!`.
        #[serde(with = "bytes_as_base64")]
        content: Vec<u8>,
    },
    /// Install packages with the image's package manager, or note that there is none.
    Packages {
        /// Refresh the index first.
        update: bool,
        /// Package names.
        names: Vec<String>,
    },
}

/// A user to create.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSpec {
    /// Login name, `[a-z_][a-z0-9_-]{0,31}`.
    pub name: String,
    /// Comment field.
    pub gecos: String,
    /// Home directory; `/home/<name>` when absent.
    pub home: Option<String>,
    /// Login shell; `/bin/sh` when absent.
    pub shell: Option<String>,
    /// Further groups; created when absent.
    pub groups: Vec<String>,
    /// Lines for `/etc/sudoers.d`, without the user name.
    pub sudo: Vec<String>,
    /// OpenSSH public keys.
    pub authorized_keys: Vec<String>,
}

/// A file to write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSpec {
    /// Absolute path inside.
    pub path: String,
    /// Content.
    #[serde(with = "bytes_as_base64")]
    pub content: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// User name or number.
    pub user: Option<String>,
    /// Group name or number.
    pub group: Option<String>,
    /// Append instead of replace.
    pub append: bool,
}

/// Bytes in JSON as standard base64: a quarter of the size of an array of numbers.
mod bytes_as_base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map_err(D::Error::custom)
    }
}
