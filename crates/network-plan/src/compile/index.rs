//! The facts by id, after checking that they fit together.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;

use crate::{
    Eni, MAX_ENI_NUMBER, MAX_GROUP_NUMBER, MAX_GROUPS_PER_ENI, MAX_TABLE_NUMBER, MAX_VPC_NUMBER, PlanError,
    Ports, Protocol, RouteTable, SecurityGroup, Subnet, VpcInput,
};

/// Look-up by id. Everything an ENI or subnet refers to is known to exist.
pub(super) struct Index<'a> {
    pub(super) groups: HashMap<&'a str, &'a SecurityGroup>,
    pub(super) enis: HashMap<&'a str, &'a Eni>,
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
        unique(input.subnets.iter().map(|subnet| subnet.id.as_str()))?;
        let subnets = by_id(&input.subnets, |subnet| &subnet.id);
        let tables = by_id(&input.route_tables, |table| &table.id);
        unique(input.route_tables.iter().map(|table| table.id.as_str()))?;
        unique(input.route_tables.iter().map(|table| format!("route table {}", table.number)))?;
        unique(input.groups.iter().map(|group| group.id.as_str()))?;
        unique(input.groups.iter().map(|group| format!("group {}", group.number)))?;
        unique(input.enis.iter().map(|eni| eni.id.as_str()))?;
        unique(input.enis.iter().map(|eni| format!("interface {}", eni.number)))?;
        for table in &input.route_tables {
            within("number", table.number <= MAX_TABLE_NUMBER, &table.id)?;
            for (position, route) in table.routes.iter().enumerate() {
                let twice = table.routes[..position]
                    .iter()
                    .any(|other| other.destination.trunc() == route.destination.trunc());
                if twice {
                    return Err(PlanError::Duplicate(format!("{} in {}", route.destination, table.id)));
                }
            }
        }
        for group in &input.groups {
            within("number", group.number <= MAX_GROUP_NUMBER, &group.id)?;
            for rule in group.ingress.iter().chain(&group.egress) {
                if let Protocol::Tcp(Ports { from, to }) | Protocol::Udp(Ports { from, to }) = rule.protocol {
                    within("port range", from <= to, &rule.id)?;
                }
            }
        }
        let groups = by_id(&input.groups, |group| &group.id);
        let mut placed = Vec::with_capacity(input.enis.len());
        for subnet in &input.subnets {
            get(&tables, &subnet.route_table_id, &subnet.id)?;
        }
        for eni in &input.enis {
            within("number", eni.number <= MAX_ENI_NUMBER, &eni.id)?;
            let subnet = get(&subnets, &eni.subnet_id, &eni.id)?;
            let table = get(&tables, &subnet.route_table_id, &subnet.id)?;
            placed.push(Placed { eni, subnet, table, groups: groups_of(eni, &groups)? });
        }
        check_addresses(&placed)?;
        Ok(Self { groups, enis: by_id(&input.enis, |eni| &eni.id), placed })
    }
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
        for address in eni.addresses() {
            let inside = match address {
                IpAddr::V4(v4) => usable(subnet.cidr_v4, v4),
                IpAddr::V6(v6) => subnet.cidr_v6.is_some_and(|cidr| cidr.contains(&v6)),
            };
            within("an address", inside, &eni.id)?;
            if !seen.insert(address) {
                return Err(PlanError::AddressInUse(address));
            }
        }
        for public in &eni.public_v4 {
            let own = eni.private_v4.contains(&public.private);
            within("the private side of a public address", own, &eni.id)?;
        }
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
