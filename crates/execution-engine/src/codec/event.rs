//! Events. Ids of one record follow one another and are not written; times are written as distance from the turn's.

use super::{Field, Malformed, Reader, Writer, record, variants};
use state_machine::Millis;
use state_machine::history::{
    Event, EventKind, Failure, Iteration, Payload, ScheduledTask, ScheduledWork, StateKind, TaskResource,
};
use std::sync::Arc;

/// Writes the events of a turn.
pub(crate) fn put_events(to: &mut Writer<'_>, now: Millis, events: &[Event]) {
    to.number(events.len() as u64);
    let Some(first) = events.first() else { return };
    to.number(first.id);
    for (id, event) in (first.id..).zip(events) {
        debug_assert_eq!(id, event.id, "ids have no gaps");
        to.number(id.wrapping_sub(event.previous));
        to.signed(event.at.wrapping_sub(now));
        event.kind.put(to);
    }
}

/// Reads the events of a turn.
pub(crate) fn take_events(from: &mut Reader<'_>, now: Millis) -> Result<Vec<Event>, Malformed> {
    let count = from.count()?;
    let first = if count == 0 { 0 } else { from.number()? };
    let mut events = Vec::with_capacity(count);
    for place in 0..count as u64 {
        let id = first.wrapping_add(place);
        let previous = id.wrapping_sub(from.number()?);
        let at = now.wrapping_add(from.signed()?);
        events.push(Event { id, previous, at, kind: from.take()? });
    }
    Ok(events)
}

/// Id of the first event and number of events, without reading them.
pub(crate) fn skip_events(from: &mut Reader<'_>) -> Result<(u64, u64), Malformed> {
    let count = from.count()? as u64;
    Ok((if count == 0 { 0 } else { from.number()? }, count))
}

record!(Failure { error, cause });
record!(TaskResource { resource_type, resource });
record!(ScheduledTask { resource, region, parameters, timeout, heartbeat, role });
record!(ScheduledWork { resource, input, timeout, heartbeat, role });
record!(Iteration { name, index });

variants!(StateKind {
    [
        0 = Choice;
        1 = Fail;
        2 = Map;
        3 = Parallel;
        4 = Pass;
        5 = Succeed;
        6 = Task;
        7 = Wait;
    ]
    [
    ]
    [
    ]
});

impl<T: Field> Field for Box<T> {
    fn put(&self, to: &mut Writer<'_>) {
        (**self).put(to);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.take().map(Box::new)
    }
}

impl Field for Arc<[(Arc<str>, Payload)]> {
    fn put(&self, to: &mut Writer<'_>) {
        to.number(self.len() as u64);
        self.iter().for_each(|pair| pair.put(to));
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.take::<Vec<(Arc<str>, Payload)>>().map(Arc::from)
    }
}

variants!(EventKind {
    [
        9 = MapStateSucceeded;
        10 = MapStateFailed;
        11 = MapRunSucceeded;
        12 = MapRunAborted;
        13 = ParallelStateStarted;
        14 = ParallelStateSucceeded;
        15 = ParallelStateFailed;
        16 = LambdaFunctionStarted;
    ]
    [
        20 = ExecutionFailed(failure);
        21 = ExecutionTimedOut(failure);
        22 = ExecutionAborted(failure);
        23 = MapIterationStarted(iteration);
        24 = MapIterationSucceeded(iteration);
        25 = MapIterationFailed(iteration);
        26 = MapIterationAborted(iteration);
        27 = MapRunFailed(failure);
        28 = TaskScheduled(task);
        29 = TaskStarted(resource);
        30 = TaskStartFailed(resource, failure);
        31 = TaskSubmitFailed(resource, failure);
        32 = TaskFailed(resource, failure);
        33 = TaskTimedOut(resource, failure);
        34 = ActivityScheduled(work);
        35 = ActivityScheduleFailed(failure);
        36 = ActivityFailed(failure);
        37 = ActivityTimedOut(failure);
        38 = LambdaFunctionScheduled(work);
        39 = LambdaFunctionScheduleFailed(failure);
        40 = LambdaFunctionStartFailed(failure);
        41 = LambdaFunctionFailed(failure);
        42 = LambdaFunctionTimedOut(failure);
    ]
    [
        0 = ExecutionStarted { input, role_arn, alias_arn, version_arn };
        1 = ExecutionSucceeded { output };
        2 = ExecutionRedriven { count };
        3 = StateEntered { kind, name, input };
        4 = StateExited { kind, name, output, assigned };
        5 = StateAborted { kind };
        6 = MapStateStarted { length };
        7 = MapRunStarted { arn };
        8 = MapRunRedriven { arn, count };
        50 = TaskSubmitted { resource, output };
        51 = TaskSucceeded { resource, output };
        52 = ActivityStarted { worker };
        53 = ActivitySucceeded { output };
        54 = LambdaFunctionSucceeded { output };
        55 = EvaluationFailed { failure, location, state };
    ]
});
