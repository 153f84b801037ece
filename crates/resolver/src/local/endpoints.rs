//! `ec2.us-east-1.amazonaws.com` where the VPC has an interface endpoint with private names for the service (AWS
//! PrivateLink guide, "Private DNS").

use super::{Local, PRIVATE_TTL, exists};
use crate::wire::answer::Answer;
use crate::wire::name::{Name, labels};
use crate::wire::record::{Kind, Record};
use records::{NetworkInterface, VpcEndpoint};

impl Local<'_> {
    /// The addresses of the endpoint that has the name.
    pub(super) fn endpoint_name(&self, name: &[u8], kind: Kind) -> Option<Answer> {
        if !self.facts.hostnames || !name.ends_with(b"\x09amazonaws\x03com\0") {
            return None;
        }
        let endpoints = self.store.by_index::<VpcEndpoint>(&self.key.scope, "vpc", &self.key.vpc_id);
        let endpoint = endpoints.iter().find(|endpoint| {
            let ready = endpoint.interface && endpoint.private_dns && endpoint.state == "available";
            ready && is_name_of(name, &endpoint.service_name)
        })?;
        let name = Name::known(name);
        let interfaces = endpoint
            .network_interface_ids
            .iter()
            .filter_map(|id| self.store.get::<NetworkInterface>(&self.key.scope, id));
        let records = interfaces.flat_map(|interface| {
            let v4 = interface.primary().map(|address| Record::a(&name, PRIVATE_TTL, address.address));
            let v6 = interface.ipv6_addresses.first().map(|v6| Record::aaaa(&name, PRIVATE_TTL, *v6));
            v4.into_iter().chain(v6)
        });
        Some(exists(&name, kind, records.collect::<Vec<_>>()))
    }
}

/// Whether a name is the usual one of a service: `com.amazonaws.us-east-1.ecr.api` is known as
/// `api.ecr.us-east-1.amazonaws.com`.
fn is_name_of(name: &[u8], service: &str) -> bool {
    let Some((region, service)) = service.strip_prefix("com.amazonaws.").and_then(|s| s.split_once('.'))
    else {
        return false;
    };
    let mut expected = service.rsplit('.').chain([region, "amazonaws", "com"]);
    let mut given = labels(name);
    // Registries have a name per account before the service's own.
    if service == "ecr.dkr" && given.next().is_none() {
        return false;
    }
    given.by_ref().all(|label| expected.next().is_some_and(|word| word.as_bytes() == label))
        && expected.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_and_their_names() {
        for (name, service, same) in [
            ("ec2.us-east-1.amazonaws.com", "com.amazonaws.us-east-1.ec2", true),
            ("api.ecr.eu-west-1.amazonaws.com", "com.amazonaws.eu-west-1.ecr.api", true),
            ("000000000000.dkr.ecr.eu-west-1.amazonaws.com", "com.amazonaws.eu-west-1.ecr.dkr", true),
            ("dkr.ecr.eu-west-1.amazonaws.com", "com.amazonaws.eu-west-1.ecr.dkr", false),
            ("ec2.us-east-2.amazonaws.com", "com.amazonaws.us-east-1.ec2", false),
            ("x.ec2.us-east-1.amazonaws.com", "com.amazonaws.us-east-1.ec2", false),
            ("amazonaws.com", "com.amazonaws.us-east-1.ec2", false),
            ("us-east-1.amazonaws.com", "com.amazonaws.us-east-1", false),
        ] {
            let name = Name::from_text(name).unwrap();
            assert_eq!(is_name_of(name.as_wire(), service), same, "{name}");
        }
    }
}
