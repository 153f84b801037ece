//! Names of interface endpoints (AWS PrivateLink guide, "DNS hostnames", "Private DNS").

use super::VpcEndpoint;
use super::services::service_by_name;
use crate::{NetworkInterface, Vpc};
use state_store::typed::{Scope, Store};
use std::net::IpAddr;

impl VpcEndpoint {
    /// First label of its names: `vpce-0123456789abcdef0-89abcdef`. AWS ends it with something random; ours is part of
    /// the id, so that it needs no place in the record.
    fn label(&self) -> String {
        let digits = self.id.strip_prefix("vpce-").unwrap_or(&self.id);
        let tail = digits.get(digits.len().saturating_sub(8)..).unwrap_or(digits);
        format!("{}-{tail}", self.id)
    }

    /// The name that leads to all of its interfaces.
    pub fn regional_name(&self, region: &str) -> Option<String> {
        let service = service_by_name(&self.service_name)?;
        Some(format!("{}.{}", self.label(), service.base_dns_name(region)))
    }

    /// The name that leads to its interface in a zone.
    pub fn zonal_name(&self, region: &str, zone: &str) -> Option<String> {
        let service = service_by_name(&self.service_name)?;
        Some(format!("{}-{zone}.{}", self.label(), service.base_dns_name(region)))
    }

    /// The service's usual name, when it leads here inside of the VPC.
    pub fn private_name(&self, region: &str) -> Option<String> {
        let service = service_by_name(&self.service_name).filter(|_| self.private_dns)?;
        Some(service.private_dns_name(region))
    }
}

/// The addresses behind a name of an interface endpoint, as seen from a VPC: the service's usual name where the VPC has
/// an endpoint with private names, and an endpoint's own names, which lead to its addresses from everywhere in the
/// account. In lower case, without the final dot. `None` for every other name; an empty answer for an endpoint that is
/// not available or has no interface there.
pub fn private_names(store: &Store, scope: &Scope, vpc_id: &str, name: &str) -> Option<Vec<IpAddr>> {
    // Nearly every question is about something else: that costs no look into the store.
    let rest = name.strip_suffix(".amazonaws.com")?;
    let region = &scope.region;
    if let Some(own) = rest.strip_suffix(".vpce") {
        let id = own.split('.').next()?.splitn(3, '-').take(2).collect::<Vec<_>>().join("-");
        let endpoint = store.get::<VpcEndpoint>(scope, &id)?;
        let all = interfaces(store, scope, &endpoint);
        if endpoint.regional_name(region).as_deref() == Some(name) {
            return Some(all.iter().flat_map(addresses).collect());
        }
        let in_zone = |i: &&NetworkInterface| {
            endpoint.zonal_name(region, &i.availability_zone).as_deref() == Some(name)
        };
        let found: Vec<&NetworkInterface> = all.iter().filter(in_zone).collect();
        return (!found.is_empty()).then(|| found.into_iter().flat_map(addresses).collect());
    }
    let names_on = |vpc: &Vpc| vpc.enable_dns_support && vpc.enable_dns_hostnames;
    if !store.get::<Vpc>(scope, vpc_id).is_some_and(|vpc| names_on(&vpc)) {
        return None;
    }
    let endpoints = store.by_index::<VpcEndpoint>(scope, "vpc", vpc_id);
    let endpoint = endpoints
        .iter()
        .find(|e| e.state == "available" && e.private_name(region).as_deref() == Some(name))?;
    Some(interfaces(store, scope, endpoint).iter().flat_map(addresses).collect())
}

/// The interfaces of an endpoint that answers.
fn interfaces(store: &Store, scope: &Scope, endpoint: &VpcEndpoint) -> Vec<NetworkInterface> {
    if endpoint.state != "available" {
        return Vec::new();
    }
    let ids = endpoint.network_interface_ids.iter();
    ids.filter_map(|id| store.get::<NetworkInterface>(scope, id))
        .map(|i| NetworkInterface::clone(&i))
        .collect()
}

fn addresses(interface: &NetworkInterface) -> Vec<IpAddr> {
    let v4 = interface.primary().map(|a| IpAddr::V4(a.address));
    v4.into_iter().chain(interface.ipv6_addresses.iter().map(|a| IpAddr::V6(*a))).collect()
}
