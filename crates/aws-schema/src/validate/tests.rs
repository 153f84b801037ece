//! Limits in AWS's wording, on a structure with one member of every sort.

use super::{Violation, violations};
use crate::shape::{Kind, Limits, Member, Shape};
use crate::value::{WriteMembers, WriteValue, Writer};
use std::collections::BTreeMap;

const fn limited(name: &'static str, kind: Kind, min: i64, max: i64) -> Shape {
    Shape { limits: Limits { min: Some(min), max: Some(max), pattern: None }, ..Shape::new(name, kind) }
}

static NAME: Shape = limited("Name", Kind::String, 2, 4);
static COUNT: Shape = limited("Count", Kind::Integer, 1, 50);
static STATE: Shape = Shape { values: &["on", "off"], ..Shape::new("State", Kind::String) };
static SECRET: Shape = Shape { sensitive: true, ..limited("Secret", Kind::String, 6, 8) };
static NAMES: Shape =
    Shape { members: &[Member::new("member", &NAME)], ..limited("Names", Kind::List, 1, 2) };
static NAME_MAP: Shape = Shape {
    members: &[Member::new("key", &NAME), Member::new("value", &NAME)],
    ..limited("NameMap", Kind::Map, 0, 2)
};
static TAG: Shape = Shape {
    members: &[Member { required: true, location_name: Some("key"), ..Member::new("Key", &NAME) }],
    ..Shape::new("Tag", Kind::Structure)
};
static TAGS: Shape = Shape { members: &[Member::new("member", &TAG)], ..Shape::new("Tags", Kind::List) };
static ROOT: Shape = Shape {
    members: &[
        Member { required: true, ..Member::new("Name", &NAME) },
        Member::new("Count", &COUNT),
        Member::new("State", &STATE),
        Member::new("Secret", &SECRET),
        Member::new("Names", &NAMES),
        Member::new("NameMap", &NAME_MAP),
        Member { location_name: Some("tag"), ..Member::new("Tags", &TAGS) },
        Member { required: true, query_name: Some("TheLast"), ..Member::new("Last", &NAME) },
    ],
    ..Shape::new("Root", Kind::Structure)
};

#[derive(Clone, Default)]
struct Tag(Option<&'static str>);

impl WriteMembers for Tag {
    fn shape(&self) -> &'static Shape {
        &TAG
    }
    fn write_members(&self, writer: &mut dyn Writer) {
        if let Some(key) = self.0 {
            writer.string(&TAG.members[0], key);
        }
    }
}

struct Tags(Vec<Tag>);

impl crate::WriteItems for Tags {
    fn write_items(&self, item: &'static Member, writer: &mut dyn Writer) {
        for tag in &self.0 {
            writer.structure(item, tag);
        }
    }
}

/// A sound value, to be spoilt one member at a time.
struct Root {
    name: Option<&'static str>,
    count: i32,
    state: &'static str,
    secret: &'static str,
    names: Vec<String>,
    map: BTreeMap<String, String>,
    tags: Tags,
    last: Option<&'static str>,
}

fn sound() -> Root {
    Root {
        name: Some("abc"),
        count: 7,
        state: "on",
        secret: "secret",
        names: vec!["ab".into()],
        map: [("ab".to_owned(), "cd".to_owned())].into(),
        tags: Tags(vec![Tag(Some("key"))]),
        last: Some("xy"),
    }
}

impl WriteMembers for Root {
    fn shape(&self) -> &'static Shape {
        &ROOT
    }
    fn write_members(&self, writer: &mut dyn Writer) {
        let m = ROOT.members;
        if let Some(name) = self.name {
            writer.string(&m[0], name);
        }
        self.count.write(&m[1], writer);
        writer.string(&m[2], self.state);
        writer.string(&m[3], self.secret);
        self.names.write(&m[4], writer);
        self.map.write(&m[5], writer);
        writer.list(&m[6], self.tags.0.len(), &self.tags);
        if let Some(last) = self.last {
            writer.string(&m[7], last);
        }
    }
}

/// What spoiling a sound value is answered with.
fn spoilt(spoil: impl FnOnce(&mut Root)) -> Vec<String> {
    let mut root = sound();
    spoil(&mut root);
    violations(&root).iter().map(ToString::to_string).collect()
}

#[test]
fn a_sound_value_breaks_nothing() {
    assert_eq!(violations(&sound()), []);
}

#[test]
fn absent_members_are_null_and_in_model_order() {
    let found = spoilt(|root| (root.name, root.count, root.last) = (None, 0, None));
    assert_eq!(
        found,
        [
            "Value null at 'name' failed to satisfy constraint: Member must not be null",
            "Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1",
            "Value null at 'last' failed to satisfy constraint: Member must not be null",
        ]
    );
}

#[test]
fn lengths_magnitudes_and_enumerations() {
    let one = |spoil: fn(&mut Root)| spoilt(spoil).concat();
    assert_eq!(
        one(|root| root.name = Some("abcde")),
        "Value 'abcde' at 'name' failed to satisfy constraint: Member must have length less than or equal to 4"
    );
    assert_eq!(
        one(|root| root.name = Some("")),
        "Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2"
    );
    assert_eq!(one(|root| root.name = Some("éééé")), "");
    assert_eq!(
        one(|root| root.count = 51),
        "Value '51' at 'count' failed to satisfy constraint: Member must have value less than or equal to 50"
    );
    assert_eq!(
        one(|root| root.state = "up"),
        "Value 'up' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [on, off]"
    );
}

#[test]
fn sensitive_values_are_not_told() {
    assert_eq!(
        spoilt(|root| root.secret = "short"),
        [
            "Value at 'secret' failed to satisfy constraint: Member must have length greater than or equal to 6"
        ]
    );
}

#[test]
fn plain_items_are_judged_at_their_list() {
    assert_eq!(
        spoilt(|root| root.names = vec!["ab".into(), "abcdef".into()]),
        [
            "Value '[ab, abcdef]' at 'names' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 4, Member must have length greater than or equal to 2]"
        ]
    );
    assert_eq!(
        spoilt(|root| root.names.clear()),
        [
            "Value '[]' at 'names' failed to satisfy constraint: Member must have length greater than or equal to 1"
        ]
    );
}

#[test]
fn keys_and_values_are_judged_at_their_map() {
    let found = spoilt(|root| root.map = [("a".to_owned(), "b".to_owned())].into());
    assert!(
        found[0].starts_with(
            "Value '{a}' at 'nameMap' failed to satisfy constraint: Map keys must satisfy constraint: ["
        ),
        "{found:?}"
    );
    assert!(
        found[1].starts_with(
            "Value '{b}' at 'nameMap' failed to satisfy constraint: Map value must satisfy constraint: ["
        ),
        "{found:?}"
    );
    let found =
        spoilt(|root| root.map = ["aa", "bb", "cc"].map(|key| (key.to_owned(), "ok".to_owned())).into());
    assert_eq!(
        found,
        [
            "Value '{aa, bb, cc}' at 'nameMap' failed to satisfy constraint: Member must have length less than or equal to 2"
        ]
    );
}

#[test]
fn members_of_items_are_named_by_number() {
    let mut root = sound();
    root.tags = Tags(vec![Tag(Some("key")), Tag(None)]);
    root.last = None;
    let found = violations(&root);
    assert_eq!(
        found[0].to_string(),
        "Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not be null"
    );
    assert_eq!(found[0].parameter, "Tag.2.Key");
    assert_eq!(found[1].parameter, "TheLast");
    assert!(found[0].missing && !found[0].hidden);
}

/// A list that holds itself, empty at every level where it may not be.
static NEST: Shape = Shape {
    members: &[Member { location_name: Some("item"), ..Member::new("member", &NEST) }],
    ..limited("Nest", Kind::List, 2, 9)
};
static NEST_ROOT: Shape =
    Shape { members: &[Member::new("Nest", &NEST)], ..Shape::new("NestRoot", Kind::Structure) };

struct Nest(usize);

impl crate::WriteItems for Nest {
    fn write_items(&self, item: &'static Member, writer: &mut dyn Writer) {
        if self.0 > 0 {
            writer.list(item, 1, &Nest(self.0 - 1));
        }
    }
}

impl WriteMembers for Nest {
    fn shape(&self) -> &'static Shape {
        &NEST_ROOT
    }
    fn write_members(&self, writer: &mut dyn Writer) {
        writer.list(&NEST_ROOT.members[0], 1, &Nest(self.0));
    }
}

#[test]
fn lists_in_lists_are_walked_once() {
    let found = violations(&Nest(120));
    assert_eq!(found.len(), 20);
    assert_eq!(
        violations(&Nest(1))[1].to_string(),
        "Value '[Nest]' at 'nest' failed to satisfy constraint: Member must have length greater than or equal to 2"
    );
}

#[test]
fn a_hostile_value_makes_a_short_answer() {
    let mut root = sound();
    root.tags = Tags(vec![Tag(None); 10_000]);
    root.names = vec!["x".repeat(100_000); 3];
    let found: Vec<Violation> = violations(&root);
    assert_eq!(found.len(), 20);
    assert!(found.iter().all(|violation| violation.to_string().len() < 1000));
}
