//! Bytes of the log: little, quickly written, each text of a record once.
//!
//! Numbers are LEB128, signed ones zigzag. A text is 0 and its bytes, or the number of a text that stood before in the
//! same record or among its seeds (role, machine: what all executions of one machine share).

mod event;
mod request;
mod start;
mod wake;

pub(crate) use event::{put_events, skip_events, take_events};

use std::sync::Arc;

/// The bytes do not say what they should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record of the log does not read as it should")]
pub(crate) struct Malformed;

/// How many texts back a repetition is looked for.
const REACH: usize = 32;

/// Writes records.
pub(crate) struct Writer<'a> {
    pub(crate) bytes: &'a mut Vec<u8>,
    seeds: &'a [Arc<str>],
    texts: Vec<Arc<str>>,
}

impl<'a> Writer<'a> {
    /// Begins a record behind what is there.
    pub(crate) fn new(bytes: &'a mut Vec<u8>, seeds: &'a [Arc<str>]) -> Writer<'a> {
        Writer { bytes, seeds, texts: Vec::new() }
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        self.bytes.push(number as u8);
    }

    pub(crate) fn signed(&mut self, number: i64) {
        #[expect(clippy::cast_sign_loss, reason = "zigzag")]
        self.number(((number << 1) ^ (number >> 63)) as u64);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &Arc<str>) {
        let recent = self.texts.len().saturating_sub(REACH);
        let known = self.texts[recent..].iter().rposition(|other| same(other, text));
        let known = known.map(|at| self.seeds.len() + recent + at);
        let known = known.or_else(|| self.seeds.iter().position(|other| same(other, text)));
        if let Some(at) = known {
            self.number(at as u64 + 1);
        } else {
            self.byte(0);
            self.raw(text.as_bytes());
            self.texts.push(text.clone());
        }
    }

    pub(crate) fn put<T: Field>(&mut self, value: &T) {
        value.put(self);
    }
}

fn same(a: &Arc<str>, b: &Arc<str>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// Reads records.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    texts: Vec<Arc<str>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], seeds: &[Arc<str>]) -> Reader<'a> {
        Reader { bytes, texts: seeds.to_vec() }
    }

    /// Puts the seeds in, which stand before every text of the record itself.
    pub(crate) fn seed(&mut self, seeds: &[Arc<str>]) {
        self.texts = seeds.to_vec();
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (&first, rest) = self.bytes.split_first().ok_or(Malformed)?;
        self.bytes = rest;
        Ok(first)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Malformed> {
        let number = self.number()?;
        #[expect(clippy::cast_possible_wrap, reason = "zigzag")]
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A length or count: never more than bytes are left, so that no damage asks for memory.
    pub(crate) fn count(&mut self) -> Result<usize, Malformed> {
        let count = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        if count > self.bytes.len() { Err(Malformed) } else { Ok(count) }
    }

    pub(crate) fn raw(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.count()?;
        let (taken, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        Ok(taken)
    }

    pub(crate) fn text(&mut self) -> Result<Arc<str>, Malformed> {
        match self.number()? {
            0 => {
                let text: Arc<str> = std::str::from_utf8(self.raw()?).map_err(|_| Malformed)?.into();
                self.texts.push(text.clone());
                Ok(text)
            }
            place => {
                let place = usize::try_from(place - 1).map_err(|_| Malformed)?;
                self.texts.get(place).cloned().ok_or(Malformed)
            }
        }
    }

    pub(crate) fn take<T: Field>(&mut self) -> Result<T, Malformed> {
        T::take(self)
    }
}

/// What can stand in a record.
pub(crate) trait Field: Sized {
    fn put(&self, to: &mut Writer<'_>);
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed>;
}

impl Field for Arc<str> {
    fn put(&self, to: &mut Writer<'_>) {
        to.text(self);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.text()
    }
}

impl Field for u64 {
    fn put(&self, to: &mut Writer<'_>) {
        to.number(*self);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.number()
    }
}

impl Field for u32 {
    fn put(&self, to: &mut Writer<'_>) {
        to.number(u64::from(*self));
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.number()?.try_into().map_err(|_| Malformed)
    }
}

impl Field for i64 {
    fn put(&self, to: &mut Writer<'_>) {
        to.signed(*self);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.signed()
    }
}

impl Field for f64 {
    fn put(&self, to: &mut Writer<'_>) {
        to.number(self.to_bits());
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.number().map(f64::from_bits)
    }
}

impl Field for bool {
    fn put(&self, to: &mut Writer<'_>) {
        to.byte(u8::from(*self));
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, to: &mut Writer<'_>) {
        to.byte(u8::from(self.is_some()));
        if let Some(value) = self {
            value.put(to);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        if from.take::<bool>()? { from.take().map(Some) } else { Ok(None) }
    }
}

impl<A: Field, B: Field> Field for (A, B) {
    fn put(&self, to: &mut Writer<'_>) {
        self.0.put(to);
        self.1.put(to);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok((from.take()?, from.take()?))
    }
}

impl<T: Field> Field for Vec<T> {
    fn put(&self, to: &mut Writer<'_>) {
        to.number(self.len() as u64);
        for item in self {
            item.put(to);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let count = from.count()?;
        (0..count).map(|_| from.take()).collect()
    }
}

/// The two directions of a struct: its members in order.
macro_rules! record {
    ($name:ident { $($member:ident),* }) => {
        impl $crate::codec::Field for $name {
            fn put(&self, to: &mut $crate::codec::Writer<'_>) {
                $($crate::codec::Field::put(&self.$member, to);)*
            }
            fn take(from: &mut $crate::codec::Reader<'_>) -> Result<Self, $crate::codec::Malformed> {
                Ok($name { $($member: from.take()?),* })
            }
        }
    };
}

/// The two directions of an enum: a number for each variant, then its members in order. Numbers stand in logs: they never
/// change.
macro_rules! variants {
    ($name:ident {
        [$($unit_tag:literal = $unit:ident;)*]
        [$($tuple_tag:literal = $tuple:ident($($part:ident),*);)*]
        [$($tag:literal = $variant:ident { $($member:ident),* };)*]
    }) => {
        impl $crate::codec::Field for $name {
            fn put(&self, to: &mut $crate::codec::Writer<'_>) {
                match self {
                    $($name::$unit => to.byte($unit_tag),)*
                    $($name::$tuple($($part),*) => {
                        to.byte($tuple_tag);
                        $($crate::codec::Field::put($part, to);)*
                    })*
                    $($name::$variant { $($member),* } => {
                        to.byte($tag);
                        $($crate::codec::Field::put($member, to);)*
                    })*
                }
            }
            fn take(from: &mut $crate::codec::Reader<'_>) -> Result<Self, $crate::codec::Malformed> {
                match from.byte()? {
                    $($unit_tag => Ok($name::$unit),)*
                    $($tuple_tag => {
                        $(let $part = from.take()?;)*
                        Ok($name::$tuple($($part),*))
                    })*
                    $($tag => Ok($name::$variant { $($member: from.take()?),* }),)*
                    _ => Err($crate::codec::Malformed),
                }
            }
        }
    };
}

pub(crate) use {record, variants};
