//! Ways on which variables are assigned, and scopes.

use super::super::{Code, MachineKind, Severity, findings, validate};
use super::components::components;
use proptest::prelude::*;

/// What is found of variables, each with its place.
fn found(definition: &str) -> Vec<String> {
    let all = findings(definition, MachineKind::Standard);
    let refused = validate(definition, MachineKind::Standard);
    assert!(refused.iter().all(|diagnostic| diagnostic.severity == Severity::Warning), "{refused:?}");
    assert!(!refused.iter().any(|diagnostic| diagnostic.code == Code::UnassignedVariable));
    all.into_iter()
        .filter(|finding| finding.diagnostic.code == Code::UnassignedVariable)
        .map(|finding| {
            assert_eq!(finding.diagnostic.severity, Severity::Warning);
            let name = finding.sentence.split('"').nth(1).unwrap_or_default();
            format!("{} {name}", finding.diagnostic.location.unwrap_or_default())
        })
        .collect()
}

fn machine(language: &str, states: &str) -> String {
    format!(r#"{{"QueryLanguage":"{language}","StartAt":"A","States":{{{states}}}}}"#)
}

#[test]
fn reads_in_both_languages() {
    let jsonata = machine(
        "JSONata",
        r#""A":{"Type":"Pass","Comment":"{% $no %}","Output":{"o":["{% $sum([$x, $y]) %}","{% ($z := 1; $z) %}"],"Comment":"{% $k %}"},
           "Assign":{"x":1,"w":"{% $x + $states.input.a ~> $map($string) %}"},"Next":"B"},
           "B":{"Type":"Succeed","Output":"{% $x & $w & $states.context.Execution.Id %}"}"#,
    );
    let expected = [
        "/States/A/Output/o[0] $x",
        "/States/A/Output/o[0] $y",
        "/States/A/Output/Comment $k",
        "/States/A/Assign/w $x",
    ];
    assert_eq!(found(&jsonata), expected);
    let jsonpath = machine(
        "JSONPath",
        r#""A":{"Type":"Pass","Result":{"r.$":"$no"},"Assign":{"x.$":"$.a","y.$":"States.Array($x, $v[0])","n":"$no.o"},"Next":"B"},
           "B":{"Type":"Choice","Choices":[{"And":[{"Variable":"$x.a","NumericEqualsPath":"$z"}],"Next":"C"}],"Default":"C"},
           "C":{"Type":"Wait","SecondsPath":"$y","Next":"D"},
           "D":{"Type":"Map","ItemsPath":"$x","MaxConcurrencyPath":"$m","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"I","States":{"I":{"Type":"Succeed"}}},"ItemBatcher":{"MaxItemsPerBatchPath":"$b","BatchInput":{"aPath":"$no","c.$":"$d"}},"End":true}"#,
    );
    let expected = [
        "/States/A/Assign/y.$ $v",
        "/States/A/Assign/y.$ $x",
        "/States/B/Choices[0]/And[0]/NumericEqualsPath $z",
        "/States/D/MaxConcurrencyPath $m",
        "/States/D/ItemBatcher/MaxItemsPerBatchPath $b",
        "/States/D/ItemBatcher/BatchInput/c.$ $d",
    ];
    assert_eq!(found(&jsonpath), expected);
}

/// A read is fine when at least one way leads to it on which the variable is assigned.
#[test]
fn ways_through_rules_catchers_and_loops() {
    let text = machine(
        "JSONata",
        r#""A":{"Type":"Choice","Assign":{"d":1},"Choices":[{"Condition":"{% true %}","Assign":{"r":1},"Next":"R"}],"Default":"T"},
           "R":{"Type":"Pass","Output":"{% [$r, $d, $late] %}","Next":"T"},
           "T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","Arguments":{"a":"{% [$r, $d, $c, $loop] %}"},
                "Assign":{"t":1},"Catch":[{"ErrorEquals":["States.ALL"],"Assign":{"c":1},"Next":"C"}],"Next":"S"},
           "C":{"Type":"Wait","Seconds":1,"Assign":{"e":"{% [$c, $t] %}"},"Next":"S"},
           "S":{"Type":"Pass","Output":"{% [$r, $d, $c, $t, $e] %}","Assign":{"loop":1},"Next":"Q"},
           "Q":{"Type":"Choice","Choices":[{"Condition":"{% $loop > 1 %}","Next":"L"}],"Default":"T"},
           "L":{"Type":"Pass","Assign":{"late":"{% $late %}"},"End":true}"#,
    );
    // T is reached again from S, so everything that lies between may be assigned in it.
    assert_eq!(
        found(&text),
        ["/States/R/Output $d", "/States/R/Output $late", "/States/L/Assign/late $late"]
    );
}

#[test]
fn an_expression_may_assign_anything_and_what_is_never_reached_reads_nothing() {
    let text = machine(
        "JSONata",
        r#""A":{"Type":"Pass","Assign":"{% $states.input %}","Next":"B"},"B":{"Type":"Succeed","Output":"{% $x %}"}"#,
    );
    assert_eq!(found(&text), [] as [&str; 0]);
    let island =
        machine("JSONata", r#""A":{"Type":"Succeed"},"B":{"Type":"Pass","Output":"{% $x %}","Next":"B"}"#);
    let all = findings(&island, MachineKind::Standard);
    assert!(!all.iter().any(|finding| finding.sentence.contains("$x")), "{all:?}");
}

#[test]
fn inner_machines_see_what_is_around_them_and_keep_what_they_assign() {
    let map = |mode: &str| {
        machine(
            "JSONPath",
            &format!(
                r#""A":{{"Type":"Pass","Assign":{{"x":1}},"Next":"M"}},
                "M":{{"Type":"Map","ItemSelector":{{"a.$":"$x"}},"ItemProcessor":{{"ProcessorConfig":{{{mode}}},"StartAt":"I","States":{{
                    "I":{{"Type":"Pass","Assign":{{"i.$":"$x"}},"Next":"J"}},"J":{{"Type":"Pass","InputPath":"$i","End":true}}}}}},"Next":"Z"}},
                "Z":{{"Type":"Pass","InputPath":"$i","End":true}}"#
            ),
        )
    };
    assert_eq!(found(&map(r#""Mode":"INLINE""#)), ["/States/Z/InputPath $i"]);
    let distributed = found(&map(r#""Mode":"DISTRIBUTED","ExecutionType":"EXPRESS""#));
    assert_eq!(distributed, ["/States/M/ItemProcessor/States/I/Assign/i.$ $x", "/States/Z/InputPath $i"]);
}

#[test]
fn a_name_is_assigned_in_one_scope_only() {
    let text = machine(
        "JSONPath",
        r#""A":{"Type":"Parallel","Branches":[{"StartAt":"B","States":{"B":{"Type":"Pass","Assign":{"x.$":"$.a","y":1},"End":true}}},
             {"StartAt":"C","States":{"C":{"Type":"Pass","Assign":{"y":1},"End":true}}}],
             "Catch":[{"ErrorEquals":["States.ALL"],"Assign":{"x":1},"Next":"Z"}],"Next":"Z"},
           "Z":{"Type":"Succeed"}"#,
    );
    let findings = findings(&text, MachineKind::Standard);
    let said: Vec<_> = findings.iter().map(|finding| finding.sentence.as_str()).collect();
    let expected = "State Machine.States.A.Branches[0].States.B.Assign.x.$: variable \"x\" is also assigned by a state \
                    around this machine";
    assert_eq!(said, [expected]);
}

proptest! {
    /// Against the plain definition: two nodes are in one component if each is reached from the other.
    #[test]
    fn components_are_what_reaches_itself(leads in proptest::collection::vec(proptest::collection::vec(0usize..9, 0..3), 9)) {
        let reached = |from: usize| {
            let (mut seen, mut open) = ([false; 9], vec![from]);
            while let Some(node) = open.pop() {
                open.extend(leads[node].iter().filter(|to| !std::mem::replace(&mut seen[**to], true)));
            }
            seen
        };
        let found = components(Some(0), &leads);
        for a in 0..9 {
            let from_start = a == 0 || reached(0)[a];
            prop_assert_eq!(found.of[a].is_some(), from_start);
            for b in (0..9).filter(|b| a != *b && from_start && found.of[*b].is_some()) {
                let together = reached(a)[b] && reached(b)[a];
                prop_assert_eq!(found.of[a] == found.of[b], together);
                prop_assert!(together || !reached(a)[b] || found.of[a] > found.of[b]);
            }
        }
        prop_assert!(found.members.iter().enumerate().all(|(number, all)| all.iter().all(|node| found.of[*node] == Some(number))));
    }
}
