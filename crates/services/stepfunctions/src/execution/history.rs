//! GetExecutionHistory.

use super::check_arn;
use crate::faults;
use crate::history::show;
use crate::service::{StatesCall, page_size};
use api_stepfunctions::{GetExecutionHistoryInput, GetExecutionHistoryOutput};
use contracts::Reply;

/// GetExecutionHistory, in either order.
///
/// Errors: `InvalidArn`, `InvalidToken`, `ExecutionDoesNotExist`.
pub(crate) async fn history(
    call: StatesCall,
    input: GetExecutionHistoryInput,
) -> Reply<GetExecutionHistoryOutput> {
    let execution_arn = input.execution_arn();
    check_arn(&call, execution_arn)?;
    let reverse = input.reverse_order.unwrap_or(false);
    let purpose = format!("states/history/{execution_arn}/{reverse}");
    let pages = &call.platform.pages;
    let invalid = faults::invalid_page_token;
    let after = match input.next_token.as_deref() {
        Some(token) => {
            let last = pages.read(&purpose, token).map_err(|_| invalid())?;
            Some(last.parse::<u64>().map_err(|_| invalid())?)
        }
        None => None,
    };
    let page = call.engine()?.history(execution_arn, reverse, after, page_size(input.max_results)).await;
    let page = page.map_err(|error| faults::unreadable(&error))?;
    let page = page.ok_or_else(|| faults::no_execution(execution_arn))?;
    let last = page.events.last().filter(|_| page.more);
    let next_token = last.map(|event| pages.token(&purpose, &event.id.to_string()));
    let data = input.include_execution_data.unwrap_or(true);
    Ok(GetExecutionHistoryOutput {
        events: Some(page.events.iter().map(|event| show(event, data)).collect()),
        next_token,
    })
}
