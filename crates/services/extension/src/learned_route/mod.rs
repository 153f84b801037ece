//! Routes a virtual private gateway learns, as a BGP speaker would tell them (NET-11). Static routes to the same prefix
//! win over them, and they win over the system's.

pub(crate) mod describe;
pub(crate) mod put;
mod show;
pub(crate) mod withdraw;
