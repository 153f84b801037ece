//! Making the components, in the order in which they need one another.

use super::Site;
use super::parameters::{Parameters, acl_entry, call, permission, put, route_key, route_target};
use crate::wire::Mac;
use anyhow::{Context as _, ensure};
use ipnet::IpNet;
use reachability::Direction;
use reachability::Id;
use reachability::topology::{
    GroupRule, InterfaceKind, NetworkInterface, RouteOrigin, RouteTarget, RulePeer, Subnet, Topology,
};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Until a NAT gateway must be available. Only failures wait for it.
const PATIENCE: Duration = Duration::from_secs(60);

impl Site {
    /// VPCs, subnets, empty tables, ACLs and groups.
    pub(super) fn networks(&mut self, topology: &Topology) -> anyhow::Result<()> {
        for vpc in &topology.vpcs {
            let v4 = vpc.cidrs.iter().find(|c| matches!(c, IpNet::V4(_))).context("a VPC without IPv4")?;
            let v6 = vpc.cidrs.iter().find(|c| matches!(c, IpNet::V6(_)));
            let mut all = Parameters::new();
            put(&mut all, "CidrBlock", v4);
            if v6.is_some() {
                put(&mut all, "AmazonProvidedIpv6CidrBlock", true);
            }
            let made = call(&mut self.ec2, "CreateVpc", &all)?;
            let id = made.first("vpcId")?;
            for more in vpc.cidrs.iter().filter(|c| *c != v4 && matches!(c, IpNet::V4(_))) {
                let more = more.to_string();
                self.ec2.call("AssociateVpcCidrBlock", &[("VpcId", &id), ("CidrBlock", &more)])?;
            }
            if let Some(v6) = v6 {
                self.translator.block(*v6, made.first("ipv6CidrBlock")?.parse()?);
            }
            let filter = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", id.as_str())];
            let main = self.ec2.call("DescribeRouteTables", &filter)?.first("routeTableId")?;
            self.translator.name(&vpc.main_route_table, main);
            self.translator.name(&vpc.id, id);
        }
        for table in &topology.route_tables {
            if self.translator.real(&table.id).is_err() {
                let vpc = self.translator.real(&table.vpc)?;
                let made = self.ec2.call("CreateRouteTable", &[("VpcId", &vpc)])?;
                self.translator.name(&table.id, made.first("routeTableId")?);
            }
        }
        for acl in &topology.network_acls {
            let vpc = self.translator.real(&acl.vpc)?;
            let made = self.ec2.call("CreateNetworkAcl", &[("VpcId", &vpc)])?;
            self.translator.name(&acl.id, made.first("networkAclId")?);
            for entry in &acl.entries {
                call(&mut self.ec2, "CreateNetworkAclEntry", &acl_entry(&self.translator, &acl.id, entry)?)?;
            }
        }
        for group in &topology.security_groups {
            let vpc = self.translator.real(&group.vpc)?;
            // No group may be called "sg-…".
            let name = format!("group {}", group.id);
            let words = [("GroupName", name.as_str()), ("GroupDescription", "truth"), ("VpcId", &vpc)];
            let id = self.ec2.call("CreateSecurityGroup", &words)?.first("groupId")?;
            // A group begins with everything allowed outward, in IPv6 too where the VPC has it.
            let v6 =
                topology.vpcs.iter().find(|v| v.id == group.vpc).is_some_and(|v| v.cidrs.iter().any(is_v6));
            let everything = [
                ("GroupId", id.as_str()),
                ("IpPermissions.1.IpProtocol", "-1"),
                ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
                ("IpPermissions.2.IpProtocol", "-1"),
                ("IpPermissions.2.Ipv6Ranges.1.CidrIpv6", "::/0"),
            ];
            let given = if v6 { &everything[..] } else { &everything[..3] };
            self.ec2.call("RevokeSecurityGroupEgress", given)?;
            self.translator.name(&group.id, id);
        }
        for subnet in &topology.subnets {
            let mut all = Parameters::new();
            put(&mut all, "VpcId", self.translator.real(&subnet.vpc)?);
            put(&mut all, "AvailabilityZone", &subnet.zone);
            for cidr in &subnet.cidrs {
                let name = if matches!(cidr, IpNet::V4(_)) { "CidrBlock" } else { "Ipv6CidrBlock" };
                put(&mut all, name, self.translator.real_block(*cidr));
            }
            let id = call(&mut self.ec2, "CreateSubnet", &all)?.first("subnetId")?;
            if let Some(table) = &subnet.route_table {
                let table = self.translator.real(table)?;
                self.ec2.call("AssociateRouteTable", &[("RouteTableId", &table), ("SubnetId", &id)])?;
            }
            let filter = [("Filter.1.Name", "association.subnet-id"), ("Filter.1.Value.1", id.as_str())];
            let found = self.ec2.call("DescribeNetworkAcls", &filter)?;
            // An ACL may serve several subnets; the entry of this one is asked for.
            let associations = found.all("associationSet").join("");
            let mine = associations.split("<item>").find(|item| item.contains(&id));
            let association = crate::ec2::Answer(mine.unwrap_or_default().to_owned());
            let association = association.first("networkAclAssociationId")?;
            let acl = self.translator.real(&subnet.network_acl)?;
            let words = [("AssociationId", association.as_str()), ("NetworkAclId", acl.as_str())];
            self.ec2.call("ReplaceNetworkAclAssociation", &words)?;
            self.translator.name(&subnet.id, id);
        }
        Ok(())
    }

    /// Network interfaces, without machines.
    pub(super) fn interfaces(&mut self, topology: &Topology) -> anyhow::Result<()> {
        let own = topology.network_interfaces.iter().filter(|i| i.kind == InterfaceKind::Interface);
        for interface in own {
            let mut all = Parameters::new();
            put(&mut all, "SubnetId", self.translator.real(&interface.subnet)?);
            let (mut fours, mut sixes) = (0, 0);
            for address in &interface.addresses {
                let real = self.translator.real_address(*address);
                if address.is_ipv4() {
                    fours += 1;
                    put(&mut all, &format!("PrivateIpAddresses.{fours}.PrivateIpAddress"), real);
                    put(&mut all, &format!("PrivateIpAddresses.{fours}.Primary"), fours == 1);
                } else {
                    sixes += 1;
                    put(&mut all, &format!("Ipv6Addresses.{sixes}.Ipv6Address"), real);
                }
            }
            for (n, group) in interface.groups.iter().enumerate() {
                put(&mut all, &format!("SecurityGroupId.{}", n + 1), self.translator.real(group)?);
            }
            let made = call(&mut self.ec2, "CreateNetworkInterface", &all)?;
            let id = made.first("networkInterfaceId")?;
            self.macs.insert(interface.id.clone(), mac(&made.first("macAddress")?)?);
            if !interface.source_dest_check {
                let words = [("NetworkInterfaceId", id.as_str()), ("SourceDestCheck.Value", "false")];
                self.ec2.call("ModifyNetworkInterfaceAttribute", &words)?;
            }
            self.translator.name(&interface.id, id);
        }
        Ok(())
    }

    /// Gateways, elastic addresses and peerings.
    pub(super) fn gateways(&mut self, topology: &Topology) -> anyhow::Result<()> {
        for gateway in &topology.internet_gateways {
            let id = self.ec2.call("CreateInternetGateway", &[])?.first("internetGatewayId")?;
            if let Some(vpc) = &gateway.vpc {
                let vpc = self.translator.real(vpc)?;
                self.ec2.call("AttachInternetGateway", &[("InternetGatewayId", &id), ("VpcId", &vpc)])?;
            }
            if let Some(table) = &gateway.route_table {
                let table = self.translator.real(table)?;
                self.ec2.call("AssociateRouteTable", &[("RouteTableId", &table), ("GatewayId", &id)])?;
            }
            self.translator.name(&gateway.id, id);
        }
        for gateway in &topology.egress_only_gateways {
            let vpc = self.translator.real(&gateway.vpc)?;
            let made = self.ec2.call("CreateEgressOnlyInternetGateway", &[("VpcId", &vpc)])?;
            self.translator.name(&gateway.id, made.first("egressOnlyInternetGatewayId")?);
        }
        for interface in &topology.network_interfaces {
            self.publish(interface)?;
        }
        let mut waited_for = Vec::new();
        for nat in &topology.nat_gateways {
            let subnet = self.translator.real(&nat.subnet)?;
            let address = nat.addresses.first().context("a NAT gateway without an address")?;
            let private = address.private.to_string();
            let mut words = vec![("SubnetId", subnet), ("PrivateIpAddress", private)];
            match address.public {
                Some(public) => words.push(("AllocationId", self.allocate(public)?)),
                None => words.push(("ConnectivityType", "private".to_owned())),
            }
            let words: Vec<(&str, &str)> = words.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let id = self.ec2.call("CreateNatGateway", &words)?.first("natGatewayId")?;
            waited_for.push(id.clone());
            self.translator.name(&nat.id, id);
        }
        let end = Instant::now() + PATIENCE;
        for id in waited_for {
            loop {
                let found = self.ec2.call("DescribeNatGateways", &[("NatGatewayId.1", &id)])?;
                if found.first("state")? == "available" {
                    break;
                }
                ensure!(Instant::now() < end, "a NAT gateway does not come up: {}", found.0);
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        for peering in &topology.peerings {
            let requester = self.translator.real(&peering.requester_vpc)?;
            let accepter = self.translator.real(&peering.accepter_vpc)?;
            let words = [("VpcId", requester.as_str()), ("PeerVpcId", accepter.as_str())];
            let made = self.ec2.call("CreateVpcPeeringConnection", &words)?;
            let id = made.first("vpcPeeringConnectionId")?;
            self.ec2.call("AcceptVpcPeeringConnection", &[("VpcPeeringConnectionId", &id)])?;
            self.translator.name(&peering.id, id);
        }
        Ok(())
    }

    fn publish(&mut self, interface: &NetworkInterface) -> anyhow::Result<()> {
        for mapping in &interface.public {
            let allocation = self.allocate(mapping.public)?;
            let (eni, private) = (self.translator.real(&interface.id)?, mapping.private.to_string());
            let words = [
                ("AllocationId", allocation.as_str()),
                ("NetworkInterfaceId", eni.as_str()),
                ("PrivateIpAddress", private.as_str()),
            ];
            self.ec2.call("AssociateAddress", &words)?;
        }
        Ok(())
    }

    pub(super) fn allocate(&mut self, symbolic: IpAddr) -> anyhow::Result<String> {
        let made = self.ec2.call("AllocateAddress", &[("Domain", "vpc")])?;
        let real: IpAddr = made.first("publicIp")?.parse()?;
        self.translator.block(symbolic.into(), real.into());
        made.first("allocationId")
    }

    /// The routes of every table but the local ones, which are there already.
    pub(super) fn routes(&mut self, topology: &Topology) -> anyhow::Result<()> {
        self.prefix_lists(topology)?;
        for table in &topology.route_tables {
            for route in table.routes.iter().filter(|r| r.origin == RouteOrigin::Static) {
                let mut all = route_key(&self.translator, &table.id, route)?;
                if route.target == RouteTarget::Blackhole {
                    // An interface that is gone again.
                    let six = route.destinations.iter().any(is_v6);
                    let able = |s: &&Subnet| s.vpc == table.vpc && (!six || s.cidrs.iter().any(is_v6));
                    let subnet = topology.subnets.iter().find(able).context("no subnet for a blackhole")?;
                    let subnet = self.translator.real(&subnet.id)?;
                    let words = [("SubnetId", subnet.as_str()), ("Ipv6AddressCount", "1")];
                    let given = if six { &words[..] } else { &words[..1] };
                    let made = self.ec2.call("CreateNetworkInterface", given)?;
                    let gone = made.first("networkInterfaceId")?;
                    put(&mut all, "NetworkInterfaceId", &gone);
                    call(&mut self.ec2, "CreateRoute", &all)?;
                    self.ec2.call("DeleteNetworkInterface", &[("NetworkInterfaceId", &gone)])?;
                    continue;
                }
                all.extend(route_target(&self.translator, &route.target)?);
                call(&mut self.ec2, "CreateRoute", &all)?;
            }
        }
        Ok(())
    }

    fn prefix_lists(&mut self, topology: &Topology) -> anyhow::Result<()> {
        let rules = topology.security_groups.iter().flat_map(|g| &g.rules);
        let of_rules = rules.filter_map(|r: &GroupRule| match &r.peer {
            RulePeer::PrefixList { id, cidrs } => Some((id, cidrs)),
            _ => None,
        });
        let routes = topology.route_tables.iter().flat_map(|t| &t.routes);
        let of_routes = routes.filter_map(|r| Some((r.prefix_list.as_ref()?, &r.destinations)));
        let lists: Vec<(Id, Vec<IpNet>)> =
            of_rules.chain(of_routes).map(|(id, cidrs)| (id.clone(), cidrs.clone())).collect();
        for (id, cidrs) in lists {
            if self.translator.real(&id).is_ok() {
                continue;
            }
            let v4 = cidrs.iter().all(|c| matches!(c, IpNet::V4(_)));
            let mut all = Parameters::new();
            put(&mut all, "PrefixListName", format!("list {id}"));
            put(&mut all, "AddressFamily", if v4 { "IPv4" } else { "IPv6" });
            put(&mut all, "MaxEntries", cidrs.len());
            for (n, cidr) in cidrs.iter().enumerate() {
                put(&mut all, &format!("Entry.{}.Cidr", n + 1), self.translator.real_block(*cidr));
            }
            let made = call(&mut self.ec2, "CreateManagedPrefixList", &all)?.first("prefixListId")?;
            self.translator.name(&id, made);
        }
        Ok(())
    }

    /// The rules of the groups.
    pub(super) fn rules(&mut self, topology: &Topology) -> anyhow::Result<()> {
        for group in &topology.security_groups {
            for rule in &group.rules {
                let operation = authorize(rule.direction);
                call(&mut self.ec2, operation, &permission(&self.translator, &group.id, rule)?)?;
            }
        }
        Ok(())
    }

    /// Connections that are not active any more end when everything stands, so that routes and rules refer to them.
    pub(super) fn end_of_peerings(&mut self, topology: &Topology) -> anyhow::Result<()> {
        for peering in topology.peerings.iter().filter(|p| !p.active) {
            let id = self.translator.real(&peering.id)?;
            self.ec2.call("DeleteVpcPeeringConnection", &[("VpcPeeringConnectionId", &id)])?;
        }
        Ok(())
    }
}

/// The operation that allows in a direction.
pub(super) const fn authorize(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "AuthorizeSecurityGroupIngress",
        Direction::Egress => "AuthorizeSecurityGroupEgress",
    }
}

const fn is_v6(block: &IpNet) -> bool {
    matches!(block, IpNet::V6(_))
}

pub(super) fn mac(text: &str) -> anyhow::Result<Mac> {
    let bytes: Result<Vec<u8>, _> = text.split(':').map(|part| u8::from_str_radix(part, 16)).collect();
    bytes?.try_into().map_err(|_| anyhow::anyhow!("{text} is no hardware address"))
}
