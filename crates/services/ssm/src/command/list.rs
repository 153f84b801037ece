//! ListCommands.

use super::filter::{newest_first, parse};
use super::show;
use crate::faults;
use crate::service::{SsmCall, page_size};
use api_ssm::{ListCommandsRequest, ListCommandsResult};
use contracts::Reply;
use records::ssm::Command;

/// ListCommands, newest first.
pub(crate) async fn list(call: SsmCall, input: ListCommandsRequest) -> Reply<ListCommandsResult> {
    let filters = parse(input.filters.as_deref())?;
    let store = &call.platform.store;
    let mut commands = match input.command_id.as_deref() {
        Some(id) => vec![store.get::<Command>(call.scope(), id).ok_or_else(faults::invalid_command_id)?],
        None => store.list::<Command>(call.scope()),
    };
    if let Some(instance) = &input.instance_id {
        commands.retain(|c| c.resolved.contains(instance));
    }
    commands.retain(|c| {
        let live = call.live.get(call.scope(), &c.id);
        let (status, details) = show::status_of(c, live.as_deref());
        filters.iter().all(|f| f.passes(c, &status, &details, c.outcome.is_some()))
    });
    commands.sort_by_cached_key(|c| newest_first(c));
    let purpose = format!("commands/{:?}/{:?}/{filters:?}", input.command_id, input.instance_id);
    let (token, limit) = (input.next_token.as_deref(), page_size(input.max_results, 50));
    let page = call.page(&purpose, call.scope(), commands, token, limit, |c| newest_first(c))?;
    let shown = page.items.iter().map(|c| show::command(c, call.live.get(call.scope(), &c.id).as_deref()));
    Ok(ListCommandsResult { commands: Some(shown.collect()), next_token: page.next })
}
