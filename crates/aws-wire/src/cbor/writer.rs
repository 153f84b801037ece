//! Values into CBOR.

use aws_schema::{Document, Member, Timestamp, WriteEntries, WriteItems, WriteMembers, Writer};

// Major types of RFC 8949, 3.1.
const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const LIST: u8 = 4;
const MAP: u8 = 5;
/// A map that is ended by [`BREAK`].
const INDEFINITE_MAP: u8 = 0xbf;
const BREAK: u8 = 0xff;
/// The simple value `null`.
const NULL: u8 = 0xf6;
/// Tag 1: seconds since 1970.
const EPOCH_TAG: u8 = 0xc1;

/// Writes one CBOR item.
pub(crate) struct CborWriter {
    out: Vec<u8>,
    /// Members are written with their names (inside a structure), not bare (list item, map value).
    named: bool,
}

impl CborWriter {
    /// Nothing written yet; most messages fit the first allocation.
    pub(crate) fn new() -> CborWriter {
        CborWriter { out: Vec::with_capacity(256), named: false }
    }

    /// The finished item.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.out
    }

    /// `value` as a map.
    pub(crate) fn root(&mut self, value: &dyn WriteMembers) {
        self.object(&mut |writer| value.write_members(writer));
    }

    /// A map whose entries `write` gives. How many there are is known only afterwards, hence the indefinite length.
    pub(crate) fn object(&mut self, write: &mut dyn FnMut(&mut Self)) {
        self.out.push(INDEFINITE_MAP);
        let before = std::mem::replace(&mut self.named, true);
        write(self);
        self.named = before;
        self.out.push(BREAK);
    }

    /// A text entry that is not in the model.
    pub(crate) fn text_member(&mut self, name: &str, value: &str) {
        self.text(name);
        self.text(value);
    }

    /// A head with its number in the fewest bytes.
    #[allow(clippy::cast_possible_truncation)] // the arms check
    fn head(&mut self, major: u8, value: u64) {
        let major = major << 5;
        match value {
            0..=23 => self.out.push(major + value as u8),
            24..=0xff => self.out.extend([major + 24, value as u8]),
            0x100..=0xffff => {
                self.out.push(major + 25);
                self.out.extend((value as u16).to_be_bytes());
            }
            0x1_0000..=0xffff_ffff => {
                self.out.push(major + 26);
                self.out.extend((value as u32).to_be_bytes());
            }
            _ => {
                self.out.push(major + 27);
                self.out.extend(value.to_be_bytes());
            }
        }
    }

    /// The head of something with a length.
    fn length(&mut self, major: u8, length: usize) {
        self.head(major, u64::try_from(length).unwrap_or(u64::MAX));
    }

    /// A text string.
    fn text(&mut self, value: &str) {
        self.length(TEXT, value.len());
        self.out.extend_from_slice(value.as_bytes());
    }

    /// An integer; negative ones are stored as -1 minus the value.
    fn signed(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.head(UNSIGNED, value),
            Err(_) => self.head(NEGATIVE, value.unsigned_abs() - 1),
        }
    }

    /// A 64-bit float. Special values need no other form: every reader knows them in this one.
    fn wide(&mut self, value: f64) {
        self.out.push(0xfb);
        self.out.extend(value.to_be_bytes());
    }

    /// The name, where the place has names.
    fn begin(&mut self, member: &'static Member) {
        if self.named {
            self.text(member.wire_name());
        }
    }

    /// Writes items or values, which have no names of their own.
    fn bare(&mut self, write: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.named, false);
        write(self);
        self.named = before;
    }

    /// An untyped value as the nearest CBOR has.
    fn any(&mut self, value: &Document) {
        match value {
            Document::Null => self.out.push(NULL),
            Document::Boolean(value) => self.out.push(0xf4 + u8::from(*value)),
            Document::Integer(value) => self.signed(*value),
            Document::Double(value) => self.wide(*value),
            Document::String(value) => self.text(value),
            Document::List(items) => {
                self.length(LIST, items.len());
                for item in items {
                    self.any(item);
                }
            }
            Document::Map(entries) => {
                self.length(MAP, entries.len());
                for (key, value) in entries {
                    self.text(key);
                    self.any(value);
                }
            }
        }
    }
}

impl Writer for CborWriter {
    fn boolean(&mut self, member: &'static Member, value: bool) {
        self.begin(member);
        self.out.push(0xf4 + u8::from(value));
    }

    fn integer(&mut self, member: &'static Member, value: i64) {
        self.begin(member);
        self.signed(value);
    }

    fn float(&mut self, member: &'static Member, value: f32) {
        self.begin(member);
        self.out.push(0xfa);
        self.out.extend(value.to_be_bytes());
    }

    fn double(&mut self, member: &'static Member, value: f64) {
        self.begin(member);
        self.wide(value);
    }

    fn string(&mut self, member: &'static Member, value: &str) {
        self.begin(member);
        self.text(value);
    }

    fn blob(&mut self, member: &'static Member, value: &[u8]) {
        self.begin(member);
        self.length(BYTES, value.len());
        self.out.extend_from_slice(value);
    }

    fn timestamp(&mut self, member: &'static Member, value: Timestamp) {
        self.begin(member);
        self.out.push(EPOCH_TAG);
        if value.nanos == 0 {
            self.signed(value.seconds);
        } else {
            #[allow(clippy::cast_precision_loss)] // the protocol has nothing finer
            self.wide(value.seconds as f64 + f64::from(value.nanos) / 1e9);
        }
    }

    fn document(&mut self, member: &'static Member, value: &Document) {
        self.begin(member);
        self.any(value);
    }

    fn structure(&mut self, member: &'static Member, value: &dyn WriteMembers) {
        self.begin(member);
        self.root(value);
    }

    fn list(&mut self, member: &'static Member, len: usize, value: &dyn WriteItems) {
        let Some(item) = member.shape.members.first() else { return };
        self.begin(member);
        self.length(LIST, len);
        self.bare(|writer| value.write_items(item, writer));
    }

    fn map(&mut self, member: &'static Member, len: usize, value: &dyn WriteEntries) {
        let Some(entry) = member.shape.members.get(1) else { return };
        self.begin(member);
        self.length(MAP, len);
        self.bare(|writer| {
            value.write_entries(&mut |key, value| {
                writer.text(key);
                value.write(entry, writer);
            });
        });
    }

    fn null(&mut self, member: &'static Member) {
        self.begin(member);
        self.out.push(NULL);
    }
}
