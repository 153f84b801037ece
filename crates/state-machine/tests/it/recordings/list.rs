//! Recordings that do not pass, each with its reason.

/// How many pass at least.
pub(super) const PASSED: usize = 274;

/// Name of the file, and why it does not pass.
pub(super) const WAITING: &[(&str, &str)] = &[(
    "scenarios/test-max-concurrency-path-negative-6da425d9.json",
    "AWS's execution stood still behind ExecutionStarted; ours fails with the reason",
)];

/// How many pass at least with the answers of AWS's services.
pub(super) const BORROWED_PASSED: usize = 82;

const SECOND_ACCOUNT: &str = "names a second account, which this replay does not have";
const BLANKS: &str = "the recorded cause was parsed, so the blanks of its text are not known to this replay";

/// Those that do not pass with them.
pub(super) const BORROWED_WAITING: &[(&str, &str)] = &[
    (
        "credentials/test-cross-account-states-start-sync-execution-SFN-START-EXECUTION-SYNC-ROLE-ARN-02ea5fcd.json",
        SECOND_ACCOUNT,
    ),
    (
        "credentials/test-cross-account-states-start-sync-execution-SFN-START-EXECUTION-SYNC-ROLE-ARN-e74203f0.json",
        SECOND_ACCOUNT,
    ),
    (
        "credentials/test-cross-account-states-start-sync-execution-SFN-START-EXECUTION-SYNC-ROLE-ARN-f9efb293.json",
        SECOND_ACCOUNT,
    ),
    ("error_handling/test-no-such-function-catch-3471056c.json", BLANKS),
    ("error_handling/test-raise-custom-exception-7e4581af.json", BLANKS),
    ("error_handling/test-raise-exception-catch-03503e73.json", BLANKS),
    (
        "scenarios/test-map-state-result-writer-47c36c98.json",
        "never re-confirmed: the input of the first state has lost its blanks, which all later recordings keep",
    ),
];
