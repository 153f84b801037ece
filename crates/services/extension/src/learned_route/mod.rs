//! Routes a virtual private gateway learns, as a BGP speaker would tell them (NET-11). A static route to the same prefix
//! wins over a learned one, and the VPC's own blocks stay its own whatever is learned (VPC user guide, "Route priority";
//! Azure, "Virtual network traffic routing", says the same).

pub(crate) mod describe;
pub(crate) mod put;
mod show;
pub(crate) mod withdraw;
