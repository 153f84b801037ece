//! The header lines of the canonical request.

use crate::HeaderSource;

/// Appends `name:value,value\n` with every value trimmed and its inner blanks folded.
pub(super) fn push(text: &mut Vec<u8>, headers: &dyn HeaderSource, name: &str) {
    text.extend_from_slice(name.as_bytes());
    text.push(b':');
    let mut first = true;
    headers.values(name, &mut |value| {
        if !std::mem::take(&mut first) {
            text.push(b',');
        }
        push_folded(text, value);
    });
    text.push(b'\n');
}

/// Appends a value without outer blanks and with every inner run of blanks as one space.
fn push_folded(text: &mut Vec<u8>, value: &[u8]) {
    let mut words = value.split(|byte| is_blank(*byte)).filter(|word| !word.is_empty());
    if let Some(word) = words.next() {
        text.extend_from_slice(word);
    }
    for word in words {
        text.push(b' ');
        text.extend_from_slice(word);
    }
}

/// Space and tab, and the line ends of an obsolete folded header.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_headers_are_joined_and_blanks_folded() {
        let headers: &[(&str, &[u8])] =
            &[("My-Header", b"  a   b "), ("my-header", b"c\r\n  d"), ("other", b"x")];
        let mut text = Vec::new();
        push(&mut text, &headers, "my-header");
        push(&mut text, &headers, "absent");
        assert_eq!(text, b"my-header:a b,c d\nabsent:\n");
    }
}
