//! Identifiers in AWS's forms.

use std::fmt::Write as _;

/// `digits` random lower-case hexadecimal digits.
pub fn hex_id(digits: usize) -> String {
    let mut bytes = [0u8; 32];
    // The kernel's generator does not fail once the machine is up; zeros would only collide, never leak.
    let _ = getrandom::fill(&mut bytes);
    let mut text = String::with_capacity(64);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text.truncate(digits.min(64));
    text
}

/// A resource id: `prefix-` and 17 hexadecimal digits, the first of them 0, as EC2 makes them.
pub fn new_id(prefix: &str) -> String {
    format!("{prefix}-0{}", hex_id(16))
}

/// A random UUID (version 4) with hyphens.
pub fn new_uuid() -> String {
    let h = hex_id(32);
    let variant = match h.as_bytes()[16] % 4 {
        0 => '8',
        1 => '9',
        2 => 'a',
        _ => 'b',
    };
    format!("{}-{}-4{}-{variant}{}-{}", &h[..8], &h[8..12], &h[13..16], &h[17..20], &h[20..32])
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// An access key id in AWS's form, 20 characters: the prefix (`AKIA`, `ASIA`), then the account and random bits in
/// base 32.
pub fn access_key_id(prefix: &str, account: &str) -> String {
    let mut random = [0u8; 8];
    // As above: zeros could only collide.
    let _ = getrandom::fill(&mut random);
    let number: u64 = account.parse().unwrap_or_default();
    // One set bit, 40 bits of account, 39 random bits: 80 bits, 16 characters.
    let bits = (1u128 << 79)
        | (u128::from(number) << 39)
        | (u128::from(u64::from_be_bytes(random)) & ((1 << 39) - 1));
    let digits = (0..16u32).rev().filter_map(|at| BASE32.get(usize::try_from((bits >> (at * 5)) & 31).ok()?));
    prefix.chars().chain(digits.map(|digit| char::from(*digit))).collect()
}

/// The account written in an access key id of [`access_key_id`]; nothing for a text that is none.
pub fn account_of_key(id: &str) -> Option<String> {
    let digits = id.strip_prefix("AKIA").or_else(|| id.strip_prefix("ASIA"))?;
    if digits.len() != 16 {
        return None;
    }
    let mut bits = 0u128;
    for digit in digits.bytes() {
        let value = BASE32.iter().position(|known| *known == digit)?;
        bits = (bits << 5) | u128::try_from(value).ok()?;
    }
    let account = (bits >> 39) & ((1 << 40) - 1);
    // Twelve digits need no more than forty bits, but not every forty bits are twelve digits.
    (bits >> 79 == 1 && account < 1_000_000_000_000).then(|| format!("{account:012}"))
}

/// Random bytes as base 64: 30 give the forty characters of a secret access key.
pub fn secret_text(bytes: usize) -> String {
    use base64::Engine as _;
    let mut random = vec![0u8; bytes];
    // A key of zeros would be no secret; the kernel's generator does not fail once the machine is up.
    if getrandom::fill(&mut random).is_err() {
        tracing::error!("the kernel gives no random numbers");
        return new_uuid();
    }
    base64::engine::general_purpose::STANDARD.encode(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(new_id("vpc").len(), 21);
        assert_eq!(new_uuid().len(), 36);
        let (one, two) = (access_key_id("AKIA", "123456789012"), access_key_id("AKIA", "123456789012"));
        assert_eq!((one.len(), one[..12] == two[..12], one == two), (20, true, false));
        assert_eq!(secret_text(30).len(), 40);
    }

    #[test]
    fn a_key_tells_its_account() {
        for account in ["000000000000", "000000000001", "123456789012", "999999999999"] {
            for prefix in ["AKIA", "ASIA"] {
                assert_eq!(account_of_key(&access_key_id(prefix, account)).as_deref(), Some(account));
            }
        }
        for bad in [
            "",
            "test",
            "AKIA",
            "AIDAAAAAAAAAAAAAAAAA",
            "AKIAAAAAAAAAAAAAAAAA",
            "AKIA7777777777777777",
            "AKIAé",
        ] {
            assert_eq!(account_of_key(bad), None, "{bad}");
        }
    }
}
