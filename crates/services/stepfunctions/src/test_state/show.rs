//! The answer of TestState.

use api_stepfunctions::{
    InspectionData, InspectionErrorDetails, InspectionLevel, TestExecutionStatus, TestStateOutput,
};
use state_machine::test_state::{Inspection, TestStateOutcome};
use std::sync::Arc;

fn text(text: Option<Arc<str>>) -> Option<String> {
    text.map(|text| text.to_string())
}

/// What came of a test; the levels DEBUG and TRACE show what was seen inside.
pub(super) fn outcome(outcome: TestStateOutcome, level: Option<&InspectionLevel>) -> TestStateOutput {
    let looked = level.is_some_and(|level| *level != InspectionLevel::INFO);
    TestStateOutput {
        output: text(outcome.output),
        error: text(outcome.failure.error),
        cause: text(outcome.failure.cause),
        next_state: text(outcome.next_state),
        status: Some(TestExecutionStatus::from(outcome.status.name())),
        inspection_data: looked.then(|| inspection(outcome.inspection)),
    }
}

fn inspection(seen: Inspection) -> InspectionData {
    let index = |at: Option<usize>| at.and_then(|at| i32::try_from(at).ok());
    let count = |number: Option<u64>| number.and_then(|number| i32::try_from(number).ok());
    #[expect(clippy::cast_possible_truncation, reason = "shown in whole seconds and as a float")]
    let (backoff, percentage) = (
        seen.backoff.map(|seconds| seconds.round() as i32),
        seen.tolerated_failure_percentage.map(|percentage| percentage as f32),
    );
    let details = InspectionErrorDetails {
        catch_index: index(seen.catcher),
        retry_index: index(seen.retrier),
        retry_backoff_interval_seconds: backoff,
    };
    InspectionData {
        input: text(seen.input),
        after_arguments: text(seen.after_arguments),
        after_input_path: text(seen.after_input_path),
        after_parameters: text(seen.after_parameters),
        result: text(seen.result),
        after_result_selector: text(seen.after_result_selector),
        after_result_path: text(seen.after_result_path),
        variables: text(seen.variables),
        error_details: (details != InspectionErrorDetails::default()).then_some(details),
        after_items_path: text(seen.after_items_path),
        after_item_selector: text(seen.after_item_selector),
        tolerated_failure_count: count(seen.tolerated_failure_count),
        tolerated_failure_percentage: percentage,
        max_concurrency: count(seen.max_concurrency),
        ..InspectionData::default()
    }
}
