//! What shows through of the Java the real service runs on: the order of hash maps, the printing of numbers and maps, the
//! sequence of seeded random numbers. Recordings and the service's documented examples hold all of these.

use crate::{Number, Value};
use std::fmt::Write as _;

/// Sorts names as `java.util.HashMap` iterates over them when they are put in this order: by bucket of the spread hash
/// code, in a table of 16 places that doubles when three quarters are full; within a bucket in the order of arrival.
pub(crate) fn hash_map_order<T>(entries: &mut [T], name: impl Fn(&T) -> &str) {
    let mut places: u32 = 16;
    while entries.len() * 4 > places as usize * 3 {
        places *= 2;
    }
    // A stable sort keeps the order of arrival.
    entries.sort_by_cached_key(|entry| {
        let hash = string_hash(name(entry));
        (hash ^ (hash >> 16)) & (places - 1)
    });
}

/// `String.hashCode()`.
fn string_hash(text: &str) -> u32 {
    text.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
}

/// A value as `States.Format` shows it: `toString()` of the Java object.
pub(crate) fn show(value: &Value, text: &mut String) {
    match value {
        Value::String(found) => text.push_str(found),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                show(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                text.push_str(name);
                text.push('=');
                show(member, text);
            }
            text.push('}');
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

/// `Math.round`: to the nearest integer, halves upwards. `None` for what is no number of 64 bits.
pub(crate) fn round(number: &Number) -> Option<i64> {
    match number {
        Number::Int(value) => Some(*value),
        Number::Float(value) => integer((value + 0.5).floor()),
        Number::Big(_) => None,
    }
}

/// A whole double as an integer, where it fits.
pub(crate) fn integer(value: f64) -> Option<i64> {
    // 2^63 is exact as a double, the largest i64 is not.
    let inside = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and inside")]
    (inside && value.fract() == 0.0).then_some(value as i64)
}

/// `java.util.Random`.
pub(crate) struct Random(u64);

const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const MASK: u64 = (1 << 48) - 1;

impl Random {
    #[expect(clippy::cast_sign_loss, reason = "the bits are meant")]
    pub(crate) fn new(seed: i64) -> Random {
        Random((seed as u64 ^ MULTIPLIER) & MASK)
    }

    fn next(&mut self, bits: u32) -> u32 {
        self.0 = self.0.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK;
        #[expect(clippy::cast_possible_truncation, reason = "at most 32 bits are left")]
        let found = (self.0 >> (48 - bits)) as u32;
        found
    }

    /// `nextDouble()`: from 0 up to, not including, 1.
    pub(crate) fn next_double(&mut self) -> f64 {
        let high = u64::from(self.next(26)) << 27;
        #[expect(clippy::cast_precision_loss, reason = "53 bits")]
        let found = (high + u64::from(self.next(27))) as f64 / (1_u64 << 53) as f64;
        found
    }

    /// `nextInt(bound)` for a bound from 1 to 2^31 - 1.
    pub(crate) fn next_below(&mut self, bound: u32) -> u32 {
        if bound.is_power_of_two() {
            let found = (u64::from(bound) * u64::from(self.next(31))) >> 31;
            #[expect(clippy::cast_possible_truncation, reason = "less than the bound")]
            return found as u32;
        }
        loop {
            let bits = self.next(31);
            let found = bits % bound;
            if bits - found + (bound - 1) < 1 << 31 {
                return found;
            }
        }
    }
}
