//! Numbers and booleans as text.

use aws_schema::ReadError;
use std::borrow::Cow;

/// Appends a decimal integer.
pub(crate) fn push_integer(out: &mut String, value: i64) {
    if value < 0 {
        out.push('-');
    }
    push_padded(out, value.unsigned_abs(), 1);
}

/// Appends a decimal number, with zeros in front up to `width` digits. Much cheaper than the formatting machinery, and
/// responses are full of numbers and times.
pub(super) fn push_padded(out: &mut String, value: u64, width: usize) {
    let (mut digits, mut at, mut rest) = ([b'0'; 20], 20, value);
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    let from = at.min(20 - width.min(20));
    out.push_str(std::str::from_utf8(&digits[from..]).unwrap_or_default());
}

/// A finite float in its shortest exact form, or one of `NaN`, `Infinity`, `-Infinity`.
///
/// `decimal` is the `Display` text of the number in its own width: an `f32` widened to `f64` would show false digits.
pub(crate) fn float_text(value: f64, single: bool) -> Cow<'static, str> {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    #[allow(clippy::cast_possible_truncation)] // `single` says it was an f32
    let narrow = value as f32;
    let size = value.abs();
    // Plain digits where they are short, exponent where they would be hundreds of zeros.
    let plain = size == 0.0 || (1e-5..1e17).contains(&size);
    match (plain, single) {
        (true, true) => narrow.to_string(),
        (true, false) => value.to_string(),
        (false, true) => format!("{narrow:e}"),
        (false, false) => format!("{value:e}"),
    }
    .into()
}

/// Reads a decimal integer; `+` and surrounding space are tolerated, a fraction is not.
pub(crate) fn integer(text: &str) -> Result<i64, ReadError> {
    text.trim().parse().map_err(|_| ReadError::new(format!("'{}' is not a valid integer", shown(text))))
}

/// Reads a float or one of the special names.
pub(crate) fn double(text: &str) -> Result<f64, ReadError> {
    let text = text.trim();
    match text {
        "NaN" => return Ok(f64::NAN),
        "Infinity" => return Ok(f64::INFINITY),
        "-Infinity" => return Ok(f64::NEG_INFINITY),
        _ => {}
    }
    // Rust would also take `inf` and `nan` in any case.
    let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    match text.parse() {
        Ok(value) if digits => Ok(value),
        _ => Err(ReadError::new(format!("'{}' is not a valid number", shown(text)))),
    }
}

/// Reads `true` or `false` in any case.
pub(crate) fn boolean(text: &str) -> Result<bool, ReadError> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(ReadError::new(format!("'{}' is not a valid boolean", shown(text))))
    }
}

/// At most the first forty characters of the caller's text, so that an error stays short.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
