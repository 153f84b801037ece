//! Overlapping rules cut into disjoint boxes.
//!
//! The kernel's interval sets refuse elements that overlap, security-group rules
//! overlap freely. So each group's rules are cut: a box keeps what no earlier
//! rule covers already. The set of admitted packets stays the same, and every
//! packet meets one element at most.

/// A box: one inclusive range per dimension (protocol, port, address).
pub(crate) type Region = [(u128, u128); 3];

/// The disjoint pieces of `regions`.
pub(crate) fn disjoint(regions: &[Region]) -> Vec<Region> {
    let mut done: Vec<Region> = Vec::with_capacity(regions.len());
    let mut pieces = Vec::new();
    let mut next = Vec::new();
    for region in regions {
        pieces.push(*region);
        for earlier in &done {
            if !overlap(region, earlier) {
                continue;
            }
            next.clear();
            for piece in &pieces {
                subtract(piece, earlier, &mut next);
            }
            std::mem::swap(&mut pieces, &mut next);
            if pieces.is_empty() {
                break;
            }
        }
        done.append(&mut pieces);
    }
    done
}

fn overlap(a: &Region, b: &Region) -> bool {
    a.iter().zip(b).all(|(x, y)| x.0 <= y.1 && y.0 <= x.1)
}

/// `from` without `hole`, in at most two boxes per dimension.
fn subtract(from: &Region, hole: &Region, out: &mut Vec<Region>) {
    if !overlap(from, hole) {
        out.push(*from);
        return;
    }
    let mut rest = *from;
    for dimension in 0..rest.len() {
        let (low, high) = rest[dimension];
        let (hole_low, hole_high) = hole[dimension];
        if low < hole_low {
            let mut below = rest;
            below[dimension] = (low, hole_low - 1);
            out.push(below);
        }
        if high > hole_high {
            let mut above = rest;
            above[dimension] = (hole_high + 1, high);
            out.push(above);
        }
        rest[dimension] = (low.max(hole_low), high.min(hole_high));
    }
}
