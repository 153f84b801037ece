//! Templates: definition, input, result.

use super::{Language, Scope, Template};
use crate::path::Surroundings;
use crate::{Value, text};

fn value(json: &str) -> Value {
    text::parse_value(json).unwrap()
}

struct World;
impl Surroundings for World {
    fn context(&self) -> Value {
        value(r#"{"Execution":{"Name":"e","Input":{"a":1}},"StateMachine":{"Id":"arn","Name":"m-x-y"}}"#)
    }
    fn variable(&self, name: &str) -> Option<Value> {
        match name {
            "list" => Some(value("[1,2,3]")),
            "bias" => Some(Value::from(4.3)),
            "now" => Some(Value::from("noon")),
            _ => None,
        }
    }
}

pub(crate) fn evaluate(template: &str, language: Language, input: &str) -> Result<String, String> {
    let node = text::read(template).map_err(|error| error.to_string())?;
    let template =
        Template::compile(&node, language, "Output").map_err(|error| format!("compile: {error}"))?;
    let input = value(input);
    let mut state = 0_u64;
    let mut draw = || {
        state += 1;
        state.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    };
    let mut scope = Scope {
        input: &input,
        result: None,
        error_output: None,
        surroundings: &World,
        now: 1_700_000_000_123,
        draw: &mut draw,
    };
    template
        .evaluate(&mut scope)
        .map(|value| value.to_string())
        .map_err(|failure| format!("{}: {}", failure.error, failure.cause))
}

#[test]
fn templates_cross_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Template>();
}

#[test]
fn payload_templates_keep_the_services_order() {
    for (template, input, expected) in [
        (r#"{"a":1,"b":[1,{"c":null}]}"#, "{}", r#"{"a":1,"b":[1,{"c":null}]}"#),
        (
            r#"{"a.$":"$.x","b":[{"c.$":"$.y[0]"},"$.x"]}"#,
            r#"{"x":1,"y":[2]}"#,
            r#"{"b":[{"c":2},"$.x"],"a":1}"#,
        ),
        // Recorded: what stands there first, then the rest by Java's hash map.
        (
            r#"{"simpleArray.$":"$","partitionedArray.$":"$","containsElement.$":"$","numberRange.$":"$",
                "thirdElement.$":"$","arraySize.$":"$","uniqueValues.$":"$"}"#,
            "1",
            r#"{"uniqueValues":1,"simpleArray":1,"thirdElement":1,"partitionedArray":1,"arraySize":1,"containsElement":1,"numberRange":1}"#,
        ),
        (
            r#"{"TableName.$":"$","Key.$":"$","UpdateExpression.$":"$","ExpressionAttributeValues.$":"$","ReturnValues":"U"}"#,
            "0",
            r#"{"ReturnValues":"U","TableName":0,"UpdateExpression":0,"Key":0,"ExpressionAttributeValues":0}"#,
        ),
        (r#"{"v.$":"$list[1]","w.$":"$$.Execution.Name"}"#, "0", r#"{"v":2,"w":"e"}"#),
        (r#"{"v.$":"States.MathAdd($bias, 1)"}"#, "0", r#"{"v":5}"#),
        (r#"{"v":"{% 1 %}"}"#, "0", r#"{"v":"{% 1 %}"}"#),
    ] {
        assert_eq!(evaluate(template, Language::JsonPath, input).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn payload_templates_fail_as_recorded() {
    for (template, expected) in [
        (
            r#"{"value.$":"$$.Execution.Input.no_such_jsonpath"}"#,
            "States.Runtime: The JSONPath '$$.Execution.Input.no_such_jsonpath' specified for the field 'value.$' could not be found in the input '{\"a\":1}'",
        ),
        (
            r#"{"v.$":"States.ArrayGetItem($list, 9)"}"#,
            "States.IntrinsicFailure: The function 'States.ArrayGetItem($list, 9)' had the following error: The index 9 is out of bounds for an array of length 3",
        ),
        (r#"{"v.$":1}"#, "compile: The value for the field 'v.$' must be a valid JSONPath expression"),
        (
            r#"{"v.$":"x"}"#,
            "compile: The value for the field 'v.$' must be a valid JSONPath or a valid intrinsic function call",
        ),
    ] {
        assert_eq!(
            evaluate(template, Language::JsonPath, r#"{"a":1}"#),
            Err(expected.to_owned()),
            "{template}"
        );
    }
}

#[test]
fn jsonata_fields_as_recorded() {
    for (template, input, expected) in [
        (r#""{% $states.input %}""#, r#"{"a":1}"#, r#"{"a":1}"#),
        (
            r#"[null,0.1,"{% true %}"," {% 1 %} ","$.a",{"k":"{% 1+1 %}"}]"#,
            "{}",
            r#"[null,0.1,true," {% 1 %} ","$.a",{"k":2}]"#,
        ),
        (r#"{"a.$":"$","b":"States.Format('')"}"#, "{}", r#"{"a.$":"$","b":"States.Format('')"}"#),
        (r#""{% $sum($states.input.v) + $bias %}""#, r#"{"v":[1,2,3]}"#, "10.3"),
        (
            r#""{% $merge([$states.input.p, $states.input.q]) %}""#,
            r#"{"p":{"h":"w"},"q":{"f":"b"}}"#,
            r#"{"h":"w","f":"b"}"#,
        ),
        (r#""{% $variable := 1 %}""#, "{}", "1"),
        (r#""{% $contains('hello$world', /^hello\\ /) %}""#, "{}", "false"),
        (r#""{% $states.context.Execution.Name %}""#, "{}", r#""e""#),
        (r#""{% $states.input.x[0] %}""#, r#"{"x":[7]}"#, "7"),
        (
            r#""{% $states %}""#,
            "1",
            r#"{"input":1,"context":{"Execution":{"Name":"e","Input":{"a":1}},"StateMachine":{"Id":"arn","Name":"m-x-y"}}}"#,
        ),
    ] {
        assert_eq!(evaluate(template, Language::Jsonata, input).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn jsonata_fields_fail_as_recorded() {
    assert_eq!(
        evaluate(r#"{"result":"{% $doesNotExist %}"}"#, Language::Jsonata, "{}"),
        Err("States.QueryEvaluationError: The JSONata expression '$doesNotExist' specified for the field 'Output/result' returned nothing (undefined).".into())
    );
    let node = text::read(r#""{% {'foo': 'bar'} %}""#).unwrap();
    let template = Template::compile(&node, Language::Jsonata, "Items").unwrap();
    assert_eq!(
        template.wrong_type("array", &value(r#"{"foo":"bar"}"#)).cause,
        "The JSONata expression '{'foo': 'bar'}' specified for the field 'Items' returned an unexpected result type. \
         Expected 'array', but was 'object' for value: {\"foo\":\"bar\"}"
    );
}

#[test]
fn no_loop_nests_its_input_without_end() {
    let deep = format!("{}{}", "[".repeat(text::MAX_DEPTH), "]".repeat(text::MAX_DEPTH));
    assert!(evaluate(r#"{"a.$":"$[0]"}"#, Language::JsonPath, &deep).is_ok());
    for (template, language) in
        [(r#"{"a.$":"$"}"#, Language::JsonPath), (r#"["{% $states.input %}"]"#, Language::Jsonata)]
    {
        let failure = evaluate(template, language, &deep).unwrap_err();
        assert!(failure.contains("nests more than"), "{failure}");
    }
}

#[test]
fn what_stands_in_itself_many_times_is_not_written() {
    let input = format!(r#"{{"t":"{}","n":{}1{}}}"#, "t".repeat(100_000), "[".repeat(200), "]".repeat(200));
    let members: Vec<String> = (0..20_000).map(|number| format!(r#""m{number}.$":"$""#)).collect();
    let failure = evaluate(&format!("{{{}}}", members.join(",")), Language::JsonPath, &input).unwrap_err();
    assert!(failure.starts_with("States.DataLimitExceeded"), "{failure}");
    let arguments = ["$.t"; 400].join(",");
    let many = format!("States.Array({arguments})");
    for call in [
        format!("States.JsonToString({many})"),
        format!("States.Format('{}', {arguments})", "{}".repeat(400)),
        format!("States.Format('{{}}', {many})"),
    ] {
        let template = serde_json::json!({ "v.$": call }).to_string();
        let failure = evaluate(&template, Language::JsonPath, &input).unwrap_err();
        assert!(failure.contains("bytes"), "{failure}");
    }
    let failure = evaluate(r#"{"v.$":"$..*..*..*..*"}"#, Language::JsonPath, &input).unwrap_err();
    assert!(failure.starts_with("States.Runtime"), "{failure}");
}
