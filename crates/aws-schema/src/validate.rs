//! Checks a decoded request against the limits of its model: required members, lengths, magnitudes, enumerations.
//!
//! Patterns are not checked: the model's regular expressions are of another dialect, and services say more helpful things.

mod limits;
#[cfg(test)]
mod tests;

use self::limits::{Measure, broken, rules};
use crate::shape::{Kind, Member, Shape};
use crate::timestamp::Timestamp;
use crate::value::{Document, WriteEntries, WriteItems, WriteMembers, Writer};

/// One broken limit, in AWS's wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the member from the root, as AWS's frameworks spell it: `tags.1.member.key`.
    pub path: String,
    /// Name of the parameter in an EC2 request: `TagSpecification.1.ResourceType`.
    pub parameter: String,
    /// The value as text, or `null`; empty when it is sensitive.
    pub value: String,
    /// What it failed: `Member must not be null`, …
    pub constraint: String,
    /// A required member was absent.
    pub missing: bool,
    /// The value is sensitive and not told.
    pub hidden: bool,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (path, constraint) = (&self.path, &self.constraint);
        // AWS says nothing of a sensitive value, and null without quotes.
        let value = if self.missing {
            " null".to_owned()
        } else if self.hidden {
            String::new()
        } else {
            format!(" '{}'", self.value)
        };
        write!(f, "Value{value} at '{path}' failed to satisfy constraint: {constraint}")
    }
}

/// All broken limits of `value`, in model order, at most twenty; empty when it is sound.
pub fn violations(value: &dyn WriteMembers) -> Vec<Violation> {
    let mut check = Check {
        path: Vec::new(),
        found: Vec::new(),
        place: Place::Structure,
        members: &[],
        next: 0,
        listing: Listing::default(),
    };
    check.members(value);
    check.found
}

/// A hostile request must not make an answer of megabytes.
const MOST: usize = 20;
const LONGEST: usize = 200;

/// One step from the root towards a value.
enum Step {
    Member(&'static Member),
    Item(usize),
    Entry(String),
}

/// What the member given to a writer's call is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A member of the structure being walked.
    Structure,
    /// An item of a list; the number of the one before.
    Items(usize),
    /// A key or value of a map, whose step stands in the path.
    Entry,
}

/// What is known of the plain items of the list (or the keys and values of the map) being walked.
#[derive(Default)]
struct Listing {
    broken: bool,
    /// Filled only to show a broken list.
    shown: Option<String>,
}

struct Check {
    path: Vec<Step>,
    found: Vec<Violation>,
    place: Place,
    /// Members of the structure being walked, and the first that was not seen yet.
    members: &'static [Member],
    next: usize,
    listing: Listing,
}

impl Check {
    fn members(&mut self, value: &dyn WriteMembers) {
        let outer = (self.place, self.members, self.next);
        (self.place, self.members, self.next) = (Place::Structure, value.shape().members, 0);
        value.write_members(self);
        self.skip_to(self.members.len());
        (self.place, self.members, self.next) = outer;
    }

    /// Members before `index` that were not written are absent.
    fn skip_to(&mut self, index: usize) {
        for member in
            self.members.get(self.next..index).unwrap_or_default().iter().filter(|member| member.required)
        {
            self.push(Some(member), Some("null".to_owned()), "Member must not be null".to_owned(), true);
        }
        self.next = index + 1;
    }

    /// Notes that a member of the structure is there. By name: the constant of one member may stand at several addresses.
    fn see(&mut self, member: &'static Member) {
        let rest = self.members.get(self.next..).unwrap_or_default();
        if let Some(at) = rest.iter().position(|other| other.name == member.name) {
            self.skip_to(self.next + at);
        }
    }

    /// Records a broken limit of `member` below the current path, or of what the path itself leads to.
    /// Without `value` it is sensitive.
    fn push(
        &mut self,
        member: Option<&'static Member>,
        value: Option<String>,
        constraint: String,
        missing: bool,
    ) {
        if self.found.len() < MOST {
            let (path, parameter) =
                (self.spell(member, framework_name).join("."), self.spell(member, ec2_name));
            // EC2 numbers its parameters without the `member` that AWS's frameworks put after a number.
            let parameter =
                parameter.into_iter().filter(|step| step != "member").collect::<Vec<_>>().join(".");
            let hidden = value.is_none();
            self.found.push(Violation {
                path,
                parameter,
                value: value.unwrap_or_default(),
                constraint,
                missing,
                hidden,
            });
        }
    }

    fn spell(&self, member: Option<&'static Member>, name: fn(&Member) -> String) -> Vec<String> {
        let mut steps: Vec<String> = Vec::with_capacity(self.path.len() + 1);
        for step in &self.path {
            match step {
                Step::Member(member) => steps.push(name(member)),
                Step::Item(number) => steps.extend([number.to_string(), "member".to_owned()]),
                Step::Entry(key) => steps.extend([key.chars().take(LONGEST).collect(), "member".to_owned()]),
            }
        }
        steps.extend(member.map(name));
        steps
    }

    /// A value without parts: a number, a text.
    fn plain(&mut self, member: &'static Member, measure: Measure<'_>) {
        let shape = member.shape;
        if self.place == Place::Structure {
            self.see(member);
            for constraint in broken(shape, &measure) {
                let shown = (!shape.sensitive).then(|| clip(&measure.shown()));
                self.push(Some(member), shown, constraint, false);
            }
            return;
        }
        self.listing.broken |= !broken(shape, &measure).is_empty();
        if self.listing.shown.is_some() {
            self.mention(&clip(&measure.shown()));
        }
    }

    /// Adds an item to the text of the list that is shown.
    fn mention(&mut self, item: &str) {
        if let Some(shown) = self.listing.shown.as_mut().filter(|shown| shown.len() < LONGEST) {
            if !shown.is_empty() {
                shown.push_str(", ");
            }
            shown.push_str(item);
        }
    }

    /// Something with parts: steps to it, walks, and steps back.
    fn inside(&mut self, member: &'static Member, walk: impl FnOnce(&mut Self)) {
        // While items are shown nothing is judged: a walk inside that walk at every level would take for ever.
        if self.listing.shown.is_some() {
            return self.mention(member.shape.name);
        }
        let step = match &mut self.place {
            Place::Structure => {
                self.see(member);
                Some(Step::Member(member))
            }
            Place::Items(number) => {
                *number += 1;
                Some(Step::Item(*number))
            }
            Place::Entry => None,
        };
        let length = self.path.len();
        self.path.extend(step);
        let place = self.place;
        walk(self);
        self.place = place;
        self.path.truncate(length);
    }

    /// Walks the parts of a list or map and reports broken plain ones at the list or map itself.
    fn parts(
        &mut self,
        whole: &'static Shape,
        part: &'static Shape,
        what: &str,
        size: Measure<'_>,
        walk: &mut dyn FnMut(&mut Self),
    ) {
        let outer = std::mem::take(&mut self.listing);
        walk(self);
        let over = broken(whole, &size);
        if self.listing.broken || !over.is_empty() {
            let shown = self.show(whole, walk);
            for constraint in over {
                self.push(None, shown.clone(), constraint, false);
            }
            if self.listing.broken {
                self.push(
                    None,
                    shown,
                    format!("{what} must satisfy constraint: [{}]", rules(part).join(", ")),
                    false,
                );
            }
        }
        self.listing = outer;
    }

    /// The items as text, found by walking once more; nothing is recorded on this walk.
    fn show(&mut self, shape: &Shape, walk: &mut dyn FnMut(&mut Self)) -> Option<String> {
        if shape.sensitive || shape.members.iter().any(|member| member.shape.sensitive) {
            return None;
        }
        let (found, broken) = (std::mem::take(&mut self.found), self.listing.broken);
        self.listing.shown = Some(String::new());
        walk(self);
        self.found = found;
        self.listing.broken = broken;
        let items = clip(&self.listing.shown.take().unwrap_or_default());
        Some(if shape.kind == Kind::Map { format!("{{{items}}}") } else { format!("[{items}]") })
    }
}

/// Lower-case first letter, whatever the model says.
fn framework_name(member: &Member) -> String {
    let mut name = member.name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}

/// As in an EC2 request.
fn ec2_name(member: &Member) -> String {
    let mut name = member.query_name.unwrap_or_else(|| member.wire_name()).to_owned();
    if let Some(first) = name.get_mut(..1).filter(|_| member.query_name.is_none()) {
        first.make_ascii_uppercase();
    }
    name
}

/// At most so much of the caller's own text.
fn clip(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

impl Writer for Check {
    fn boolean(&mut self, member: &'static Member, _: bool) {
        self.plain(member, Measure::None);
    }
    fn integer(&mut self, member: &'static Member, value: i64) {
        self.plain(member, Measure::Integer(value));
    }
    fn float(&mut self, member: &'static Member, value: f32) {
        self.plain(member, Measure::Float(f64::from(value)));
    }
    fn double(&mut self, member: &'static Member, value: f64) {
        self.plain(member, Measure::Float(value));
    }
    fn string(&mut self, member: &'static Member, value: &str) {
        self.plain(member, Measure::Text(value));
    }
    fn blob(&mut self, member: &'static Member, value: &[u8]) {
        self.plain(member, Measure::Bytes(value.len()));
    }
    fn timestamp(&mut self, member: &'static Member, _: Timestamp) {
        self.plain(member, Measure::None);
    }
    fn document(&mut self, member: &'static Member, _: &Document) {
        self.plain(member, Measure::None);
    }
    fn null(&mut self, member: &'static Member) {
        self.plain(member, Measure::None);
    }

    fn structure(&mut self, member: &'static Member, value: &dyn WriteMembers) {
        self.inside(member, |check| check.members(value));
    }

    fn list(&mut self, member: &'static Member, len: usize, value: &dyn WriteItems) {
        let Some(item) = member.shape.members.first() else { return };
        self.inside(member, |check| {
            check.parts(member.shape, item.shape, "Member", Measure::Count(len), &mut |check| {
                check.place = Place::Items(0);
                value.write_items(item, check);
            });
        });
    }

    fn map(&mut self, member: &'static Member, len: usize, value: &dyn WriteEntries) {
        let [key_member, value_member] = member.shape.members else { return };
        self.inside(member, |check| {
            check.parts(member.shape, key_member.shape, "Map keys", Measure::Count(len), &mut |check| {
                check.place = Place::Entry;
                value.write_entries(&mut |key, _| check.string(key_member, key));
            });
            // The size was judged with the keys.
            check.parts(member.shape, value_member.shape, "Map value", Measure::None, &mut |check| {
                value.write_entries(&mut |key, value| {
                    check.place = Place::Entry;
                    check.path.push(Step::Entry(key.to_owned()));
                    value.write(value_member, check);
                    check.path.pop();
                });
            });
        });
    }
}
