//! Packets in namespaces that the tests make themselves. Every test has a
//! private "host"; nothing touches the namespace the tests were started in.
//! Without the rights to make namespaces each test says so and passes.
#![allow(clippy::disallowed_methods, reason = "tests use real time, tasks and processes")]
// Entering namespaces and raw sockets have no safe interface.
#![allow(unsafe_code)]
// Helpers outside `#[test]` functions count as "not a test" for clippy, and a
// test binary has no outside world to keep items from.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod acl;
mod adoption;
mod appliances;
mod blackhole;
mod datagrams;
mod egress_only;
mod facts;
mod forward;
mod groups;
mod internet;
mod isolation;
mod kernel;
mod memory;
mod nat;
mod nflog;
mod nsg;
mod peering;
mod peers;
mod prefixes;
mod random;
mod routing;
mod services;
mod storm;
mod unprivileged;
mod untracked;
mod watching;
mod wire;
mod world;
