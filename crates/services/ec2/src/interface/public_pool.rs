//! Public addresses from the cloud's pool.

use aws_schema::Fault;
use records::address::PublicAddressClaim;
use records::address::pool_scope;
use state_store::typed::{Scope, Tx};
use std::net::Ipv4Addr;

/// Addresses at the start of the pool that are kept for the cloud's own links.
const KEPT: u32 = 16;
/// Random tries before the pool is searched from end to end.
const TRIES: u32 = 32;

/// Takes a free public address for `holder` (an interface or allocation), or exactly `wanted`.
///
/// # Errors
/// `InsufficientAddressCapacity` when the pool is used up; `InvalidAddress.NotFound` when `wanted` is outside of the
/// pool or taken.
pub(crate) fn claim_public(
    tx: &mut Tx<'_>,
    pool: (Ipv4Addr, u8),
    scope: &Scope,
    holder: &str,
    wanted: Option<Ipv4Addr>,
) -> Result<Ipv4Addr, Fault> {
    let shared = pool_scope();
    let (first, size) = bounds(pool);
    let chosen = match wanted {
        Some(address) => {
            let offset = u32::from(address).wrapping_sub(first);
            let free = offset < size && !tx.exists::<PublicAddressClaim>(&shared, &address.to_string());
            free.then_some(address).ok_or_else(|| {
                Fault::sender("InvalidAddress.NotFound", format!("Address '{address}' not found."))
            })?
        }
        None => pick(tx, first, size)?,
    };
    tx.put(
        &shared,
        PublicAddressClaim {
            id: chosen.to_string(),
            holder: holder.to_owned(),
            account: scope.account.to_string(),
            region: scope.region.to_string(),
        },
    );
    Ok(chosen)
}

/// First address to give and how many there are; the last one of the pool (broadcast) is left out.
fn bounds((base, length): (Ipv4Addr, u8)) -> (u32, u32) {
    let all = 1u32.checked_shl(u32::from(32 - length.min(32))).unwrap_or(u32::MAX);
    let kept = if all > 4 * KEPT { KEPT } else { 1 };
    (u32::from(base).wrapping_add(kept), all.saturating_sub(kept + 1))
}

/// A free address: random first, so that the cost does not grow with use, and a full search when the pool is nearly full.
fn pick(tx: &mut Tx<'_>, first: u32, size: u32) -> Result<Ipv4Addr, Fault> {
    let full = || {
        Fault::sender("InsufficientAddressCapacity", "Insufficient capacity: no public address is free.")
            .with_status(500)
    };
    if size == 0 {
        return Err(full());
    }
    let shared = pool_scope();
    let free = |tx: &mut Tx<'_>, offset: u32| {
        let address = Ipv4Addr::from(first.wrapping_add(offset));
        (!tx.exists::<PublicAddressClaim>(&shared, &address.to_string())).then_some(address)
    };
    for _ in 0..TRIES {
        let offset = rand::random::<u32>() % size;
        if let Some(address) = free(tx, offset) {
            return Ok(address);
        }
    }
    // Nearly full: one listing is cheaper than probing thousands of keys.
    let taken: std::collections::HashSet<String> =
        tx.list::<PublicAddressClaim>(&shared).iter().map(|claim| claim.id.clone()).collect();
    (0..size)
        .map(|offset| Ipv4Addr::from(first.wrapping_add(offset)))
        .find(|address| !taken.contains(&address.to_string()))
        .ok_or_else(full)
}
