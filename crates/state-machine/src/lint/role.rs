//! The roles objects of a definition play; each role has its table of fields.

use crate::text::Node;

/// A role. An object may play several at once: a State, a Pass State, a Terminal State.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    StateMachine,
    State,
    PassState,
    SucceedState,
    FailState,
    TaskState,
    ChoiceState,
    WaitState,
    ParallelState,
    MapState,
    TerminalState,
    Retrier,
    Catcher,
    ChoiceRule,
    Comparison,
    NestedRule,
    NestedComparison,
    Branch,
    ItemProcessor,
    ProcessorConfig,
    ItemReader,
    ReaderConfig,
    ResultWriter,
    WriterConfig,
    ItemBatcher,
}

/// All roles of an object that was given the role `first` by the field it stands in.
///
/// The order, and that a Succeed State with `"End": true` is a Terminal State twice, is statelint's: it decides the
/// order and number of its complaints.
pub(super) fn roles(first: Role, node: &Node) -> Vec<Role> {
    let mut roles = vec![first];
    match first {
        Role::State => {
            let by_type = node.get("Type").and_then(Node::as_str).and_then(of_type);
            roles.extend(by_type);
            if node.get("End").and_then(Node::as_bool) == Some(true) {
                roles.push(Role::TerminalState);
            }
            if matches!(by_type, Some(Role::SucceedState | Role::FailState)) {
                roles.push(Role::TerminalState);
            }
        }
        Role::ChoiceRule if node.get("Variable").is_some() => roles.push(Role::Comparison),
        Role::NestedRule if node.get("Variable").is_some() => roles.push(Role::NestedComparison),
        _ => {}
    }
    roles
}

fn of_type(name: &str) -> Option<Role> {
    Some(match name {
        "Pass" => Role::PassState,
        "Succeed" => Role::SucceedState,
        "Fail" => Role::FailState,
        "Task" => Role::TaskState,
        "Choice" => Role::ChoiceState,
        "Wait" => Role::WaitState,
        "Parallel" => Role::ParallelState,
        "Map" => Role::MapState,
        _ => return None,
    })
}
