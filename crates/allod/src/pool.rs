//! The pool of public addresses: clouds on one host need pools of their own.

use std::net::Ipv4Addr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The pool of a cloud, and what keeps others from choosing it too.
pub(crate) struct Pool {
    /// First address and length of the prefix.
    pub(crate) range: (Ipv4Addr, u8),
    /// Held as long as the cloud lives: the pool shows in the host's routes from the first machine on only.
    _claim: Option<UnixDatagram>,
}

/// The pool asked for; otherwise 198.18.0.0/16 for a lasting cloud and a free /22 of 198.19.0.0/16 for an ephemeral one,
/// so that several can run side by side. The range is that of RFC 2544 (benchmarking), seen on no real network.
pub(crate) fn choose(asked: Option<ipnet::Ipv4Net>, ephemeral: bool) -> Pool {
    if let Some(pool) = asked {
        return Pool { range: (pool.network(), pool.prefix_len()), _claim: None };
    }
    if !ephemeral {
        return Pool { range: (Ipv4Addr::new(198, 18, 0, 0), 16), _claim: None };
    }
    let mut byte = [0u8; 1];
    // Zero on failure is only a worse guess.
    let _ = getrandom::fill(&mut byte);
    let start = byte[0] / 4;
    let claimed = (0..64).map(|step| (start + step) % 64 * 4).find_map(|third| Some((third, claim(third)?)));
    let (third, claim) = claimed.map_or((start * 4, None), |(third, claim)| (third, Some(claim)));
    Pool { range: (Ipv4Addr::new(198, 19, third, 0), 22), _claim: claim }
}

/// Makes a /22 of 198.19.0.0/16 ours, unless it is routed or another cloud's. The claim is a name that one socket of a
/// network namespace can have and that ends with its process (unix(7), "Abstract sockets"): just what routes are in.
fn claim(third: u8) -> Option<UnixDatagram> {
    let name = SocketAddr::from_abstract_name(format!("allod-pool-198.19.{third}.0")).ok()?;
    let claim = UnixDatagram::bind_addr(&name).ok()?;
    // Looked at after the claim: whoever had it before may have left its routes.
    let taken = routed(&std::fs::read_to_string("/proc/net/route").unwrap_or_default());
    (!taken.contains(&third)).then_some(claim)
}

/// Third bytes of the routes into 198.19.0.0/16 (proc(5): destinations are hexadecimal, in the host's byte order).
fn routed(table: &str) -> Vec<u8> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| u32::from_str_radix(line.split_whitespace().nth(1)?, 16).ok())
        .map(u32::to_ne_bytes)
        .filter(|bytes| bytes[..2] == [198, 19])
        .map(|bytes| bytes[2] & 0xfc)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_pools_are_seen() {
        let number = u32::from_ne_bytes([198, 19, 8, 0]);
        let table =
            format!("Iface\tDestination\tGateway\nallod1\t{number:08X}\t00000000\nlo\t0000007F\t0\nbad\n");
        assert_eq!(routed(&table), vec![8]);
    }

    #[test]
    fn the_asked_one_wins() {
        assert_eq!(choose("10.9.0.0/20".parse().ok(), true).range, (Ipv4Addr::new(10, 9, 0, 0), 20));
        assert_eq!(choose(None, false).range, (Ipv4Addr::new(198, 18, 0, 0), 16));
        let (address, length) = choose(None, true).range;
        assert_eq!(
            (address.octets()[0], address.octets()[1], address.octets()[2] % 4, length),
            (198, 19, 0, 22)
        );
    }

    #[test]
    fn clouds_that_have_no_routes_yet_do_not_choose_alike() {
        // By chance alone, twenty of 64 would meet in nineteen of twenty runs.
        let pools: Vec<Pool> = (0..20).map(|_| choose(None, true)).collect();
        let ranges: std::collections::BTreeSet<_> = pools.iter().map(|pool| pool.range).collect();
        assert_eq!(ranges.len(), pools.len());
    }
}
