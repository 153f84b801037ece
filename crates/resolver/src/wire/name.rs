//! Domain names in wire form: length-prefixed labels, uncompressed, in lower case.

use std::fmt;

/// Longest name in wire form, with its final zero (RFC 1035 §2.3.4).
pub(crate) const MAX_NAME: usize = 255;
/// Longest label.
pub(crate) const MAX_LABEL: usize = 63;

/// A text is no domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a domain name: an empty or too long label, or more than 255 bytes")]
pub struct NameError;

/// A domain name. Always in lower case: names are compared without regard to case (RFC 1035 §2.3.3).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Box<[u8]>);

impl Name {
    /// From dotted text, with or without the final dot. Escapes are not understood.
    ///
    /// # Errors
    /// [`NameError`] if a label is empty or longer than 63 bytes, or the name longer than 255.
    pub fn from_text(text: &str) -> Result<Name, NameError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let mut wire = Vec::with_capacity(text.len() + 2);
        for label in text.split('.').filter(|_| !text.is_empty()) {
            if label.is_empty() || label.len() > MAX_LABEL {
                return Err(NameError);
            }
            // At most 63, as just seen.
            wire.push(u8::try_from(label.len()).map_err(|_| NameError)?);
            wire.extend(label.bytes().map(|byte| byte.to_ascii_lowercase()));
        }
        wire.push(0);
        if wire.len() > MAX_NAME { Err(NameError) } else { Ok(Name(wire.into())) }
    }

    /// From wire form.
    ///
    /// # Errors
    /// [`NameError`] if it is compressed, too long, or followed by anything.
    pub fn from_wire(wire: &[u8]) -> Result<Name, NameError> {
        if length(wire) != Some(wire.len()) {
            return Err(NameError);
        }
        Ok(Name(wire.to_ascii_lowercase().into()))
    }

    /// From bytes that are known to be a name in lower case.
    pub(crate) fn known(wire: &[u8]) -> Name {
        Name(wire.into())
    }

    /// The wire form.
    pub fn as_wire(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is `zone` or below it.
    pub fn is_under(&self, zone: &Name) -> bool {
        strip(&self.0, &zone.0).is_some()
    }

    /// Its labels, the leftmost first.
    pub fn labels(&self) -> impl Iterator<Item = &[u8]> {
        labels(&self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for label in self.labels() {
            // Bytes that are no letters are shown, not interpreted: this is for people.
            write!(f, "{}.", label.escape_ascii())?;
        }
        if self.0.len() == 1 { f.write_str(".") } else { Ok(()) }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Name, NameError> {
        Name::from_text(text)
    }
}

/// Length of the uncompressed name that `bytes` begin with; `None` if there is none.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let label = usize::from(*bytes.get(at)?);
        at += 1 + label;
        if label == 0 {
            return (at <= MAX_NAME).then_some(at);
        }
        // Two high bits mark a pointer (RFC 1035 §4.1.4): in a question there is nothing to point at.
        if label > MAX_LABEL || at > MAX_NAME {
            return None;
        }
    }
}

/// The labels of a well-formed name.
pub(crate) fn labels(wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = wire;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first()?;
        let length = usize::from(*length);
        if length == 0 || length > after.len() {
            return None;
        }
        let (label, next) = after.split_at(length);
        rest = next;
        Some(label)
    })
}

/// What stands before `zone` in a name under it, as labels without the final zero; `None` if it is not under it.
pub(crate) fn strip<'n>(name: &'n [u8], zone: &[u8]) -> Option<&'n [u8]> {
    let start = name.len().checked_sub(zone.len())?;
    if name.get(start..)? != zone {
        return None;
    }
    // The match must begin at a label: "notexample.com" is not under "example.com".
    let mut at = 0;
    while at < start {
        at += 1 + usize::from(*name.get(at)?);
    }
    (at == start).then(|| &name[..start])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::from_text(text).unwrap()
    }

    #[test]
    fn text_and_wire() {
        assert_eq!(name("Ec2.Internal.").as_wire(), b"\x03ec2\x08internal\0");
        assert_eq!(name("").as_wire(), b"\0");
        assert_eq!(name("a.b").to_string(), "a.b.");
        assert_eq!(name(".").to_string(), ".");
        for bad in ["a..b", ".a", &"x".repeat(64), &"abcdefg.".repeat(32)] {
            assert_eq!(Name::from_text(bad), Err(NameError), "{bad}");
        }
        assert_eq!(Name::from_wire(b"\x03EC2\0"), Ok(name("ec2")));
        for bad in [&b"\x03ec2"[..], b"\x03ec2\0\0", b"\xc0\x00", b"", b"\x40a\0"] {
            assert_eq!(Name::from_wire(bad), Err(NameError), "{bad:?}");
        }
    }

    #[test]
    fn below_a_zone_means_at_a_label() {
        let zone = name("example.com");
        for (text, under) in [
            ("example.com", true),
            ("www.example.com", true),
            ("notexample.com", false),
            ("com", false),
            ("example.com.org", false),
        ] {
            assert_eq!(name(text).is_under(&zone), under, "{text}");
        }
        assert!(zone.is_under(&name("")));
        assert_eq!(strip(name("a.b.example.com").as_wire(), zone.as_wire()), Some(&b"\x01a\x01b"[..]));
        // A label that contains the bytes of the zone is not the zone.
        let tricky = Name::from_wire(b"\x0eab\x07example\x03com\0");
        assert!(tricky.is_ok_and(|tricky| !tricky.is_under(&zone)));
    }
}
