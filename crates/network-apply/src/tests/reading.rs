//! Whatever bytes come, reading them ends without a panic.

use proptest::prelude::*;

use crate::netlink::{attributes, nested, split};
use crate::route::{parse_link, parse_route};

proptest! {
    #[test]
    fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let total: usize = attributes(&bytes).map(|attribute| attribute.value.len()).sum();
        prop_assert!(total <= bytes.len());
        let _found = nested(&bytes, &[1, 2, 3]);
        for attribute in attributes(&bytes) {
            prop_assert!(attribute.text().len() <= 3 * attribute.value.len());
            prop_assert_eq!(attribute.net64().is_some(), attribute.value.len() >= 8);
            prop_assert_eq!(attribute.native32().is_some(), attribute.value.len() >= 4);
        }
        prop_assert!(split(&bytes).count() <= bytes.len() / 16);
        let _link = parse_link(&bytes);
        let _route = parse_route(&bytes);
    }

    #[test]
    fn small_lengths_do_not_stand_still(lengths in prop::collection::vec(0_u16..12, 0..40)) {
        // Attribute headers whose lengths are too small must end the walk.
        let bytes: Vec<u8> =
            lengths.iter().flat_map(|len| [len.to_ne_bytes(), 7_u16.to_ne_bytes()].concat()).collect();
        prop_assert!(attributes(&bytes).count() <= lengths.len());
    }
}

#[test]
fn what_is_cut_short_ends_the_walk() {
    let mut bytes = vec![6, 0, 1, 0, 0xaa, 0xbb, 0, 0];
    bytes.extend([200, 0, 2, 0, 1]);
    if cfg!(target_endian = "little") {
        let values: Vec<&[u8]> = attributes(&bytes).map(|attribute| attribute.value).collect();
        assert_eq!(values, [&[0xaa, 0xbb][..]]);
    }
}
