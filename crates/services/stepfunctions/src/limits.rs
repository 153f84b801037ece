//! Limits of the service (Step Functions developer guide, "Service quotas"). Lengths of names, pages and definitions stand
//! in the model.

/// State machines in an account and region.
pub(crate) const MACHINES: usize = 100_000;
/// Activities in an account and region.
pub(crate) const ACTIVITIES: usize = 100_000;
/// Versions of a state machine.
pub(crate) const VERSIONS: usize = 1000;
/// Aliases of a state machine.
pub(crate) const ALIASES: usize = 100;
/// Tags of a resource.
pub(crate) const TAGS: usize = 50;
/// Items of a page when the caller names no number, or 0.
pub(crate) const PAGE: usize = 100;
/// Revisions kept of a machine beside the current one and the published ones, so that DescribeStateMachineForExecution
/// can show what older executions ran. The number is ours.
pub(crate) const OLD_REVISIONS: usize = 100;

/// Inputs and outputs (API reference, `StartExecution`: "length constraints apply to the payload size, and are expressed as
/// bytes in UTF-8 encoding"; the model alone would count characters).
pub(crate) fn within_payload(text: &str) -> Result<(), String> {
    const MOST: usize = 262_144;
    if text.len() <= MOST {
        return Ok(());
    }
    Err(format!("{} bytes in UTF-8 encoding are more than {MOST}", text.len()))
}
