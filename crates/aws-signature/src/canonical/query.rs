//! The query line of the canonical request: encoded, sorted, without the signature itself.

use std::borrow::Cow;

use super::encode::{is_escape, is_unreserved, push_byte};

/// Appends the canonical form of a raw query.
pub(super) fn push(text: &mut Vec<u8>, query: &str) {
    if query.is_empty() {
        return;
    }
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| *name != "X-Amz-Signature")
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    // By name, then by value, both encoded; not by "name=value", where the equal sign would count.
    pairs.sort_unstable();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            text.push(b'&');
        }
        text.extend_from_slice(name);
        text.push(b'=');
        text.extend_from_slice(value);
    }
}

/// `raw` with everything encoded that is not; a plus sign means a blank, as in forms.
fn encoded(raw: &str) -> Cow<'_, [u8]> {
    let raw = raw.as_bytes();
    let is_fine = |index: usize| is_unreserved(raw[index]) || is_escape(&raw[index..]);
    if (0..raw.len()).all(is_fine) {
        return Cow::Borrowed(raw);
    }
    let mut text = Vec::with_capacity(raw.len() + 16);
    for (index, &byte) in raw.iter().enumerate() {
        match byte {
            _ if is_fine(index) => text.push(byte),
            b'+' => push_byte(&mut text, b' '),
            _ => push_byte(&mut text, byte),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(query: &str) -> String {
        let mut text = Vec::new();
        push(&mut text, query);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn sorted_by_name_then_value() {
        assert_eq!(canonical("b=2&a=2&a=1"), "a=1&a=2&b=2");
        // '-' sorts before '=' but a name that ends sorts first.
        assert_eq!(canonical("a-b=1&a=2"), "a=2&a-b=1");
        assert_eq!(canonical("flag&a="), "a=&flag=");
        assert_eq!(canonical("&&"), "");
    }

    #[test]
    fn blanks_have_one_spelling() {
        assert_eq!(canonical("a=b+c"), "a=b%20c");
        assert_eq!(canonical("a=b%20c%2B"), "a=b%20c%2B");
        assert_eq!(canonical("a=b/c=d%"), "a=b%2Fc%3Dd%25");
    }

    #[test]
    fn the_signature_does_not_sign_itself() {
        assert_eq!(canonical("X-Amz-Signature=0&x=1"), "x=1");
    }
}
