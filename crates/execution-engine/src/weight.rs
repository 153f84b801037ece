//! What messages hold in memory, for the bound of the queue they wait in.

use crate::message::Message;
use crate::shard::Keep;
use state_machine::history::Failure;
use state_machine::interpret::{Outcome, TaskAnswer, Wake};

/// Something whose memory counts.
pub(crate) trait Weight {
    /// Bytes, about: the texts that callers choose, and a constant for the rest.
    fn weight(&self) -> usize;
}

/// A message without the texts of its caller, with the place in which it is answered.
const MESSAGE: usize = 512;
/// The names of an execution that is to be begun.
const NAMES: usize = 1_024;

impl Weight for Message {
    fn weight(&self) -> usize {
        MESSAGE
            + match self {
                Message::Start(begin) => NAMES + begin.new.start.input.len(),
                Message::Stop { failure, .. } => of_failure(failure),
                Message::Answer { answer, .. } => of_answer(answer),
                Message::ChildEnded(end) => match &end.outcome {
                    Outcome::Succeeded(output) => output.len(),
                    Outcome::Failed(failure) | Outcome::TimedOut(failure) | Outcome::Aborted(failure) => {
                        of_failure(failure)
                    }
                },
                _ => 0,
            }
    }
}

impl Weight for Wake {
    fn weight(&self) -> usize {
        MESSAGE
            + match self {
                Wake::Task(_, answer) => of_answer(answer),
                _ => 0,
            }
    }
}

impl Weight for Keep {
    fn weight(&self) -> usize {
        self.weight
    }
}

fn of_failure(failure: &Failure) -> usize {
    failure.error.as_ref().map_or(0, |text| text.len()) + failure.cause.as_ref().map_or(0, |text| text.len())
}

fn of_answer(answer: &TaskAnswer) -> usize {
    match answer {
        TaskAnswer::Submitted(output) | TaskAnswer::Succeeded(output) => output.len(),
        TaskAnswer::ScheduleFailed(failure)
        | TaskAnswer::StartFailed(failure)
        | TaskAnswer::SubmitFailed(failure)
        | TaskAnswer::Failed(failure) => of_failure(failure),
        TaskAnswer::Started(worker) => worker.as_ref().map_or(0, |worker| worker.len()),
        TaskAnswer::Heartbeat => 0,
    }
}
