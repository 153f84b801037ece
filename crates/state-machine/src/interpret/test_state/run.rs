//! The test itself.

use super::inspection::{Inspection, text};
use super::{Status, TestStateError, TestStateOutcome, TestStateRequest, check, context};
use crate::Millis;
use crate::history::Payload;
use crate::interpret::execution::{Execution, MAX_PAYLOAD, Run};
use crate::interpret::line::{Data, Line, Phase};
use crate::interpret::{Effect, Start, TaskAnswer, TaskRequest, Ticket, Turn};
use crate::program::Program;
use crate::text::parse_value;
use crate::value::Value;
use std::sync::Arc;

/// A test under way: it waits for the answer of its task.
#[derive(Debug)]
pub struct TestState {
    execution: Execution,
    program: Arc<Program>,
    /// The state, and its index.
    state: u32,
    ticket: Ticket,
}

/// How far a test came.
#[derive(Debug)]
pub enum Progressed {
    /// The state's task is to be done for real: answer with [`TestState::answer`].
    Task(Box<TaskRequest>, Box<TestState>),
    /// It is over.
    Done(Box<TestStateOutcome>),
}

impl TestState {
    /// Begins a test.
    ///
    /// `draw` gives random numbers. Fails when the request is none that can be tested; what is wrong with a definition
    /// by the rules of the language is the linter's to say, before.
    pub fn begin(
        request: &TestStateRequest,
        draw: &mut dyn FnMut() -> u64,
    ) -> Result<Progressed, TestStateError> {
        let (program, state) = program(request)?;
        check::check(request, program.state(state))?;
        let context = context::read(request, program.state(state))?;
        let input = request.input.clone().unwrap_or_else(|| "{}".into());
        let value = parse_value(&input).map_err(|error| {
            TestStateError::Input(format!("Invalid State Machine Execution Input: '{error}'"))
        })?;
        if input.len() > MAX_PAYLOAD {
            return Err(TestStateError::Input("The input is too long".to_owned()));
        }
        let mut execution =
            Execution::new(program.clone(), Arc::new(start(request, input.clone(), &mut *draw)));
        let mut line = Line::new(None, state, Data { value, text: input.clone() }, 0);
        line.phase = Phase::Attempt;
        line.entered = (0, request.now);
        line.variables = variables(request)?;
        let retries = request.configuration.retrier_retry_count.unwrap_or(0);
        line.retries = vec![retries; program.state(state).retry.len()];
        execution.lines.push(Some(line));
        execution.inspection = Some(Box::new(Inspection {
            input: Some(input),
            context,
            context_text: request.context.clone(),
            mock: request.mock.clone(),
            configuration: request.configuration.clone(),
            ..Inspection::default()
        }));
        let mut test = TestState { execution, program, state, ticket: Ticket(0) };
        let token: Arc<str> = test.token();
        let effects = test.turn(request.now, draw, &token, |run| run.step(0));
        let mut task = None;
        for effect in effects {
            match effect {
                Effect::Task(request) => task = Some(request),
                // A Wait state is not waited for.
                Effect::Timer { .. } if matches!(test.phase(), Some(Phase::Sleep(_))) => {
                    test.turn(request.now, draw, &token, |run| run.awake(0));
                }
                _ => {}
            }
        }
        let Some(task) = task else { return Ok(Progressed::Done(Box::new(test.outcome()))) };
        test.ticket = task.ticket;
        match &request.mock {
            None => Ok(Progressed::Task(task, Box::new(test))),
            Some(mock) => {
                let answer = match (&mock.result, &mock.error_output) {
                    (_, Some(failure)) => TaskAnswer::Failed(failure.clone()),
                    (Some(result), None) => TaskAnswer::Succeeded(result.clone()),
                    (None, None) => TaskAnswer::Succeeded("{}".into()),
                };
                Ok(Progressed::Done(Box::new(test.answer(answer, request.now, draw))))
            }
        }
    }

    /// Goes on with the answer of the task and ends the test.
    pub fn answer(
        mut self,
        answer: TaskAnswer,
        now: Millis,
        draw: &mut dyn FnMut() -> u64,
    ) -> TestStateOutcome {
        if let TaskAnswer::Succeeded(result) = &answer {
            let result = result.clone();
            if let Some(seen) = &mut self.execution.inspection {
                seen.result = Some(result);
            }
        }
        let (token, ticket) = (self.token(), self.ticket);
        self.turn(now, draw, &token, |run| {
            // The ticket is the test's own, so it cannot be stale.
            let _ = run.answer(ticket, answer);
        });
        self.outcome()
    }

    /// The token a test's context speaks of, or one of its own.
    fn token(&self) -> Arc<str> {
        let given = self.execution.inspection.as_ref().and_then(|seen| seen.context.as_ref());
        let token = given.and_then(|context| member(member(context, "Task")?, "Token"));
        match token {
            Some(Value::String(token)) => token.clone(),
            _ => "token-of-a-test".into(),
        }
    }

    fn phase(&self) -> Option<&Phase> {
        self.execution.lines.first()?.as_ref().map(|line| &line.phase)
    }

    fn turn(
        &mut self,
        now: Millis,
        draw: &mut dyn FnMut() -> u64,
        token: &Arc<str>,
        act: impl FnOnce(&mut Run<'_, '_>),
    ) -> Vec<Effect> {
        let (mut events, mut effects) = (Vec::new(), Vec::new());
        let program = self.program.clone();
        let mut turn = Turn {
            now,
            draw,
            activity: &mut |_| true,
            token: &|_| token.clone(),
            events: &mut events,
            effects: &mut effects,
            budget: 1,
            guard: &crate::guard::Guard::alone(),
        };
        act(&mut Run { program: &program, turn: &mut turn, execution: &mut self.execution });
        effects
    }

    fn outcome(&mut self) -> TestStateOutcome {
        let mut inspection = self.execution.inspection.take().map(|seen| *seen).unwrap_or_default();
        let line = self.execution.lines.first().and_then(Option::as_ref);
        let state = self.program.state(self.state);
        if state.language == crate::template::Language::Jsonata {
            inspection.after_arguments =
                inspection.after_parameters.take().filter(|_| state.flow.parameters.is_some());
            inspection.after_input_path = None;
            inspection.result = None;
        }
        let variables = line.and_then(|line| line.variables.clone());
        inspection.variables = variables.map(|variables| text(&Value::Object(variables)));
        let mut outcome = TestStateOutcome {
            status: Status::Succeeded,
            output: None,
            failure: inspection.failure.clone(),
            next_state: None,
            inspection,
        };
        let moved = line.filter(|line| matches!(line.phase, Phase::Enter));
        let backing_off = matches!(line.map(|line| &line.phase), Some(Phase::Backoff(_)));
        if let Some(line) = moved {
            outcome.output = Some(line.input.text.clone());
            outcome.next_state = self.program.name(line.state).cloned();
        }
        match &self.execution.outcome {
            _ if backing_off => outcome.status = Status::Retriable,
            _ if outcome.inspection.catcher.is_some() => outcome.status = Status::CaughtError,
            Some(crate::interpret::Outcome::Succeeded(output)) => outcome.output = Some(output.clone()),
            Some(_) => outcome.status = Status::Failed,
            None => {}
        }
        outcome
    }
}

fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => members.get(name),
        _ => None,
    }
}

/// The program, and the state of it that is tested.
fn program(request: &TestStateRequest) -> Result<(Arc<Program>, u32), TestStateError> {
    let invalid = |error: crate::program::CompileError| {
        TestStateError::Definition(format!("Invalid State Machine Definition: '{error}'"))
    };
    let Some(name) = &request.state_name else {
        return Ok((Arc::new(Program::compile_state(&request.definition, "StateName").map_err(invalid)?), 0));
    };
    let program = Program::compile(&request.definition).map_err(invalid)?;
    let state = program.find(name);
    let state =
        state.ok_or_else(|| TestStateError::Validation("State not found in definition".to_owned()))?;
    Ok((Arc::new(program), state))
}

/// An execution that never was: an Express one with names of its own.
fn start(request: &TestStateRequest, input: Payload, draw: &mut dyn FnMut() -> u64) -> Start {
    let (machine, name) = (crate::interpret::uuid(draw), crate::interpret::uuid(draw));
    let (region, account) = (&request.region, &request.account);
    Start {
        arn: format!("arn:aws:states:{region}:{account}:express:{machine}:{name}").into(),
        name: name.into(),
        role_arn: request.role_arn.clone().unwrap_or_default(),
        at: request.now,
        machine_arn: format!("arn:aws:states:{region}:{account}:stateMachine:{machine}").into(),
        machine_name: machine.into(),
        alias_arn: None,
        version_arn: None,
        input,
        map_run: None,
        processor: None,
        express: true,
    }
}

fn variables(request: &TestStateRequest) -> Result<Option<Arc<crate::value::Map>>, TestStateError> {
    let Some(text) = &request.variables else { return Ok(None) };
    match parse_value(text) {
        Ok(Value::Object(members)) => Ok(Some(members)),
        _ => Err(TestStateError::Validation("Variables must be a valid JSON object".to_owned())),
    }
}
