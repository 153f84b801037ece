//! A value in a header, a query parameter, a label, or raw in the body.

use crate::text;
use aws_schema::{Document, Kind, Location, Member, ReadError, ReadMembers, Reader, Timestamp};
use std::borrow::Cow;

/// Reads from one or more texts of the same name.
pub(super) struct TextReader<'t> {
    pub(super) texts: Vec<Cow<'t, str>>,
    pub(super) location: Location,
}

impl TextReader<'_> {
    /// The first text: of a single-valued header given twice the first counts.
    fn one(&self) -> Result<&str, ReadError> {
        self.texts.first().map(|text| &**text).ok_or_else(|| ReadError::new("A value is missing"))
    }
}

/// Structures and untyped values have no text form (Smithy, HTTP binding traits).
fn not_here() -> ReadError {
    ReadError::new("A value of this type cannot stand outside the body")
}

impl Reader for TextReader<'_> {
    fn boolean(&mut self, _: &'static Member) -> Result<bool, ReadError> {
        text::boolean(self.one()?)
    }

    fn integer(&mut self, _: &'static Member) -> Result<i64, ReadError> {
        text::integer(self.one()?)
    }

    fn double(&mut self, _: &'static Member) -> Result<f64, ReadError> {
        text::double(self.one()?)
    }

    fn string(&mut self, member: &'static Member) -> Result<String, ReadError> {
        let text = self.one()?;
        if member.json_value && self.location == Location::Header {
            // JSON text travels as base64 in a header.
            return String::from_utf8(text::base64(text)?)
                .map_err(|_| ReadError::new("A JSON value is not valid UTF-8"));
        }
        Ok(text.to_owned())
    }

    fn blob(&mut self, _: &'static Member) -> Result<Vec<u8>, ReadError> {
        text::base64(self.one()?)
    }

    fn timestamp(&mut self, _: &'static Member) -> Result<Timestamp, ReadError> {
        text::parse_timestamp(self.one()?)
    }

    fn document(&mut self, _: &'static Member) -> Result<Document, ReadError> {
        Err(not_here())
    }

    fn structure(&mut self, _: &'static Member, _: &mut dyn ReadMembers) -> Result<(), ReadError> {
        Err(not_here())
    }

    fn list(
        &mut self,
        member: &'static Member,
        each: &mut dyn FnMut(&mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let item = member.shape.members.first().ok_or_else(not_here)?;
        let mut one =
            |text: Cow<'_, str>| each(&mut TextReader { texts: vec![text], location: self.location });
        for text in &self.texts {
            if self.location == Location::Query {
                one(Cow::Borrowed(text))?;
            } else if item.shape.kind == Kind::Timestamp && text.contains("GMT") {
                // A date of the HTTP form holds a comma itself.
                for date in text.split_inclusive("GMT") {
                    one(Cow::Borrowed(date.trim_start_matches([',', ' '])))?;
                }
            } else {
                split_list(text, &mut one)?;
            }
        }
        Ok(())
    }

    fn map(
        &mut self,
        _: &'static Member,
        _: &mut dyn FnMut(String, &mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        Err(not_here())
    }
}

/// Splits a comma-separated header; items may be quoted with backslash escapes (RFC 9110, 5.6.4).
fn split_list(
    text: &str,
    one: &mut dyn FnMut(Cow<'_, str>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (mut item, mut letters, mut end) = (String::new(), quoted.char_indices(), None);
            while let Some((at, letter)) = letters.next() {
                match letter {
                    '"' => {
                        end = Some(at + 1);
                        break;
                    }
                    '\\' => item.extend(letters.next().map(|(_, escaped)| escaped)),
                    other => item.push(other),
                }
            }
            let end = end.ok_or_else(|| ReadError::new("A quoted string in a header is not closed"))?;
            one(Cow::Owned(item))?;
            rest = quoted[end..].trim_start().trim_start_matches(',').trim_start();
        } else {
            let (item, tail) = rest.split_once(',').unwrap_or((rest, ""));
            one(Cow::Borrowed(item.trim()))?;
            rest = tail.trim_start();
        }
    }
    Ok(())
}

/// Keys with all their values.
pub(super) type Pairs = Vec<(String, Vec<String>)>;

/// The string map of prefixed headers, or the map of all query parameters.
pub(super) struct PairsReader {
    pub(super) pairs: Pairs,
    pub(super) location: Location,
}

// A map of texts can be read as nothing but a map.
macro_rules! refuse {
    ($($name:ident -> $type:ty),*) => {
        $(fn $name(&mut self, _: &'static Member) -> Result<$type, ReadError> { Err(not_here()) })*
    };
}

impl Reader for PairsReader {
    refuse!(boolean -> bool, integer -> i64, double -> f64, string -> String, blob -> Vec<u8>, timestamp -> Timestamp, document -> Document);

    fn structure(&mut self, _: &'static Member, _: &mut dyn ReadMembers) -> Result<(), ReadError> {
        Err(not_here())
    }

    fn list(
        &mut self,
        _: &'static Member,
        _: &mut dyn FnMut(&mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        Err(not_here())
    }

    fn map(
        &mut self,
        _: &'static Member,
        each: &mut dyn FnMut(String, &mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        for (key, values) in std::mem::take(&mut self.pairs) {
            let texts = values.into_iter().map(Cow::Owned).collect();
            each(key, &mut TextReader { texts, location: self.location })?;
        }
        Ok(())
    }
}

/// The whole body as one blob or string.
pub(super) struct RawReader<'a>(pub(super) &'a [u8]);

// The body is taken as it is: only text and bytes make sense.
impl RawReader<'_> {
    fn text(&self) -> Result<&str, ReadError> {
        std::str::from_utf8(self.0).map_err(|_| ReadError::new("The body is not valid UTF-8"))
    }
}

impl Reader for RawReader<'_> {
    fn boolean(&mut self, _: &'static Member) -> Result<bool, ReadError> {
        text::boolean(self.text()?)
    }
    fn integer(&mut self, _: &'static Member) -> Result<i64, ReadError> {
        text::integer(self.text()?)
    }
    fn double(&mut self, _: &'static Member) -> Result<f64, ReadError> {
        text::double(self.text()?)
    }
    fn string(&mut self, _: &'static Member) -> Result<String, ReadError> {
        self.text().map(str::to_owned)
    }
    fn blob(&mut self, _: &'static Member) -> Result<Vec<u8>, ReadError> {
        Ok(self.0.to_vec())
    }
    fn timestamp(&mut self, _: &'static Member) -> Result<Timestamp, ReadError> {
        text::parse_timestamp(self.text()?)
    }
    fn document(&mut self, _: &'static Member) -> Result<Document, ReadError> {
        Err(ReadError::new("The body cannot hold this type of value raw"))
    }
    fn structure(&mut self, member: &'static Member, _: &mut dyn ReadMembers) -> Result<(), ReadError> {
        self.document(member).map(drop)
    }
    fn list(
        &mut self,
        member: &'static Member,
        _: &mut dyn FnMut(&mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.document(member).map(drop)
    }
    fn map(
        &mut self,
        member: &'static Member,
        _: &mut dyn FnMut(String, &mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.document(member).map(drop)
    }
}
