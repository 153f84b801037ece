//! Where a route goes to.

use crate::resource_kind::ResourceKind;
use crate::{cidr, faults, lookup};
use aws_schema::Fault;
use ipnet::IpNet;
use records::{PrefixList, Route};
use state_store::typed::{Scope, Tx};

/// The destination as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    Block(IpNet),
    List(String),
}

impl Destination {
    /// Exactly one of the three members.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidParameterCombination`, `InvalidParameterValue`.
    pub(super) fn parse(
        v4: Option<&str>,
        v6: Option<&str>,
        list: Option<&str>,
    ) -> Result<Destination, Fault> {
        match (v4, v6, list) {
            (Some(text), None, None) => {
                Ok(Destination::Block(IpNet::V4(cidr::v4("destinationCidrBlock", text)?)))
            }
            (None, Some(text), None) => {
                Ok(Destination::Block(IpNet::V6(cidr::v6("destinationIpv6CidrBlock", text)?)))
            }
            (None, None, Some(id)) => Ok(Destination::List(ResourceKind::PrefixList.check(id)?.to_owned())),
            (None, None, None) => Err(faults::missing_parameter("destinationCidrBlock")),
            _ => Err(faults::invalid_combination(
                "Only one of destinationCidrBlock, destinationIpv6CidrBlock and destinationPrefixListId may be given",
            )),
        }
    }

    /// Whether a route of a table was made for this destination.
    pub(super) fn is_of(&self, route: &Route) -> bool {
        match self {
            Destination::Block(net) => route.prefix_list.is_none() && route.destination == *net,
            Destination::List(id) => route.prefix_list.as_deref() == Some(id.as_str()),
        }
    }

    /// The blocks a route to here has: one, or one for each entry of the list.
    pub(super) fn blocks(&self, tx: &mut Tx<'_>, scope: &Scope) -> Result<Vec<IpNet>, Fault> {
        match self {
            Destination::Block(net) => Ok(vec![*net]),
            Destination::List(id) => {
                let list = lookup::find::<PrefixList>(tx, scope, ResourceKind::PrefixList, id)?;
                if list.entries.is_empty() {
                    // A route without destination could not be shown or found again.
                    let message = format!("The prefix list '{id}' has no entries.");
                    return Err(faults::invalid_parameter_value(message));
                }
                Ok(list.entries.iter().map(|entry| entry.cidr).collect())
            }
        }
    }

    /// For messages.
    pub(super) fn words(&self) -> String {
        match self {
            Destination::Block(net) => net.to_string(),
            Destination::List(id) => id.clone(),
        }
    }
}
