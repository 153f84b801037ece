//! Recordings that do not pass, each with its reason.

/// How many pass at least.
pub(super) const PASSED: usize = 274;

/// Name of the file, and why it does not pass.
pub(super) const WAITING: &[(&str, &str)] = &[(
    "scenarios/test-max-concurrency-path-negative-6da425d9.json",
    "AWS's execution stood still behind ExecutionStarted; ours fails with the reason",
)];
