//! What the log shows of a request, and what it does not.

use super::*;
use aws_schema::{Kind, Shape};
use serde_json::json;

static TEXT: Shape = Shape::new("Text", Kind::String);
static SECRET: Shape = Shape { sensitive: true, ..Shape::new("Secret", Kind::String) };
static TEXTS: Shape = Shape { members: &[Member::new("member", &TEXT)], ..Shape::new("Texts", Kind::List) };
static TABLE: Shape = Shape {
    members: &[Member::new("key", &TEXT), Member::new("value", &TEXTS)],
    ..Shape::new("Table", Kind::Map)
};
static HIDDEN_TABLE: Shape =
    Shape { sensitive: true, members: TABLE.members, ..Shape::new("Private", Kind::Map) };
static REQUEST: Shape = Shape {
    members: &[
        Member::new("VpcId", &TEXT),
        Member::new("Password", &SECRET),
        Member::new("TokenCode", &TEXT),
        Member::new("Names", &TEXTS),
        Member::new("Table", &TABLE),
        Member::new("Parameters", &HIDDEN_TABLE),
    ],
    ..Shape::new("Request", Kind::Structure)
};

/// A request with text of the given length.
struct Request(usize);

impl WriteMembers for Request {
    fn shape(&self) -> &'static Shape {
        &REQUEST
    }
    fn write_members(&self, writer: &mut dyn Writer) {
        use aws_schema::WriteValue as _;
        let [vpc, password, code, names, table, parameters] = REQUEST.members else { return };
        "x".repeat(self.0).write(vpc, writer);
        "hunter2".to_owned().write(password, writer);
        "123456".to_owned().write(code, writer);
        vec!["a\"b".to_owned(), "c".to_owned()].write(names, writer);
        let entries = std::collections::BTreeMap::from([("K".to_owned(), vec!["v".to_owned()])]);
        entries.write(table, writer);
        entries.write(parameters, writer);
    }
}

#[test]
fn members_are_named_as_cloudtrail_names_them_and_secrets_hidden() {
    let shown: Value = serde_json::from_str(&audit_text(&Request(2))).unwrap();
    let expected = json!({
        "vpcId": "xx",
        "password": HIDDEN,
        "tokenCode": HIDDEN,
        "names": ["a\"b", "c"],
        "table": { "K": ["v"] },
        "parameters": HIDDEN,
    });
    assert_eq!(shown, expected);
}

#[test]
fn too_much_is_left_out_with_a_note() {
    let shown: Value = serde_json::from_str(&audit_text(&Request(MOST))).unwrap();
    assert_eq!(shown["omitted"], json!(true));
    assert!(shown["reason"].as_str().unwrap().contains("too large"));
}
