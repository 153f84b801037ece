//! The letters of JSON: blanks, texts, numbers and words.

use super::SyntaxError;
use std::sync::Arc;

/// What a value may be, in the words of the real service.
const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// A text and how far it is read. `at` always stands between two characters.
pub(super) struct Scanner<'a> {
    text: &'a str,
    pub(super) at: usize,
    shared: Option<Shared>,
}

impl<'a> Scanner<'a> {
    /// `share`: texts that occur again and again are kept once.
    pub(super) fn new(text: &'a str, share: bool) -> Scanner<'a> {
        Scanner { text, at: 0, shared: share.then(Shared::default) }
    }

    fn keep(&mut self, piece: &str) -> Arc<str> {
        match &mut self.shared {
            Some(shared) => shared.get(piece),
            None => piece.into(),
        }
    }

    /// The next byte, blanks skipped.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Takes one byte if it is the next, blanks skipped.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn error<T>(&self, message: impl Into<String>) -> Result<T, SyntaxError> {
        Err(SyntaxError { at: self.at, message: message.into() })
    }

    /// The next character is not what had to come.
    pub(super) fn unexpected<T>(&self, expected: &str) -> Result<T, SyntaxError> {
        match self.text[self.at..].chars().next() {
            Some(letter) => self.error(format!("Unexpected character ({}): {expected}", describe(letter))),
            None => self.error("Unexpected end-of-input"),
        }
    }

    /// One of `null`, `true`, `false`; anything else is the error of a value that is none.
    pub(super) fn word(&mut self) -> Result<&'a str, SyntaxError> {
        let rest = &self.text[self.at..];
        let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '$'));
        let word = &rest[..end.unwrap_or(rest.len())];
        match word {
            "null" | "true" | "false" => {
                self.at += word.len();
                Ok(word)
            }
            "" => self.unexpected(&format!("expected a valid value {VALUES}")),
            // A text of a megabyte without a blank is not repeated in the answer.
            _ => {
                let shown: String = word.chars().take(256).collect();
                let more = if shown.len() < word.len() { "..." } else { "" };
                self.error(format!("Unrecognized token '{shown}{more}': was expecting {VALUES}"))
            }
        }
    }

    /// A number; the next byte is a digit or a minus.
    pub(super) fn number(&mut self) -> Result<&'a str, SyntaxError> {
        let start = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        if self.byte() == Some(b'0') {
            self.at += 1;
            if self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
                return self.error("Invalid numeric value: Leading zeroes not allowed");
            }
        } else {
            self.digits("expected digit (0-9) to follow minus sign, for valid numeric value")?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits("Decimal point not followed by a digit")?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits("Exponent indicator not followed by a digit")?;
        }
        if self.text[self.at..]
            .starts_with(|letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.')
        {
            return self.unexpected("Expected space separating root-level values");
        }
        Ok(&self.text[start..self.at])
    }

    /// A text; the next byte is its quote.
    pub(super) fn string(&mut self, what: &str) -> Result<Arc<str>, SyntaxError> {
        self.at += 1;
        let start = self.at;
        let mut unescaped = String::new();
        let mut from = start;
        loop {
            self.at += plain(self.text.as_bytes().get(self.at..).unwrap_or_default());
            match self.byte() {
                Some(b'"') => break,
                Some(b'\\') => {
                    unescaped.push_str(&self.text[from..self.at]);
                    unescaped.push(self.escape()?);
                    from = self.at;
                }
                Some(control @ 0..0x20) => {
                    return self.error(format!(
                        "Illegal unquoted character ((CTRL-CHAR, code {control})): has to be escaped using backslash \
                         to be included in {what}"
                    ));
                }
                // No other byte stops the search.
                Some(_) | None => {
                    return self
                        .error(format!("Unexpected end-of-input: was expecting closing quote for a {what}"));
                }
            }
        }
        let tail = &self.text[from..self.at];
        self.at += 1;
        if from == start {
            return Ok(self.keep(tail));
        }
        unescaped.push_str(tail);
        Ok(unescaped.into())
    }

    /// What an escape stands for; the next byte is its backslash.
    fn escape(&mut self) -> Result<char, SyntaxError> {
        self.at += 1;
        let letter = match self.byte() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => match self.text[self.at..].chars().next() {
                Some(letter) => {
                    return self.error(format!("Unrecognized character escape {}", describe(letter)));
                }
                None => return self.error("Unexpected end-of-input in character escape sequence"),
            },
        };
        self.at += 1;
        Ok(letter)
    }

    /// The four hexadecimal digits after `\u`, and the second half of a pair if this is the first.
    fn unicode(&mut self) -> Result<char, SyntaxError> {
        let first = self.four_digits()?;
        if !(0xD800..0xDC00).contains(&first) || !self.text[self.at..].starts_with("\\u") {
            // Half a pair stands for no character.
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let after_first = self.at;
        self.at += 2;
        let second = self.four_digits()?;
        if (0xDC00..0xE000).contains(&second) {
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        self.at = after_first;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn four_digits(&mut self) -> Result<u32, SyntaxError> {
        let mut code = 0;
        for _ in 0..4 {
            match self.byte().and_then(|byte| char::from(byte).to_digit(16)) {
                Some(digit) => code = code * 16 + digit,
                None => return self.unexpected("expected a hex-digit for character escape sequence"),
            }
            self.at += 1;
        }
        Ok(code)
    }

    fn digits(&mut self, expected: &str) -> Result<(), SyntaxError> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { self.unexpected(expected) } else { Ok(()) }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// A character as the real service shows it: `'x' (code 120)`.
fn describe(letter: char) -> String {
    let code = u32::from(letter);
    if code < 0x20 { format!("(CTRL-CHAR, code {code})") } else { format!("'{letter}' (code {code})") }
}

/// How many bytes at the beginning are neither a quote, nor a backslash, nor a control character; eight at a time.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xFF;
    const HIGHS: u64 = ONES << 7;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The high bit of each byte that is less than `limit`. A borrow may set bits above the lowest one, never below.
        let less = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGHS;
        let found = less(word, 0x20)
            | less(word ^ (ONES * u64::from(b'"')), 1)
            | less(word ^ (ONES * u64::from(b'\\')), 1);
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let stop = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    words.len() * 8 + stop.unwrap_or(rest.len())
}

/// Texts met before. A definition says the same names of fields, types and errors thousands of times; each of its own
/// would be an allocation more to make, to look up far away, and to free.
struct Shared(Box<[Option<Arc<str>>]>);

/// Longer texts hardly come twice.
const LONGEST_SHARED: usize = 64;
/// A power of two. A text is looked for in one place only; another one there is forgotten.
const PLACES: usize = 512;

impl Default for Shared {
    fn default() -> Shared {
        Shared(vec![None; PLACES].into())
    }
}

impl Shared {
    fn get(&mut self, text: &str) -> Arc<str> {
        if text.len() > LONGEST_SHARED {
            return text.into();
        }
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        let words = words.iter().map(|word| u64::from_le_bytes(*word));
        let pieces = words.chain(rest.iter().map(|byte| u64::from(*byte)));
        // FNV's prime; the rotation brings what the upper bits know back down.
        let hash = pieces.fold(text.len() as u64, |hash, piece| {
            (hash ^ piece).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(29)
        });
        let place = usize::try_from((hash ^ (hash >> 32)) % PLACES as u64).unwrap_or_default();
        let Some(kept) = self.0.get_mut(place) else { return text.into() };
        match kept {
            Some(kept) if **kept == *text => kept.clone(),
            _ => kept.insert(text.into()).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Shared, plain};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eight_at_a_time_stops_where_one_at_a_time_does(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let stop = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            prop_assert_eq!(plain(&bytes), stop.unwrap_or(bytes.len()));
        }

        #[test]
        fn what_is_shared_is_what_was_asked_for(texts in proptest::collection::vec("[a-c]{0,9}", 0..200)) {
            let mut shared = Shared::default();
            for text in &texts {
                prop_assert_eq!(&*shared.get(text), text.as_str());
            }
        }
    }
}
