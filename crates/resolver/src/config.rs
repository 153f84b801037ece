//! Settings of the resolver.

use crate::upstream::servers::Upstreams;
use ipnet::Ipv4Net;
use std::time::Duration;

/// Settings of the resolver.
#[derive(Clone, Debug)]
pub struct ResolverConfig {
    /// Whom to ask for names that are not ours.
    pub upstreams: Upstreams,
    /// The longest time in seconds for which anything from upstream is kept or told to be kept: a low one lets clients
    /// notice a failover by name soon.
    pub max_ttl: u32,
    /// Memory for answers from upstream, in bytes.
    pub cache_bytes: usize,
    /// Questions per second that an interface may ask; more are dropped (VPC User Guide, "DNS quotas": 1,024 packets
    /// per second per network interface).
    pub questions_per_second: u32,
    /// Until an upstream server must answer before the next one is asked.
    pub upstream_timeout: Duration,
    /// The cloud's public addresses: their names are ours to answer.
    pub public_pool: Option<Ipv4Net>,
}

impl Default for ResolverConfig {
    fn default() -> ResolverConfig {
        ResolverConfig {
            upstreams: Upstreams::Host,
            max_ttl: 86_400,
            cache_bytes: 8 << 20,
            questions_per_second: 1_024,
            upstream_timeout: Duration::from_millis(1_500),
            public_pool: None,
        }
    }
}
