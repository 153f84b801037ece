//! Why a turn began, and how an execution ended.

use super::{Field, Malformed, Reader, Writer, variants};
use state_machine::interpret::{MapRunAnswer, Outcome, TaskAnswer, Ticket, Wake};

impl Field for Ticket {
    fn put(&self, to: &mut Writer<'_>) {
        to.number(self.0);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.number().map(Ticket)
    }
}

variants!(Wake {
    [
        0 = Start;
        1 = Continue;
        2 = Redrive;
    ]
    [
        3 = Timer(ticket);
        4 = Task(ticket, answer);
        5 = MapRun(ticket, answer);
        6 = Stop(failure);
    ]
    [
    ]
});

variants!(TaskAnswer {
    [
        0 = Heartbeat;
    ]
    [
        1 = ScheduleFailed(failure);
        2 = Started(worker);
        3 = StartFailed(failure);
        4 = Submitted(output);
        5 = SubmitFailed(failure);
        6 = Succeeded(output);
        7 = Failed(failure);
    ]
    [
    ]
});

variants!(MapRunAnswer {
    [
        0 = Aborted;
    ]
    [
        1 = Succeeded(output);
        2 = Failed(failure);
    ]
    [
    ]
});

variants!(Outcome {
    [
    ]
    [
        0 = Succeeded(output);
        1 = Failed(failure);
        2 = TimedOut(failure);
        3 = Aborted(failure);
    ]
    [
    ]
});
