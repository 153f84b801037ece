//! Events of histories as the API shows them: one type of details per family of events (API reference, `HistoryEvent`).

mod flow;
mod work;

use api_stepfunctions::{HistoryEvent, HistoryEventExecutionDataDetails, HistoryEventType};
use aws_schema::Timestamp;
use state_machine::history::Event;
use std::sync::Arc;

/// An event; without `data` inputs, outputs and parameters are left out.
pub(crate) fn show(event: &Event, data: bool) -> HistoryEvent {
    let mut shown = HistoryEvent {
        timestamp: Some(Timestamp::from_millis(event.at)),
        type_: Some(HistoryEventType::from(event.kind.name())),
        id: i64::try_from(event.id).ok(),
        previous_event_id: i64::try_from(event.previous).ok(),
        ..HistoryEvent::default()
    };
    if !flow::details(&event.kind, data, &mut shown) {
        work::details(&event.kind, data, &mut shown);
    }
    shown
}

/// An input or output, where data are asked for.
fn payload(text: &Arc<str>, data: bool) -> Option<String> {
    data.then(|| text.to_string())
}

/// Texts of histories are never cut: they have limits from the start.
#[expect(clippy::unnecessary_wraps, reason = "members are optional")]
fn whole() -> Option<HistoryEventExecutionDataDetails> {
    Some(HistoryEventExecutionDataDetails { truncated: Some(false) })
}

fn text(text: Option<&Arc<str>>) -> Option<String> {
    text.map(ToString::to_string)
}
