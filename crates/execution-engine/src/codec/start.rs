//! Who an execution is.

use super::{record, variants};
use crate::{Counts, Kind, MapRun, MapRunStatus, Status};
use state_machine::interpret::Start;

record!(Start {
    arn,
    name,
    role_arn,
    at,
    machine_arn,
    machine_name,
    alias_arn,
    version_arn,
    input,
    map_run,
    processor,
    express
});

variants!(Status {
    [
        0 = Running;
        1 = Succeeded;
        2 = Failed;
        3 = TimedOut;
        4 = Aborted;
        5 = PendingRedrive;
    ]
    [
    ]
    [
    ]
});

variants!(Kind {
    [
        0 = Standard;
        1 = Express;
    ]
    [
    ]
    [
    ]
});

variants!(MapRunStatus {
    [
        0 = Running;
        1 = Succeeded;
        2 = Failed;
        3 = Aborted;
    ]
    [
    ]
    [
    ]
});

record!(Counts {
    pending,
    running,
    succeeded,
    failed,
    timed_out,
    aborted,
    total,
    results_written,
    failures_not_redrivable,
    pending_redrive
});
record!(MapRun {
    arn,
    execution_arn,
    machine_arn,
    status,
    started,
    stopped,
    max_concurrency,
    tolerated_percentage,
    tolerated_count,
    items,
    executions,
    redrives,
    express
});
