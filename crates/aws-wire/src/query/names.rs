//! How the two query protocols name parameters.

use aws_schema::Member;
use std::borrow::Cow;

/// Which of the two query protocols is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// awsQuery: `Tags.member.1.Key`, flattened lists only where modelled, maps as `M.entry.1.key`.
    Query,
    /// ec2Query: every list is flattened (`Tag.1.Key`), names are capitalised, there are no maps.
    Ec2,
}

impl Dialect {
    /// Name of a structure's member in a request.
    pub(super) fn name(self, member: &'static Member) -> Cow<'static, str> {
        if self == Dialect::Query {
            return Cow::Borrowed(member.wire_name());
        }
        if let Some(name) = member.query_name {
            return Cow::Borrowed(name);
        }
        let name = member.wire_name();
        match name.as_bytes().first() {
            Some(first) if first.is_ascii_lowercase() => {
                let mut capital = name.to_owned();
                capital[..1].make_ascii_uppercase();
                Cow::Owned(capital)
            }
            _ => Cow::Borrowed(name),
        }
    }

    /// Whether `segment` names this member. Flattened lists of awsQuery may go by their items' name as well: models made from
    /// Smithy use the list's name, older ones the item's.
    pub(super) fn is_name(self, member: &Member, segment: &str) -> bool {
        if self == Dialect::Query {
            return member.wire_name() == segment
                || (member.is_flattened()
                    && member.shape.members.first().is_some_and(|item| item.location_name == Some(segment)));
        }
        let name = member.query_name.unwrap_or_else(|| member.wire_name());
        // Nearly all names differ in length or in their tails; say so before anything else.
        if name.len() != segment.len() || name.get(1..) != segment.get(1..) {
            return false;
        }
        let (own, given) = (name.as_bytes().first(), segment.as_bytes().first());
        let is_exact = member.query_name.is_some();
        // The capital is what EC2 wants; a name that is modelled without one and without `locationName` is taken either way.
        let capital = own.map(u8::to_ascii_uppercase) == given.copied();
        own == given && (is_exact || member.location_name.is_none()) || capital && !is_exact
    }

    /// Whether a list at this place has no element between its name and the numbers.
    pub(super) fn is_flat(self, member: &Member) -> bool {
        self == Dialect::Ec2 || member.is_flattened()
    }
}
