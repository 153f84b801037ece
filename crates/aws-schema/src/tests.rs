//! The small promises of the schema's types.

use crate::{
    Fault, FaultKind, Kind, Member, ReadError, Shape, Timestamp, WriteMembers, WriteValue as _, Writer,
};

#[test]
fn times_count_forward_before_1970_too() {
    assert_eq!(Timestamp::from_millis(-1), Timestamp { seconds: -1, nanos: 999_000_000 });
    assert_eq!(Timestamp::from_millis(1_500).millis(), 1_500);
    for millis in [-1_001, 0, 999, i64::MAX] {
        assert_eq!(Timestamp::from_millis(millis).millis(), millis);
    }
}

#[test]
fn errors_show_the_way_from_the_root() {
    let error = ReadError::new("is wrong").within("Key").within("2").within("Tags");
    assert_eq!(error.to_string(), "Tags.2.Key: is wrong");
    assert_eq!(ReadError::new("is wrong").to_string(), "is wrong");
}

#[test]
fn the_fault_lies_where_the_status_says() {
    assert_eq!(Fault::sender("A", "b").kind(), FaultKind::Sender);
    assert_eq!(Fault::internal("b").kind(), FaultKind::Receiver);
    assert_eq!(Fault::sender("A", "b").with_status(503).kind(), FaultKind::Receiver);
    assert_eq!(Fault::sender("A.B", "text").with_detail("X", "1").to_string(), "A.B: text");
}

static TEXT: Shape = Shape::new("Text", Kind::String);
static SECRET: Shape = Shape { sensitive: true, ..Shape::new("Secret", Kind::String) };
static SECRETS: Shape =
    Shape { sensitive: true, members: &[Member::new("member", &TEXT)], ..Shape::new("Secrets", Kind::List) };
static PAIR: Shape = Shape {
    members: &[Member::new("Open", &TEXT), Member::new("Closed", &SECRET), Member::new("List", &SECRETS)],
    ..Shape::new("Pair", Kind::Structure)
};

struct Pair;

impl WriteMembers for Pair {
    fn shape(&self) -> &'static Shape {
        &PAIR
    }
    fn write_members(&self, writer: &mut dyn Writer) {
        writer.string(&PAIR.members[0], "seen");
        writer.string(&PAIR.members[1], "hunter2");
        vec!["hunter3".to_owned()].write(&PAIR.members[2], writer);
    }
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::debug_structure(self, f)
    }
}

#[test]
fn sensitive_members_are_not_printed() {
    assert_eq!(format!("{Pair:?}"), "Pair { Open: \"seen\", Closed: ***, List: ***, }");
}
