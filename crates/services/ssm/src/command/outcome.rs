//! How a command went, from how its invocations went (user guide, "Understanding command statuses").

use records::ssm::InvocationStatus;

/// Invocations by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Every step ended well.
    pub(crate) succeeded: usize,
    /// Failed or timed out while running: what counts against MaxErrors.
    pub(crate) errors: usize,
    /// Never reached in time. Does not count against MaxErrors, but the command is not a success.
    pub(crate) delivery_timed_out: usize,
    /// The machine was gone. Counts for nothing.
    pub(crate) undeliverable: usize,
    /// By the caller.
    pub(crate) cancelled: usize,
    /// Never started because of the errors of others.
    pub(crate) terminated: usize,
}

impl Tally {
    /// Counts one that ended; others change nothing.
    pub(crate) fn add(&mut self, status: InvocationStatus) {
        match status {
            InvocationStatus::Success => self.succeeded += 1,
            InvocationStatus::Failed | InvocationStatus::ExecutionTimedOut => self.errors += 1,
            InvocationStatus::DeliveryTimedOut => self.delivery_timed_out += 1,
            InvocationStatus::Undeliverable => self.undeliverable += 1,
            InvocationStatus::Cancelled => self.cancelled += 1,
            InvocationStatus::Terminated => self.terminated += 1,
            InvocationStatus::Pending
            | InvocationStatus::InProgress
            | InvocationStatus::Delayed
            | InvocationStatus::Cancelling => {}
        }
    }

    /// How many ended.
    pub(crate) fn ended(&self) -> usize {
        self.succeeded
            + self.errors
            + self.delivery_timed_out
            + self.undeliverable
            + self.cancelled
            + self.terminated
    }

    /// `Status` and `StatusDetails` of the whole; `exceeded`: more errors than allowed.
    pub(crate) fn outcome(&self, exceeded: bool, cancelled_by_caller: bool) -> (&'static str, &'static str) {
        let total = self.ended();
        // Undeliverable invocations do not speak for the command, unless there are no others.
        let counted = total - self.undeliverable;
        if total == 0 {
            ("Success", "NoInstancesInTag")
        } else if cancelled_by_caller && self.cancelled > 0 {
            ("Cancelled", "Cancelled")
        } else if exceeded || counted == 0 {
            ("Failed", "Failed")
        } else if self.succeeded == counted {
            ("Success", "Success")
        } else if self.delivery_timed_out == counted {
            ("TimedOut", "DeliveryTimedOut")
        } else {
            ("Failed", "Incomplete")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use InvocationStatus::{
        Cancelled, DeliveryTimedOut, ExecutionTimedOut, Failed, Success, Terminated, Undeliverable,
    };

    #[test]
    fn outcomes_are_those_of_the_user_guide() {
        let cases: [(&[InvocationStatus], usize, (&str, &str)); 10] = [
            (&[], 0, ("Success", "NoInstancesInTag")),
            (&[Success, Success], 0, ("Success", "Success")),
            (&[Failed], 0, ("Failed", "Failed")),
            (&[ExecutionTimedOut], 0, ("Failed", "Failed")),
            (&[Success, Failed], 1, ("Failed", "Incomplete")),
            (&[Failed, Terminated, Terminated], 0, ("Failed", "Failed")),
            (&[DeliveryTimedOut], 0, ("TimedOut", "DeliveryTimedOut")),
            (&[Success, DeliveryTimedOut], 0, ("Failed", "Incomplete")),
            (&[Undeliverable, Undeliverable], 0, ("Failed", "Failed")),
            (&[Undeliverable, Undeliverable, Success], 0, ("Success", "Success")),
        ];
        for (statuses, allowed, expected) in cases {
            let mut tally = Tally::default();
            for status in statuses {
                tally.add(*status);
            }
            assert_eq!(tally.outcome(tally.errors > allowed, false), expected, "{statuses:?}");
        }
        let mut tally = Tally::default();
        for status in [Success, Cancelled] {
            tally.add(status);
        }
        assert_eq!(tally.outcome(false, true), ("Cancelled", "Cancelled"));
    }
}
