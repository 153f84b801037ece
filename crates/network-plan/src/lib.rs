//! From the facts of one VPC to the kernel objects that make it real.
//!
//! [`plan`] turns a [`VpcInput`] (what the API's records say) into a [`VpcPlan`]
//! (set elements, routes, rules, addresses, links), and [`diff`] turns two plans
//! into the few [`Step`]s that lead from one to the other. Nothing here touches
//! the kernel: `network-apply` does.
//!
//! The packet path itself — chains and rules — is the constant [`skeleton`]; it
//! is the same for every VPC and never changes after creation, but for the
//! [`memory_chains`]. See `skeleton/mod.rs` for the picture.

mod chain;
mod compile;
mod diff;
mod error;
mod expr;
mod key;
mod model;
mod names;
mod plan;
mod record;
mod regions;
mod sets;
mod skeleton;

pub use chain::{ChainId, RuleChain, RuleList};
pub use compile::plan;
pub use diff::{Step, diff};
pub use error::PlanError;
pub use expr::{
    Chain, ChainKind, CtKey, Expr, FibKey, Hook, MetaKey, NatKind, PayloadBase, Rule as ChainRule, Verdict,
};
pub use key::Key;
pub use model::{
    AclEntry, Eni, EniKind, NatGateway, NetworkAcl, Nsg, NsgRule, Peer, Peering, PortForward, Ports,
    Protocol, PublicAddress, RemoteGroup, Route as InputRoute, RouteOrigin, RouteTable, RouteTarget, Rule,
    SecurityGroup, Subnet, VpcInput,
};
pub use names::*;
pub use plan::{Element, LinkPlan, NatPlan, NextHop, PeerLink, Route, RouteKind, TableRule, VpcPlan};
pub use record::{DropRecord, ListEntry, Outpost};
pub use sets::{Field, Gate, SetId, SetKind, TableFamily};
pub use skeleton::{
    LAST_GENERATION, MEMORY_CHAINS, arp_skeleton, memory_chains, memory_note, nat_skeleton, noted_generation,
    skeleton, skeleton_fingerprint,
};

#[cfg(test)]
mod tests;
