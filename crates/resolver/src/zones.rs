//! Zones that somebody else knows: private hosted zones, private names of interface endpoints.

use crate::service::VpcKey;
use crate::wire::name::Name;
use crate::wire::record::{Kind, Record};

/// What a private zone says to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneAnswer {
    /// No zone of this VPC covers the name: others are asked.
    NotCovered,
    /// The records of the asked type, or the alias that stands at the name. The resolver follows aliases itself.
    Records(Vec<Record>),
    /// The name exists but has no records of the type; with the zone's SOA record.
    NoData(Record),
    /// The zone covers the name, and there is no such name; with the zone's SOA record. It is not asked for upstream
    /// (Route 53 Developer Guide, "Considerations when working with a private hosted zone").
    NoSuchName(Record),
}

/// A source of private names. Asked at every question, before everything else, and never cached: answers must come from
/// memory, within microseconds. Where several zones cover a name the source chooses the most specific.
pub trait PrivateZones: Send + Sync {
    /// What the zones associated with the VPC say of a name (in lower case) and type.
    fn lookup(&self, vpc: &VpcKey, name: &Name, kind: Kind) -> ZoneAnswer;
}
