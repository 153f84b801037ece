//! ListStateMachines.

use crate::arn;
use crate::service::StatesCall;
use api_stepfunctions::{
    ListStateMachinesInput, ListStateMachinesOutput, StateMachineListItem, StateMachineType,
};
use aws_schema::Timestamp;
use contracts::Reply;
use records::stepfunctions::StateMachine;

/// ListStateMachines, by name.
///
/// Errors: `InvalidToken`.
pub(crate) async fn list(call: StatesCall, input: ListStateMachinesInput) -> Reply<ListStateMachinesOutput> {
    let scope = call.scope();
    let machines = call.platform.store.list::<StateMachine>(scope);
    let token = input.next_token.as_deref();
    let page = call.page("machines", scope, machines, token, input.max_results, |m| m.id.clone())?;
    let items = page.items.iter().map(|machine| StateMachineListItem {
        state_machine_arn: Some(arn::machine(scope, &machine.id)),
        name: Some(machine.id.clone()),
        type_: Some(if machine.express { StateMachineType::EXPRESS } else { StateMachineType::STANDARD }),
        creation_date: Some(Timestamp::from_millis(machine.created)),
    });
    Ok(ListStateMachinesOutput { state_machines: Some(items.collect()), next_token: page.next })
}
