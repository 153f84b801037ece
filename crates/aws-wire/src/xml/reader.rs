//! Values out of an XML tree.

use super::tree::Element;
use crate::budget::Budget;
use crate::message::Bound;
use crate::text;
use aws_schema::{Document, Kind, Member, ReadError, ReadMembers, Reader, Timestamp};

/// Where a reader stands.
enum Place<'e> {
    /// On one element.
    Element(&'e Element<'e>),
    /// On all elements of a flattened list or map.
    Rows(Vec<&'e Element<'e>>),
    /// On an attribute's text.
    Text(&'e str),
}

/// Reads what hangs at one place of the tree.
pub(crate) struct XmlReader<'e, 'b> {
    place: Place<'e>,
    budget: &'b mut Budget,
}

impl<'e, 'b> XmlReader<'e, 'b> {
    /// Stands on `element`.
    pub(crate) fn new(element: &'e Element<'e>, budget: &'b mut Budget) -> XmlReader<'e, 'b> {
        XmlReader { place: Place::Element(element), budget }
    }

    /// Fills `target` from the element, but the members that `bound` puts elsewhere.
    pub(crate) fn root(&mut self, target: &mut dyn ReadMembers, bound: Bound) -> Result<(), ReadError> {
        let Place::Element(element) = self.place else {
            return Err(ReadError::new("Unexpected list or text"));
        };
        let members = target.shape().members;
        self.budget.spend(1 + members.len())?;
        self.budget.enter()?;
        for (index, member) in members.iter().enumerate() {
            if bound.is_elsewhere(member.location) {
                continue;
            }
            if let Some(place) = find(element, member) {
                target
                    .read_member(index, &mut XmlReader { place, budget: self.budget })
                    .map_err(|error| error.within(member.wire_name()))?;
            }
        }
        self.budget.leave();
        Ok(())
    }

    /// The text of a leaf or attribute. An element with children is no simple value.
    fn text(&self) -> Result<&'e str, ReadError> {
        match &self.place {
            Place::Text(text) => Ok(text),
            Place::Element(element) if element.children.is_empty() => Ok(&element.text),
            _ => Err(ReadError::new("Unexpected element inside a simple value")),
        }
    }

    /// The elements of a list or map, however it is wrapped.
    fn rows(&self, row: &str) -> Vec<&'e Element<'e>> {
        match &self.place {
            Place::Rows(rows) => rows.clone(),
            Place::Element(element) => element.children.iter().filter(|child| child.name == row).collect(),
            Place::Text(_) => Vec::new(),
        }
    }
}

/// Where the value of `member` stands in `element`, if it is there.
fn find<'e>(element: &'e Element<'e>, member: &Member) -> Option<Place<'e>> {
    let name = member.wire_name();
    if member.xml_attribute {
        let local = name.rsplit_once(':').map_or(name, |(_, local)| local);
        let found = element.attributes.iter().find(|(key, _)| *key == name).or_else(|| {
            element.attributes.iter().find(|(key, _)| {
                key.rsplit_once(':').is_some_and(|(prefix, l)| l == local && prefix != "xmlns")
            })
        });
        return found.map(|(_, text)| Place::Text(text));
    }
    if member.is_flattened() && matches!(member.shape.kind, Kind::List | Kind::Map) {
        let item = member
            .shape
            .members
            .first()
            .filter(|_| member.shape.kind == Kind::List)
            .and_then(|item| item.location_name);
        let is_row = |child: &&Element<'_>| child.name == name || Some(child.name) == item;
        // Rows of one list need not stand together.
        let rows: Vec<_> = element.children.iter().filter(is_row).collect();
        return (!rows.is_empty()).then_some(Place::Rows(rows));
    }
    element.child(name).map(Place::Element)
}

impl Reader for XmlReader<'_, '_> {
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
        text::base64(self.text()?)
    }

    fn timestamp(&mut self, _: &'static Member) -> Result<Timestamp, ReadError> {
        text::parse_timestamp(self.text()?)
    }

    fn document(&mut self, _: &'static Member) -> Result<Document, ReadError> {
        Err(ReadError::new("XML has no untyped values"))
    }

    fn structure(&mut self, _: &'static Member, target: &mut dyn ReadMembers) -> Result<(), ReadError> {
        self.root(target, Bound::Nothing)
    }

    fn list(
        &mut self,
        member: &'static Member,
        each: &mut dyn FnMut(&mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let item = member.shape.members.first().and_then(|item| item.location_name).unwrap_or("member");
        let rows = self.rows(item);
        self.budget.enter()?;
        for (at, row) in rows.into_iter().enumerate() {
            self.budget.spend(1)?;
            each(&mut XmlReader::new(row, self.budget))
                .map_err(|error| error.within((at + 1).to_string()))?;
        }
        self.budget.leave();
        Ok(())
    }

    fn map(
        &mut self,
        member: &'static Member,
        each: &mut dyn FnMut(String, &mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let [key, value] = member.shape.members else { return Err(ReadError::new("not a map")) };
        let rows = self.rows("entry");
        self.budget.enter()?;
        for row in rows {
            self.budget.spend(2)?;
            let name = row
                .child(key.location_name.unwrap_or("key"))
                .ok_or_else(|| ReadError::new("An entry has no key"))?;
            if let Some(value) = row.child(value.location_name.unwrap_or("value")) {
                each(name.text.to_string(), &mut XmlReader::new(value, self.budget))?;
            }
        }
        self.budget.leave();
        Ok(())
    }
}
