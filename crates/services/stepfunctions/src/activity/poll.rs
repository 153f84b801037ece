//! GetActivityTask: a worker waits for work.

use super::{activity_name, board};
use crate::service::StatesCall;
use crate::{faults, task};
use api_stepfunctions::{GetActivityTaskInput, GetActivityTaskOutput};
use contracts::Reply;
use execution_engine::{AnswerRefusal, Dispatch};
use records::stepfunctions::Activity;
use state_machine::interpret::TaskAnswer;
use std::time::Duration;

/// How long a worker waits for work (API reference, `GetActivityTask`: 60 seconds).
const WAIT: Duration = Duration::from_secs(60);

/// GetActivityTask: answers without a token when no work came. Work is handed out once: that a worker has it is durable
/// before it is told; an answer that gets lost on the way to the worker is left to the task's time-outs.
///
/// Errors: `InvalidArn`, `ActivityDoesNotExist`, `ActivityWorkerLimitExceeded`.
pub(crate) async fn get_task(call: StatesCall, input: GetActivityTaskInput) -> Reply<GetActivityTaskOutput> {
    let asked = input.activity_arn();
    let name = activity_name(&call, asked)?;
    if call.platform.store.get::<Activity>(call.scope(), name).is_none() {
        return Err(faults::no_activity(asked));
    }
    let poller = call.board.poller(asked).ok_or_else(faults::too_many_workers)?;
    let until = tokio::time::Instant::now() + WAIT;
    loop {
        let next = tokio::time::timeout_at(until, call.board.next(&poller)).await;
        let Ok(work) = next else { return Ok(GetActivityTaskOutput::default()) };
        let Some(work) = whole(&call, asked, work).await? else { continue };
        if let Some(given) = give(&call, asked, work, input.worker_name.as_deref()).await? {
            return Ok(given);
        }
    }
}

/// The work as it was dispatched; `None` when nobody wants it any more.
async fn whole(
    call: &StatesCall,
    activity_arn: &str,
    work: (board::Key, task::Held),
) -> Reply<Option<Dispatch>> {
    let found = work.1.whole(&call.engine()?).await;
    found.map_err(|error| {
        // It waits on for whoever asks next.
        call.board.put_back(&activity_arn.into(), work);
        faults::unreadable(&error)
    })
}

/// Records that the worker has the work; `None` when nobody wants it any more.
async fn give(
    call: &StatesCall,
    activity_arn: &str,
    work: Dispatch,
    worker: Option<&str>,
) -> Reply<Option<GetActivityTaskOutput>> {
    let token = work.task.token.clone();
    let output = GetActivityTaskOutput {
        task_token: Some(token.to_string()),
        input: Some(work.task.input.to_string()),
    };
    // Should the caller go away meanwhile, the work goes back, and the record decides whether it can be given again.
    let mut held = Held { call: call.clone(), activity_arn: activity_arn.into(), work: Some(work) };
    match call.engine()?.answer(&token, TaskAnswer::Started(worker.map(Into::into))).await {
        Ok(()) => {
            held.work = None;
            Ok(Some(output))
        }
        Err(refusal @ (AnswerRefusal::Overloaded(_) | AnswerRefusal::Unavailable(_))) => {
            Err(faults::answer_refused(&refusal))
        }
        Err(_) => {
            held.work = None;
            Ok(None)
        }
    }
}

/// Work on its way to a worker.
struct Held {
    call: StatesCall,
    activity_arn: std::sync::Arc<str>,
    work: Option<Dispatch>,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.call.board.put(&self.activity_arn, work);
        }
    }
}
