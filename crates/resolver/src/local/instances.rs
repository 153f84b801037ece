//! `ip-10-0-0-5.ec2.internal` and `i-0123….ec2.internal` (EC2 User Guide, "EC2 instance hostname types").

use super::{Local, PRIVATE_TTL, dashed, exists, no_such_name, top};
use crate::facts::private_domain;
use crate::wire::answer::Answer;
use crate::wire::name::{Name, labels, strip};
use crate::wire::record::{Kind, Record};
use records::{Instance, InstanceState, NetworkInterface};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Where machines find the metadata service.
pub(super) const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

impl Local<'_> {
    pub(super) fn instance_name(&self, name: &[u8], kind: Kind) -> Option<Answer> {
        let own = &self.facts.domain;
        if let Some(host) = strip(name, own.as_wire()) {
            return Some(self.in_own_domain(&Name::known(name), host, own, kind));
        }
        // The domains of other regions are empty from here, but they are Amazon's: they are not asked for upstream.
        let zones = [private_domain("us-east-1"), Name::from_text("compute.internal").ok()];
        let zone = zones.iter().flatten().find(|zone| strip(name, zone.as_wire()).is_some())?;
        let host = strip(name, zone.as_wire())?;
        // `instance-data.ec2.internal` works in every region. A region's domain lies below `compute.internal`.
        if host.is_empty() || own.as_wire().ends_with(name) {
            return Some(top(zone, kind));
        }
        Some(special(&Name::known(name), host, zone, kind).unwrap_or_else(|| no_such_name(zone)))
    }

    fn in_own_domain(&self, name: &Name, host: &[u8], zone: &Name, kind: Kind) -> Answer {
        let mut parts = labels(host);
        let Some(label) = parts.next() else { return top(zone, kind) };
        if parts.next().is_some() {
            return no_such_name(zone);
        }
        if let Some(answer) = special(name, host, zone, kind) {
            return answer;
        }
        if !self.facts.hostnames {
            return no_such_name(zone);
        }
        let found = match dashed::parse(label, b"ip-") {
            // Always answered, whatever the machine calls itself.
            Some(address) => self
                .interface(address.into())
                .map(|_| exists(zone, kind, [Record::a(name, PRIVATE_TTL, address)])),
            None if label.starts_with(b"i-") => self.resource_name(name, label, zone, kind),
            None => None,
        };
        found.unwrap_or_else(|| no_such_name(zone))
    }

    fn resource_name(&self, name: &Name, label: &[u8], zone: &Name, kind: Kind) -> Option<Answer> {
        let id = std::str::from_utf8(label).ok()?;
        let instance = self.store.get::<Instance>(&self.key.scope, id)?;
        let here = *instance.vpc_id == *self.key.vpc_id && instance.state != InstanceState::Terminated;
        let options = &instance.options;
        if !here || !(options.resource_name_a || options.resource_name_aaaa) {
            return None;
        }
        let id = instance.network_interfaces.first()?;
        let interface = self.store.get::<NetworkInterface>(&self.key.scope, id)?;
        let v4 = interface.primary().filter(|_| options.resource_name_a);
        let v6 = interface.ipv6_addresses.first().filter(|_| options.resource_name_aaaa);
        let v4 = v4.map(|address| Record::a(name, PRIVATE_TTL, address.address));
        let v6 = v6.map(|address| Record::aaaa(name, PRIVATE_TTL, *address));
        Some(exists(zone, kind, v4.into_iter().chain(v6)))
    }

    /// The interface of this VPC that has the address.
    pub(super) fn interface(&self, address: IpAddr) -> Option<Arc<NetworkInterface>> {
        let value = format!("{}/{address}", self.key.vpc_id);
        self.store.by_index::<NetworkInterface>(&self.key.scope, "address", &value).into_iter().next()
    }

    /// The private name of a machine by one of its addresses, for the way back.
    pub(super) fn name_of(&self, interface: &NetworkInterface, address: IpAddr) -> Option<Name> {
        let attached = interface.attachment.as_ref();
        let instance = attached.and_then(|a| self.store.get::<Instance>(&self.key.scope, &a.instance_id));
        let resource = instance.filter(|instance| {
            let options = &instance.options;
            match address {
                IpAddr::V4(_) => options.hostname_type.as_deref() == Some("resource-name"),
                IpAddr::V6(_) => options.resource_name_aaaa,
            }
        });
        let label = match (resource, address) {
            (Some(instance), _) => instance.id.clone(),
            (None, IpAddr::V4(address)) => dashed::label("ip-", address),
            // An IPv6 address has no name of its own.
            (None, IpAddr::V6(_)) => return None,
        };
        Name::from_text(&format!("{label}.{}", self.facts.domain)).ok()
    }
}

/// Names that stand in the private domains for everybody.
fn special(name: &Name, host: &[u8], zone: &Name, kind: Kind) -> Option<Answer> {
    (host == b"\x0dinstance-data").then(|| exists(zone, kind, [Record::a(name, PRIVATE_TTL, METADATA)]))
}
