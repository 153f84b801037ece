//! AWS's `UriEncode`: everything but letters, digits and `-._~`, in upper-case hexadecimal.

const UPPER_DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Whether `UriEncode` leaves the byte alone.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Appends `byte` as `%XX`.
pub(crate) fn push_byte(text: &mut Vec<u8>, byte: u8) {
    text.extend_from_slice(&[
        b'%',
        UPPER_DIGITS[usize::from(byte >> 4)],
        UPPER_DIGITS[usize::from(byte & 15)],
    ]);
}

/// Appends `raw` encoded, percent signs included (the second encoding of an already encoded path).
pub(crate) fn push_strict(text: &mut Vec<u8>, raw: &[u8]) {
    for &byte in raw {
        if is_unreserved(byte) { text.push(byte) } else { push_byte(text, byte) }
    }
}

/// Appends `raw` encoded, but what is an escape already stays as it is.
pub(crate) fn push_keeping_escapes(text: &mut Vec<u8>, raw: &[u8], also_keep: Option<u8>) {
    for (index, &byte) in raw.iter().enumerate() {
        if is_unreserved(byte) || Some(byte) == also_keep || is_escape(&raw[index..]) {
            text.push(byte);
        } else {
            push_byte(text, byte);
        }
    }
}

/// Whether `raw` begins with a percent sign and two hexadecimal digits.
pub(crate) fn is_escape(raw: &[u8]) -> bool {
    matches!(raw, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_encodes_the_percent_sign_and_keeping_does_not() {
        let mut text = Vec::new();
        push_strict(&mut text, b"a%20$~");
        assert_eq!(text, b"a%2520%24~");
        text.clear();
        push_keeping_escapes(&mut text, b"a%20$%2x/%", Some(b'/'));
        assert_eq!(text, b"a%20%24%252x/%25");
    }
}
