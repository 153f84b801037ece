//! Tasks and Map Runs that are under way, for snapshots. JSON values go as their text.

use super::{Field, Malformed, Reader, Writer, record, variants};
use state_machine::Value;
use state_machine::interpret::{MapRunRequest, Pattern, TaskRequest, Work};
use std::sync::Arc;

impl Field for Value {
    fn put(&self, to: &mut Writer<'_>) {
        to.text(&Arc::from(self.to_string()));
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        state_machine::text::parse_value(&from.text()?).map_err(|_| Malformed)
    }
}

impl Field for Pattern {
    fn put(&self, to: &mut Writer<'_>) {
        to.byte(match self {
            Pattern::RequestResponse => 0,
            Pattern::Callback => 1,
            Pattern::Sync(version) => version.saturating_add(1),
        });
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match from.byte()? {
            0 => Pattern::RequestResponse,
            1 => Pattern::Callback,
            version => Pattern::Sync(version - 1),
        })
    }
}

variants!(Work {
    ,
    0 = Activity(arn);
    1 = Function(arn);
    ,
    2 = Service { service, action, pattern };
});

record!(TaskRequest { ticket, work, input, role, token, deadline });
record!(MapRunRequest { ticket, arn, state, input, items, max_concurrency, tolerated, variables });
