//! `States.MathAdd`, `States.MathRandom`, `States.UUID`.

use super::{Fault, java};
use crate::Value;

/// An argument that must be a number, rounded to an integer.
pub(super) fn integer(value: &Value, what: &str) -> Result<i64, Fault> {
    match value {
        Value::Number(number) => {
            java::round(number).ok_or_else(|| Fault::new(format!("{what} is out of range: {value}")))
        }
        _ => Err(Fault::new(format!("{what} must be a number but was: {value}"))),
    }
}

/// One that must also fit into 32 bits, as the developer guide demands of sums and random numbers.
fn small_integer(value: &Value, what: &str) -> Result<i64, Fault> {
    let found = integer(value, what)?;
    i32::try_from(found).map(i64::from).map_err(|_| {
        Fault::new(format!("{what} must be between -2147483648 and 2147483647 but was: {value}"))
    })
}

/// Each is rounded before they are added.
pub(super) fn add(first: &Value, second: &Value) -> Result<Value, Fault> {
    let first = small_integer(first, "The first argument of States.MathAdd")?;
    let second = small_integer(second, "The second argument of States.MathAdd")?;
    Ok(Value::from(first + second))
}

/// From the first number up to, not including, the second. With a seed always the same.
pub(super) fn random(
    first: &Value,
    last: &Value,
    seed: Option<&Value>,
    draw: &mut dyn FnMut() -> u64,
) -> Result<Value, Fault> {
    let first = small_integer(first, "The start of States.MathRandom")?;
    let last = small_integer(last, "The end of States.MathRandom")?;
    let width = last - first;
    if width <= 0 {
        return Err(Fault::new("The start of States.MathRandom must be less than its end"));
    }
    let Some(seed) = seed else {
        // The bias of this reduction is below 2^-31.
        let offset =
            i64::try_from((u128::from(draw()) * u128::from(width.unsigned_abs())) >> 64).unwrap_or(0);
        return Ok(Value::from(first + offset));
    };
    let mut random = java::Random::new(integer(seed, "The seed of States.MathRandom")?);
    let offset = match u32::try_from(width) {
        Ok(bound) if bound < 1 << 31 => i64::from(random.next_below(bound)),
        // Wider than a positive int: taken from a double.
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "below 2^32")]
        _ => (random.next_double() * width as f64) as i64,
    };
    Ok(Value::from(first + offset))
}

/// A version 4 UUID of drawn bits (RFC 9562).
pub(crate) fn uuid(draw: &mut dyn FnMut() -> u64) -> String {
    let high = (draw() & !0xF000) | 0x4000;
    let low = (draw() & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF
    )
}
