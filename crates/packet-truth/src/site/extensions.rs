//! What is beyond the plain EC2 network: VNet-style groups, forwarded ports, learned routes; and endpoints, whose
//! namespaces are looked into.

use super::Site;
use super::parameters::{Parameters, call, put};
use crate::wire::Link;
use anyhow::{Context as _, ensure};
use reachability::topology::{
    InterfaceKind, NetworkInterface, NsgAddress, NsgRule, PortForwarding, PortRange, RouteOrigin,
    RouteTarget, Topology,
};
use reachability::{Direction, Id};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// Where clouds keep the namespaces of their networks, in folders of their own.
const NAMESPACES: &str = "/run/allod/net";
/// The service that every endpoint here leads to.
const SERVICE: &str = "com.amazonaws.us-east-1.ssm";
/// A packet filter that keeps an endpoint's kernel from answering.
const SILENCE: &str =
    "add table inet truth; add chain inet truth input { type filter hook input priority 0; policy drop; }";
/// Until an endpoint must be available. Only failures wait for it.
const PATIENCE: Duration = Duration::from_secs(60);

impl Site {
    /// Interface endpoints, whose own kernels are made silent as machines' are.
    pub(super) fn endpoints(&mut self, topology: &Topology) -> anyhow::Result<()> {
        let endpoints =
            || topology.network_interfaces.iter().filter(|i| i.kind == InterfaceKind::VpcEndpoint);
        let mut waited_for = Vec::new();
        for interface in endpoints() {
            waited_for.push((interface, self.endpoint(interface)?));
        }
        let end = Instant::now() + PATIENCE;
        for (interface, id) in waited_for {
            loop {
                let found = self.ec2.call("DescribeVpcEndpoints", &[("VpcEndpointId.1", &id)])?;
                if found.first("state")? == "available" {
                    break;
                }
                ensure!(Instant::now() < end, "an endpoint does not come up: {}", found.0);
                std::thread::sleep(Duration::from_millis(5));
            }
            let namespace = self.endpoint_namespace(interface)?;
            let names = ["eth0".to_owned()];
            // Nothing in it answers by itself. (Its address would come back when the cloud reads back its network.)
            let silence = || {
                let done = Command::new("nft").arg(SILENCE).status()?;
                if done.success() { Ok(()) } else { Err(std::io::Error::other("nft")) }
            };
            let link = Link::open_in(&namespace, &names, silence).context("an endpoint's interface")?;
            self.links.extend(link.into_iter().map(|link| (interface.id.clone(), link)));
        }
        Ok(())
    }

    /// Makes an endpoint; its id.
    fn endpoint(&mut self, interface: &NetworkInterface) -> anyhow::Result<String> {
        let (vpc, subnet) = (self.translator.real(&interface.vpc)?, self.translator.real(&interface.subnet)?);
        let address = interface.addresses.first().context("an endpoint without an address")?;
        let mut all = Parameters::new();
        put(&mut all, "VpcId", vpc);
        put(&mut all, "ServiceName", SERVICE);
        put(&mut all, "VpcEndpointType", "Interface");
        put(&mut all, "PrivateDnsEnabled", false);
        put(&mut all, "SubnetId.1", &subnet);
        put(&mut all, "SubnetConfiguration.1.SubnetId", &subnet);
        put(&mut all, "SubnetConfiguration.1.Ipv4", address);
        for (n, group) in interface.groups.iter().enumerate() {
            put(&mut all, &format!("SecurityGroupId.{}", n + 1), self.translator.real(group)?);
        }
        let made = call(&mut self.ec2, "CreateVpcEndpoint", &all)?;
        let (id, eni) = (made.first("vpcEndpointId")?, made.first("networkInterfaceIdSet")?);
        let eni = eni.trim_start_matches("<item>").trim_end_matches("</item>").to_owned();
        let found = self.ec2.call("DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", &eni)])?;
        self.macs.insert(interface.id.clone(), super::build::mac(&found.first("macAddress")?)?);
        self.translator.name(&interface.id, eni);
        Ok(id)
    }

    /// The namespace behind an endpoint, pinned beside its VPC's router.
    fn endpoint_namespace(&self, interface: &NetworkInterface) -> anyhow::Result<File> {
        let (vpc, eni) = (self.translator.real(&interface.vpc)?, self.translator.real(&interface.id)?);
        let name = format!("{vpc}.{eni}");
        for cloud in fs::read_dir(NAMESPACES).with_context(|| NAMESPACES.to_owned())? {
            let path: PathBuf = cloud?.path().join(&name);
            if path.exists() {
                return File::open(&path).with_context(|| path.display().to_string());
            }
        }
        anyhow::bail!("no namespace {name} in {NAMESPACES}")
    }

    /// Virtual private gateways: those that routes lead to, and those that learn routes for tables.
    pub(super) fn private_gateways(&mut self, topology: &Topology) -> anyhow::Result<()> {
        let mut wanted: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
        for table in &topology.route_tables {
            for route in &table.routes {
                match &route.target {
                    RouteTarget::VirtualPrivateGateway(id) => {
                        wanted.entry(table.vpc.clone()).or_default().insert(id.clone());
                    }
                    _ if route.origin == RouteOrigin::Propagated => {
                        wanted.entry(table.vpc.clone()).or_default();
                    }
                    _ => {}
                }
            }
        }
        for (vpc, names) in wanted {
            let made = self.ec2.call("CreateVpnGateway", &[("Type", "ipsec.1")])?.first("vpnGatewayId")?;
            let real = self.translator.real(&vpc)?;
            self.ec2.call("AttachVpnGateway", &[("VpnGatewayId", &made), ("VpcId", &real)])?;
            self.learning.insert(vpc, made.clone());
            for name in &names {
                self.translator.name(name, made.clone());
            }
        }
        Ok(())
    }

    /// Lets the gateways learn, and tables propagate them.
    pub(super) fn learned_routes(&mut self, topology: &Topology) -> anyhow::Result<()> {
        let mut told: BTreeMap<&Id, Vec<Value>> = BTreeMap::new();
        for table in &topology.route_tables {
            let learned = || table.routes.iter().filter(|r| r.origin == RouteOrigin::Propagated);
            if learned().next().is_none() {
                continue;
            }
            let gateway = self.learning.get(&table.vpc).context("no gateway to learn by")?.clone();
            let table_id = self.translator.real(&table.id)?;
            let words = [("GatewayId", gateway.as_str()), ("RouteTableId", table_id.as_str())];
            self.ec2.call("EnableVgwRoutePropagation", &words)?;
            for route in learned() {
                let eni = route.target.id().context("a learned route without a target")?;
                let block = route.destinations.first().context("a learned route to nowhere")?;
                let said = json!({
                    "DestinationCidrBlock": self.translator.real_block(*block),
                    "NetworkInterfaceId": self.translator.real(eni)?,
                });
                let all = told.entry(&table.vpc).or_default();
                if !all.contains(&said) {
                    all.push(said);
                }
            }
        }
        for (vpc, routes) in told {
            let gateway = self.learning.get(vpc).context("no gateway to learn by")?.clone();
            let input = json!({ "VpnGatewayId": gateway, "Routes": routes });
            self.ec2.extension("PutLearnedRoutes", &input)?;
        }
        Ok(())
    }

    /// VNet-style groups with their rules, on subnets and interfaces.
    pub(super) fn nsgs(&mut self, topology: &Topology) -> anyhow::Result<()> {
        for nsg in &topology.nsgs {
            let subnets: Vec<_> =
                topology.subnets.iter().filter(|s| s.nsg.as_ref() == Some(&nsg.id)).collect();
            let interfaces: Vec<_> =
                topology.network_interfaces.iter().filter(|i| i.nsg.as_ref() == Some(&nsg.id)).collect();
            let vpc = subnets.iter().map(|s| &s.vpc).chain(interfaces.iter().map(|i| &i.vpc)).next();
            // A group that guards nothing is none to any packet.
            let Some(vpc) = vpc else { continue };
            let input = json!({ "VpcId": self.translator.real(vpc)?, "Name": nsg.id });
            let made = self.ec2.extension("CreateNetworkSecurityGroup", &input)?;
            let id = made["NetworkSecurityGroup"]["NetworkSecurityGroupId"].as_str().context("no group")?;
            self.translator.name(&nsg.id, id.to_owned());
            for rule in &nsg.rules {
                self.put_nsg_rule(&nsg.id, rule)?;
            }
            let guarded = subnets.iter().map(|s| ("SubnetId", &s.id));
            for (member, guarded) in guarded.chain(interfaces.iter().map(|i| ("NetworkInterfaceId", &i.id))) {
                let mut input = json!({ "NetworkSecurityGroupId": id });
                input[member] = json!(self.translator.real(guarded)?);
                self.ec2.extension("AssociateNetworkSecurityGroup", &input)?;
            }
        }
        Ok(())
    }

    /// Adds a rule to a VNet-style group.
    pub(super) fn put_nsg_rule(&mut self, nsg: &str, rule: &NsgRule) -> anyhow::Result<()> {
        let sides = |addresses: &[NsgAddress]| -> Vec<String> {
            addresses
                .iter()
                .map(|address| match address {
                    NsgAddress::Cidr(cidr) => self.translator.real_block(*cidr),
                    NsgAddress::VirtualNetwork => "VirtualNetwork".to_owned(),
                    _ => "*".to_owned(),
                })
                .collect()
        };
        let mut input = json!({
            "NetworkSecurityGroupId": self.translator.real(nsg)?,
            "Name": rule.name,
            "Priority": rule.priority,
            "Direction": if rule.direction == Direction::Ingress { "Inbound" } else { "Outbound" },
            "Access": if rule.allow { "Allow" } else { "Deny" },
            "Protocol": protocol(rule.protocol),
            "SourceAddressPrefixes": sides(&rule.sources),
            "DestinationAddressPrefixes": sides(&rule.destinations),
        });
        if rule.protocol.is_none_or(|n| matches!(n, 6 | 17)) {
            input["SourcePortRanges"] = json!(ports(&rule.source_ports));
            input["DestinationPortRanges"] = json!(ports(&rule.destination_ports));
        }
        self.ec2.extension("PutNetworkSecurityGroupRule", &input).map(drop)
    }

    /// Forwarded ports.
    pub(super) fn forwardings(&mut self, topology: &Topology) -> anyhow::Result<()> {
        topology.port_forwardings.iter().try_for_each(|forwarding| self.forward(forwarding))
    }

    /// Forwards a port.
    pub(super) fn forward(&mut self, forwarding: &PortForwarding) -> anyhow::Result<()> {
        let mut input = json!({
            "GatewayId": self.translator.real(&forwarding.gateway)?,
            "Protocol": protocol(Some(forwarding.protocol)).to_lowercase(),
            "Port": forwarding.gateway_port,
            "ToAddress": self.translator.real_address(forwarding.inner_address),
            "ToPort": forwarding.inner_port,
            "Masquerade": forwarding.masquerade.is_some(),
        });
        if forwarding.gateway.starts_with("igw-") {
            let address = forwarding.gateway_address.context("a forwarding without an address")?;
            input["AllocationId"] = json!(self.allocation(address)?);
        }
        let made = self.ec2.extension("CreatePortForwarding", &input)?;
        let id = made["PortForwarding"]["PortForwardingId"].as_str().context("no forwarding")?;
        self.translator.name(&forwarding.id, id.to_owned());
        Ok(())
    }

    /// The allocation of an elastic address that several ports may share.
    fn allocation(&mut self, address: IpAddr) -> anyhow::Result<String> {
        if let Some(known) = self.allocations.get(&address) {
            return Ok(known.clone());
        }
        let made = self.allocate(address)?;
        self.allocations.insert(address, made.clone());
        Ok(made)
    }
}

fn protocol(number: Option<u8>) -> &'static str {
    match number {
        Some(6) => "Tcp",
        Some(17) => "Udp",
        Some(1) => "Icmp",
        Some(50) => "Esp",
        Some(51) => "Ah",
        _ => "*",
    }
}

fn ports(ranges: &[PortRange]) -> Vec<String> {
    ranges
        .iter()
        .map(|r| if *r == PortRange::ALL { "*".to_owned() } else { format!("{}-{}", r.from, r.to) })
        .collect()
}
