//! The result of a distributed Map whose results go into the state's output.

use crate::history::Payload;
use crate::program::{Body, Program};

/// The outputs of the children that did well, in the order of the items, as a JSON array. Outputs that are arrays lose
/// their brackets where `WriterConfig` says `"Transformation": "FLATTEN"` (developer guide, "ResultWriter"; `COMPACT`, the
/// outputs as they are, is the default of a Map without a store for its results).
///
/// `state`: place of the Map state in the program. Every output is sound JSON.
pub fn collected<'a>(program: &Program, state: u32, outputs: impl Iterator<Item = &'a Payload>) -> String {
    let flat = flattens(program, state);
    let mut text = String::from("[");
    for output in outputs {
        let inner = output.trim().strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
        let output = match inner {
            Some(inner) if flat && inner.trim().is_empty() => continue,
            Some(inner) if flat => inner,
            _ => output,
        };
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(output);
    }
    text.push(']');
    text
}

fn flattens(program: &Program, state: u32) -> bool {
    let body = program.states().get(state as usize).map(|state| &state.body);
    let Some(Body::Map(map)) = body else { return false };
    let writer = map.distributed.as_ref().and_then(|distributed| distributed.writer.as_ref());
    writer.is_some_and(|writer| writer.transformation.as_deref() == Some("FLATTEN"))
}
