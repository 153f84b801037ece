//! What the resolver must know of a VPC before it looks at a question.

use crate::service::VpcKey;
use crate::wire::name::Name;
use ipnet::{Ipv4Net, Ipv6Net};
use parking_lot::Mutex;
use records::{Subnet, Vpc};
use state_store::typed::Store;
use std::net::IpAddr;
use std::sync::Arc;

/// A VPC's settings, as they were at one revision of the store.
#[derive(Debug)]
pub(crate) struct Facts {
    /// `enableDnsSupport`: there is a name server at all.
    pub(crate) support: bool,
    /// `enableDnsHostnames`. With support, instances have names and private zones count (VPC User Guide, "DNS
    /// attributes for your VPC": if either is off, "the Amazon Route 53 Resolver can't resolve Amazon-provided private
    /// DNS hostnames").
    pub(crate) hostnames: bool,
    /// Its IPv4 blocks.
    pub(crate) v4: Vec<Ipv4Net>,
    /// Its IPv6 blocks.
    pub(crate) v6: Vec<Ipv6Net>,
    /// Where its instances' private names stand.
    pub(crate) domain: Name,
    /// Blocks of the subnets that ask for DNS64.
    dns64_v4: Vec<Ipv4Net>,
    dns64_v6: Vec<Ipv6Net>,
}

impl Facts {
    fn read(store: &Store, key: &VpcKey) -> Option<Facts> {
        let vpc = store.get::<Vpc>(&key.scope, &key.vpc_id)?;
        let subnets = store.by_index::<Subnet>(&key.scope, "vpc", &key.vpc_id);
        let dns64 = || subnets.iter().filter(|subnet| subnet.enable_dns64);
        Some(Facts {
            support: vpc.enable_dns_support,
            hostnames: vpc.enable_dns_hostnames,
            v4: vpc.ipv4_blocks().collect(),
            v6: vpc.ipv6_blocks().collect(),
            domain: private_domain(&key.scope.region)?,
            dns64_v4: dns64().map(|subnet| subnet.cidr_block).collect(),
            dns64_v6: dns64().flat_map(|s| &s.ipv6_associations).map(|a| a.cidr).collect(),
        })
    }

    /// Whether the subnet of this machine asks for AAAA records to be made up.
    pub(crate) fn wants_dns64(&self, source: IpAddr) -> bool {
        match source {
            IpAddr::V4(v4) => self.dns64_v4.iter().any(|block| block.contains(&v4)),
            IpAddr::V6(v6) => self.dns64_v6.iter().any(|block| block.contains(&v6)),
        }
    }
}

/// Domain of private names in a region (EC2 User Guide, "EC2 instance hostnames and domains").
pub(crate) fn private_domain(region: &str) -> Option<Name> {
    let text =
        if region == "us-east-1" { "ec2.internal".to_owned() } else { format!("{region}.compute.internal") };
    Name::from_text(&text).ok()
}

/// The facts of one VPC, read again whenever anything in the store has changed: never stale, and free while all is quiet.
pub(crate) struct CurrentFacts {
    kept: Mutex<(u64, Option<Arc<Facts>>)>,
}

impl CurrentFacts {
    pub(crate) fn new() -> CurrentFacts {
        // No revision is that high: the first question reads.
        CurrentFacts { kept: Mutex::new((u64::MAX, None)) }
    }

    /// The facts now; `None` when the VPC is gone.
    pub(crate) fn get(&self, store: &Store, key: &VpcKey) -> Option<Arc<Facts>> {
        // Asked before reading: what is read may be newer, and is then merely read once more.
        let revision = store.revision();
        let mut kept = self.kept.lock();
        if kept.0 != revision {
            *kept = (revision, Facts::read(store, key).map(Arc::new));
        }
        kept.1.clone()
    }
}
