//! Requests of Map Runs. JSON values go as their text.

use super::{Field, Malformed, Reader, Writer, record};
use state_machine::Value;
use state_machine::interpret::{Batch, MapRunRequest, StoreRequest};
use std::sync::Arc;

impl Field for Value {
    fn put(&self, to: &mut Writer<'_>) {
        to.text(&Arc::from(self.to_string()));
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        state_machine::text::parse_value(&from.text()?).map_err(|_| Malformed)
    }
}

record!(StoreRequest { service, action, parameters });
record!(Batch { max_items, max_bytes, input });
record!(MapRunRequest {
    ticket,
    arn,
    state,
    redrives,
    input,
    items,
    reader,
    writer,
    max_items,
    batch,
    express,
    max_concurrency,
    tolerated,
    context,
    variables
});
