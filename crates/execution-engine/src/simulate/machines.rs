//! What the simulated executions run.

use crate::Kind;

/// A machine; those that are `steady` do the same whatever the troubles.
pub(super) struct Machine {
    pub(super) name: &'static str,
    pub(super) definition: &'static str,
    pub(super) input: &'static str,
    /// Its history does not depend on when tasks are answered.
    pub(super) steady: bool,
    /// It has a Map Run that fails, or is stopped, and is redriven until it does well.
    pub(super) redriven: bool,
    pub(super) kind: Kind,
}

pub(super) const MACHINES: &[Machine] = &[
    Machine {
        name: "pass",
        definition: r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Result":[1],
            "ResultPath":"$.b","Next":"C"},"C":{"Type":"Succeed"}}}"#,
        input: "{\"a\":1}",
        steady: true,
        redriven: false,
        kind: Kind::Standard,
    },
    Machine {
        name: "wait",
        definition: r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},
            "B":{"Type":"Wait","Seconds":3,"Next":"C"},"C":{"Type":"Wait","Seconds":1,"End":true}}}"#,
        input: "{}",
        steady: true,
        redriven: false,
        kind: Kind::Standard,
    },
    Machine {
        name: "task",
        definition: r#"{"StartAt":"A","States":{"A":{"Type":"Task","Next":"B",
            "Resource":"arn:aws:states:us-east-1:123456789012:activity:work",
            "Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":1,"MaxAttempts":2}],
            "Catch":[{"ErrorEquals":["States.ALL"],"Next":"B"}]},
            "B":{"Type":"Task","Resource":"arn:aws:states:us-east-1:123456789012:activity:work","End":true}}}"#,
        input: "{\"t\":1}",
        steady: true,
        redriven: false,
        kind: Kind::Standard,
    },
    Machine {
        name: "gone",
        definition: r#"{"StartAt":"A","States":{"A":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"T","States":{"T":{"Type":"Task","End":true,
                "Resource":"arn:aws:states:us-east-1:123456789012:activity:work"}}},
            {"StartAt":"U","States":{"U":{"Type":"Task","End":true,
                "Resource":"arn:aws:states:us-east-1:123456789012:activity:gone"}}}]}}}"#,
        input: "{}",
        steady: true,
        redriven: false,
        kind: Kind::Standard,
    },
    Machine {
        name: "late",
        definition: r#"{"StartAt":"A","States":{"A":{"Type":"Task","Next":"B","TimeoutSeconds":4,"HeartbeatSeconds":2,
            "Resource":"arn:aws:states:us-east-1:123456789012:activity:work",
            "Retry":[{"ErrorEquals":["States.Timeout"],"IntervalSeconds":1,"MaxAttempts":1,
                "JitterStrategy":"FULL"}],
            "Catch":[{"ErrorEquals":["States.ALL"],"Next":"B"}]},"B":{"Type":"Pass","End":true}}}"#,
        input: "{}",
        steady: false,
        redriven: false,
        kind: Kind::Standard,
    },
    Machine {
        name: "parallel",
        definition: r#"{"StartAt":"A","States":{"A":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},
            {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":2,"End":true}}},
            {"StartAt":"T","States":{"T":{"Type":"Task","End":true,
                "Resource":"arn:aws:states:us-east-1:123456789012:activity:work"}}}]}}}"#,
        input: "[1]",
        steady: false,
        redriven: false,
        kind: Kind::Standard,
    },
    Machine {
        name: "inline",
        definition: r#"{"StartAt":"A","States":{"A":{"Type":"Map","End":true,"MaxConcurrency":2,"ItemProcessor":{
            "StartAt":"P","States":{"P":{"Type":"Pass","Next":"Q"},"Q":{"Type":"Pass","End":true}}}}}}"#,
        input: "[1,2,3,4,5]",
        steady: true,
        redriven: false,
        kind: Kind::Standard,
    },
    Machine {
        name: "distributed",
        definition: r#"{"StartAt":"A","States":{"A":{"Type":"Map","End":true,"MaxConcurrency":2,"Label":"lab",
            "ToleratedFailurePercentage":100,"ItemProcessor":{
            "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
            "StartAt":"P","States":{"P":{"Type":"Pass","Next":"W"},"W":{"Type":"Wait","Seconds":1,"End":true}}}}}}"#,
        input: "[1,2,3,4]",
        steady: true,
        redriven: false,
        kind: Kind::Standard,
    },
    Machine {
        name: "express",
        definition: r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":1,"Next":"B"},"B":{"Type":"Pass","End":true}}}"#,
        input: "{\"e\":1}",
        steady: true,
        redriven: false,
        kind: Kind::Express,
    },
    // Every second item fails once, one after the other.
    Machine {
        name: "redriven",
        definition: r#"{"StartAt":"A","States":{"A":{"Type":"Map","End":true,"MaxConcurrency":1,"Label":"red",
            "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
            "StartAt":"T","States":{"T":{"Type":"Task","End":true,
                "Resource":"arn:aws:states:us-east-1:123456789012:activity:work"}}}}}}"#,
        input: "[1,2,3,4]",
        steady: true,
        redriven: true,
        kind: Kind::Standard,
    },
    // The same, all at once, and somebody may stop it.
    Machine {
        name: "stopped",
        definition: r#"{"StartAt":"A","States":{"A":{"Type":"Map","End":true,"MaxConcurrency":4,"Label":"sto",
            "ItemSelector":{"v.$":"$$.Map.Item.Value","r.$":"States.MathRandom(1,100000)"},
            "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
            "StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1,"Next":"T"},"T":{"Type":"Task","End":true,
                "InputPath":"$.v","Resource":"arn:aws:states:us-east-1:123456789012:activity:work"}}}}}}"#,
        input: "[1,2,3,4,5,6]",
        steady: false,
        redriven: true,
        kind: Kind::Standard,
    },
    // The same with Express children, in batches.
    Machine {
        name: "batched",
        definition: r#"{"StartAt":"A","States":{"A":{"Type":"Map","End":true,"MaxConcurrency":2,"Label":"bat",
            "ItemBatcher":{"MaxItemsPerBatch":2},
            "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},
            "StartAt":"T","States":{"T":{"Type":"Task","End":true,"InputPath":"$.Items",
                "Resource":"arn:aws:states:us-east-1:123456789012:activity:work"}}}}}}"#,
        input: "[1,2,3,4,5]",
        steady: false,
        redriven: true,
        kind: Kind::Standard,
    },
    // Whether its evaluations are too long is drawn, each time anew: only what was recorded may be done again.
    Machine {
        name: "bomb",
        definition: r#"{"QueryLanguage":"JSONata","StartAt":"A","States":{
            "A":{"Type":"Pass","Output":"{% $states.input ~> $string %}","Next":"B"},
            "B":{"Type":"Parallel","Next":"C","Catch":[{"ErrorEquals":["States.ALL"],"Next":"C"}],"Branches":[
                {"StartAt":"P","States":{"P":{"Type":"Pass","Output":"{% $random() + 1 %}","Next":"Q"},
                    "Q":{"Type":"Wait","Seconds":"{% 1 + 0 %}","End":true}}},
                {"StartAt":"T","States":{"T":{"Type":"Task","End":true,"Arguments":"{% {'a':[1..3]} %}",
                    "Output":"{% [$states.result] %}","Resource":"arn:aws:states:us-east-1:123456789012:activity:work",
                    "Retry":[{"ErrorEquals":["States.QueryEvaluationError"],"IntervalSeconds":1,"MaxAttempts":3}],
                    "Catch":[{"ErrorEquals":["States.ALL"],"Output":"{% $uuid() %}","Next":"U"}]},
                    "U":{"Type":"Pass","Output":"{% $count([1..7]) %}","End":true}}}]},
            "C":{"Type":"Map","Items":"{% [1..9] %}","MaxConcurrency":3,"End":true,"ItemProcessor":{
                "StartAt":"M","States":{"M":{"Type":"Pass","Output":"{% $states.input * 2 %}","End":true}}}}}}"#,
        input: "{\"b\":[1,2]}",
        steady: false,
        redriven: false,
        kind: Kind::Standard,
    },
    Machine {
        name: "selected",
        definition: r#"{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Map","End":true,"Label":"sel",
            "MaxConcurrency":2,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Z"}],
            "ItemSelector":"{% {'i':$states.context.Map.Item.Value,'r':$random()} %}","ItemBatcher":{"MaxItemsPerBatch":2},
            "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
            "StartAt":"P","States":{"P":{"Type":"Pass","Next":"W"},"W":{"Type":"Wait","Seconds":1,"End":true}}}},
            "Z":{"Type":"Succeed"}}}"#,
        input: "[1,2,3,4,5]",
        steady: false,
        redriven: false,
        kind: Kind::Standard,
    },
    Machine {
        name: "express-bomb",
        definition: r#"{"QueryLanguage":"JSONata","StartAt":"P","States":{"P":{"Type":"Parallel","End":true,
            "Catch":[{"ErrorEquals":["States.ALL"],"Next":"Z"}],"Branches":[{"StartAt":"A","States":{
            "A":{"Type":"Choice","Default":"B","Choices":[{"Condition":"{% $states.input.e = 2 %}","Next":"B"}]},
            "B":{"Type":"Wait","Seconds":1,"Next":"C"},
            "C":{"Type":"Pass","Output":"{% $states.input.e + 1 %}","End":true}}}]},"Z":{"Type":"Succeed"}}}"#,
        input: "{\"e\":1}",
        steady: true,
        redriven: false,
        kind: Kind::Express,
    },
];
