//! `allod states graph`.

use super::{FAILED, Graph, execution};
use crate::output;
use anyhow::{Context as _, anyhow};
use state_machine::graph::{self, Colours, Measures};
use state_machine::text;
use std::process::ExitCode;

pub(super) fn run(options: &Graph) -> anyhow::Result<ExitCode> {
    match picture(options) {
        Ok(picture) => {
            output::say(picture.trim_end_matches('\n'));
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            output::complain(&error);
            Ok(ExitCode::from(FAILED))
        }
    }
}

fn picture(options: &Graph) -> anyhow::Result<String> {
    let (definition, colours): (String, Option<Colours>) = match (&options.file, &options.execution) {
        (_, Some(arn)) => {
            let (definition, colours) = execution::ask(arn, &options.endpoint, &options.region)?;
            (definition, Some(colours))
        }
        (Some(file), None) => {
            let read = std::fs::read_to_string(file);
            (read.with_context(|| format!("{} cannot be read", file.display()))?, None)
        }
        (None, None) => return Err(anyhow!("a FILE or --execution is required")),
    };
    let node = text::read(&definition).map_err(|error| {
        let (line, column) = text::line_and_column(&definition, error.at);
        anyhow!("the definition is no JSON, line {line}, column {column}: {error}")
    })?;
    if options.svg {
        return Ok(graph::svg(&graph::layout(&node, Measures::SVG)?, colours.as_ref()));
    }
    graph::text(&graph::layout(&node, Measures::TEXT)?, colours.as_ref())
        .context("the picture is too large for characters; --svg has room")
}
