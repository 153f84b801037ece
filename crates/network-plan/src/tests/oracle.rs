//! A plain reading of the facts: what becomes of a packet, component by component, without sets or marks.

use std::net::IpAddr;

use super::routing::End;
use crate::{
    AclEntry, DropRecord, EDGE_INDEX, Eni, EniKind, Gate, ListEntry, Nsg, NsgRule, Peer, Ports, Protocol,
    RouteOrigin, RouteTarget, Rule, SecurityGroup, SetId, Subnet, VpcInput, eni_index, peering_index,
};

/// The parts of a packet that facts speak of; the destination is the private one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: u8,
    pub(super) source_port: u16,
    pub(super) port: u16,
    pub(super) icmp: (u8, u8),
}

/// Where it comes from, or goes.
#[derive(Clone, Copy)]
pub(super) enum Side<'a> {
    Eni(&'a Eni),
    Edge,
    Peer,
}

impl<'a> Side<'a> {
    fn eni(self) -> Option<&'a Eni> {
        if let Side::Eni(eni) = self { Some(eni) } else { None }
    }

    fn index(self) -> u32 {
        match self {
            Side::Eni(eni) => eni_index(eni.number),
            Side::Edge => EDGE_INDEX,
            Side::Peer => peering_index(7),
        }
    }
}

type Verdict<T> = Result<T, End>;

pub(super) struct Oracle<'a> {
    pub(super) input: &'a VpcInput,
    pub(super) header: Header,
    pub(super) new: bool,
}

impl<'a> Oracle<'a> {
    pub(super) fn end(&self, from: Side<'a>) -> End {
        self.walk(from).unwrap_or_else(|dropped| dropped)
    }

    fn walk(&self, from: Side<'a>) -> Verdict<End> {
        if let (Side::Eni(eni), true) = (from, self.new)
            && eni.kind != EniKind::NatGateway
        {
            self.groups(eni, Gate::EgressDenied, self.is_past_appliance(from))?;
            self.nsgs(eni, Gate::NsgOut)?;
        }
        let to = self.route(from);
        let inside = match (from, to) {
            (Side::Eni(a), Some(Side::Eni(b))) => a.subnet_id == b.subnet_id,
            // Nobody's, but in the own subnet: the border is not reached.
            (Side::Eni(a), None) => self.in_subnet(self.subnet(a)),
            _ => false,
        };
        if let (Side::Eni(eni), false) = (from, inside) {
            self.acl(eni, Gate::AclOut)?;
        }
        let Some(to) = to else { return Err(drops(Gate::NoRoute, None, from.eni())) };
        match to {
            Side::Edge => {
                let public =
                    |eni: &Eni| !eni.public_v4.is_empty() && eni.private_v4.contains(&v4(self.header.source));
                let may_leave = match self.header.source {
                    IpAddr::V4(_) => from.eni().is_some_and(public),
                    IpAddr::V6(source) => self.input.cidrs_v6.iter().any(|cidr| cidr.contains(&source)),
                };
                if !may_leave || self.is_past_gateways_appliance(from) {
                    return Err(drops(Gate::NoPublicAddress, None, from.eni()));
                }
            }
            // Peering passes nothing on.
            Side::Peer if from.eni().is_none() => return Err(drops(Gate::Misdelivered, None, None)),
            Side::Peer => {}
            Side::Eni(eni) => {
                let own = eni.addresses().any(|address| address == self.header.destination);
                if !own && eni.source_dest_check {
                    return Err(drops(Gate::Misdelivered, None, Some(eni)));
                }
                if !inside {
                    self.acl(eni, Gate::AclIn)?;
                }
                if self.new {
                    self.egress_only(from, eni)?;
                    if eni.kind != EniKind::NatGateway {
                        self.nsgs(eni, Gate::NsgIn)?;
                        let own = |eni: &Eni| eni.addresses().any(|one| one == self.header.source);
                        let passed_on = from.eni().is_some_and(|sender| !own(sender));
                        self.groups(eni, Gate::IngressDenied, passed_on)?;
                    }
                }
            }
        }
        Ok(End::Left(to.index()))
    }

    /// A later packet of a flow that carries these bits: its rules are asked anew where it is not tracked.
    pub(super) fn untracked(&self, from: Side<'a>, bits: u32) -> End {
        let out = from.eni().filter(|_| bits & crate::UNTRACKED_OUT != 0);
        if let Some(Err(dropped)) =
            out.map(|eni| self.groups(eni, Gate::EgressDenied, self.is_past_appliance(from)))
        {
            return dropped;
        }
        match self.end(from) {
            End::Left(index) if bits & crate::UNTRACKED_IN != 0 => {
                let receiver = self.input.enis.iter().find(|eni| eni_index(eni.number) == index).unwrap();
                self.groups(receiver, Gate::IngressDenied, false).err().unwrap_or(End::Left(index))
            }
            end => end,
        }
    }

    /// The next hop is an ENI that does not have the destination.
    fn is_past_appliance(&self, from: Side<'a>) -> bool {
        let has = |eni: &Eni| eni.addresses().any(|one| one == self.header.destination);
        self.route(from).and_then(Side::eni).is_some_and(|eni| !has(eni))
    }

    /// The sender's subnet is behind an appliance of the internet gateway, which is another one.
    fn is_past_gateways_appliance(&self, from: Side<'a>) -> bool {
        let (Some(table), Some(_)) = (&self.input.gateway_table, &self.input.internet_gateway) else {
            return false;
        };
        let Some(sender) = from.eni().filter(|eni| eni.kind == EniKind::Machine) else { return false };
        let own = &self.subnet(sender).route_table_id;
        if matches!(self.target(own, self.header.destination), Some(RouteTarget::EgressOnlyGateway)) {
            return false;
        }
        match self.target(table, self.header.source) {
            Some(RouteTarget::Eni(id)) => *id != sender.id && self.input.enis.iter().any(|eni| eni.id == *id),
            _ => false,
        }
    }

    fn subnet(&self, eni: &Eni) -> &'a Subnet {
        self.input.subnets.iter().find(|subnet| subnet.id == eni.subnet_id).unwrap()
    }

    fn in_subnet(&self, subnet: &Subnet) -> bool {
        match self.header.destination {
            IpAddr::V4(v4) => subnet.cidr_v4.contains(&v4),
            IpAddr::V6(v6) => subnet.cidr_v6.unwrap().contains(&v6),
        }
    }

    /// Who has the destination.
    fn owner(&self) -> Option<Side<'a>> {
        let mut enis = self.input.enis.iter();
        enis.find(|eni| eni.addresses().any(|one| one == self.header.destination)).map(Side::Eni)
    }

    fn route(&self, from: Side<'a>) -> Option<Side<'a>> {
        let table = match from {
            Side::Eni(eni) if self.in_subnet(self.subnet(eni)) => return self.owner(),
            Side::Eni(eni) => &self.subnet(eni).route_table_id,
            Side::Edge => match (&self.input.gateway_table, &self.input.internet_gateway) {
                (Some(table), Some(_)) => table,
                _ => return self.owner(),
            },
            Side::Peer => return self.owner(),
        };
        match self.target(table, self.header.destination)? {
            RouteTarget::Local => self.owner(),
            RouteTarget::InternetGateway => self.input.internet_gateway.as_ref().map(|_| Side::Edge),
            RouteTarget::EgressOnlyGateway => self.header.destination.is_ipv6().then_some(Side::Edge),
            RouteTarget::Peering(id) => self.input.peerings.iter().any(|p| p.id == *id).then_some(Side::Peer),
            RouteTarget::Eni(id) => {
                let eni = self.input.enis.iter().find(|eni| eni.id == *id);
                // The gateway hands IPv4 to appliances with a public address only.
                let at_gateway = self.input.gateway_table.as_ref() == Some(table);
                let hidden = |eni: &&Eni| at_gateway && eni.public_v4.is_empty();
                eni.filter(|eni| self.header.destination.is_ipv6() || !hidden(eni)).map(Side::Eni)
            }
            RouteTarget::Blackhole => None,
        }
    }

    /// The longest prefix, then the greatest origin; what was learned never takes the VPC's own blocks.
    fn target(&self, table: &str, address: IpAddr) -> Option<&'a RouteTarget> {
        let own: Vec<ipnet::IpNet> = vec!["10.0.0.0/16".parse().unwrap(), "2001:db8::/56".parse().unwrap()];
        let table = self.input.route_tables.iter().find(|one| one.id == table).unwrap();
        let mut best: Option<(u8, RouteOrigin, &RouteTarget)> = None;
        let local = own.iter().map(|block| (*block, RouteOrigin::System, &RouteTarget::Local));
        let written = table.routes.iter().map(|route| (route.destination, route.origin, &route.target));
        for (destination, origin, target) in local.chain(written) {
            let learned = origin == RouteOrigin::Propagated;
            if !destination.contains(&address)
                || learned && own.iter().any(|block| block.contains(&destination))
            {
                continue;
            }
            let rank = (destination.prefix_len(), origin);
            if best.is_none_or(|(len, other, _)| (len, other) <= rank) {
                best = Some((rank.0, rank.1, target));
            }
        }
        best.map(|(_, _, target)| target)
    }

    fn egress_only(&self, from: Side<'_>, receiver: &'a Eni) -> Verdict<()> {
        if !matches!(from, Side::Edge) || self.header.source.is_ipv4() {
            return Ok(());
        }
        let back = self.target(&self.subnet(receiver).route_table_id, self.header.source);
        let only = back == Some(&RouteTarget::EgressOnlyGateway);
        if self.input.internet_gateway.is_none() || only {
            return Err(drops(Gate::EgressOnly, None, Some(receiver)));
        }
        Ok(())
    }

    fn acl(&self, eni: &Eni, gate: Gate) -> Verdict<()> {
        let Some(id) = &self.subnet(eni).acl_id else { return Ok(()) };
        let acl = self.input.acls.iter().find(|acl| acl.id == *id).unwrap();
        let (mut entries, peer): (Vec<&AclEntry>, _) = if gate == Gate::AclOut {
            (acl.egress.iter().collect(), self.header.destination)
        } else {
            (acl.ingress.iter().collect(), self.header.source)
        };
        entries.sort_by_key(|entry| entry.number);
        let first = entries.into_iter().find(|entry| {
            entry.cidr.contains(&peer) && !self.crossed(entry.protocol) && self.protocol(entry.protocol)
        });
        match first {
            Some(entry) if entry.allow => Ok(()),
            other => {
                let list = ListEntry { number: acl.number, entry: other.map(|entry| entry.number) };
                Err(drops(gate, Some(list), Some(eni)))
            }
        }
    }

    fn nsgs(&self, eni: &Eni, gate: Gate) -> Verdict<()> {
        let mut ids = vec![&eni.nsg_id, &self.subnet(eni).nsg_id];
        if gate == Gate::NsgIn {
            ids.reverse();
        }
        for id in ids.into_iter().flatten() {
            let nsg = self.input.nsgs.iter().find(|nsg| nsg.id == *id).unwrap();
            self.nsg(nsg, eni, gate)?;
        }
        Ok(())
    }

    fn nsg(&self, nsg: &Nsg, eni: &Eni, gate: Gate) -> Verdict<()> {
        let rules = if gate == Gate::NsgOut { &nsg.outbound } else { &nsg.inbound };
        let matching = rules.iter().filter(|rule| self.nsg_rule(rule));
        match matching.min_by_key(|rule| rule.priority) {
            Some(rule) if rule.allow => Ok(()),
            other => {
                let list = ListEntry { number: nsg.number, entry: other.map(|rule| rule.priority) };
                Err(drops(gate, Some(list), Some(eni)))
            }
        }
    }

    fn nsg_rule(&self, rule: &NsgRule) -> bool {
        let header = self.header;
        let in_blocks = |blocks: &[ipnet::IpNet], address| {
            blocks.is_empty() || blocks.iter().any(|block| block.contains(&address))
        };
        let has_ports = matches!(header.protocol, 6 | 17);
        let in_ports = |ports: &[Ports], port| {
            ports.is_empty() || has_ports && ports.iter().any(|one| (one.from..=one.to).contains(&port))
        };
        rule.protocol.is_none_or(|number| number == header.protocol)
            && in_blocks(&rule.sources, header.source)
            && in_blocks(&rule.destinations, header.destination)
            && in_ports(&rule.source_ports, header.source_port)
            && in_ports(&rule.destination_ports, header.port)
    }

    fn groups(&self, eni: &Eni, gate: Gate, past_appliance: bool) -> Verdict<()> {
        let peer = if gate == Gate::EgressDenied { self.header.destination } else { self.header.source };
        let rules = |group: &'a SecurityGroup| {
            if gate == Gate::EgressDenied { &group.egress } else { &group.ingress }
        };
        let mut groups = self.input.groups.iter().filter(|group| eni.groups.contains(&group.id));
        if groups.any(|group| rules(group).iter().any(|rule| self.admits(rule, peer, past_appliance))) {
            Ok(())
        } else {
            Err(drops(gate, None, Some(eni)))
        }
    }

    fn admits(&self, rule: &Rule, peer: IpAddr, past_appliance: bool) -> bool {
        let is_peer = match &rule.peer {
            Peer::Cidr(net) => net.contains(&peer) && !self.crossed(rule.protocol),
            // A reference ends at an appliance.
            Peer::Group(_) if past_appliance => false,
            Peer::Group(group) => {
                let member = |eni: &Eni| eni.groups.contains(group) && eni.addresses().any(|one| one == peer);
                let remote = self.input.peerings.iter().flat_map(|peering| &peering.remote_groups);
                self.input.enis.iter().any(member)
                    || remote.into_iter().any(|one| one.id == *group && one.members.contains(&peer))
            }
        };
        is_peer && self.protocol(rule.protocol)
    }

    /// ICMP belongs to IPv4 and ICMPv6 to IPv6: a rule with the other family's block matches nothing.
    fn crossed(&self, protocol: Protocol) -> bool {
        let v4 = self.header.source.is_ipv4();
        matches!(protocol, Protocol::Icmp { .. }) && !v4 || matches!(protocol, Protocol::Icmpv6 { .. }) && v4
    }

    fn protocol(&self, protocol: Protocol) -> bool {
        let header = self.header;
        let port = |ports: Ports| (ports.from..=ports.to).contains(&header.port);
        let icmp = |kind: Option<u8>, code: Option<u8>| {
            kind.is_none_or(|kind| header.icmp.0 == kind && code.is_none_or(|code| header.icmp.1 == code))
        };
        match protocol {
            Protocol::All => true,
            Protocol::Tcp(ports) => header.protocol == 6 && port(ports),
            Protocol::Udp(ports) => header.protocol == 17 && port(ports),
            Protocol::Icmp { kind, code } => header.protocol == 1 && icmp(kind, code),
            Protocol::Icmpv6 { kind, code } => header.protocol == 58 && icmp(kind, code),
            Protocol::Number(number) => header.protocol == number,
        }
    }
}

/// Dropped, logged, and counted for an ENI if it is one's doing.
pub(super) fn drops(gate: Gate, list: Option<ListEntry>, eni: Option<&Eni>) -> End {
    End::Dropped(Some(DropRecord { gate, list }), eni.map(|_| SetId::Dropped(gate)))
}

fn v4(address: IpAddr) -> std::net::Ipv4Addr {
    match address {
        IpAddr::V4(v4) => v4,
        IpAddr::V6(_) => std::net::Ipv4Addr::UNSPECIFIED,
    }
}
