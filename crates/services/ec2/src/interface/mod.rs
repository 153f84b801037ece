//! Network interfaces.

mod addresses;
mod plan;
mod public_pool;

pub(crate) use plan::{Planner, Wanted};
pub(crate) use public_pool::claim_public;
pub(crate) use records::transitions::release_interface as release_in_tx;
