//! Values as compact JSON text, as Step Functions writes it: members in their order, no blanks, only what must be escaped
//! is escaped, doubles as Java prints them (the service's texts come from a JSON library of that world).

use super::{Number, Value};
use std::fmt::{Display, Formatter, Result, Write as _};

impl Value {
    /// Its JSON text.
    pub fn to_json(&self) -> String {
        let mut text = String::with_capacity(64);
        self.write(&mut text);
        text
    }

    /// Appends its JSON text.
    pub fn write(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(true) => out.push_str("true"),
            Value::Bool(false) => out.push_str("false"),
            Value::Number(number) => number.write(out),
            Value::String(text) => quote(text, out),
            Value::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Value::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    quote(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// Whether its text has more than about so many bytes. What stands in it many times is one in memory, and many in the
    /// text: whoever writes or walks a value that was put together asks this first. Takes no longer than the bound is large.
    pub fn is_larger_than(&self, bytes: usize) -> bool {
        fn take(value: &Value, left: usize) -> Option<usize> {
            match value {
                Value::String(text) => left.checked_sub(text.len() + 2),
                Value::Array(items) => {
                    items.iter().try_fold(left.checked_sub(2)?, |left, item| take(item, left)?.checked_sub(1))
                }
                Value::Object(members) => {
                    members.iter().try_fold(left.checked_sub(2)?, |left, (name, member)| {
                        take(member, left)?.checked_sub(name.len() + 4)
                    })
                }
                _ => left.checked_sub(1),
            }
        }
        take(self, bytes).is_none()
    }

    /// Whether arrays and objects nest deeper than so many levels. Whoever keeps values that expressions made asks this
    /// first: each turn could nest the value of the turn before, and a value too deep could not even be dropped.
    pub fn is_deeper_than(&self, levels: usize) -> bool {
        match (self, levels.checked_sub(1)) {
            (Value::Array(_) | Value::Object(_), None) => true,
            (Value::Array(items), Some(left)) => items.iter().any(|item| item.is_deeper_than(left)),
            (Value::Object(members), Some(left)) => {
                members.values().any(|member| member.is_deeper_than(left))
            }
            _ => false,
        }
    }
}

impl Number {
    fn write(&self, out: &mut String) {
        match self {
            Number::Int(value) => integer(*value, out),
            Number::Float(value) => float(*value, out),
            Number::Big(text) => out.push_str(text),
        }
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.to_json())
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}

/// Decimal digits, without the machinery of format strings: integers are the most frequent values there are.
fn integer(value: i64, out: &mut String) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut left = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(left % 10).unwrap_or(0);
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if value < 0 {
        out.push('-');
    }
    out.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
}

/// `Double.toString`: a decimal from a thousandth up to ten million, else digits and an exponent: `1.0E10`.
fn float(value: f64, out: &mut String) {
    let size = value.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        let _ = write!(out, "{value:?}");
        return;
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    out.push_str(digits);
    if !digits.contains('.') {
        out.push_str(".0");
    }
    out.push('E');
    out.push_str(exponent);
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x20.. => continue,
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            _ => "",
        };
        out.push_str(&text[from..at]);
        from = at + 1;
        if escaped.is_empty() {
            let _ = write!(out, "\\u{byte:04X}");
        } else {
            out.push_str(escaped);
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use crate::{Value, text};

    #[test]
    fn writes_as_the_service_does() {
        for (json, expected) in [
            ("{\"b\": 1, \"a\": [ ]}", "{\"b\":1,\"a\":[]}"),
            ("-0", "0"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("1.0", "1.0"),
            ("1.10", "1.1"),
            ("1E5", "100000.0"),
            ("1E7", "1.0E7"),
            ("12345678.9", "1.23456789E7"),
            ("0.001", "0.001"),
            ("0.0001", "1.0E-4"),
            ("-1e300", "-1.0E300"),
            ("\"a\\u0001\\n\\\"\\\\/é\\u007f\"", "\"a\\u0001\\n\\\"\\\\/é\u{7f}\""),
        ] {
            assert_eq!(text::parse_value(json).unwrap().to_json(), expected, "{json}");
        }
    }

    #[test]
    fn depth_is_counted() {
        let value = text::parse_value("[1,{\"a\":[]}]").unwrap();
        assert!(value.is_deeper_than(2));
        assert!(!value.is_deeper_than(3));
        assert!(!Value::Null.is_deeper_than(0));
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_as_the_same(text in "\\PC{0,20}", int in proptest::num::i64::ANY, float in proptest::num::f64::NORMAL) {
            let value = Value::from(vec![Value::from(text.as_str()), Value::from(int), Value::from(float)]);
            assert_eq!(text::parse_value(&value.to_json()).unwrap(), value);
        }
    }
}
