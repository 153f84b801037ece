//! What a cloud's network needs to know about its host.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use ipnet::Ipv4Net;

use crate::ApplyError;

/// Configuration of one cloud's network on this host.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// Names this cloud among others on the machine: lower-case letters, digits
    /// and hyphens, at most 40.
    pub name: String,
    /// Where namespace handles are kept; `/run/allod/net` by default. The handles
    /// are mounts, so the directory must not be shared between hosts.
    pub run_dir: PathBuf,
    /// Whether machines with a public address reach beyond this host.
    pub uplink: Uplink,
    /// Public addresses of this cloud, at most a /29. Its last two host addresses
    /// belong to the link between host and edge. Two clouds on one host need
    /// pools that do not overlap.
    pub public_pool: Ipv4Net,
    /// The MTU inside a VPC in bytes (AWS: 9001). Towards the edge it is that of
    /// the uplink, at most 1500.
    pub mtu: u32,
    /// How many elements (rules of groups, addresses, neighbours of other VPCs) one set of a VPC's packet filter may
    /// have; the kernel refuses more. It bounds the memory of one VPC, some 200 bytes per element. `None` is as many
    /// as memory holds. VPCs that are there keep the limit they were made with.
    pub set_limit: Option<u32>,
    /// Whether routers remember the verdicts of known flows (docs/decisions/0012), so that only their first packets are
    /// judged. What becomes of a packet is the same either way.
    pub flow_memory: bool,
}

/// The way out of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uplink {
    /// Whatever the host's default route is: machines are masqueraded behind the
    /// host's own address. Switches IPv4 forwarding on if it was off.
    Auto,
    /// None: machines reach one another and the host reaches them, no more.
    None,
}

impl HostConfig {
    /// The usual configuration for a cloud of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            run_dir: PathBuf::from("/run/allod/net"),
            uplink: Uplink::Auto,
            // RFC 2544 (benchmarking): never seen on the internet, seldom in LANs.
            public_pool: Ipv4Net::new_assert(Ipv4Addr::new(198, 18, 0, 0), 16),
            mtu: 9001,
            set_limit: None,
            flow_memory: true,
        }
    }

    /// The host's address on the link to the edge: the second to last of the pool.
    pub fn host_address(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.public_pool.broadcast()).wrapping_sub(2))
    }

    /// The edge's address on the link to the host: the last usable of the pool.
    pub fn edge_address(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.public_pool.broadcast()).wrapping_sub(1))
    }

    pub(crate) fn check(&self) -> Result<(), ApplyError> {
        check_name(&self.name, 40)?;
        if self.public_pool.prefix_len() > 29 {
            return Err(ApplyError::InvalidConfig("the public pool is smaller than a /29".into()));
        }
        // RFC 8200 §5: below this there is no IPv6.
        if !(1280..=65_535).contains(&self.mtu) {
            return Err(ApplyError::InvalidConfig(format!("MTU {} is out of range", self.mtu)));
        }
        Ok(())
    }

    /// The name of the host's interface to the edge; at most 15 bytes.
    pub(crate) fn host_link(&self) -> String {
        let hash = self
            .name
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        format!("allod{hash:08x}")
    }

    /// The name of our table in the host's namespace.
    pub(crate) fn host_table(&self) -> String {
        format!("allod-{}", self.name)
    }

    /// Where this cloud's handles are.
    pub(crate) fn dir(&self) -> PathBuf {
        self.run_dir.join(&self.name)
    }
}

/// Names become file names: nothing but the letters that AWS ids consist of.
pub(crate) fn check_name(name: &str, limit: usize) -> Result<(), ApplyError> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > limit || !name.chars().all(letters) {
        return Err(ApplyError::InvalidName(name.chars().take(80).collect()));
    }
    Ok(())
}
