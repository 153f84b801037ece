//! Lower-case hexadecimal, the only spelling signatures and payload hashes have.

/// The SHA-256 of nothing, as every request without a body carries it.
pub(crate) const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Writes 32 bytes as 64 lower-case digits, without allocating.
pub(crate) fn encode(bytes: &[u8; 32]) -> [u8; 64] {
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

/// As [`encode`], into a `String`.
pub(crate) fn encode_string(bytes: &[u8; 32]) -> String {
    encode(bytes).iter().map(|digit| char::from(*digit)).collect()
}

/// Reads 64 lower-case digits. Upper case is refused: it is a different signed text.
pub(crate) fn decode(text: &[u8]) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_spelling_only() {
        let bytes = decode(EMPTY_SHA256.as_bytes()).unwrap();
        assert_eq!(encode_string(&bytes), EMPTY_SHA256);
        assert_eq!(decode(EMPTY_SHA256.to_uppercase().as_bytes()), None);
        assert_eq!(decode(b"e3"), None);
    }
}
