//! Quotas, documented in `docs/extensions.md`. Those of forwarded ports and learned routes stand with their records.

/// Network security groups of one VPC.
pub(crate) const GROUPS_PER_VPC: usize = 100;
/// Rules of one network security group, default rules aside (Azure: 200, raised on request).
pub(crate) const RULES_PER_GROUP: usize = 200;
/// Subnets and interfaces that one network security group guards.
pub(crate) const PLACES_PER_GROUP: usize = 1000;
/// Entries of one page when nobody says otherwise.
pub(crate) const PAGE: usize = 1000;
/// Values in the filters of one request (as EC2 has it).
pub(crate) const FILTER_VALUES: usize = 200;
