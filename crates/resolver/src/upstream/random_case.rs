//! A secret in the case of a question's letters (draft-vixie-dnsext-dns0x20): servers copy the question into the answer,
//! so a forger who does not see it has to guess one more bit per letter.

use crate::wire::name::Name;

/// The name in wire form with letters in random case.
pub(super) fn scramble(name: &Name) -> Vec<u8> {
    let mut wire = name.as_wire().to_vec();
    let mut bits = 0u64;
    for (place, byte) in wire.iter_mut().enumerate() {
        if place % 64 == 0 {
            bits = rand::random();
        }
        // Lengths of labels are below 64 and no letters.
        if byte.is_ascii_lowercase() && bits >> (place % 64) & 1 == 1 {
            *byte = byte.to_ascii_uppercase();
        }
    }
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_case_changes_and_it_does() {
        let name =
            Name::from_text("a-rather-long-name-with-many-letters.and-another-label.example.com").unwrap();
        let scrambled: Vec<Vec<u8>> = (0..4).map(|_| scramble(&name)).collect();
        assert!(scrambled.iter().all(|wire| wire.eq_ignore_ascii_case(name.as_wire())));
        // Fifty letters: alike by chance once in 2^50.
        assert!(scrambled.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
