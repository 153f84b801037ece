//! What callers hand in and get back.

use std::ffi::OsString;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use keeper::boot::{BootAction, BootPlan};
use keeper::protocol::Overlay;

/// Where machines live on this host.
#[derive(Debug, Clone)]
pub struct MachinesConfig {
    /// Directory for images, roots and keeper state; made 0711, its secrets 0700.
    pub data_dir: PathBuf,
    /// Socket of the keeper.
    pub keeper_socket: PathBuf,
    /// Program and arguments that start a keeper with `keeper::KeeperConfig` matching this configuration;
    /// used when nobody listens on the socket.
    pub keeper_argv: Vec<OsString>,
}

/// A root file system to launch from; made by `Machines::host_image`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Version: a hash of what went into it.
    pub version: String,
    /// Layers; the writable halves are made per machine.
    pub overlays: Vec<Overlay>,
}

/// A machine to launch.
#[derive(Debug, Clone)]
pub struct LaunchSpec {
    /// Instance id (`i-…`).
    pub id: String,
    /// What it boots from. A machine launched again keeps its own root and only takes the layers from here.
    pub image: Image,
    /// Host name.
    pub hostname: String,
    /// Fully qualified name, when it differs.
    pub fqdn: Option<String>,
    /// Private address, for `/etc/hosts`.
    pub address: Option<IpAddr>,
    /// What the kernel enforces.
    pub limits: MachineLimits,
    /// Decoded user-data (`user_data::decode`).
    pub user_data: Vec<BootAction>,
    /// OpenSSH public keys for root and ec2-user.
    pub authorized_keys: Vec<String>,
    /// Resolvers.
    pub dns_servers: Vec<IpAddr>,
    /// Search domains.
    pub search_domains: Vec<String>,
    /// Answer on port 22 when the image has an sshd.
    pub start_sshd: bool,
}

/// Limits of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineLimits {
    /// Thousandths of a processor (2,000 = two vCPUs).
    pub cpu_millis: u32,
    /// Memory in MiB; no swap on top.
    pub memory_mib: u64,
    /// Processes and threads.
    pub pids: u32,
    /// Writable root in MiB; enforced by a watcher.
    pub disk_mib: u64,
}

impl Default for MachineLimits {
    /// One vCPU, 1 GiB, 4,096 processes, 8 GiB of disk: the figures of a t3.micro with its usual root volume.
    fn default() -> Self {
        Self { cpu_millis: 1_000, memory_mib: 1_024, pids: 4_096, disk_mib: 8_192 }
    }
}

/// A machine that waits for its network; call [`crate::Machines::release`] when it is plugged.
#[derive(Debug)]
pub struct Launched {
    /// PID 1 as the host sees it.
    pub pid: i32,
    /// Readable when PID 1 ends.
    pub pidfd: OwnedFd,
    /// Its network namespace.
    pub netns: OwnedFd,
}

/// How to stop a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// Ask PID 1, kill after this many milliseconds.
    Orderly {
        /// Milliseconds of grace.
        grace_ms: u64,
    },
    /// Kill at once.
    Force,
}

pub use keeper::cgroup::CgroupUsage as Usage;

impl LaunchSpec {
    /// What PID 1 will do.
    pub(crate) fn boot_plan(&self) -> BootPlan {
        BootPlan {
            instance_id: self.id.clone(),
            hostname: self.hostname.clone(),
            fqdn: self.fqdn.clone(),
            address: self.address.map(|address| address.to_string()),
            dns_servers: self.dns_servers.iter().map(ToString::to_string).collect(),
            search_domains: self.search_domains.clone(),
            login_users: LOGIN_USERS.iter().map(|&name| name.to_owned()).collect(),
            authorized_keys: self.authorized_keys.clone(),
            actions: self.user_data.clone(),
        }
    }
}

/// Users that accept the key pair: Amazon Linux's default user, and root.
const LOGIN_USERS: [&str; 2] = ["root", "ec2-user"];
