//! Boxes: disjoint, and the same union.

use proptest::prelude::*;

use crate::regions::{Region, disjoint};

fn inside(region: &Region, point: [u128; 3]) -> bool {
    region.iter().zip(point).all(|((low, high), at)| (*low..=*high).contains(&at))
}

fn side() -> impl Strategy<Value = (u128, u128)> {
    (0_u128..6, 0_u128..6).prop_map(|(a, b)| (a.min(b), a.max(b)))
}

fn regions() -> impl Strategy<Value = Vec<Region>> {
    prop::collection::vec((side(), side(), side()).prop_map(|(a, b, c)| [a, b, c]), 0..8)
}

proptest! {
    #[test]
    fn every_point_is_covered_once_or_not_at_all(regions in regions()) {
        let pieces = disjoint(&regions);
        for a in 0..6 {
            for b in 0..6 {
                for c in 0..6 {
                    let point = [a, b, c];
                    let wanted = regions.iter().any(|region| inside(region, point));
                    let covers = pieces.iter().filter(|piece| inside(piece, point)).count();
                    prop_assert_eq!(covers, usize::from(wanted));
                }
            }
        }
    }
}

#[test]
fn apart_they_stay_as_they_are() {
    let regions = [[(0, 1), (0, 1), (0, 1)], [(2, 3), (0, 1), (0, 1)]];
    assert_eq!(disjoint(&regions), regions);
}

#[test]
fn the_ends_of_the_address_space_do_not_overflow() {
    let whole = [(0, u128::MAX); 3];
    let corner = [(u128::MAX, u128::MAX); 3];
    assert_eq!(disjoint(&[whole, corner]), [whole]);
    assert_eq!(disjoint(&[corner, whole]).len(), 4);
}
