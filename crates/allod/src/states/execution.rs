//! An execution of a running cloud: its definition and what happened so far.

use crate::client;
use anyhow::{Context as _, ensure};
use api_stepfunctions::{
    DescribeStateMachineForExecutionInput, GetExecutionHistoryInput, HistoryEvent, SERVICE, ops,
};
use state_machine::graph::{Colours, Mark, colour};

/// Events of one page; the API's maximum.
const PAGE: i32 = 1_000;
/// Most events of an execution (Step Functions quotas).
const MOST: usize = 25_000;

/// The definition of an execution, and how its states fare.
pub(super) fn ask(arn: &str, endpoint: &str, region: &str) -> anyhow::Result<(String, Colours)> {
    let mut client = client::connect(endpoint, region)?;
    let input = DescribeStateMachineForExecutionInput {
        execution_arn: Some(arn.to_owned()),
        ..DescribeStateMachineForExecutionInput::default()
    };
    let described = client.call::<ops::DescribeStateMachineForExecution>(&SERVICE, &input)?;
    let definition = described.definition.context("the answer holds no definition")?;
    let mut marks: Vec<Mark> = Vec::new();
    let mut next = None;
    loop {
        let input = GetExecutionHistoryInput {
            execution_arn: Some(arn.to_owned()),
            max_results: Some(PAGE),
            include_execution_data: Some(false),
            next_token: next,
            ..GetExecutionHistoryInput::default()
        };
        let page = client.call::<ops::GetExecutionHistory>(&SERVICE, &input)?;
        marks.extend(page.events.iter().flatten().map(mark));
        next = page.next_token;
        if next.is_none() {
            break;
        }
        // A redrive may add some more than the quota says.
        ensure!(marks.len() <= 2 * MOST, "the history does not end");
    }
    Ok((definition, colour(marks)))
}

fn mark(event: &HistoryEvent) -> Mark {
    let entered = event.state_entered_event_details.as_ref().and_then(|details| details.name.as_deref());
    let exited = event.state_exited_event_details.as_ref().and_then(|details| details.name.as_deref());
    let number = |id: Option<i64>| id.and_then(|id| u64::try_from(id).ok()).unwrap_or(0);
    Mark {
        id: number(event.id),
        previous: number(event.previous_event_id),
        at: event.timestamp.map_or(0, |at| at.millis()),
        kind: event.type_.as_ref().map(|kind| kind.as_str()).unwrap_or_default().into(),
        state: entered.or(exited).map(Into::into),
    }
}
