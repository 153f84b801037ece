//! The pool of public addresses: clouds on one host need pools of their own.

use std::net::Ipv4Addr;

/// The pool asked for; otherwise 198.18.0.0/16 for a lasting cloud and a free /22 of 198.19.0.0/16 for an ephemeral one,
/// so that several can run side by side. The range is that of RFC 2544 (benchmarking), seen on no real network.
pub(crate) fn choose(asked: Option<ipnet::Ipv4Net>, ephemeral: bool) -> (Ipv4Addr, u8) {
    if let Some(pool) = asked {
        return (pool.network(), pool.prefix_len());
    }
    if !ephemeral {
        return (Ipv4Addr::new(198, 18, 0, 0), 16);
    }
    let taken = routed(&std::fs::read_to_string("/proc/net/route").unwrap_or_default());
    let mut byte = [0u8; 1];
    // Zero on failure is only a worse guess.
    let _ = getrandom::fill(&mut byte);
    let start = byte[0] / 4;
    let free = (0..64).map(|step| (start + step) % 64 * 4).find(|third| !taken.contains(third));
    (Ipv4Addr::new(198, 19, free.unwrap_or(start * 4), 0), 22)
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
        assert_eq!(choose("10.9.0.0/20".parse().ok(), true), (Ipv4Addr::new(10, 9, 0, 0), 20));
        assert_eq!(choose(None, false), (Ipv4Addr::new(198, 18, 0, 0), 16));
        let (address, length) = choose(None, true);
        assert_eq!(
            (address.octets()[0], address.octets()[1], address.octets()[2] % 4, length),
            (198, 19, 0, 22)
        );
    }
}
