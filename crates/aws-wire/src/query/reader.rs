//! Values out of a form's parameter tree.

use super::names::Dialect;
use crate::budget::Budget;
use crate::form::{Pair, QueryForm};
use crate::text;
use aws_schema::{Document, Member, ReadError, ReadMembers, Reader, Timestamp};

/// What is shared by all readers of one form.
#[derive(Debug)]
pub(crate) struct Reading {
    budget: Budget,
    /// The first parameter that is not in the model.
    unknown: Option<String>,
}

impl Reading {
    pub(crate) fn new() -> Reading {
        Reading { budget: Budget::new(), unknown: None }
    }

    /// The first parameter that is not in the model, if there was one.
    pub(crate) fn unknown(self) -> Option<String> {
        self.unknown
    }
}

/// One item of a list: its number, its parameters, and the length of its path.
type Item<'f> = (u32, &'f [Pair<'f>], usize);

/// Stands on one node of the tree: the parameters that begin with the node's path.
pub(crate) struct FormReader<'f, 'b> {
    dialect: Dialect,
    /// The parameters at and below this node, in tree order.
    pairs: &'f [Pair<'f>],
    /// Length of the node's path, the dot after it not included.
    prefix: usize,
    reading: &'b mut Reading,
}

/// The children of a node: next segment and the parameters at and below it.
struct Children<'f> {
    pairs: &'f [Pair<'f>],
    start: usize,
}

impl<'f> Iterator for Children<'f> {
    type Item = (&'f str, &'f [Pair<'f>]);

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.pairs.first()?;
        let rest = first.0.get(self.start..).unwrap_or_default();
        let segment = &rest[..memchr::memchr(b'.', rest.as_bytes()).unwrap_or(rest.len())];
        let end = self.start + segment.len();
        let same = |pair: &Pair<'_>| {
            let name = pair.0.as_bytes();
            name.get(self.start..end) == Some(segment.as_bytes())
                && matches!(name.get(end), None | Some(b'.'))
        };
        let count = self.pairs.iter().take_while(|pair| same(pair)).count().max(1);
        let (group, rest) = self.pairs.split_at(count);
        self.pairs = rest;
        Some((segment, group))
    }
}

/// Parameters that any request may have: EC2 API reference, "Common query parameters", both signature versions.
fn is_common(name: &str) -> bool {
    const COMMON: [&str; 9] = [
        "Action",
        "Version",
        "AWSAccessKeyId",
        "Expires",
        "SecurityToken",
        "Signature",
        "SignatureMethod",
        "SignatureVersion",
        "Timestamp",
    ];
    COMMON.contains(&name) || name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("X-Amz-"))
}

impl<'f, 'b> FormReader<'f, 'b> {
    /// Stands at the root of a form.
    pub(crate) fn new(
        dialect: Dialect,
        form: &'f QueryForm<'f>,
        reading: &'b mut Reading,
    ) -> FormReader<'f, 'b> {
        FormReader { dialect, pairs: &form.pairs, prefix: 0, reading }
    }

    /// Fills the input from the whole form.
    pub(crate) fn root(&mut self, target: &mut dyn ReadMembers) -> Result<(), ReadError> {
        let (pairs, dialect) = (self.pairs, self.dialect);
        self.members(target, Children { pairs, start: 0 }, dialect)
    }

    /// What stands below this node.
    fn children(&self) -> Children<'f> {
        // The node's own parameter (`A` itself) sorts before everything below it.
        let own = self.pairs.iter().take_while(|pair| pair.0.len() <= self.prefix).count();
        Children { pairs: &self.pairs[own..], start: self.prefix + 1 }
    }

    /// A reader one level down.
    fn child<'s>(&'s mut self, pairs: &'f [Pair<'f>], prefix: usize) -> FormReader<'f, 's> {
        FormReader { dialect: self.dialect, pairs, prefix, reading: self.reading }
    }

    /// Fills a structure from the nodes below it.
    fn members(
        &mut self,
        target: &mut dyn ReadMembers,
        children: Children<'f>,
        dialect: Dialect,
    ) -> Result<(), ReadError> {
        let members = target.shape().members;
        self.reading.budget.spend(1 + members.len())?;
        self.reading.budget.enter()?;
        let start = children.start;
        for (segment, pairs) in children {
            if let Some(index) = members.iter().position(|member| dialect.is_name(member, segment)) {
                target
                    .read_member(index, &mut self.child(pairs, start + segment.len()))
                    .map_err(|error| error.within(segment.to_owned()))?;
            } else if self.reading.unknown.is_none() && !(start == 0 && is_common(segment)) {
                self.reading.unknown = pairs.first().map(|pair| pair.0.chars().take(100).collect());
            }
        }
        self.reading.budget.leave();
        Ok(())
    }

    /// The node's own value.
    fn value(&self) -> Result<&'f str, ReadError> {
        self.pairs
            .first()
            .filter(|pair| pair.0.len() <= self.prefix)
            .map(|pair| &*pair.1)
            .ok_or_else(|| ReadError::new("Start of structure or map found where not expected."))
    }

    /// The numbered children in the order of their numbers, below `wrapper` if there is one.
    fn numbered(&mut self, wrapper: Option<&str>) -> Result<Vec<Item<'f>>, ReadError> {
        let (mut children, mut start) = (self.children(), self.prefix + 1);
        if let Some(wrapper) = wrapper {
            let Some((_, pairs)) = children.find(|(segment, _)| *segment == wrapper) else {
                return Ok(Vec::new());
            };
            start += wrapper.len() + 1;
            let own = pairs.iter().take_while(|pair| pair.0.len() < start).count();
            children = Children { pairs: &pairs[own..], start };
        }
        let mut items = Vec::new();
        for (segment, pairs) in children {
            self.reading.budget.spend(1)?;
            // `+1` is a number to Rust and none to AWS.
            let digits = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
            let number = segment.parse().ok().filter(|_| digits);
            let number = number
                .ok_or_else(|| ReadError::new(format!("'{segment:.20}' is not the number of an item")))?;
            items.push((number, pairs, start + segment.len()));
        }
        items.sort_by_key(|item: &Item<'_>| item.0);
        Ok(items)
    }
}

impl Reader for FormReader<'_, '_> {
    fn boolean(&mut self, _: &'static Member) -> Result<bool, ReadError> {
        text::boolean(self.value()?)
    }

    fn integer(&mut self, _: &'static Member) -> Result<i64, ReadError> {
        text::integer(self.value()?)
    }

    fn double(&mut self, _: &'static Member) -> Result<f64, ReadError> {
        text::double(self.value()?)
    }

    fn string(&mut self, _: &'static Member) -> Result<String, ReadError> {
        self.value().map(str::to_owned)
    }

    fn blob(&mut self, _: &'static Member) -> Result<Vec<u8>, ReadError> {
        text::base64(self.value()?)
    }

    fn timestamp(&mut self, _: &'static Member) -> Result<Timestamp, ReadError> {
        text::parse_timestamp(self.value()?)
    }

    fn document(&mut self, _: &'static Member) -> Result<Document, ReadError> {
        Err(ReadError::new("The query protocols have no untyped values"))
    }

    fn structure(&mut self, _: &'static Member, target: &mut dyn ReadMembers) -> Result<(), ReadError> {
        let (children, dialect) = (self.children(), self.dialect);
        self.members(target, children, dialect)
    }

    fn list(
        &mut self,
        member: &'static Member,
        each: &mut dyn FnMut(&mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let item = member.shape.members.first().and_then(|item| item.location_name).unwrap_or("member");
        let items = self.numbered((!self.dialect.is_flat(member)).then_some(item))?;
        self.reading.budget.enter()?;
        for (number, pairs, prefix) in items {
            each(&mut self.child(pairs, prefix)).map_err(|error| error.within(number.to_string()))?;
        }
        self.reading.budget.leave();
        Ok(())
    }

    fn map(
        &mut self,
        member: &'static Member,
        each: &mut dyn FnMut(String, &mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let [key, value] = member.shape.members else { return Err(ReadError::new("not a map")) };
        let (key, value) = (key.location_name.unwrap_or("key"), value.location_name.unwrap_or("value"));
        let entries = self.numbered((!self.dialect.is_flat(member)).then_some("entry"))?;
        self.reading.budget.enter()?;
        for (number, pairs, prefix) in entries {
            let entry = self.child(pairs, prefix);
            let found =
                |name: &str| entry.children().find(|(segment, _)| *segment == name).map(|(_, pairs)| pairs);
            let name = found(key).and_then(|pairs| pairs.first()).map(|pair| pair.1.to_string());
            let name =
                name.ok_or_else(|| ReadError::new("An entry has no key").within(number.to_string()))?;
            if let Some(pairs) = found(value) {
                each(name, &mut self.child(pairs, prefix + 1 + value.len()))
                    .map_err(|error| error.within(number.to_string()))?;
            }
        }
        self.reading.budget.leave();
        Ok(())
    }
}
