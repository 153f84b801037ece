//! Packets that end at the edge: for an address that no VPC here has. They are reported and counted like those that a
//! router drops.

use std::os::fd::AsFd;

use network_plan::{Chain, ChainKind, ChainRule, Expr, Hook, MetaKey, Outpost, TABLE};

use crate::edge::{Edge, HOST_LINK, LOOPBACK};
use crate::netlink::Socket;
use crate::nft::{self, Batch, Family};
use crate::{ApplyError, DropListener, netns, route};

impl Edge {
    /// Makes the table that reports. It holds no state but a counter, so it is replaced whatever is there.
    pub(crate) fn report_drops(&mut self) -> Result<(), ApplyError> {
        let read = |refusal| ApplyError::refused("reading the edge's links", refusal);
        let host = route::link(&mut self.route, HOST_LINK).map_err(read)?.map_or(0, |link| link.index);
        let chain = ends(host);
        let mut batch = Batch::new();
        // Creating it first makes the deletion valid in any case.
        nft::add_table(&mut batch, Family::Inet, TABLE, 0);
        nft::delete_table(&mut batch, Family::Inet, TABLE);
        nft::add_table(&mut batch, Family::Inet, TABLE, 0);
        nft::add_chain(&mut batch, Family::Inet, TABLE, &chain);
        for rule in &chain.rules {
            nft::add_rule(&mut batch, Family::Inet, TABLE, &chain.name, rule);
        }
        batch.commit(&mut self.filter).map_err(|(step, refusal)| ApplyError::refused(step, refusal))
    }

    /// See [`crate::Network::listen_to_edge`].
    pub(crate) fn listen_to_drops(&self) -> Result<DropListener, ApplyError> {
        let socket = netns::inside(self.namespace.as_fd(), Socket::netfilter)?
            .map_err(ApplyError::io("opening a netlink socket"))?;
        DropListener::begin(socket)
    }
}

/// What leads nowhere: IPv4 of the public pool without a VPC behind it (routed to loopback), and what would go back to
/// the host that it came from (IPv6 has no pool, so the default route takes it).
fn ends(host: u32) -> Chain {
    let on = |side, index: u32| [Expr::Meta(side, 0), Expr::Equal(0, index.to_ne_bytes().to_vec())];
    let rule = |matches: &[[Expr; 2]]| ChainRule {
        body: matches.iter().flatten().cloned().chain(Outpost::Nobody.refuse()).collect(),
    };
    Chain {
        name: "forward".into(),
        kind: ChainKind::FilterElsePass { hook: Hook::Forward, priority: 0 },
        rules: vec![
            rule(&[on(MetaKey::Oif, LOOPBACK)]),
            rule(&[on(MetaKey::Oif, host), on(MetaKey::Iif, host)]),
        ],
    }
}
