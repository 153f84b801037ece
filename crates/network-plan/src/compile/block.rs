//! Blocks, ranges and lists of them as element keys.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::{Element, Key};

/// The last address of a block, the broadcast address included.
pub(super) fn last(net: IpNet) -> IpAddr {
    match net {
        IpNet::V4(v4) => IpAddr::V4(Ipv4Addr::from(u32::from(v4.network()) | u32::from(v4.hostmask()))),
        IpNet::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6.network()) | u128::from(v6.hostmask()))),
    }
}

/// `start . first address` to `start . last address`.
pub(super) fn block(start: Key, net: IpNet) -> Element {
    Element::range(start.address(net.network()), start.address(last(net)))
}

/// Disjoint ranges that cover the same addresses as the blocks: sets refuse what overlaps.
pub(super) fn merged(blocks: impl IntoIterator<Item = IpNet>) -> Vec<(IpAddr, IpAddr)> {
    let mut nets: Vec<IpNet> = blocks.into_iter().map(|net| net.trunc()).collect();
    nets.sort_unstable_by_key(|net| (net.network(), net.prefix_len()));
    // Two blocks are disjoint, or one contains the other; the container comes first.
    let mut kept: Vec<IpNet> = Vec::new();
    for net in nets {
        if !kept.last().is_some_and(|before| before.contains(&net)) {
            kept.push(net);
        }
    }
    kept.into_iter().map(|net| (net.network(), last(net))).collect()
}

/// Disjoint ranges that cover the same numbers as the given inclusive ranges.
pub(super) fn merged_ports(ranges: impl IntoIterator<Item = (u16, u16)>) -> Vec<(u16, u16)> {
    let mut sorted: Vec<_> = ranges.into_iter().collect();
    sorted.sort_unstable();
    let mut kept: Vec<(u16, u16)> = Vec::new();
    for (low, high) in sorted {
        match kept.last_mut() {
            Some(before) if low <= before.1 => before.1 = before.1.max(high),
            _ => kept.push((low, high)),
        }
    }
    kept
}
