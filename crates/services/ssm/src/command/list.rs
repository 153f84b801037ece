//! ListCommands.

use super::filter::{newest_first, parse};
use super::show;
use crate::faults;
use crate::service::{SsmCall, page_size};
use api_ssm::{ListCommandsRequest, ListCommandsResult};
use contracts::Reply;
use records::ssm::Command;

/// ListCommands, newest first.
///
/// Errors: `InvalidCommandId`, `InvalidFilterKey`, `InvalidNextToken`.
pub(crate) async fn list(call: SsmCall, input: ListCommandsRequest) -> Reply<ListCommandsResult> {
    let filters = parse(input.filters.as_deref())?;
    let store = &call.platform.store;
    let commands = match input.command_id.as_deref() {
        Some(id) => vec![store.get::<Command>(call.scope(), id).ok_or_else(faults::invalid_command_id)?],
        None => store.list::<Command>(call.scope()),
    };
    let wanted =
        |c: &Command| input.instance_id.as_ref().is_none_or(|instance| c.resolved.contains(instance));
    let commands = commands.into_iter().filter(|c| wanted(c)).map(|c| call.current(call.scope(), c));
    let mut commands: Vec<_> = commands
        .filter(|(command, live)| {
            let (status, details) = show::status_of(command, live.as_deref());
            filters.iter().all(|f| f.passes(command, &status, &details, command.outcome.is_some()))
        })
        .collect();
    commands.sort_by_cached_key(|(c, _)| newest_first(c));
    let purpose = format!("commands/{:?}/{:?}/{filters:?}", input.command_id, input.instance_id);
    let (token, limit) = (input.next_token.as_deref(), page_size(input.max_results, 50));
    let page = call.page(&purpose, call.scope(), commands, token, limit, |(c, _)| newest_first(c))?;
    let shown = page.items.iter().map(|(command, live)| show::command(command, live.as_deref()));
    Ok(ListCommandsResult { commands: Some(shown.collect()), next_token: page.next })
}
