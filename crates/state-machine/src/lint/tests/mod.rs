//! The linter against statelint's sample, the recordings, and noise.

mod noise;
mod recorded;

use super::*;

#[test]
fn the_sample_of_the_specification() {
    let text = r#"{"StartAt":"Hello","States":{"Hello":{"Type":"Pass","Next":"Goodbye"},"Goodbye":{"Type":"Pass"}}}"#;
    let expected = [
        "State Machine.States.Goodbye does not have required field \"Next\"",
        "No terminal state found in machine at State Machine.States",
    ];
    assert_eq!(statelint(&text::read(text).unwrap()), expected);
    let said: Vec<String> =
        findings(text, MachineKind::Standard).into_iter().map(|finding| finding.sentence).collect();
    assert_eq!(said, expected);
}

/// What statelint 0.8 (Ruby 3.1) said of machines made by `tests/test_states_statelint.py`, which compares many more where
/// Ruby is at hand.
#[test]
fn the_same_sentences_as_statelint() {
    let mut sentences = 0;
    for line in include_str!("statelint.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let definition = case["machine"].as_str().unwrap();
        let expected: Vec<&str> =
            case["statelint"].as_array().unwrap().iter().filter_map(|s| s.as_str()).collect();
        assert_eq!(statelint(&text::read(definition).unwrap()), expected, "{definition}");
        sentences += expected.len();
    }
    assert!(sentences > 500, "{sentences}");
}

/// Where a machine uses only what statelint knows, and statelint is right, the better linter says the same.
#[test]
fn findings_are_statelints_where_it_is_right() {
    let machine = r#"{"StartAt":"A","Version":1,"States":{
        "A":{"Type":"Task","Retry":[{"ErrorEquals":[]}],"Next":"B","Nonsense":1},
        "B":{"Type":"Choice","Choices":[{"Variable":"$.x","NumericEquals":"1","Next":"Z"}],"End":true},
        "C":{"Type":"Wait","SecondsPath":"x","Timestamp":"now","Next":"C"},
        "D":{"Type":"Map","ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Pass","End":1}}},"End":true}}}"#;
    let node = text::read(machine).unwrap();
    let said: Vec<String> =
        findings(machine, MachineKind::Standard).into_iter().map(|finding| finding.sentence).collect();
    let statelint = statelint(&node);
    assert!(statelint.len() > 10);
    let missing: Vec<&String> = statelint.iter().filter(|sentence| !said.contains(sentence)).collect();
    assert_eq!(missing, Vec::<&String>::new(), "{said:#?}");
}

#[test]
fn what_only_we_find() {
    let sentence = |machine: &str| {
        let found = findings(machine, MachineKind::Express);
        found.into_iter().map(|finding| finding.sentence).collect::<Vec<_>>().join("; ")
    };
    let state = |state: &str| sentence(&format!(r#"{{"StartAt":"A","States":{{"A":{state}}}}}"#));
    assert_eq!(
        state(r#"{"Type":"Pass","Parameters":{"a":"$.b"},"End":true}"#),
        "State Machine.States.A.Parameters.a: The value '$.b' appears to be a JSONPath or an intrinsic function, but the \
         name of the field does not end with '.$'"
    );
    assert!(state(r#"{"Type":"Task","Resource":"x","End":true}"#).contains("is not recognized"));
    let activity =
        r#"{"Type":"Task","Resource":"arn:aws:states:us-east-1:000000000000:activity:a","End":true}"#;
    assert!(state(activity).contains("Express state machine does not support"));
    assert!(state(r#"{"Type":"Wait","Seconds":"{% 1 %}","End":true}"#).contains("should be an Integer"));
    assert_eq!(state(r#"{"Type":"Wait","QueryLanguage":"JSONata","Seconds":"{% 1 %}","End":true}"#), "");
    assert_eq!(state(r#"{"Type":"Wait","Seconds":99999999,"End":true}"#), "");
    assert!(
        state(r#"{"Type":"Fail","QueryLanguage":"JSONata","Cause":"{% 1 + %}"}"#)
            .contains("State Machine.States.A.Cause: ")
    );
    let island = r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"},"B":{"Type":"Pass","Next":"C"},
        "C":{"Type":"Pass","Next":"B"}}}"#;
    assert!(sentence(island).contains("only states that are never reached"));
    let twice = r#"{"StartAt":"A","StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#;
    assert_eq!(
        sentence(twice),
        "State Machine: the field \"StartAt\" is here more than once; the last one counts"
    );
}
