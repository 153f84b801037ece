//! The facts by id, after checking that they fit together.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use crate::{
    Eni, MAX_ENI_NUMBER, MAX_GROUP_NUMBER, MAX_GROUPS_PER_ENI, MAX_NSG_NUMBER, MAX_PEERING_NUMBER,
    MAX_TABLE_NUMBER, MAX_VPC_NUMBER, NetworkAcl, Nsg, Peering, PlanError, Ports, Protocol, RouteTable,
    SecurityGroup, Subnet, VpcInput,
};

/// Delegated IPv4 prefixes are /28 on AWS; every address of one is an element.
const SHORTEST_PREFIX_V4: u8 = 24;

/// Look-up by id. Everything an ENI or subnet refers to is known to exist.
pub(super) struct Index<'a> {
    /// Numbers of groups, those of peers included.
    pub(super) group_numbers: HashMap<&'a str, u32>,
    pub(super) groups: HashMap<&'a str, &'a SecurityGroup>,
    pub(super) enis: HashMap<&'a str, &'a Eni>,
    pub(super) tables: HashMap<&'a str, &'a RouteTable>,
    pub(super) acls: HashMap<&'a str, &'a NetworkAcl>,
    pub(super) nsgs: HashMap<&'a str, &'a Nsg>,
    pub(super) peerings: HashMap<&'a str, &'a Peering>,
    /// Each ENI with its subnet, the subnet's table and its groups in the order
    /// of their numbers.
    pub(super) placed: Vec<Placed<'a>>,
}

/// An ENI together with what it refers to.
pub(super) struct Placed<'a> {
    pub(super) eni: &'a Eni,
    pub(super) subnet: &'a Subnet,
    pub(super) table: &'a RouteTable,
    pub(super) groups: Vec<u32>,
}

impl<'a> Index<'a> {
    pub(super) fn check(input: &'a VpcInput) -> Result<Self, PlanError> {
        within("number", input.number <= MAX_VPC_NUMBER, &input.id)?;
        check_tables(&input.route_tables)?;
        check_groups(&input.groups)?;
        check_lists(input)?;
        unique(input.subnets.iter().map(|subnet| subnet.id.as_str()))?;
        unique(input.subnets.iter().map(|subnet| subnet.cidr_v4.network()))?;
        unique(input.enis.iter().map(|eni| eni.id.as_str()))?;
        unique(input.enis.iter().map(|eni| format!("interface {}", eni.number)))?;
        let mut index = Self {
            group_numbers: group_numbers(input)?,
            groups: by_id(&input.groups, |group| &group.id),
            enis: by_id(&input.enis, |eni| &eni.id),
            tables: by_id(&input.route_tables, |table| &table.id),
            acls: by_id(&input.acls, |acl| &acl.id),
            nsgs: by_id(&input.nsgs, |nsg| &nsg.id),
            peerings: by_id(&input.peerings, |peering| &peering.id),
            placed: Vec::new(),
        };
        for subnet in &input.subnets {
            get(&index.tables, &subnet.route_table_id, &subnet.id)?;
            subnet.acl_id.iter().try_for_each(|id| get(&index.acls, id, &subnet.id).map(drop))?;
            subnet.nsg_id.iter().try_for_each(|id| get(&index.nsgs, id, &subnet.id).map(drop))?;
        }
        input.gateway_table.iter().try_for_each(|id| get(&index.tables, id, &input.id).map(drop))?;
        for gateway in &input.nat_gateways {
            get(&index.enis, &gateway.eni_id, &gateway.id)?;
        }
        index.placed = place(input, &index)?;
        check_addresses(&index.placed)?;
        check_forwards(input)?;
        Ok(index)
    }
}

fn place<'a>(input: &'a VpcInput, index: &Index<'a>) -> Result<Vec<Placed<'a>>, PlanError> {
    let subnets = by_id(&input.subnets, |subnet| &subnet.id);
    let mut placed = Vec::with_capacity(input.enis.len());
    for eni in &input.enis {
        within("number", eni.number <= MAX_ENI_NUMBER, &eni.id)?;
        let subnet = get(&subnets, &eni.subnet_id, &eni.id)?;
        let table = get(&index.tables, &subnet.route_table_id, &subnet.id)?;
        eni.nsg_id.iter().try_for_each(|id| get(&index.nsgs, id, &eni.id).map(drop))?;
        placed.push(Placed { eni, subnet, table, groups: groups_of(eni, &index.groups)? });
    }
    Ok(placed)
}

fn check_tables(tables: &[RouteTable]) -> Result<(), PlanError> {
    unique(tables.iter().map(|table| table.id.as_str()))?;
    unique(tables.iter().map(|table| format!("route table {}", table.number)))?;
    for table in tables {
        within("number", table.number <= MAX_TABLE_NUMBER, &table.id)?;
        let mut seen = HashSet::new();
        for route in &table.routes {
            if !seen.insert((route.destination.trunc(), route.origin)) {
                return Err(PlanError::Duplicate(format!("{} in {}", route.destination, table.id)));
            }
        }
    }
    Ok(())
}

fn check_groups(groups: &[SecurityGroup]) -> Result<(), PlanError> {
    for group in groups {
        within("number", group.number <= MAX_GROUP_NUMBER, &group.id)?;
        for rule in group.ingress.iter().chain(&group.egress) {
            check_protocol(rule.protocol, &rule.id)?;
        }
    }
    Ok(())
}

/// ACLs, NSGs and peerings by themselves.
fn check_lists(input: &VpcInput) -> Result<(), PlanError> {
    unique(input.acls.iter().map(|acl| acl.id.as_str()))?;
    unique(input.acls.iter().map(|acl| format!("ACL {}", acl.number)))?;
    for acl in &input.acls {
        for entry in acl.ingress.iter().chain(&acl.egress) {
            check_protocol(entry.protocol, &acl.id)?;
        }
    }
    unique(input.nsgs.iter().map(|nsg| nsg.id.as_str()))?;
    unique(input.nsgs.iter().map(|nsg| format!("NSG {}", nsg.number)))?;
    for nsg in &input.nsgs {
        within("number", nsg.number <= MAX_NSG_NUMBER, &nsg.id)?;
        for side in [&nsg.inbound, &nsg.outbound] {
            unique(side.iter().map(|rule| format!("priority {} in {}", rule.priority, nsg.id)))?;
            let ports = side.iter().flat_map(|rule| rule.source_ports.iter().chain(&rule.destination_ports));
            ports.into_iter().try_for_each(|ports| within("port range", ports.from <= ports.to, &nsg.id))?;
        }
    }
    unique(input.peerings.iter().map(|peering| peering.id.as_str()))?;
    unique(input.peerings.iter().map(|peering| format!("peering {}", peering.number)))?;
    input
        .peerings
        .iter()
        .try_for_each(|peering| within("number", peering.number <= MAX_PEERING_NUMBER, &peering.id))
}

fn check_protocol(protocol: Protocol, of: &str) -> Result<(), PlanError> {
    match protocol {
        Protocol::Tcp(Ports { from, to }) | Protocol::Udp(Ports { from, to }) => {
            within("port range", from <= to, of)
        }
        _ => Ok(()),
    }
}

/// The numbers of this VPC's groups and of those of peers that it names.
fn group_numbers(input: &VpcInput) -> Result<HashMap<&str, u32>, PlanError> {
    let own = input.groups.iter().map(|group| (group.id.as_str(), group.number));
    unique(own.clone().map(|(id, _)| id))?;
    let remote = input.peerings.iter().flat_map(|peering| &peering.remote_groups);
    let mut numbers = HashMap::new();
    let mut ids = HashMap::new();
    for (id, number) in own.chain(remote.map(|group| (group.id.as_str(), group.number))) {
        within("number", number <= MAX_GROUP_NUMBER, id)?;
        // Two peerings with one VPC would name a group twice, in the same way.
        let twice = numbers.insert(id, number).is_some_and(|other| other != number)
            || ids.insert(number, id).is_some_and(|other| other != id);
        if twice {
            return Err(PlanError::Duplicate(format!("group {number}")));
        }
    }
    Ok(numbers)
}

fn groups_of(eni: &Eni, groups: &HashMap<&str, &SecurityGroup>) -> Result<Vec<u32>, PlanError> {
    let mut numbers = Vec::with_capacity(eni.groups.len());
    for id in &eni.groups {
        numbers.push(get(groups, id, &eni.id)?.number);
    }
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() > MAX_GROUPS_PER_ENI {
        return Err(PlanError::TooManyGroups(eni.id.clone()));
    }
    Ok(numbers)
}

fn check_addresses(placed: &[Placed<'_>]) -> Result<(), PlanError> {
    let mut seen = HashSet::new();
    for Placed { eni, subnet, .. } in placed {
        for prefix in &eni.prefixes {
            let inside = match prefix {
                IpNet::V4(v4) => v4.prefix_len() >= SHORTEST_PREFIX_V4 && subnet.cidr_v4.contains(v4),
                IpNet::V6(v6) => subnet.cidr_v6.is_some_and(|cidr| cidr.contains(v6)),
            };
            within("a prefix", inside, &eni.id)?;
        }
        for address in eni.addresses() {
            let inside = match address {
                IpAddr::V4(v4) => usable(subnet.cidr_v4, v4),
                IpAddr::V6(v6) => subnet.cidr_v6.is_some_and(|cidr| cidr.contains(&v6)),
            };
            within("an address", inside, &eni.id)?;
        }
        for address in eni.all_addresses() {
            if !seen.insert(address) {
                return Err(PlanError::AddressInUse(address));
            }
        }
        for public in &eni.public_v4 {
            let own = eni.private_v4.contains(&public.private);
            within("the private side of a public address", own, &eni.id)?;
        }
    }
    let mut prefixes: Vec<_> = placed.iter().flat_map(|place| place.eni.prefixes_v6()).collect();
    prefixes.sort_unstable();
    if let Some(pair) = prefixes.windows(2).find(|pair| pair[0].contains(&pair[1].network())) {
        return Err(PlanError::AddressInUse(pair[1].network().into()));
    }
    // Public addresses: neither side of the translation may appear twice.
    let (mut privates, mut publics) = (HashSet::new(), HashSet::new());
    for public in placed.iter().flat_map(|place| &place.eni.public_v4) {
        if !publics.insert(public.public) {
            return Err(PlanError::AddressInUse(public.public.into()));
        }
        if !privates.insert(public.private) {
            return Err(PlanError::AddressInUse(public.private.into()));
        }
    }
    Ok(())
}

/// A port leads to one place only.
fn check_forwards(input: &VpcInput) -> Result<(), PlanError> {
    let nat = input.nat_gateways.iter().map(|gateway| &gateway.port_forwards);
    for forwards in nat.chain([&input.port_forwards]) {
        unique(forwards.iter().map(|one| format!("port {}/{} of {}", one.port, one.protocol, one.address)))?;
        forwards.iter().try_for_each(|one| {
            within("a forwarded protocol", matches!(one.protocol, 6 | 17), &one.address.to_string())
        })?;
    }
    Ok(())
}

/// AWS keeps the first four addresses and the last one of every subnet.
fn usable(subnet: Ipv4Net, address: Ipv4Addr) -> bool {
    let first = u32::from(subnet.network()).saturating_add(4);
    subnet.contains(&address) && (first..u32::from(subnet.broadcast())).contains(&address.into())
}

fn by_id<T>(items: &[T], id: fn(&T) -> &String) -> HashMap<&str, &T> {
    items.iter().map(|item| (id(item).as_str(), item)).collect()
}

fn get<'a, T>(map: &HashMap<&str, &'a T>, to: &str, from: &str) -> Result<&'a T, PlanError> {
    map.get(to).copied().ok_or_else(|| PlanError::Missing { from: from.to_owned(), to: to.to_owned() })
}

fn within(what: &'static str, holds: bool, of: &str) -> Result<(), PlanError> {
    if holds { Ok(()) } else { Err(PlanError::OutOfRange { what, of: of.to_owned() }) }
}

fn unique<T: Hash + Eq + ToString>(names: impl Iterator<Item = T>) -> Result<(), PlanError> {
    let mut seen = HashSet::new();
    for name in names {
        let text = name.to_string();
        if !seen.insert(name) {
            return Err(PlanError::Duplicate(text));
        }
    }
    Ok(())
}
