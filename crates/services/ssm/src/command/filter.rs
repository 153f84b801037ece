//! Filters of ListCommands and ListCommandInvocations (`CommandFilter`).

use crate::faults;
use api_ssm::CommandFilter;
use aws_schema::Fault;
use records::Millis;
use records::ssm::Command;
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;

/// A checked filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    After(Millis),
    Before(Millis),
    Status(String),
    Document(String),
    /// Still executing, or complete.
    Executing(bool),
}

/// Statuses the `Status` filter knows (API reference, CommandFilter).
const STATUSES: [&str; 14] = [
    "Pending",
    "InProgress",
    "Delayed",
    "Success",
    "Cancelled",
    "Failed",
    "TimedOut",
    "AccessDenied",
    "DeliveryTimedOut",
    "ExecutionTimedOut",
    "Undeliverable",
    "Terminated",
    "Incomplete",
    "Cancelling",
];
/// Details that exist for whole commands only.
const MORE_STATUSES: [&str; 3] = ["NoInstancesInTag", "LimitExceeded", "InvalidPlatform"];

/// Checks the filters of a request; `InvalidFilterKey` for unknown keys and values, as the API has no other error for it.
pub(super) fn parse(filters: Option<&[CommandFilter]>) -> Result<Vec<Filter>, Fault> {
    filters.unwrap_or_default().iter().map(one).collect()
}

/// Checks one filter.
fn one(filter: &CommandFilter) -> Result<Filter, Fault> {
    let value = filter.value.as_deref().unwrap_or_default();
    let key = filter.key.as_ref().map_or("", |k| k.as_str());
    let bad = || faults::invalid_filter_key(format!("The value {value} is not valid for the filter {key}."));
    Ok(match key {
        "InvokedAfter" => Filter::After(instant(value).ok_or_else(bad)?),
        "InvokedBefore" => Filter::Before(instant(value).ok_or_else(bad)?),
        "Status" if STATUSES.contains(&value) || MORE_STATUSES.contains(&value) => {
            Filter::Status(value.to_owned())
        }
        "DocumentName" => Filter::Document(value.to_owned()),
        "ExecutionStage" if value == "Executing" => Filter::Executing(true),
        "ExecutionStage" if value == "Complete" => Filter::Executing(false),
        "Status" | "ExecutionStage" => return Err(bad()),
        other => return Err(faults::invalid_filter_key(format!("The specified key isn't valid: {other}"))),
    })
}

/// An ISO 8601 instant with its offset, in milliseconds.
fn instant(text: &str) -> Option<Millis> {
    let at = OffsetDateTime::parse(text, &Iso8601::DEFAULT).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

impl Filter {
    /// Whether a command, or an invocation of it, with this status passes.
    pub(super) fn passes(&self, command: &Command, status: &str, details: &str, over: bool) -> bool {
        match self {
            Filter::After(at) => command.requested > *at,
            Filter::Before(at) => command.requested < *at,
            Filter::Status(wanted) => wanted == status || wanted == details,
            Filter::Document(name) => command.document_name == *name,
            Filter::Executing(executing) => *executing != over,
        }
    }
}

/// Sort key of lists that show the newest first.
pub(super) fn newest_first(command: &Command) -> String {
    format!("{:020}/{}", i64::MAX - command.requested, command.id)
}
