//! `ec2-198-18-0-1.compute-1.amazonaws.com`: the private address for machines of the same VPC, the public one for all
//! others (EC2 User Guide, "EC2 instance hostnames and domains").

use super::{Local, PUBLIC_TTL, dashed, exists, no_such_name};
use crate::wire::answer::Answer;
use crate::wire::name::{Name, labels};
use crate::wire::record::{Kind, Record};
use records::address::{PublicAddressClaim, pool_scope};
use records::peering::PeeringSide;
use records::{Address, NetworkInterface, Vpc, VpcPeering};
use state_store::typed::Scope;
use std::net::Ipv4Addr;

impl Local<'_> {
    pub(super) fn public_name(&self, name: &[u8], kind: Kind) -> Option<Answer> {
        let parts: [&[u8]; 5] = first_labels(name);
        let region = match parts {
            [_, b"compute-1", b"amazonaws", b"com", b""] => "us-east-1",
            [_, region, b"compute", b"amazonaws", b"com"] => std::str::from_utf8(region).ok()?,
            _ => return None,
        };
        let address = dashed::parse(parts[0], b"ec2-")?;
        // Names of addresses that are not this cloud's are Amazon's own.
        self.public_pool.filter(|pool| pool.contains(&address))?;
        let zone = Name::from_text(&domain(region)).ok()?;
        let name = Name::known(name);
        let found = self.seen_from_here(address, region);
        Some(match found {
            Some(address) => exists(&zone, kind, [Record::a(&name, PUBLIC_TTL, address)]),
            None => no_such_name(&zone),
        })
    }

    /// Under which address a machine of this VPC should speak to the holder of a public one.
    fn seen_from_here(&self, address: Ipv4Addr, region: &str) -> Option<Ipv4Addr> {
        let (scope, interface) = self.holder(address)?;
        if &*scope.region != region {
            return None;
        }
        // An elastic address that nobody uses has its name too.
        let Some(interface) = interface else { return Some(address) };
        let vpc = self.store.get::<Vpc>(&scope, &interface.vpc_id)?;
        if !(vpc.enable_dns_hostnames && vpc.enable_dns_support) {
            return None;
        }
        let same = scope == self.key.scope && *vpc.id == *self.key.vpc_id;
        if !(same || self.is_let_in_by(&scope, &vpc.id)) {
            return Some(address);
        }
        interface.private_addresses.iter().find(|a| a.public == Some(address)).map(|a| a.address)
    }

    /// Whether a peer of this VPC lets it see private addresses behind public names (VPC peering guide, "Enable DNS
    /// resolution for a VPC peering connection").
    fn is_let_in_by(&self, scope: &Scope, vpc_id: &str) -> bool {
        let peerings = self.store.by_index::<VpcPeering>(&self.key.scope, "vpc", &self.key.vpc_id);
        peerings.iter().filter(|peering| peering.is_active()).any(|peering| {
            let sides = [&peering.requester, &peering.accepter];
            let here = sides.iter().any(|side| side.vpc_id == *self.key.vpc_id);
            let there = |side: &PeeringSide| side.scope() == *scope && side.vpc_id == vpc_id;
            here && sides.into_iter().any(|side| there(side) && side.allow_remote_dns)
        })
    }

    /// Whose a public address of this cloud is.
    fn holder(&self, address: Ipv4Addr) -> Option<(Scope, Option<std::sync::Arc<NetworkInterface>>)> {
        let text = address.to_string();
        let claim = self.store.get::<PublicAddressClaim>(&pool_scope(), &text)?;
        let scope = Scope::new(claim.account.as_str(), claim.region.as_str());
        let interface = self.store.by_index::<NetworkInterface>(&scope, "public", &text).into_iter().next();
        Some((scope, interface))
    }

    /// The public name of an address of this cloud that somebody holds.
    pub(super) fn public_name_of(&self, address: Ipv4Addr) -> Option<Name> {
        let (scope, _) = self.holder(address)?;
        // An elastic address may have been given another name (ModifyAddressAttribute).
        let elastic = self.store.by_index::<Address>(&scope, "public", &address.to_string());
        if let Some(name) = elastic.first().and_then(|elastic| elastic.reverse_name.as_ref()) {
            return Name::from_text(name).ok();
        }
        self.seen_from_here(address, &scope.region)?;
        Name::from_text(&format!("{}.{}", dashed::label("ec2-", address), domain(&scope.region))).ok()
    }
}

/// Where public names of a region stand.
fn domain(region: &str) -> String {
    match region {
        "us-east-1" => "compute-1.amazonaws.com".to_owned(),
        _ => format!("{region}.compute.amazonaws.com"),
    }
}

/// The labels of a name with at most five; a longer one comes out as none that is known here.
fn first_labels(name: &[u8]) -> [&[u8]; 5] {
    let mut parts: [&[u8]; 5] = [b""; 5];
    let mut rest = labels(name);
    for (part, label) in parts.iter_mut().zip(&mut rest) {
        *part = label;
    }
    if rest.next().is_some() { [b""; 5] } else { parts }
}
