//! Tasks: scheduling, their answers, their limits of time.

use super::evaluate::{Problem, Sources};
use super::execution::{MAX_PAYLOAD, Run};
use super::line::{Attempt, Data, LineIndex, Phase, Purpose};
use super::{Effect, Pattern, Stale, TaskAnswer, TaskRequest, Ticket};
use crate::history::{EventKind, Failure, Payload, ScheduledTask, ScheduledWork, TaskResource};
use crate::program::{Body, Program, Resource, State, StateIndex, Task};
use crate::text;
use crate::value::Value;
use std::sync::Arc;

/// The request of an attempt, as it was made and as it is made again after a restart.
pub(super) fn request(
    program: &Program,
    state: StateIndex,
    attempt: &Attempt,
    token: &dyn Fn(Ticket) -> Arc<str>,
) -> Option<TaskRequest> {
    let Body::Task(task) = &program.state(state).body else { return None };
    Some(TaskRequest {
        ticket: attempt.ticket,
        work: task.resource.work(),
        input: text::parse_value(&attempt.input).unwrap_or_default(),
        role: attempt.role.clone(),
        token: token(attempt.ticket),
        deadline: attempt.timeout.map(|(_, at)| at),
    })
}

/// The steps of a task that have their own event.
enum Moment {
    ScheduleFailed(Failure),
    Started(Option<Arc<str>>),
    StartFailed(Failure),
    Submitted(Payload),
    SubmitFailed(Failure),
    Succeeded(Payload),
    Failed(Failure),
    TimedOut(Failure),
}

/// The event of a moment, by the kind of resource. Activities and functions have no `Submitted`.
fn event(resource: &Resource, moment: Moment) -> EventKind {
    use EventKind as E;
    use Moment as M;
    match resource {
        Resource::Activity(_) => match moment {
            M::ScheduleFailed(failure) | M::StartFailed(failure) => E::ActivityScheduleFailed(failure),
            M::Started(worker) => E::ActivityStarted { worker },
            M::Submitted(output) | M::Succeeded(output) => E::ActivitySucceeded { output },
            M::SubmitFailed(failure) | M::Failed(failure) => E::ActivityFailed(failure),
            M::TimedOut(failure) => E::ActivityTimedOut(failure),
        },
        Resource::Function(_) => match moment {
            M::ScheduleFailed(failure) => E::LambdaFunctionScheduleFailed(failure),
            M::StartFailed(failure) => E::LambdaFunctionStartFailed(failure),
            M::Started(_) => E::LambdaFunctionStarted,
            M::Submitted(output) | M::Succeeded(output) => E::LambdaFunctionSucceeded { output },
            M::SubmitFailed(failure) | M::Failed(failure) => E::LambdaFunctionFailed(failure),
            M::TimedOut(failure) => E::LambdaFunctionTimedOut(failure),
        },
        Resource::Service { service, resource, .. } => {
            let resource = TaskResource { resource_type: service.clone(), resource: resource.clone() };
            match moment {
                M::ScheduleFailed(failure) | M::StartFailed(failure) => E::TaskStartFailed(resource, failure),
                M::Started(_) => E::TaskStarted(resource),
                M::Submitted(output) => E::TaskSubmitted { resource, output },
                M::SubmitFailed(failure) => E::TaskSubmitFailed(resource, failure),
                M::Succeeded(output) => E::TaskSucceeded { resource, output },
                M::Failed(failure) => E::TaskFailed(resource, failure),
                M::TimedOut(failure) => E::TaskTimedOut(resource, failure),
            }
        }
    }
}

impl<'a> Run<'a, '_> {
    /// Schedules an attempt.
    pub(super) fn schedule(&mut self, index: LineIndex, state: &State, task: &Task) -> Result<(), Problem> {
        // The ticket comes first: its token may stand among the parameters.
        let ticket = Ticket(self.execution.last_ticket + 1);
        let by_token = matches!(
            task.resource,
            Resource::Activity(_) | Resource::Service { pattern: Pattern::Callback, .. }
        );
        let token = by_token.then(|| (self.turn.token)(ticket));
        let effective = Sources::of(&self.effective_input(index, state)?.value);
        let timeout = self.seconds(index, task.timeout.as_ref(), "TimeoutSeconds", &effective)?;
        let heartbeat = self.seconds(index, task.heartbeat.as_ref(), "HeartbeatSeconds", &effective)?;
        let input = self.arguments(index, state, token)?;
        let role = self.role(index, task, &effective)?;
        if input.text.len() > MAX_PAYLOAD {
            return Err(Problem::Plain(too_large(&state.name)));
        }
        // What is not there cannot be waited for (recording activities/test-activity-task-on-deleted).
        if let Resource::Activity(arn) = &task.resource
            && !(self.turn.activity)(arn)
        {
            return Err(Problem::Runtime(format!("The activity {arn} does not exist.")));
        }
        let scheduled = match &task.resource {
            Resource::Service { service, resource, .. } => {
                EventKind::TaskScheduled(Box::new(ScheduledTask {
                    resource: TaskResource { resource_type: service.clone(), resource: resource.clone() },
                    region: region(&self.execution.start.arn).into(),
                    parameters: input.text.clone(),
                    timeout,
                    heartbeat,
                    role: role.clone(),
                }))
            }
            Resource::Activity(arn) | Resource::Function(arn) => {
                let work = Box::new(ScheduledWork {
                    resource: arn.clone(),
                    input: input.text.clone(),
                    timeout,
                    heartbeat,
                    role: role.clone(),
                });
                match task.resource {
                    Resource::Activity(_) => EventKind::ActivityScheduled(work),
                    _ => EventKind::LambdaFunctionScheduled(work),
                }
            }
        };
        self.follow(index, scheduled);
        let ticket = self.wait_for(index, Purpose::Task);
        let timeout = timeout.map(|seconds| self.timer_after(index, Purpose::Timeout, seconds));
        // Of an activity the heart beats from when a worker has it (developer guide, "HeartbeatSeconds").
        let heartbeat = heartbeat.map(|seconds| match task.resource {
            Resource::Activity(_) => (Ticket(0), seconds),
            _ => (self.timer_after(index, Purpose::Heartbeat, seconds).0, seconds),
        });
        let token = (self.turn.token)(ticket);
        self.turn.effects.push(Effect::Task(Box::new(TaskRequest {
            ticket,
            work: task.resource.work(),
            input: input.value,
            role: role.clone(),
            token,
            deadline: timeout.map(|(_, at)| at),
        })));
        let attempt =
            Attempt { ticket, input: input.text, role, started: false, submitted: false, timeout, heartbeat };
        self.line(index).phase = Phase::Task(Box::new(attempt));
        Ok(())
    }

    /// `Credentials`: the role to assume.
    fn role(
        &mut self,
        index: LineIndex,
        task: &Task,
        input: &Sources<'_>,
    ) -> Result<Option<Arc<str>>, Problem> {
        let Some(credentials) = &task.credentials else { return Ok(None) };
        match self.evaluate(index, credentials, input)? {
            Value::Object(members) => match members.get("RoleArn") {
                Some(Value::String(role)) => Ok(Some(role.clone())),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// An answer came.
    pub(super) fn answer(&mut self, ticket: Ticket, answer: TaskAnswer) -> Result<(), Stale> {
        let waiters = &self.execution.waiters;
        let at = waiters.binary_search_by_key(&ticket, |waiter| waiter.ticket).map_err(|_| Stale)?;
        let index = waiters[at].line;
        let Phase::Task(attempt) = &mut self.line(index).phase else { return Err(Stale) };
        let (started, submitted, heartbeat) = (attempt.started, attempt.submitted, attempt.heartbeat);
        if matches!(answer, TaskAnswer::Started(_)) && started
            || matches!(answer, TaskAnswer::Submitted(_)) && submitted
        {
            return Err(Stale);
        }
        let resource = self.resource(index).ok_or(Stale)?;
        let activity = matches!(resource, Resource::Activity(_));
        // Who answers for a service or a function need not say that it began.
        let implied = matches!(
            answer,
            TaskAnswer::Submitted(_)
                | TaskAnswer::SubmitFailed(_)
                | TaskAnswer::Succeeded(_)
                | TaskAnswer::Failed(_)
        );
        if implied && !started && !activity {
            self.mark_started(index);
            self.follow(index, event(resource, Moment::Started(None)));
        }
        match answer {
            TaskAnswer::Started(worker) => {
                self.mark_started(index);
                self.follow(index, event(resource, Moment::Started(worker)));
                self.first_beat(index);
            }
            TaskAnswer::Heartbeat => self.beat(heartbeat),
            TaskAnswer::Submitted(output) => {
                if let Phase::Task(attempt) = &mut self.line(index).phase {
                    attempt.submitted = true;
                }
                self.follow(index, event(resource, Moment::Submitted(output)));
            }
            TaskAnswer::Succeeded(output) => self.task_succeeded(index, resource, output),
            TaskAnswer::ScheduleFailed(failure) => {
                self.task_failed(index, event(resource, Moment::ScheduleFailed(failure.clone())), failure);
            }
            TaskAnswer::StartFailed(failure) => {
                self.task_failed(index, event(resource, Moment::StartFailed(failure.clone())), failure);
            }
            TaskAnswer::SubmitFailed(failure) => {
                self.task_failed(index, event(resource, Moment::SubmitFailed(failure.clone())), failure);
            }
            TaskAnswer::Failed(failure) => {
                self.task_failed(index, event(resource, Moment::Failed(failure.clone())), failure);
            }
        }
        Ok(())
    }

    fn mark_started(&mut self, index: LineIndex) {
        if let Phase::Task(attempt) = &mut self.line(index).phase {
            attempt.started = true;
        }
    }

    /// The heartbeat's clock begins, if it did not at the schedule.
    fn first_beat(&mut self, index: LineIndex) {
        let Phase::Task(attempt) = &self.line(index).phase else { return };
        let Some((Ticket(0), seconds)) = attempt.heartbeat else { return };
        let (ticket, _) = self.timer_after(index, Purpose::Heartbeat, seconds);
        if let Phase::Task(attempt) = &mut self.line(index).phase {
            attempt.heartbeat = Some((ticket, seconds));
        }
    }

    /// The heartbeat's clock begins anew.
    fn beat(&mut self, heartbeat: Option<(Ticket, i64)>) {
        let Some((ticket, seconds)) = heartbeat else { return };
        let at = self.turn.now.saturating_add(seconds.saturating_mul(1000));
        if let Ok(place) = self.execution.waiters.binary_search_by_key(&ticket, |waiter| waiter.ticket) {
            self.execution.waiters[place].at = at;
            self.turn.effects.push(Effect::Timer { ticket, at });
        }
    }

    /// The resource of the task a line is in.
    fn resource(&mut self, index: LineIndex) -> Option<&'a Resource> {
        match &self.program.state(self.line(index).state).body {
            Body::Task(task) => Some(&task.resource),
            _ => None,
        }
    }

    /// The time of a task, or between two signs of life, is over.
    pub(super) fn task_timed_out(&mut self, index: LineIndex, heartbeat: bool) {
        let error = if heartbeat { "States.HeartbeatTimeout" } else { "States.Timeout" };
        let failure = Failure { error: Some(error.into()), cause: None };
        if let Phase::Task(attempt) = &self.line(index).phase {
            let ticket = attempt.ticket;
            self.cancel(ticket);
        }
        let Some(resource) = self.resource(index) else { return };
        let kind = event(resource, Moment::TimedOut(failure.clone()));
        // Catchers see an empty cause, events none (recording error_handling/test-invoke-timeout).
        self.task_failed(index, kind, Failure { cause: Some(Arc::default()), ..failure });
    }

    fn task_failed(&mut self, index: LineIndex, kind: EventKind, failure: Failure) {
        self.end_attempt(index);
        self.follow(index, kind);
        self.fail(index, failure);
    }

    fn task_succeeded(&mut self, index: LineIndex, resource: &Resource, output: Payload) {
        if output.len() > MAX_PAYLOAD {
            let failure = too_large(match resource {
                Resource::Activity(arn) | Resource::Function(arn) => arn,
                Resource::Service { service, .. } => service,
            });
            let kind = event(resource, Moment::Failed(failure.clone()));
            return self.task_failed(index, kind, failure);
        }
        let value = match text::parse_value(&output) {
            Ok(value) => value,
            Err(_) => Value::String(output.clone()),
        };
        self.end_attempt(index);
        let kind = event(resource, Moment::Succeeded(output.clone()));
        self.follow(index, kind);
        if let Err(problem) = self.leave(index, Data { value, text: output }, true) {
            self.trouble(index, problem);
        }
    }

    /// Nothing of the attempt is waited for any more.
    fn end_attempt(&mut self, index: LineIndex) {
        let Phase::Task(attempt) = &self.line(index).phase else { return };
        let (ticket, timeout, heartbeat) = (attempt.ticket, attempt.timeout, attempt.heartbeat);
        self.redeem(ticket);
        for timer in
            [timeout.map(|(ticket, _)| ticket), heartbeat.map(|(ticket, _)| ticket)].into_iter().flatten()
        {
            self.cancel(timer);
        }
        self.line(index).phase = Phase::Attempt;
    }
}

/// What a result beyond [`MAX_PAYLOAD`] fails with, in AWS's words.
pub(super) fn too_large(what: &str) -> Failure {
    let cause = format!(
        "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
    );
    Failure::new("States.DataLimitExceeded", cause)
}

/// Region in an ARN.
fn region(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}
