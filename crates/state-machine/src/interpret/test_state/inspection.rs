//! What is noted while a state is tested.

use super::{Configuration, Mock};
use crate::history::{Failure, Payload};
use crate::interpret::execution::Run;
use crate::value::Value;
use std::sync::Arc;

/// What was seen inside a state (`InspectionData`). Texts are JSON.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// The state's input.
    pub input: Option<Payload>,
    /// JSONPath: behind `InputPath`.
    pub after_input_path: Option<Payload>,
    /// JSONPath: behind `Parameters`.
    pub after_parameters: Option<Payload>,
    /// JSONata: behind `Arguments`.
    pub after_arguments: Option<Payload>,
    /// The result as it came.
    pub result: Option<Payload>,
    /// JSONPath: behind `ResultSelector`.
    pub after_result_selector: Option<Payload>,
    /// JSONPath: behind `ResultPath`.
    pub after_result_path: Option<Payload>,
    /// JSONPath, Map: behind `ItemsPath`.
    pub after_items_path: Option<Payload>,
    /// Map: items behind `ItemSelector`.
    pub after_item_selector: Option<Payload>,
    /// Map: `MaxConcurrency`.
    pub max_concurrency: Option<u64>,
    /// Map: `ToleratedFailureCount`, where it is written.
    pub tolerated_failure_count: Option<u64>,
    /// Map: `ToleratedFailurePercentage`, where it is written.
    pub tolerated_failure_percentage: Option<f64>,
    /// Variables after the state, where there are any.
    pub variables: Option<Payload>,
    /// The retrier that covers the error, from 0.
    pub retrier: Option<usize>,
    /// The delay it would keep, in seconds.
    pub backoff: Option<f64>,
    /// The catcher that caught the error, from 0.
    pub catcher: Option<usize>,
    /// Error and cause, before any catcher.
    pub failure: Failure,
    pub(in crate::interpret) context: Option<Value>,
    pub(super) context_text: Option<Payload>,
    pub(super) mock: Option<Mock>,
    pub(super) configuration: Configuration,
}

impl Run<'_, '_> {
    /// Notes something, where a test looks inside.
    pub(in crate::interpret) fn inspect(&mut self, note: impl FnOnce(&mut Inspection)) {
        if let Some(inspection) = &mut self.execution.inspection {
            note(inspection);
        }
    }
}

/// The text of a value.
pub(super) fn text(value: &Value) -> Payload {
    Arc::from(value.to_string())
}
