//! How long the interpreter takes for an execution of ten Pass states, without a log: run with `--release`.
#![allow(clippy::disallowed_methods, reason = "it measures")]
#![allow(clippy::unwrap_used, reason = "it runs what it wrote itself")]

use state_machine::interpret::{Execution, Start, Turn, Wake};
use state_machine::program::Program;
use std::sync::Arc;
use std::time::Instant;

const ROUNDS: u32 = 500;
const EACH: u32 = 200;

fn main() {
    let states: Vec<String> = (0..10)
        .map(|place| {
            let then =
                if place == 9 { r#""End": true"#.to_owned() } else { format!(r#""Next": "S{}""#, place + 1) };
            format!(r#""S{place}": {{"Type": "Pass", {then}}}"#)
        })
        .collect();
    let definition = format!(r#"{{"StartAt": "S0", "States": {{{}}}}}"#, states.join(","));
    let program = Arc::new(Program::compile(&definition).unwrap());
    let start = Arc::new(Start {
        arn: "arn:aws:states:eu-central-1:123456789012:execution:m:e".into(),
        name: "e".into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        at: 1_795_176_000_000,
        machine_arn: "arn:aws:states:eu-central-1:123456789012:stateMachine:m".into(),
        machine_name: "m".into(),
        alias_arn: None,
        version_arn: None,
        input: r#"{"order": 4711, "items": ["a", "b", "c"], "note": "sixty-four bytes"}"#.into(),
        map_run: None,
        processor: None,
        express: false,
    });
    let (mut events, mut effects) = (Vec::new(), Vec::new());
    // The best of many rounds: on a busy machine the others tell of their neighbours.
    let best = (0..ROUNDS).map(|_| {
        let begin = Instant::now();
        for _ in 0..EACH {
            events.clear();
            let mut execution = Execution::new(program.clone(), start.clone());
            let mut turn = Turn {
                now: start.at,
                draw: &mut || 0,
                activity: &mut |_| true,
                token: &|_| Arc::default(),
                events: &mut events,
                effects: &mut effects,
                budget: 1_000,
                guard: &state_machine::guard::Guard::alone(),
            };
            execution.turn(Wake::Start, &mut turn).unwrap();
        }
        begin.elapsed() / EACH
    });
    let best = best.min().unwrap();
    println!("{} events, {best:?} an execution of ten Pass states", events.len());
}
