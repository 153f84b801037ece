//! Definitions with faults of every kind: never a panic, always a place.

use super::super::{MachineKind, findings, refusal, statelint, validate};
use crate::text::{self, MAX_DEFINITION};
use proptest::prelude::*;

const MACHINE: &str = r#"{"Comment":"c","QueryLanguage":"JSONPath","StartAt":"A","TimeoutSeconds":9,"States":{
"A":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Parameters":{"a.$":"$.b[0]","c":["d",{"e.$":"States.Format('{}',$.f)"}]},"ResultSelector":{"x.$":"$"},"ResultPath":"$.r","TimeoutSecondsPath":"$.t","Retry":[{"ErrorEquals":["States.ALL"],"BackoffRate":1.5,"JitterStrategy":"FULL"}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"F","Assign":{"v.$":"$.w"}}],"Assign":{"x":1},"Next":"B"},
"B":{"Type":"Choice","Choices":[{"And":[{"Variable":"$.a","IsNull":true},{"Not":{"Variable":"$$.b","TimestampEquals":"2024-01-01T00:00:00Z"}}],"Next":"C"}],"Default":"D"},
"C":{"Type":"Map","ItemsPath":"$.i","MaxConcurrency":2,"Label":"l","ToleratedFailurePercentage":1.5,"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW"},"Parameters":{"Bucket":"b"}},"ItemBatcher":{"MaxItemsPerBatch":3},"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{}},"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},"StartAt":"P","States":{"P":{"Type":"Pass","Result":{"n":null},"End":true}}},"Next":"D"},
"D":{"Type":"Parallel","QueryLanguage":"JSONata","Arguments":"{% $states.input %}","Branches":[{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"End":true}}}],"Output":{"o":"{% $x %}"},"End":true},
"F":{"Type":"Fail","ErrorPath":"$.e","Cause":"c"}}}"#;

fn check(definition: &str) {
    for kind in [MachineKind::Standard, MachineKind::Express] {
        for finding in findings(definition, kind) {
            let diagnostic = &finding.diagnostic;
            assert!(!finding.sentence.is_empty() && !diagnostic.message.is_empty());
            assert!(diagnostic.span.start <= diagnostic.span.end && diagnostic.span.end <= definition.len());
            assert!(diagnostic.location.as_ref().is_none_or(|location| location.starts_with('/')));
        }
        let _ = refusal(&validate(definition, kind));
    }
    if let Ok(node) = text::read(definition) {
        let _ = statelint(&node);
        let _ = crate::graph::layout(&node, crate::graph::Measures::TEXT);
    }
}

#[test]
fn the_machine_is_in_order() {
    assert_eq!(findings(MACHINE, MachineKind::Standard), []);
    assert_eq!(validate(MACHINE, MachineKind::Express).len(), 1);
}

#[test]
fn largest_and_deepest() {
    let states: Vec<String> =
        (0..25_000).map(|index| format!(r#""s{index}":{{"Type":"P","x":1}}"#)).collect();
    let large = format!(r#"{{"StartAt":"s0","States":{{{}}}}}"#, states.join(","));
    assert!(large.len() < MAX_DEFINITION);
    assert!(!findings(&large, MachineKind::Standard).is_empty());
    let mut deep = String::from(r#"{"Type":"Succeed"}"#);
    for level in 0..100 {
        deep = format!(
            r#"{{"Type":"Parallel","End":true,"Branches":[{{"StartAt":"s{level}","States":{{"s{level}":{deep}}}}}]}}"#
        );
    }
    check(&format!(r#"{{"StartAt":"s","States":{{"s":{deep}}}}}"#));
    check(&"[".repeat(MAX_DEFINITION));
    check(&format!(r#"{{"States":{}1{}}}"#, "[".repeat(400), "]".repeat(400)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_letter_anywhere(at in 0usize..MACHINE.len(), with in any::<char>(), length in 0usize..4) {
        if MACHINE.is_char_boundary(at) && MACHINE.is_char_boundary((at + length).min(MACHINE.len())) {
            let end = (at + length).min(MACHINE.len());
            check(&format!("{}{with}{}", &MACHINE[..at], &MACHINE[end..]));
        }
    }

    #[test]
    fn any_part_anywhere(from in 0usize..MACHINE.len(), to in 0usize..MACHINE.len(), length in 1usize..200) {
        let part = MACHINE.get(from..(from + length).min(MACHINE.len())).unwrap_or_default();
        if MACHINE.is_char_boundary(to) {
            check(&format!("{}{part}{}", &MACHINE[..to], &MACHINE[to..]));
        }
    }

    #[test]
    fn any_value_for_any_value(at in 0usize..200, kind in 0usize..9) {
        let values = ["null", "true", "1", "-1.5e300", "\"\"", "\"$.a\"", "[]", "{}", "[{\"Next\":\"A\"}]"];
        let mut spans = Vec::new();
        collect(&text::read(MACHINE).unwrap(), &mut spans);
        let span = &spans[at % spans.len()];
        check(&format!("{}{}{}", &MACHINE[..span.start], values[kind], &MACHINE[span.end..]));
    }
}

fn collect(node: &text::Node, spans: &mut Vec<std::ops::Range<usize>>) {
    spans.push(node.span.clone());
    node.members().iter().for_each(|(_, value)| collect(value, spans));
    node.items().iter().for_each(|item| collect(item, spans));
}
