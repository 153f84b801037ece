//! Regions, zones and attributes of the account.

mod account_attributes;
pub(crate) mod catalogue;
mod regions;
pub(crate) mod table;
mod zones;
