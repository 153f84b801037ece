//! Tables of names, paths and tags.

use super::code;
use crate::{names, tags};
use api_iam::Tag;

#[test]
fn names() {
    for (name, wanted) in [
        ("anna", "ok"),
        ("a+=,.@-_9", "ok"),
        ("a b", "ValidationError"),
        ("ä", "ValidationError"),
        ("a/b", "ValidationError"),
    ] {
        assert_eq!(code(names::check_name("userName", name)), wanted, "{name}");
    }
}

#[test]
fn paths() {
    for (path, user, policy) in [
        ("/", true, true),
        ("/a/", true, true),
        ("/a/b/", true, true),
        ("/a!/", true, false),
        ("/a//b/", true, false),
        ("//", false, false),
        ("/a", false, false),
        ("a/", false, false),
        ("", false, false),
        ("/ü/", false, false),
    ] {
        assert_eq!(names::check_path(Some(path)).is_ok(), user, "{path}");
        assert_eq!(names::check_policy_path(Some(path)).is_ok(), policy, "{path}");
    }
}

#[test]
fn tag_keys_are_told_apart_without_case() {
    let tag = |key: &str| Tag { key: Some(key.to_owned()), value: Some("v".to_owned()) };
    for (keys, wanted) in [
        (vec!["a", "b"], "ok"),
        (vec!["a", "A"], "InvalidInput"),
        (vec!["aws:x"], "InvalidInput"),
        (vec!["AWS:x"], "InvalidInput"),
        (vec!["a;b"], "ValidationError"),
        (vec!["a\tb"], "ValidationError"),
        (vec!["größe 1"], "ok"),
    ] {
        assert_eq!(code(tags::read(Some(keys.iter().map(|key| tag(key)).collect()))), wanted, "{keys:?}");
    }
}

#[test]
fn unique_ids_have_their_form() {
    let (one, two) = (names::unique_id("AIDA"), names::unique_id("AIDA"));
    assert_eq!((one.len(), one == two, one.starts_with("AIDA")), (21, false, true));
}
