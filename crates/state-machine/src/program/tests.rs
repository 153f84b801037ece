use super::*;

#[test]
fn states_and_targets_are_resolved() {
    let text =
        r#"{"StartAt": "B", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Pass", "Next": "A"}}}"#;
    let program = Program::compile(text).unwrap();
    let start = program.scope(0).start;
    assert_eq!(program.name(start).unwrap().as_ref(), "B");
    let next = program.state(start).next.unwrap();
    assert_eq!(program.name(next).unwrap().as_ref(), "A");
}

/// Developer guide, "State machine structure": a state without a language has that of the machine, also inside a Map of
/// another one.
#[test]
fn the_language_of_a_map_is_its_own() {
    let text = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "QueryLanguage": "JSONata", "End": true, "ItemProcessor":
        {"StartAt": "I", "States": {"I": {"Type": "Pass", "Parameters": {"a.$": "$.b"}, "End": true}}}}}}"#;
    let program = Program::compile(text).unwrap();
    let inner = program.state(program.find("I").unwrap());
    assert_eq!(inner.language, crate::template::Language::JsonPath);
    assert!(inner.flow.parameters.is_some());
}

#[test]
fn errors_say_where() {
    let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}"#;
    let error = Program::compile(text).unwrap_err();
    assert_eq!(error.location, "/States/A/Next");
    for bad in ["", "[]", "{}", r#"{"StartAt": "A", "States": {}}"#, r#"{"StartAt": 1, "States": {"A": {}}}"#]
    {
        assert!(Program::compile(bad).is_err(), "{bad}");
    }
}
