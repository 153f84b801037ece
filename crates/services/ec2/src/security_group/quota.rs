//! How many rules a group may have (AWS: "Amazon VPC quotas"): 60 for each direction and address family. A rule with a
//! group counts in both families, one with a prefix list as often as the list's largest number of entries.

use crate::limits;
use aws_schema::Fault;
use ipnet::IpNet;
use records::{Peer, PrefixList, Rule, SecurityGroup};
use state_store::typed::{Scope, Tx};

/// `RulesPerSecurityGroupLimitExceeded`.
pub(super) fn exceeded() -> Fault {
    Fault::sender(
        "RulesPerSecurityGroupLimitExceeded",
        "The maximum number of rules per security group has been reached.",
    )
}

/// What a rule counts for IPv4 and IPv6.
fn weight(rule: &Rule, lists: &mut dyn FnMut(&str) -> Option<(bool, usize)>) -> (usize, usize) {
    match &rule.peer {
        Peer::Cidr(IpNet::V4(_)) => (1, 0),
        Peer::Cidr(IpNet::V6(_)) => (0, 1),
        Peer::Group { .. } => (1, 1),
        Peer::PrefixList(id) => match lists(id) {
            Some((true, entries)) => (entries, 0),
            Some((false, entries)) => (0, entries),
            None => (0, 0),
        },
    }
}

/// Checks a group as it is going to be.
pub(super) fn check(tx: &mut Tx<'_>, scope: &Scope, group: &SecurityGroup) -> Result<(), Fault> {
    check_with(group, &mut |id| {
        let list = tx.get::<PrefixList>(scope, id)?;
        Some((list.address_family == "IPv4", usize::try_from(list.max_entries).unwrap_or(0)))
    })
}

/// The same with another way to look at prefix lists, for lists that are about to change.
fn check_with(
    group: &SecurityGroup,
    lists: &mut dyn FnMut(&str) -> Option<(bool, usize)>,
) -> Result<(), Fault> {
    for egress in [false, true] {
        let (mut v4, mut v6) = (0, 0);
        for rule in group.rules.iter().filter(|rule| rule.egress == egress) {
            let (a, b) = weight(rule, lists);
            (v4, v6) = (v4 + a, v6 + b);
        }
        if v4 > limits::RULES_PER_GROUP || v6 > limits::RULES_PER_GROUP {
            return Err(exceeded());
        }
    }
    Ok(())
}

/// Whether every group that names a prefix list still has room when the list may have `max_entries`.
pub(crate) fn prefix_list_grows(
    tx: &mut Tx<'_>,
    scope: &Scope,
    list: &PrefixList,
    max_entries: i32,
) -> Result<(), Fault> {
    for group in tx.by_index::<SecurityGroup>(scope, "prefix-list", &list.id) {
        let mut look = |id: &str| {
            let (found, entries) = if id == list.id {
                (std::sync::Arc::new(list.clone()), max_entries)
            } else {
                let found = tx.get::<PrefixList>(scope, id)?;
                let entries = found.max_entries;
                (found, entries)
            };
            Some((found.address_family == "IPv4", usize::try_from(entries).unwrap_or(0)))
        };
        check_with(&group, &mut look)?;
    }
    Ok(())
}
