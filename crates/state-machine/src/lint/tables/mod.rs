//! The fields of the States Language, one line each. A new field of AWS is one new line here.
//!
//! Order matters: it is the order of statelint's complaints. Source of the lines marked `both` and `statelint`: what
//! awslabs/statelint 0.8 says of machines; of those marked `today`: the Amazon States Language specification and the
//! developer guide's pages on each state.

mod choice;
mod errors;
mod machine;
mod map;
mod states;

use super::role::Role;
use super::table::Table;

/// The table of a role.
pub(super) fn of(role: Role) -> &'static Table {
    match role {
        Role::StateMachine => &machine::STATE_MACHINE,
        Role::Branch => &machine::BRANCH,
        Role::State => &states::STATE,
        Role::PassState => &states::PASS,
        Role::SucceedState => &states::SUCCEED,
        Role::FailState => &states::FAIL,
        Role::TaskState => &states::TASK,
        Role::WaitState => &states::WAIT,
        Role::ParallelState => &states::PARALLEL,
        Role::TerminalState => &states::TERMINAL,
        Role::ChoiceState => &choice::CHOICE,
        Role::ChoiceRule => &choice::RULE,
        Role::Comparison => &choice::COMPARISON,
        Role::NestedRule => &choice::NESTED_RULE,
        Role::NestedComparison => &choice::NESTED_COMPARISON,
        Role::Retrier => &errors::RETRIER,
        Role::Catcher => &errors::CATCHER,
        Role::MapState => &map::MAP,
        Role::ItemProcessor => &map::ITEM_PROCESSOR,
        Role::ProcessorConfig => &map::PROCESSOR_CONFIG,
        Role::ItemReader => &map::ITEM_READER,
        Role::ReaderConfig => &map::READER_CONFIG,
        Role::ResultWriter => &map::RESULT_WRITER,
        Role::WriterConfig => &map::WRITER_CONFIG,
        Role::ItemBatcher => &map::ITEM_BATCHER,
    }
}
