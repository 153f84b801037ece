//! Effects exactly once: a call takes effect together with a mark under the key of its attempt, and its answer is kept
//! there until the engine has it. After a crash the mark says what became of the call.
//!
//! No mark: nothing was written, the call is made. A mark with an answer: that is the answer. A mark without one: the
//! effect is there, once, and only its answer is lost.

use crate::service::States;
use contracts::Platform;
use execution_engine::Dispatch;
use records::stepfunctions::{CallAnswer, TaskCall};
use state_machine::history::Failure;
use state_machine::interpret::TaskAnswer;
use state_store::StoreError;
use state_store::typed::{Mark, Scope, Tx};
use std::future::Future;
use std::sync::Arc;

/// Marks that are removed together.
const BATCH: usize = 100;

/// Operations whose effect is in the execution engine, not in the store, and not the same when they come twice. What
/// begins one of them leaves its mark before.
const OUTSIDE_THE_STORE: [&str; 6] = [
    "GetActivityTask",
    "RedriveExecution",
    "SendTaskFailure",
    "SendTaskSuccess",
    "StartExecution",
    "StartSyncExecution",
];

/// Operations that know a request again by the token that every task's call carries (`ClientToken`), and answer what
/// they answered first.
const KNOWN_BY_TOKEN: [&str; 5] = [
    "CreateManagedPrefixList",
    "CreateNatGateway",
    "CreateNetworkInterface",
    "CreateRouteTable",
    "RunInstances",
];

/// What is known of an attempt that a restart interrupted.
pub(super) enum Known {
    /// It took no effect.
    Nothing,
    /// It took effect, or may have; what it answered is lost.
    Effect,
    /// Its answer.
    Answer(CallAnswer),
}

/// One attempt's call.
pub(super) struct Once {
    platform: Platform,
    scope: Scope,
    record: TaskCall,
    operation: &'static str,
    /// The engine dispatches it after a restart.
    again: bool,
    /// Calls of Express executions leave no mark: those run again from their beginning.
    express: bool,
    mark: Option<Arc<Mark>>,
}

impl Once {
    /// Of an attempt.
    pub(super) fn of(
        platform: &Platform,
        scope: &Scope,
        dispatch: &Dispatch,
        operation: &'static str,
    ) -> Once {
        let record =
            TaskCall { id: dispatch.key.to_string(), token: dispatch.task.token.to_string(), answer: None };
        Once {
            platform: platform.clone(),
            scope: scope.clone(),
            record,
            operation,
            again: dispatch.again,
            express: dispatch.execution.express,
            mark: None,
        }
    }

    /// What became of it before a restart.
    pub(super) fn known(&self) -> Known {
        match self.found() {
            Some(found) if self.again => found.answer.clone().map_or(Known::Effect, Known::Answer),
            _ => Known::Nothing,
        }
    }

    fn found(&self) -> Option<Arc<TaskCall>> {
        self.platform.store.get(&self.scope, &self.record.id)
    }

    /// Whether a call that took effect may be made once more, for its answer.
    pub(super) fn is_known_by_token(&self) -> bool {
        KNOWN_BY_TOKEN.contains(&self.operation)
    }

    fn is_outside_the_store(&self) -> bool {
        OUTSIDE_THE_STORE.contains(&self.operation)
    }

    /// What a task is told whose call took effect and was not answered.
    pub(super) fn lost(&self) -> String {
        let operation = self.operation;
        if self.is_outside_the_store() {
            return format!(
                "The cloud was restarted while {operation} was called; whether it took effect is not known."
            );
        }
        format!(
            "The cloud was restarted when {operation} had taken effect, before its answer was kept: the effect is there \
             once, the answer is lost."
        )
    }

    /// Runs the call; its first write brings the mark along.
    ///
    /// # Errors
    /// When the mark cannot be made; the call was not begun then.
    pub(super) async fn run<F: Future>(&mut self, call: F) -> Result<F::Output, StoreError> {
        if self.express {
            return Ok(call.await);
        }
        if self.is_outside_the_store() {
            let put = |tx: &mut Tx<'_>| {
                tx.put(&self.scope, self.record.clone());
                Ok::<_, StoreError>(())
            };
            self.platform.store.transact(put).await?;
            return Ok(call.await);
        }
        let mark = Mark::new(&self.scope, self.record.clone())?;
        self.mark = Some(mark.clone());
        Ok(mark.cover(call).await)
    }

    /// Keeps the answer of a call that took effect, before anybody learns it.
    pub(super) async fn keep(&self, answer: &TaskAnswer) {
        let Some(answer) = kept(answer) else { return };
        if !self.is_marked().await {
            return;
        }
        let put = |tx: &mut Tx<'_>| {
            tx.update(&self.scope, &self.record.id, |call: &mut TaskCall| call.answer = Some(answer.clone()));
            Ok::<_, StoreError>(())
        };
        if let Err(error) = self.platform.store.transact(put).await {
            // The engine gets it all the same; a crash before that costs the answer.
            tracing::warn!(%error, key = self.record.id, "the answer of a task's call is not kept");
        }
    }

    /// The engine has the answer: nobody will ask any more.
    pub(super) async fn forget(&self) {
        if self.is_marked().await {
            remove(&self.platform, &self.scope, std::slice::from_ref(&self.record.id)).await;
        }
    }

    /// Whether a mark may stand in the store.
    async fn is_marked(&self) -> bool {
        match &self.mark {
            Some(mark) => mark.is_made().await,
            // Where there is one it was not this run's first write that made it.
            None => !self.express && self.found().is_some(),
        }
    }
}

/// The last answer of a call in the form in which it is kept.
fn kept(answer: &TaskAnswer) -> Option<CallAnswer> {
    let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
    match answer {
        TaskAnswer::Succeeded(output) | TaskAnswer::Submitted(output) => {
            Some(CallAnswer::Output(output.to_string()))
        }
        TaskAnswer::Failed(Failure { error, cause }) => {
            Some(CallAnswer::Fault { error: text(error), cause: text(cause) })
        }
        _ => None,
    }
}

async fn remove(platform: &Platform, scope: &Scope, keys: &[String]) {
    let gone = platform.store.transact(|tx| {
        for key in keys {
            tx.delete::<TaskCall>(scope, key);
        }
        Ok::<_, StoreError>(())
    });
    if let Err(error) = gone.await {
        // The next start sweeps them.
        tracing::warn!(%error, "marks of tasks' calls are not removed");
    }
}

/// Removes the marks that no open execution waits for: a crash came between the engine's having the answer and their
/// removal, or their task is over otherwise. What is marked now and waited for goes with the attempt that is made again.
pub(crate) async fn sweep(service: &States) {
    let Ok(engine) = service.engine() else { return };
    let mut over: Vec<(Scope, String)> = Vec::new();
    for (scope, call) in service.platform.store.list_all::<TaskCall>() {
        if matches!(engine.task(&call.token).await, Ok(None)) {
            over.push((scope, call.id.clone()));
        }
    }
    for some in over.chunk_by(|a, b| a.0 == b.0) {
        let keys: Vec<String> = some.iter().map(|(_, key)| key.clone()).collect();
        for batch in keys.chunks(BATCH) {
            remove(&service.platform, &some[0].0, batch).await;
        }
    }
}
