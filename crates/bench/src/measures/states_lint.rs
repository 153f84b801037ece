//! The linter of state machines: a typical definition, and one of the largest size allowed.

use crate::Context;
use crate::report::{Row, Target};
use crate::statistics::Times;
use anyhow::ensure;
use state_machine::lint::{MachineKind, findings};
use std::fmt::Write as _;
use std::time::Instant;

const ROUNDS: usize = 500;
/// Of the largest definition; it takes longer.
const LARGE_ROUNDS: usize = 30;
/// States of the typical definition: about what the machines of AWS's sample projects have.
const TYPICAL: usize = 20;
/// Step Functions quotas: 1 MB.
const LARGEST: usize = state_machine::text::MAX_DEFINITION;

pub(super) fn run(_: &Context) -> anyhow::Result<Vec<Row>> {
    let typical = definition(TYPICAL);
    let per_state = (definition(2 * TYPICAL).len() - typical.len()) / TYPICAL;
    let mut states = LARGEST / per_state;
    let mut large = definition(states);
    // Numbers of states grow longer, so the estimate is a little too large.
    while large.len() > LARGEST {
        states -= 1 + (large.len() - LARGEST) / per_state;
        large = definition(states);
    }
    Ok(vec![
        Row::new("lint of a typical definition, p50", times(&typical, ROUNDS)?.median(), "ms")
            .target(Target::AtMost(1.0))
            .note(format!("{TYPICAL} states, {} bytes, in this process", typical.len())),
        Row::new("lint of the largest definition, p50", times(&large, LARGE_ROUNDS)?.median(), "ms")
            .target(Target::AtMost(20.0))
            .note(format!("{states} states, {} bytes", large.len())),
    ])
}

fn times(definition: &str, rounds: usize) -> anyhow::Result<Times> {
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let begin = Instant::now();
        let found = findings(definition, MachineKind::Standard);
        times.push(begin.elapsed().as_secs_f64() * 1_000.0);
        ensure!(found.is_empty(), "the definition is not in order: {}", found[0].sentence);
    }
    Ok(Times::new(times))
}

/// Tasks with templates, Retry and Catch, Choices between them, in groups of four states.
fn definition(states: usize) -> String {
    let mut text = String::from(r#"{"Comment":"A measure","StartAt":"task0","States":{"#);
    for group in 0..states.div_ceil(4) {
        let next = group + 1;
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            r#""task{group}":{{"Type":"Task","Resource":"arn:aws:states:::dynamodb:getItem","Parameters":{{"TableName":"t","Key":{{"id.$":"$.order.id","text.$":"States.Format('{{}}-{{}}', $.a, $$.Execution.Name)"}}}},"ResultPath":"$.item","TimeoutSeconds":60,"Retry":[{{"ErrorEquals":["States.TaskFailed"],"IntervalSeconds":2,"MaxAttempts":3,"BackoffRate":2.0}}],"Catch":[{{"ErrorEquals":["States.ALL"],"ResultPath":"$.error","Next":"failed"}}],"Next":"choice{group}"}},"choice{group}":{{"Type":"Choice","Choices":[{{"And":[{{"Variable":"$.item.count","NumericGreaterThan":3}},{{"Not":{{"Variable":"$.item.kind","StringEquals":"x"}}}}],"Next":"wait{group}"}}],"Default":"pass{group}"}},"wait{group}":{{"Type":"Wait","SecondsPath":"$.item.seconds","Next":"pass{group}"}},"pass{group}":{{"Type":"Pass","QueryLanguage":"JSONata","Output":{{"sum":"{{% $sum($states.input.items.price) %}}"}},"Next":"task{next}"}},"#
        );
    }
    let last = states.div_ceil(4);
    let _ = write!(
        text,
        r#""task{last}":{{"Type":"Succeed"}},"failed":{{"Type":"Fail","ErrorPath":"$.error.Error"}}}}}}"#
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_in_order() {
        assert_eq!(times(&definition(TYPICAL), 1).unwrap().len(), 1);
    }
}
