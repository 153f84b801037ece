//! From one plan to another in small steps.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::{ChainId, Element, Route, RuleChain, RuleList, SetId, TableRule, VpcPlan};

/// One change of the kernel. Chain and element steps of one [`diff`] belong into a
/// single transaction, in their order; the others are applied in order.
/// Peerings and NAT gateways have no steps: their plans are compared by whoever
/// makes the namespaces and links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make a chain, or put these rules in the place of those it has.
    PutChain(ChainId, RuleChain),
    /// Remove a chain; no element leads there any more.
    DeleteChain(ChainId),
    /// Remove elements from a set; always before additions to it.
    DeleteElements(SetId, Vec<Element>),
    /// Add elements to a set.
    AddElements(SetId, Vec<Element>),
    /// Give the router an address.
    AddAddress(IpAddr),
    /// Take an address from the router.
    DeleteAddress(IpAddr),
    /// Add a route; through an ENI without a link it waits for the link.
    AddRoute(Route),
    /// Put the second route in the place of the first; both have the same table,
    /// destination and metric. If the second has to wait for its link, the first
    /// goes nevertheless.
    ReplaceRoute(Route, Route),
    /// Remove a route.
    DeleteRoute(Route),
    /// Add a "mark → table" rule.
    AddTableRule(TableRule),
    /// Remove a "mark → table" rule.
    DeleteTableRule(TableRule),
    /// Let the edge send this block to the VPC.
    AddEdgeRoute(IpNet),
    /// Stop that.
    DeleteEdgeRoute(IpNet),
    /// Remove the link of an ENI that is gone, or was given to another hardware
    /// address.
    DeleteLink(u32),
}

impl Step {
    /// Whether it could change what becomes of a packet of a known, tracked flow. Groups and NSGs are asked for the first
    /// packets only.
    pub fn concerns_known_flows(&self) -> bool {
        match self {
            Self::PutChain(id, _) | Self::DeleteChain(id) => {
                matches!(id.list, RuleList::AclOut | RuleList::AclIn)
            }
            Self::AddElements(set, _) | Self::DeleteElements(set, _) => !set.is_for_first_packets(),
            _ => true,
        }
    }
}

/// The steps that turn a kernel in state `old` into state `new`. Additions of
/// routes come before removals, so that a replaced route leaves no gap that a
/// shorter prefix could fill.
pub fn diff(old: &VpcPlan, new: &VpcPlan) -> Vec<Step> {
    let mut steps = Vec::new();
    // Before the elements that lead to them …
    for (id, chain) in new.chains.iter().filter(|(id, chain)| old.chains.get(id) != Some(chain)) {
        steps.push(Step::PutChain(*id, chain.clone()));
    }
    diff_elements(old, new, &mut steps);
    // … and after those that did.
    steps
        .extend(old.chains.keys().filter(|id| !new.chains.contains_key(id)).map(|id| Step::DeleteChain(*id)));
    changes(&old.addresses, &new.addresses, &mut steps, Step::AddAddress, Step::DeleteAddress);
    diff_routes(old, new, &mut steps);
    changes(&old.table_rules, &new.table_rules, &mut steps, Step::AddTableRule, Step::DeleteTableRule);
    changes(&old.edge_routes, &new.edge_routes, &mut steps, Step::AddEdgeRoute, Step::DeleteEdgeRoute);
    for (number, link) in &old.links {
        if new.links.get(number).is_none_or(|other| other.mac != link.mac) {
            steps.push(Step::DeleteLink(*number));
        }
    }
    steps
}

fn changes<T: Ord + Copy>(
    old: &BTreeSet<T>,
    new: &BTreeSet<T>,
    steps: &mut Vec<Step>,
    add: fn(T) -> Step,
    delete: fn(T) -> Step,
) {
    steps.extend(new.difference(old).copied().map(add));
    steps.extend(old.difference(new).copied().map(delete));
}

/// The kernel tells routes apart by table, destination and metric only.
fn diff_routes(old: &VpcPlan, new: &VpcPlan, steps: &mut Vec<Step>) {
    let place = |route: &Route| (route.table, route.destination, route.metric);
    let before: BTreeMap<_, Route> = old.routes.iter().map(|r| (place(r), *r)).collect();
    let after: BTreeMap<_, Route> = new.routes.iter().map(|r| (place(r), *r)).collect();
    for (place, route) in &after {
        match before.get(place) {
            None => steps.push(Step::AddRoute(*route)),
            Some(same) if same == route => {}
            Some(other) => steps.push(Step::ReplaceRoute(*other, *route)),
        }
    }
    let gone = before.iter().filter(|(place, _)| !after.contains_key(place));
    steps.extend(gone.map(|(_, route)| Step::DeleteRoute(*route)));
}

fn diff_elements(old: &VpcPlan, new: &VpcPlan, steps: &mut Vec<Step>) {
    for set in SetId::ALL {
        let before = old.elements.get(&set).map_or(&[][..], Vec::as_slice);
        let after = new.elements.get(&set).map_or(&[][..], Vec::as_slice);
        let (gone, come) = merge(before, after);
        if !gone.is_empty() {
            steps.push(Step::DeleteElements(set, gone));
        }
        if !come.is_empty() {
            steps.push(Step::AddElements(set, come));
        }
    }
}

/// Walks two sorted lists once: what only the first has, what only the second.
fn merge(before: &[Element], after: &[Element]) -> (Vec<Element>, Vec<Element>) {
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    let (mut left, mut right) = (before.iter().peekable(), after.iter().peekable());
    loop {
        match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => match a.cmp(b) {
                Ordering::Less => gone.extend(left.next()),
                Ordering::Greater => come.extend(right.next()),
                Ordering::Equal => {
                    left.next();
                    right.next();
                }
            },
            (Some(_), None) => gone.extend(left.next()),
            (None, Some(_)) => come.extend(right.next()),
            (None, None) => return (gone, come),
        }
    }
}
