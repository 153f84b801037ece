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
