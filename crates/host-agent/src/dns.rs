//! The name server in every VPC, and what machines are told of it.

use ipnet::Ipv4Net;
use network_apply::Network;
use network_plan::{RESOLVER_V4, RESOLVER_V6, VpcInput, subnet_resolver};
use records::{DhcpOptions, Vpc};
use resolver::{Listening, Resolver, VpcKey};
use state_store::typed::{Scope, Store};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The port of name servers.
const PORT: u16 = 53;
/// Addresses whose sockets stay when their subnet goes: it may come back at the same place, and a socket at an address
/// that nobody has costs nothing but itself.
const KEPT: usize = 64;

/// The word in DHCP options that stands for this name server.
const AMAZON: &str = "AmazonProvidedDNS";

/// The name server of one VPC; it ends when this is dropped.
pub(crate) struct VpcNames {
    resolver: Arc<Resolver>,
    key: VpcKey,
}

impl VpcNames {
    /// It serves nothing before [`VpcNames::follow`].
    pub(crate) fn new(resolver: Arc<Resolver>, scope: &Scope, vpc_id: &str) -> VpcNames {
        VpcNames { resolver, key: VpcKey { scope: scope.clone(), vpc_id: Arc::from(vpc_id) } }
    }

    /// Serves at all addresses that the VPC's name server should have; those it serves at already are left alone.
    pub(crate) fn follow(&self, network: &mut Network, input: &VpcInput) -> Result<(), String> {
        let (wanted, served) = (addresses(input), self.resolver.addresses(&self.key));
        if served.len() > KEPT.max(wanted.len()) {
            for gone in served.iter().filter(|address| !wanted.contains(&address.ip())) {
                self.resolver.close(&self.key, *gone);
            }
        }
        for address in wanted {
            let address = SocketAddr::new(address, PORT);
            if served.contains(&address) {
                continue;
            }
            let datagrams = network.datagrams_in_vpc(&input.id, address).map_err(|e| e.to_string())?;
            let streams = network.listen_in_vpc(&input.id, address).map_err(|e| e.to_string())?;
            let listening = Listening { datagrams, streams };
            self.resolver.listen(&self.key, listening).map_err(|e| e.to_string())?;
        }
        Ok(())
    }
}

impl Drop for VpcNames {
    fn drop(&mut self) {
        self.resolver.forget(&self.key);
    }
}

/// Where machines of a VPC find its name server (VPC User Guide, "Amazon DNS server"). Each subnet's base + 2 is the
/// router's too, and answers as well.
fn addresses(input: &VpcInput) -> BTreeSet<IpAddr> {
    let blocks = input.cidrs_v4.first().into_iter().chain(input.subnets.iter().map(|subnet| &subnet.cidr_v4));
    let mut all: BTreeSet<IpAddr> = blocks.map(|block| IpAddr::V4(subnet_resolver(*block))).collect();
    all.extend([IpAddr::V4(RESOLVER_V4), IpAddr::V6(RESOLVER_V6)]);
    all
}

/// What DHCP would tell a machine.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Name servers, the preferred one first.
    pub(crate) servers: Vec<IpAddr>,
    /// Domains in which short names are looked up.
    pub(crate) search: Vec<String>,
}

/// The name servers and search domains that the VPC's DHCP options give its machines (VPC User Guide, "DHCP option
/// sets"). A VPC without options gives none.
pub(crate) fn settings(store: &Store, scope: &Scope, vpc_id: &str) -> Settings {
    let Some(vpc) = store.get::<Vpc>(scope, vpc_id) else { return Settings::default() };
    let Some(options) = store.get::<DhcpOptions>(scope, &vpc.dhcp_options_id) else {
        return Settings::default();
    };
    read(&options, vpc.cidr_block)
}

fn read(options: &DhcpOptions, block: Ipv4Net) -> Settings {
    let values = |name: &str| {
        let option = options.configuration.iter().find(|(key, _)| key == name);
        option.map(|(_, values)| values.as_slice()).unwrap_or_default()
    };
    let words = |values: &'_ [String]| -> Vec<String> {
        // Several may stand in one value: servers with commas, domains with blanks.
        let words = values.iter().flat_map(|value| value.split([',', ' '])).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    let server = |word: &String| {
        if word == AMAZON { Some(IpAddr::V4(subnet_resolver(block))) } else { word.parse().ok() }
    };
    Settings {
        servers: words(values("domain-name-servers")).iter().filter_map(server).collect(),
        search: words(values("domain-name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &[&str])]) -> DhcpOptions {
        let configuration = pairs
            .iter()
            .map(|(key, values)| ((*key).to_owned(), values.iter().map(|v| (*v).to_owned()).collect()))
            .collect();
        DhcpOptions { id: "dopt-1".into(), configuration }
    }

    #[test]
    fn machines_are_told_what_the_options_say() {
        let block = "10.20.0.0/16".parse().unwrap();
        let amazon = options(&[("domain-name", &["ec2.internal"]), ("domain-name-servers", &[AMAZON])]);
        assert_eq!(
            read(&amazon, block),
            Settings { servers: vec![[10, 20, 0, 2].into()], search: vec!["ec2.internal".into()] }
        );
        let own = options(&[
            ("domain-name-servers", &["10.20.1.9, fd00::1", AMAZON]),
            ("domain-name", &["a.b c.d"]),
        ]);
        assert_eq!(
            read(&own, block),
            Settings {
                servers: vec![[10, 20, 1, 9].into(), "fd00::1".parse().unwrap(), [10, 20, 0, 2].into()],
                search: vec!["a.b".into(), "c.d".into()],
            }
        );
        assert_eq!(read(&options(&[]), block), Settings::default());
    }

    #[test]
    fn the_resolver_stands_at_every_base_plus_two() {
        let subnet = network_plan::Subnet {
            id: "subnet-1".into(),
            cidr_v4: "10.20.1.0/24".parse().unwrap(),
            cidr_v6: None,
            route_table_id: "rtb-1".into(),
            acl_id: None,
            nsg_id: None,
        };
        let input = VpcInput {
            cidrs_v4: vec!["10.20.0.0/16".parse().unwrap(), "100.64.0.0/16".parse().unwrap()],
            subnets: vec![subnet],
            ..Default::default()
        };
        let all: Vec<String> = addresses(&input).iter().map(ToString::to_string).collect();
        assert_eq!(all, ["10.20.0.2", "10.20.1.2", "169.254.169.253", "fd00:ec2::253"]);
    }
}
