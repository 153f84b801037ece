//! Random values of a shape, reproducible from a seed.

use crate::dynamic::{Record, Value};
use aws_schema::{Document, Kind, Shape, Timestamp};

/// A small generator (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }

    fn signed(&mut self, bound: i64) -> i64 {
        i64::try_from(self.below(u64::try_from(bound).unwrap() * 2)).unwrap() - bound
    }

    fn text(&mut self) -> String {
        let letters: Vec<char> = "abcXYZ019 -_./:=+&<>\"'%;,#?@\n\t\ré€😀".chars().collect();
        (0..=self.below(12))
            .map(|_| letters[usize::try_from(self.below(letters.len() as u64)).unwrap()])
            .collect()
    }

    /// A structure with about two thirds of its members.
    pub(crate) fn record(&mut self, shape: &'static Shape) -> Record {
        self.record_at(shape, 0)
    }

    fn record_at(&mut self, shape: &'static Shape, depth: u64) -> Record {
        let mut record = Record::new(shape);
        let only = shape.union.then(|| self.below(shape.members.len().max(1) as u64));
        for (index, member) in shape.members.iter().enumerate() {
            let wanted = only.map_or_else(|| self.below(3 + depth * 2) < 2, |only| only == index as u64);
            if wanted && depth < 8 {
                record.members[index] = Some(self.value(member.shape, depth + 1));
            }
        }
        record
    }

    fn value(&mut self, shape: &'static Shape, depth: u64) -> Value {
        match shape.kind {
            Kind::Boolean => Value::Boolean(self.below(2) == 0),
            Kind::Integer => Value::Integer(self.signed(1 << 31)),
            Kind::Long => Value::Integer(self.signed(1 << 52)),
            #[allow(clippy::cast_precision_loss)]
            Kind::Float => Value::Float(self.signed(1 << 30) as f32 / 1024.0),
            #[allow(clippy::cast_precision_loss)]
            Kind::Double => Value::Double(self.signed(1 << 50) as f64 / 4096.0),
            Kind::String if !shape.values.is_empty() => Value::String(
                shape.values[usize::try_from(self.below(shape.values.len() as u64)).unwrap()].to_owned(),
            ),
            Kind::String => Value::String(self.text()),
            Kind::Blob => Value::Blob(self.text().into_bytes()),
            Kind::Timestamp => {
                Value::Timestamp(Timestamp::from_millis(self.signed(2_000_000_000_000) + 2_000_000_000_000))
            }
            Kind::Document => {
                Value::Document(Document::List(vec![Document::Boolean(true), Document::Integer(7)]))
            }
            Kind::List => Value::List(
                (0..=self.below(2)).map(|_| self.value(shape.members[0].shape, depth + 1)).collect(),
            ),
            Kind::Map => Value::Map(
                (0..=self.below(2))
                    .map(|_| (self.text(), self.value(shape.members[1].shape, depth + 1)))
                    .collect(),
            ),
            Kind::Structure => Value::Structure(self.record_at(shape, depth)),
        }
    }
}
