//! Calls: text, input, result.

use super::{Call, java};
use crate::path::{Nowhere, Roots};
use crate::text;

fn call(source: &str, input: &str) -> Result<String, String> {
    let call = Call::compile(source).map_err(|error| format!("compile: {error}"))?;
    let input = text::parse_value(input).unwrap();
    let roots = Roots { input: &input, surroundings: &Nowhere };
    let mut state = 7_u64;
    let mut draw = || {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        state
    };
    call.evaluate(&roots, &mut draw)
        .map(|value| value.to_string())
        .map_err(|failure| failure.describe("f.$").1)
}

#[test]
fn as_recorded() {
    for (source, input, expected) in [
        ("States.Array()", "0", "[]"),
        (
            "States.Array($.a, 1, 'x', null, true, -1.5)",
            r#"{"a":{"b":[]}}"#,
            r#"[{"b":[]},1,"x",null,true,-1.5]"#,
        ),
        ("States.ArrayLength($)", "[1,2,3]", "3"),
        ("States.ArrayPartition($, 3)", "[0,1,2,3]", "[[0,1,2],[3]]"),
        ("States.ArrayPartition($, 1)", "[]", "[]"),
        ("States.ArrayContains($, 2)", "[1,2.0]", "true"),
        ("States.ArrayContains($, '2')", "[1,2]", "false"),
        ("States.ArrayRange(0, 9, 3)", "0", "[0,3,6,9]"),
        ("States.ArrayRange(1, 9, 9)", "0", "[1]"),
        ("States.ArrayRange(0, 10, 3)", "0", "[0,3,6,9]"),
        ("States.ArrayRange(3, 1, -1)", "0", "[3,2,1]"),
        ("States.ArrayGetItem($, 1)", "[5,6]", "6"),
        (
            "States.ArrayUnique($)",
            r#"[1,2,2.0,"2",{"a":1,"b":2},{"b":2,"a":1}]"#,
            r#"[1,2,"2",{"a":1,"b":2}]"#,
        ),
        ("States.Base64Encode('Data to encode')", "0", r#""RGF0YSB0byBlbmNvZGU=""#),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "0", r#""Data to encode""#),
        ("States.Base64Decode('')", "0", r#""""#),
        ("States.Hash('input data', 'SHA-1')", "0", r#""aaff4a450a104cd177d28d18d74485e8cae074b7""#),
        ("States.Hash($, 'MD5')", r#""input data""#, r#""812f45842bc6d66ee14572ce20db8e86""#),
        (
            "States.JsonMerge(States.StringToJson('{\"constant_in_literal\": \"false\"}'), $, false)",
            r#"{"constant_input_field":1}"#,
            r#"{"constant_input_field":1,"constant_in_literal":"false"}"#,
        ),
        ("States.JsonMerge($[0], $[1], false)", r#"[{"a":1,"b":2},{"c":3,"a":4}]"#, r#"{"a":4,"b":2,"c":3}"#),
        ("States.JsonToString($)", r#"[1, 2, "HelloWorld"]"#, r#""[1,2,\"HelloWorld\"]""#),
        ("States.StringToJson('')", "0", "null"),
        ("States.StringToJson(' ')", "0", "null"),
        ("States.StringToJson('-0')", "0", "0"),
        ("States.StringToJson('[1, 1.1]')", "0", "[1,1.1]"),
        ("States.MathAdd(1.49, 1.5)", "0", "3"),
        ("States.MathAdd(-1.5, -1.51)", "0", "-3"),
        ("States.MathAdd(-0.5, 0.5)", "0", "1"),
        ("States.MathAdd(-2.5, 0)", "0", "-2"),
        ("States.MathRandom(1, 2)", "0", "1"),
        ("States.MathRandom(0, 1000, 42)", "0", "130"),
        ("States.StringSplit('Hello\nWorld', '\n')", "0", r#"["Hello","World"]"#),
        ("States.StringSplit('a,b;;c.', ',;.')", "0", r#"["a","b","c"]"#),
        (
            "States.Format('{} and {}', $.a, $.b)",
            r#"{"a":{"Arg1":1,"Arg2":[]},"b":null}"#,
            r#""{Arg1=1, Arg2=[]} and null""#,
        ),
        (r"States.Format('\{\} it\'s \\ {}', 1.1)", "0", r#""{} it's \\ 1.1""#),
        ("States.Format('It has {}', States.Array(1, 'b'))", "0", r#""It has [1, b]""#),
        (
            " States.ArrayGetItem( States.StringSplit('a-b', '-') , States.MathAdd(States.ArrayLength($), -1) ) ",
            "[0,0]",
            r#""b""#,
        ),
    ] {
        assert_eq!(call(source, input).as_deref(), Ok(expected), "{source}");
    }
    let uuid = call("States.UUID()", "0").unwrap();
    assert_eq!(uuid.len(), 38);
    assert_eq!(&uuid[15..16], "4");
}

#[test]
fn refused() {
    for (source, input, expected) in [
        ("States.Nothing()", "0", "compile: there is no function 'States.Nothing'"),
        ("States.UUID(1)", "0", "compile: States.UUID does not take 1 arguments"),
        ("States.Array('a", "0", "compile: a quote is not closed"),
        ("States.Array(\"a\")", "0", "compile: a quoted text"),
        ("States.Array(1", "0", "compile: ',' is missing"),
        ("States.Array() ", "0", ""),
        ("States.Array() x", "0", "compile: nothing can follow"),
        (
            "States.Format('{}')",
            "0",
            "The function 'States.Format('{}')' had the following error: The number of arguments",
        ),
        ("States.Format('{', 1)", "0", "The number of arguments"),
        ("States.Format('a', 1)", "0", "The number of arguments"),
        (r"States.Array('\d')", "0", "A backslash can only be followed"),
        ("States.ArrayRange(1, 2, 0)", "0", "The step must not be zero"),
        ("States.ArrayRange(1, 2000, 1)", "0", "more than 1000"),
        ("States.ArrayRange(-9223372036854775808, 9223372036854775807, 1)", "0", "more than 1000"),
        ("States.ArrayRange(9223372036854775807, -9223372036854775808, -9223372036854775808)", "0", ""),
        ("States.ArrayPartition($, 0)", "[1]", "positive integer"),
        ("States.ArrayGetItem($, -1)", "[1]", "out of bounds"),
        ("States.ArrayLength($)", "1", "must be an array"),
        ("States.Base64Decode('?')", "0", "Invalid base64"),
        ("States.Hash('a', 'CRC')", "0", "Unknown algorithm"),
        ("States.JsonMerge($, $, true)", "{}", "shallow"),
        ("States.MathAdd('1', 2)", "0", "must be a number"),
        ("States.MathAdd(2147483648, 2)", "0", "between -2147483648 and 2147483647"),
        ("States.MathRandom(2, 2)", "0", "must be less than"),
        ("States.StringToJson('{')", "0", "Invalid JSON"),
        (
            "States.Array($.x)",
            "{}",
            "The JSONPath '$.x' specified for the field 'f.$' could not be found in the input '{}'",
        ),
    ] {
        match call(source, input) {
            Ok(_) => assert_eq!(expected, "", "{source}"),
            Err(text) => assert!(!expected.is_empty() && text.contains(expected), "{source}: {text}"),
        }
    }
    let nested = |levels: usize| format!("{}{}", "States.Array(".repeat(levels), ")".repeat(levels));
    assert_eq!(call(&nested(10), "0").as_deref(), Ok("[[[[[[[[[[]]]]]]]]]]"));
    assert!(call(&nested(11), "0").unwrap_err().contains("at most 10"));
}

#[test]
fn seeded_numbers_are_those_of_java() {
    // Known first values of java.util.Random.
    let mut random = java::Random::new(42);
    assert_eq!(random.next_below(10), 0);
    assert_eq!(random.next_below(10), 3);
    let mut random = java::Random::new(0);
    assert_eq!(random.next_double().to_string(), "0.730967787376657");
}

proptest::proptest! {
    #[test]
    fn never_panics(words in proptest::collection::vec("States\\.(Array|ArrayRange|ArrayPartition|ArrayGetItem|Format|Hash|JsonMerge|MathAdd|MathRandom|StringSplit|StringToJson|Base64Decode|ArrayUnique)\\(|\\$|\\$\\.a|'[a-z{}\\\\]{0,3}'|-?[0-9]{1,20}|[0-9]\\.[0-9]|1e400|null|true|[(),'\\\\ ]|,", 0..12)) {
        let _ = call(&words.concat(), r#"{"a":[1,2.5,{"b":"x"}]}"#);
    }
}
