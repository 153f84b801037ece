//! The reader against a peer (`serde_json`), against what the real service says, and against noise.

use super::*;
use crate::value::Number;
use proptest::prelude::*;

fn message(text: &str) -> String {
    parse_value(text).unwrap_err().message
}

#[test]
fn offsets_and_repeated_members_are_kept() {
    let text = r#"{"a": 1, "b": [true], "a": {"c": null}}"#;
    let node = read(text).unwrap();
    assert_eq!(node.members().len(), 3);
    assert_eq!(&text[node.members()[2].0.span.clone()], r#""a""#);
    assert_eq!(&text[node.get("a").unwrap().span.clone()], r#"{"c": null}"#);
    assert_eq!(&text[node.get("b").unwrap().items()[0].span.clone()], "true");
    assert_eq!(node.to_value().to_string(), r#"{"a":{"c":null},"b":[true]}"#);
    assert_eq!(node.to_value(), parse_value(text).unwrap());
}

#[test]
fn numbers_keep_what_64_bits_cannot_hold() {
    let read = |text: &str| match parse_value(text).unwrap() {
        Value::Number(number) => number,
        other => panic!("{other}"),
    };
    assert!(matches!(read("-7"), Number::Int(-7)));
    assert!(matches!(read("1.50"), Number::Float(value) if value.to_bits() == 1.5f64.to_bits()));
    assert!(matches!(read("92233720368547758070"), Number::Big(_)));
    assert!(matches!(read("1e999"), Number::Big(_)));
}

#[test]
fn errors_are_worded_like_the_real_service() {
    let values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
    assert_eq!(message("not some json"), format!("Unrecognized token 'not': was expecting {values}"));
    assert_eq!(
        message("{'not': 'json'}"),
        "Unexpected character (''' (code 39)): was expecting double-quote to start field name"
    );
    assert_eq!(message(""), "No content to map due to end-of-input");
    assert_eq!(
        message("[1 2]"),
        "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"
    );
    assert_eq!(read("{\n \"a\": tru}").unwrap_err().at, 8);
    assert_eq!(line_and_column("{\n \"ä\": tru}", 9), (2, 7));
}

#[test]
fn escapes_and_surrogates() {
    let value = parse_value(r#""\u00e4\ud83d\ude00\n\/""#).unwrap();
    assert_eq!(value, Value::from("ä😀\n/"));
    assert_eq!(parse_value(r#""\ud83dx""#).unwrap(), Value::from("\u{fffd}x"));
    assert_eq!(parse_value(r#""\ud83d\u0041""#).unwrap(), Value::from("\u{fffd}A"));
    assert!(message(r#""\u12g4""#).contains("hex-digit"));
    assert!(message("\"a\nb\"").contains("CTRL-CHAR, code 10"));
}

#[test]
fn depth_and_length_are_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse_value(&nested(MAX_DEPTH)).is_ok());
    assert!(message(&nested(MAX_DEPTH + 1)).contains("nesting depth"));
    assert!(message(&"[".repeat(1_000_000)).contains("nesting depth"));
    assert!(read(&" ".repeat(MAX_DEFINITION + 1)).is_err());
}

proptest! {
    #[test]
    fn agrees_with_a_peer_on_noise(text in r#"[\[\]{},:"\\ untrefalsE0-9.+\-/\u{e4}]{0,40}"#) {
        let peer = serde_json::from_str::<serde_json::Value>(&text);
        let own = parse_value(&text);
        match (peer, own) {
            (Ok(peer), Ok(own)) => {
                let again: serde_json::Value = serde_json::from_str(&own.to_string()).unwrap();
                prop_assert_eq!(peer, again);
            }
            (Err(_), Err(error)) => prop_assert!(error.at <= text.len()),
            // The peer refuses half a surrogate pair and numbers beyond a double; both are JSON.
            (Err(error), Ok(_)) => {
                let reason = error.to_string();
                prop_assert!(reason.contains("surrogate") || reason.contains("hex escape") || reason.contains("range"), "{}", reason);
            }
            (Ok(_), Err(error)) => prop_assert!(false, "refused: {error}"),
        }
    }

    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = parse_value(&text);
        if let Err(error) = read(&text) {
            prop_assert!(line_and_column(&text, error.at).0 >= 1);
        }
    }

    #[test]
    fn broken_definitions_are_located(at in 0usize..120, letter in any::<char>()) {
        let mut text: Vec<char> =
            r#"{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1.5e3, "Next": "\u00e4"}, "B": [null, true]}}"#
                .chars().collect();
        let at = at.min(text.len() - 1);
        text[at] = letter;
        let text: String = text.into_iter().collect();
        match read(&text) {
            Ok(node) => prop_assert_eq!(node.to_value(), parse_value(&text).unwrap()),
            Err(error) => prop_assert!(error.at <= text.len()),
        }
    }
}
