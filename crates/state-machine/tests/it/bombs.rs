//! What an expression may take of memory: each bomb goes off in a process of its own, whose peak is measured.
#![allow(clippy::disallowed_methods, reason = "a test starts itself as a process")]

use state_machine::guard::{Cancel, Guard, Watch};
use state_machine::history::EventKind;
use state_machine::interpret::{Execution, Start, Turn, Wake};
use state_machine::program::Program;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bombs by name.
const BOMBS: &[(&str, &str)] = &[
    ("doubled text", "($f := function($x) { $f($x & $x) }; $f('bomb'))"),
    (
        "doubled by variables",
        "($a := $states.input.t & 'x'; $b := $a & $a; $c := $b & $b; $d := $c & $c; $e := $d & $d; $f := $e & $e; $g := $f & $f; $h := $g & $g; [$g & 'a', $g & 'b', $h & 'c', $h & 'd', $h & 'e', $h & 'f'])",
    ),
    ("lists of lists", "$map([1..1000], function($i) { [1..1000000] })"),
    ("lists kept by a path", "[1..1000].([1..1000000])"),
    ("ranges in a path", "[1..100000].[1..1000]"),
    ("reduced into a list", "$reduce([1..1000000], function($a, $i) { $append($a, $a) }, [1, 2, 3])"),
    (
        "list in list in list",
        "($f := function($a, $n) { $n = 0 ? $a : $f([$a, $a, $a], $n - 1) }; $f([1], 60))",
    ),
    ("texts of every item", "$states.input.l.($$.t & $string($) & $states.input.t)"),
    ("texts kept by a map", "$map([1..100000], function($i) { $pad('', 100000, 'x') & $i })"),
    ("texts of a builtin", "$map([1..100000], function($i) { $uppercase($states.input.t) })"),
    ("split and joined", "$map([1..100000], function($i) { $split($states.input.t, '') })"),
    (
        "objects",
        "$map([1..100000], function($i) { $merge($map([1..1000], function($k) { {'k' & $k: $i} })) })",
    ),
    ("zipped", "$map([1..10000], function($i) { $zip([1..100000], [1..100000]) })"),
    (
        "recursion that holds on",
        "($f := function($x) { $count([1..100000]) + $f($append($x, [1..100000])) }; $f([]))",
    ),
    ("closures", "($f := function($g, $n) { $f(function() { [$g, [1..1000]] }, $n + 1) }; $f(1, 1))"),
    (
        "closures in lists",
        "($f := function($g, $n) { $f([[1..10], function() { $g }, [1..10]], $n + 1) }; $f(1, 1))",
    ),
    ("named closures", "($f := function($g) { ($h := function() { [$g, $h] }; $f($h)) }; $f(1))"),
    ("composed functions", "($f := function($g) { $f($g ~> $uppercase) }; $f($lowercase))"),
    ("partial functions", "($a := function($x, $y) { $x }; $f := function($g) { $f($a($g, ?)) }; $f(1))"),
    ("closures by a reduction", "$reduce([1..1000000], function($a, $i) { function() { $a } })"),
    (
        "replaced",
        "$replace($pad('', 4000, 'x'), 'x', $pad('', 4000, 'y')) & ($r := function($t) { $r($replace($t, 'x', 'xx')) }; $r('x'))",
    ),
];
/// Bytes that a process with one of them may take: what may be built, as much again for the evaluator, and the process.
const MOST: u64 = 1 << 30;

struct Clock(Instant);

impl Watch for Clock {
    fn steady(&self) -> Duration {
        self.0.elapsed()
    }
    // Slower than it is: memory is to be bounded by itself.
    fn cpu(&self) -> Duration {
        self.0.elapsed() / 8
    }
}

/// The peak of this process in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

/// Runs a machine of one state with this output, and tells the error it ended with.
fn explode(expression: &str) -> Option<Arc<str>> {
    let state = serde_json::json!({"Type": "Pass", "End": true, "Output": format!("{{% {expression} %}}")});
    let definition = serde_json::json!({"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": state}});
    let program = Arc::new(Program::compile(&definition.to_string()).unwrap());
    let input = serde_json::json!({"t": "t".repeat(100_000), "l": (0..10_000).collect::<Vec<_>>()});
    let start = Start {
        arn: "arn:aws:states:us-east-1:123456789012:execution:m:e".into(),
        name: "e".into(),
        role_arn: "".into(),
        at: 0,
        machine_arn: "".into(),
        machine_name: "m".into(),
        alias_arn: None,
        version_arn: None,
        input: input.to_string().into(),
        map_run: None,
        processor: None,
        express: false,
    };
    let (mut events, mut effects) = (Vec::new(), Vec::new());
    let (clock, cancel) = (Clock(Instant::now()), Cancel::default());
    let mut turn = Turn {
        now: 0,
        draw: &mut || 7,
        activity: &mut |_| true,
        token: &|_| "t".into(),
        events: &mut events,
        effects: &mut effects,
        budget: 1_000,
        guard: &Guard::full(&clock, &cancel),
    };
    Execution::new(program, Arc::new(start)).turn(Wake::Start, &mut turn).unwrap();
    events.iter().find_map(|event| match &event.kind {
        EventKind::ExecutionFailed(failure) => failure.error.clone(),
        _ => None,
    })
}

#[test]
fn no_expression_takes_the_memory_of_the_machine() {
    let own = std::env::current_exe().unwrap();
    for (name, _) in BOMBS {
        let done = Command::new(&own)
            .args(["--exact", "bombs::explodes", "--nocapture"])
            .env("BOMB", name)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{name}: {told}{}", String::from_utf8_lossy(&done.stderr));
        let number = told.lines().find_map(|line| line.split_once("peak=")).unwrap().1;
        let peak: u64 = number.split_whitespace().next().unwrap().parse().unwrap();
        println!("{name}: {} MiB {}", peak >> 20, number);
        assert!(peak < MOST, "{name} takes {} MiB", peak >> 20);
    }
}

/// The process of one bomb; without one there is nothing to do.
#[test]
fn explodes() {
    let Ok(bomb) = std::env::var("BOMB") else { return };
    let (name, expression) = BOMBS.iter().find(|(name, _)| *name == bomb).unwrap();
    let error = explode(expression);
    println!("peak={} {error:?}", peak());
    assert!(
        matches!(error.as_deref(), Some("States.QueryEvaluationError" | "States.DataLimitExceeded")),
        "{name}: {error:?}"
    );
}
