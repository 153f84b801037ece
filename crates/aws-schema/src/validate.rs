//! Checks a decoded request against the limits of its model: required members, lengths, magnitudes, enumerations.

use crate::shape::{Member, Shape};
use crate::timestamp::Timestamp;
use crate::value::{Document, WriteEntries, WriteItems, WriteMembers, Writer};

/// One broken limit, in AWS's wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the member from the root, in the service's own spelling: `tags.1.member.key`.
    pub path: String,
    /// The value as text, or `null`.
    pub value: String,
    /// What it failed: `Member must not be null`, …
    pub constraint: String,
    /// A required member was absent.
    pub missing: bool,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = if self.value == "null" { "null".to_owned() } else { format!("'{}'", self.value) };
        write!(f, "Value {value} at '{}' failed to satisfy constraint: {}", self.path, self.constraint)
    }
}

/// All broken limits of `value`, in model order; empty when it is sound.
pub fn violations(value: &dyn WriteMembers) -> Vec<Violation> {
    let mut check = Check { path: Vec::new(), seen: Vec::new(), found: Vec::new(), next_item: 0 };
    check.members(value);
    check.found
}

struct Check {
    path: Vec<String>,
    /// Names of the members of the structure being walked that were present. Not addresses: the constant of one member may
    /// stand at several, one per unit of code generation.
    seen: Vec<&'static str>,
    found: Vec<Violation>,
    next_item: usize,
}

impl Check {
    fn members(&mut self, value: &dyn WriteMembers) {
        let outer = std::mem::take(&mut self.seen);
        value.write_members(self);
        let present = std::mem::replace(&mut self.seen, outer);
        for member in value.shape().members {
            if member.required && !present.contains(&member.name) {
                self.push(member, "null", "Member must not be null".to_owned(), true);
            }
        }
    }

    fn at(&self, member: &'static Member) -> String {
        let mut path = self.path.join(".");
        // Items of lists and maps are named by the position pushed on `path`.
        if !matches!(member.name, "member" | "key" | "value") || self.path.is_empty() {
            if !path.is_empty() {
                path.push('.');
            }
            let mut letters = member.name.chars();
            if let Some(first) = letters.next() {
                path.extend(first.to_lowercase());
            }
            path.push_str(letters.as_str());
        }
        path
    }

    fn push(&mut self, member: &'static Member, value: &str, constraint: String, missing: bool) {
        // A hostile request must not make an answer of megabytes.
        if self.found.len() < 20 {
            let value =
                if member.shape.sensitive { "***".to_owned() } else { value.chars().take(200).collect() };
            self.found.push(Violation { path: self.at(member), value, constraint, missing });
        }
    }

    fn mark(&mut self, member: &'static Member) {
        self.seen.push(member.name);
    }

    fn length(&mut self, member: &'static Member, length: usize, shown: &dyn Fn() -> String) {
        let limits = &member.shape.limits;
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        if let Some(max) = limits.max.filter(|max| length > *max) {
            self.push(
                member,
                &shown(),
                format!("Member must have length less than or equal to {max}"),
                false,
            );
        }
        if let Some(min) = limits.min.filter(|min| length < *min) {
            self.push(
                member,
                &shown(),
                format!("Member must have length greater than or equal to {min}"),
                false,
            );
        }
    }

    #[allow(clippy::cast_precision_loss)] // limits are small
    fn magnitude(&mut self, member: &'static Member, value: f64, shown: &str) {
        let limits = &member.shape.limits;
        if let Some(max) = limits.max.filter(|max| value > *max as f64) {
            self.push(member, shown, format!("Member must have value less than or equal to {max}"), false);
        }
        if let Some(min) = limits.min.filter(|min| value < *min as f64) {
            self.push(member, shown, format!("Member must have value greater than or equal to {min}"), false);
        }
    }

    fn inside(&mut self, step: String, walk: impl FnOnce(&mut Self)) {
        self.path.push(step);
        walk(self);
        self.path.pop();
    }

    fn name_in(&self, member: &'static Member) -> Option<String> {
        // Items already stand in the path by their number.
        let full = self.at(member);
        let own = self.path.join(".");
        full.strip_prefix(&own).map(|rest| rest.trim_start_matches('.').to_owned()).filter(|s| !s.is_empty())
    }

    fn walk_items(&mut self, shape: &'static Shape, value: &dyn WriteItems) {
        let Some(item) = shape.members.first() else { return };
        let before = std::mem::replace(&mut self.next_item, 0);
        value.write_items(item, &mut Items(self));
        self.next_item = before;
    }
}

impl Writer for Check {
    fn boolean(&mut self, member: &'static Member, _: bool) {
        self.mark(member);
    }
    #[allow(clippy::cast_precision_loss)] // only compared with limits
    fn integer(&mut self, member: &'static Member, value: i64) {
        self.mark(member);
        self.magnitude(member, value as f64, &value.to_string());
    }
    fn float(&mut self, member: &'static Member, value: f32) {
        self.mark(member);
        self.magnitude(member, f64::from(value), &value.to_string());
    }
    fn double(&mut self, member: &'static Member, value: f64) {
        self.mark(member);
        self.magnitude(member, value, &value.to_string());
    }
    fn string(&mut self, member: &'static Member, value: &str) {
        self.mark(member);
        let shape = member.shape;
        if shape.limits.max.is_some() || shape.limits.min.is_some() {
            self.length(member, value.chars().count(), &|| value.to_owned());
        }
        if !shape.values.is_empty() && !shape.values.contains(&value) {
            let set = shape.values.join(", ");
            self.push(member, value, format!("Member must satisfy enum value set: [{set}]"), false);
        }
    }
    fn blob(&mut self, member: &'static Member, value: &[u8]) {
        self.mark(member);
        self.length(member, value.len(), &|| format!("{} bytes", value.len()));
    }
    fn timestamp(&mut self, member: &'static Member, _: Timestamp) {
        self.mark(member);
    }
    fn document(&mut self, member: &'static Member, _: &Document) {
        self.mark(member);
    }
    fn structure(&mut self, member: &'static Member, value: &dyn WriteMembers) {
        self.mark(member);
        match self.name_in(member) {
            Some(name) => self.inside(name, |check| check.members(value)),
            None => self.members(value),
        }
    }
    fn list(&mut self, member: &'static Member, len: usize, value: &dyn WriteItems) {
        self.mark(member);
        self.length(member, len, &|| format!("[{len} items]"));
        match self.name_in(member) {
            Some(name) => self.inside(name, |check| check.walk_items(member.shape, value)),
            None => self.walk_items(member.shape, value),
        }
    }
    fn map(&mut self, member: &'static Member, len: usize, value: &dyn WriteEntries) {
        self.mark(member);
        self.length(member, len, &|| format!("{{{len} entries}}"));
        let [key_member, value_member] = member.shape.members else { return };
        let name = self.name_in(member).unwrap_or_default();
        self.inside(name, |check| {
            value.write_entries(&mut |key, value| {
                check.inside(key.to_owned(), |check| {
                    check.string(key_member, key);
                    value.write(value_member, check);
                });
            });
        });
    }
    fn null(&mut self, member: &'static Member) {
        self.mark(member);
    }
}

/// Numbers the items of a list as AWS does: `tags.1.member`.
struct Items<'a>(&'a mut Check);

impl Items<'_> {
    fn one(&mut self, walk: impl FnOnce(&mut Check)) {
        let number = self.0.next_item + 1;
        self.0.inside(format!("{number}.member"), walk);
        self.0.next_item = number;
    }
}

impl Writer for Items<'_> {
    fn boolean(&mut self, member: &'static Member, value: bool) {
        self.one(|check| check.boolean(member, value));
    }
    fn integer(&mut self, member: &'static Member, value: i64) {
        self.one(|check| check.integer(member, value));
    }
    fn float(&mut self, member: &'static Member, value: f32) {
        self.one(|check| check.float(member, value));
    }
    fn double(&mut self, member: &'static Member, value: f64) {
        self.one(|check| check.double(member, value));
    }
    fn string(&mut self, member: &'static Member, value: &str) {
        self.one(|check| check.string(member, value));
    }
    fn blob(&mut self, member: &'static Member, value: &[u8]) {
        self.one(|check| check.blob(member, value));
    }
    fn timestamp(&mut self, member: &'static Member, value: Timestamp) {
        self.one(|check| check.timestamp(member, value));
    }
    fn document(&mut self, member: &'static Member, value: &Document) {
        self.one(|check| check.document(member, value));
    }
    fn structure(&mut self, member: &'static Member, value: &dyn WriteMembers) {
        self.one(|check| check.structure(member, value));
    }
    fn list(&mut self, member: &'static Member, len: usize, value: &dyn WriteItems) {
        self.one(|check| check.list(member, len, value));
    }
    fn map(&mut self, member: &'static Member, len: usize, value: &dyn WriteEntries) {
        self.one(|check| check.map(member, len, value));
    }
    fn null(&mut self, member: &'static Member) {
        self.one(|check| check.null(member));
    }
}
