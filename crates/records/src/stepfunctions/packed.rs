//! Long texts in records.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::io::Read as _;
use std::sync::Arc;

/// Texts above this many bytes are kept compressed. A definition may have 1 MiB, which JSON's escapes could double, and
/// a transaction holds 1.5 MiB.
const PLAIN: usize = 64 << 10;
/// Marks a compressed text; no JSON document begins with it.
const MARK: &str = "\u{1}deflate:";
/// More than any text that may be stored: what unpacks to more was tampered with.
const MOST: u64 = 4 << 20;

/// A text that may be long, cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed(pub Arc<str>);

impl From<&str> for Packed {
    fn from(text: &str) -> Packed {
        Packed(text.into())
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.len() <= PLAIN {
            return serializer.serialize_str(&self.0);
        }
        let mut small = Vec::new();
        let mut packer = DeflateEncoder::new(self.0.as_bytes(), Compression::fast());
        packer.read_to_end(&mut small).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&format!("{MARK}{}", STANDARD_NO_PAD.encode(small)))
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Packed, D::Error> {
        let text = String::deserialize(deserializer)?;
        let Some(packed) = text.strip_prefix(MARK) else { return Ok(Packed(text.into())) };
        let small = STANDARD_NO_PAD.decode(packed).map_err(de::Error::custom)?;
        let mut plain = String::new();
        let mut unpacker = DeflateDecoder::new(small.as_slice()).take(MOST);
        unpacker.read_to_string(&mut plain).map_err(de::Error::custom)?;
        Ok(Packed(plain.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_come_back() {
        for text in ["", "{}", "\"\\é\u{1F600}"] {
            for times in [1, 1000, 200_000 / text.len().max(1)] {
                let text = text.repeat(times);
                let stored = serde_json::to_string(&Packed(text.as_str().into())).unwrap();
                assert_eq!(&*serde_json::from_str::<Packed>(&stored).unwrap().0, text);
            }
        }
    }

    #[test]
    fn what_is_no_packed_text_is_refused() {
        for bad in ["\"\\u0001deflate:%%\"", "\"\\u0001deflate:AAAA\"", "5"] {
            assert!(serde_json::from_str::<Packed>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_longest_definition_fits_a_transaction() {
        // Quotes everywhere is the worst case of JSON's escapes.
        let text = "\"".repeat(1 << 20);
        assert!(serde_json::to_string(&Packed(text.as_str().into())).unwrap().len() < 1_500_000);
    }
}
