//! What can be wrong with the facts of a VPC.

use std::net::IpAddr;

/// A [`crate::VpcInput`] that no plan can be made for. The API layer refuses all
/// of these long before; here they guard the kernel against a broken record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A record names another one that is not part of the input.
    #[error("{from} refers to {to}, which is not part of the VPC")]
    Missing {
        /// Who refers.
        from: String,
        /// To what.
        to: String,
    },
    /// Two records of one kind share an id or a number.
    #[error("{0} appears twice")]
    Duplicate(String),
    /// One address belongs to two interfaces, or twice to one.
    #[error("address {0} is given out twice")]
    AddressInUse(IpAddr),
    /// A number, port range or address lies outside what is possible.
    #[error("{what} of {of} is out of range")]
    OutOfRange {
        /// Which field.
        what: &'static str,
        /// Of which record.
        of: String,
    },
    /// More groups on one ENI than AWS ever allows (16).
    #[error("{0} has more than 16 security groups")]
    TooManyGroups(String),
}
