//! Sends the steps of a recording to the interpreter.

use super::borrowed::Answers;
use super::wire;
use serde_json::{Value, json};
use state_machine::Millis;
use state_machine::history::{Event, Failure};
use state_machine::interpret::{
    Effect, Execution, MapRunAnswer, MapRunRequest, Outcome, Progress, Start, Ticket, Turn, Wake,
};
use state_machine::program::Program;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Time of every start: 2026-11-20T12:00:00Z.
pub(super) const NOW: Millis = 1_795_176_000_000;
const DAY: Millis = 86_400_000;
pub(super) const ACCOUNT: &str = "123456789012";
pub(super) const REGION: &str = "eu-central-1";

/// Answers so far.
#[derive(Default)]
pub(super) struct Replay {
    answers: BTreeMap<String, Value>,
    /// Steps whose answer is whole, so that it can be compared.
    histories: BTreeSet<String>,
    machines: BTreeMap<String, (Arc<Program>, String)>,
    executions: BTreeMap<String, Arc<Vec<Event>>>,
    /// Tasks are answered as the recording says, and other services give nothing but names.
    borrowed: bool,
}

impl Replay {
    pub(super) fn new(borrowed: bool) -> Replay {
        Replay { borrowed, ..Replay::default() }
    }

    pub(super) fn executions(&self) -> usize {
        self.executions.len()
    }

    /// The answer of a step that can be compared.
    pub(super) fn answer(&self, step: &str) -> Option<&Value> {
        self.histories.contains(step).then(|| self.answers.get(step))?
    }

    /// Fails with a reason when a step needs more than an interpreter.
    pub(super) fn step(&mut self, recording: &Value, step: &Value) -> Result<(), &'static str> {
        let name = step["n"].as_str().unwrap_or_default();
        let operation = step["op"].as_str().unwrap_or_default();
        if self.borrowed && !operation.starts_with("states.") {
            // What a service would name what was made there.
            let name_of = |member: &str| {
                let name = step["params"][member].as_str().unwrap_or_default();
                self.resolve(name).unwrap_or_default()
            };
            let arn = |service: &str, rest: String| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
            let answer = match operation {
                "lambda.CreateFunction" => {
                    json!({ "FunctionArn": arn("lambda", format!("function:{}", name_of("FunctionName"))) })
                }
                "sns.CreateTopic" => json!({ "TopicArn": arn("sns", name_of("Name")) }),
                _ => Value::Null,
            };
            self.answers.insert(name.to_owned(), answer);
            return Ok(());
        }
        let params = self.resolve_in(&step["params"])?;
        let text = |name: &str| params[name].as_str().unwrap_or_default().to_owned();
        let answer = match step["op"].as_str().unwrap_or_default() {
            "states.CreateStateMachine" => {
                if params["type"] == "EXPRESS" {
                    return Err("is Express");
                }
                let arn = format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{}", text("name"));
                let program = Program::compile(&text("definition")).map_err(|_| "does not compile")?;
                self.machines.insert(arn.clone(), (Arc::new(program), text("name")));
                json!({ "stateMachineArn": arn })
            }
            "states.StartExecution" => {
                let answers = if self.borrowed { super::borrowed::answers(recording, name) } else { None };
                self.start(&params, answers)?
            }
            "states.GetExecutionHistory" => {
                let events =
                    self.executions.get(&text("executionArn")).ok_or("asks for what is not there")?;
                let events: Vec<Value> = events.iter().map(wire::event).collect();
                if params.get("maxResults").is_some() || params.get("reverseOrder").is_some() {
                    return Err("pages or turns the history");
                }
                self.histories.insert(step["n"].as_str().unwrap_or_default().to_owned());
                json!({ "events": events, "ResponseMetadata": { "HTTPHeaders": {}, "HTTPStatusCode": 200 } })
            }
            "states.TestState" => {
                self.histories.insert(step["n"].as_str().unwrap_or_default().to_owned());
                super::test_state::answer(&params)?
            }
            "sleep" => Value::Null,
            _ => return Err("uses another operation"),
        };
        self.answers.insert(step["n"].as_str().unwrap_or_default().to_owned(), answer);
        Ok(())
    }

    fn start(&mut self, params: &Value, mut answers: Option<Answers>) -> Result<Value, &'static str> {
        let machine_arn = params["stateMachineArn"].as_str().unwrap_or_default();
        let (program, machine) = self.machines.get(machine_arn).ok_or("starts what is not there")?.clone();
        let name = match params["name"].as_str() {
            Some(name) => name.to_owned(),
            None => format!("execution-{}", self.executions.len()),
        };
        let arn = format!("arn:aws:states:{REGION}:{ACCOUNT}:execution:{machine}:{name}");
        let start = Start {
            arn: arn.as_str().into(),
            name: name.into(),
            role_arn: role("1").into(),
            at: NOW,
            machine_arn: machine_arn.into(),
            machine_name: machine.into(),
            alias_arn: None,
            version_arn: None,
            input: params["input"].as_str().unwrap_or("{}").into(),
            map_run: None,
            processor: None,
            express: false,
        };
        let (events, _) = run(program, start, &mut answers)?;
        self.executions.insert(arn.clone(), Arc::new(events));
        Ok(json!({ "executionArn": arn, "startDate": "datetime" }))
    }

    /// All symbols in all texts of a value.
    fn resolve_in(&self, value: &Value) -> Result<Value, &'static str> {
        Ok(match value {
            Value::String(text) => Value::String(self.resolve(text)?),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.resolve_in(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.resolve_in(value)?)))
                    .collect::<Result<_, &'static str>>()?,
            ),
            other => other.clone(),
        })
    }

    /// `${…}` replaced by what it stands for.
    pub(super) fn resolve(&self, text: &str) -> Result<String, &'static str> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            out.push_str(&rest[..at]);
            let end = rest[at..].find('}').ok_or("has a broken symbol")? + at;
            out.push_str(&self.symbol(&rest[at + 2..end])?);
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }

    fn symbol(&self, symbol: &str) -> Result<String, &'static str> {
        if let Some((kind, argument)) = symbol.split_once(':') {
            return match kind {
                "uid" => Ok(format!("{:08x}", 0xab12_cd00_u32 + argument.parse::<u32>().unwrap_or(0))),
                "role" => Ok(role(argument)),
                "time" => {
                    let seconds: i64 =
                        argument.trim_end_matches('s').parse().map_err(|_| "has a strange time")?;
                    Ok(wire::timestamp(NOW + seconds * 1000))
                }
                _ => Err("uses an unknown symbol"),
            };
        }
        match symbol {
            "account" => return Ok(ACCOUNT.to_owned()),
            "region" => return Ok(REGION.to_owned()),
            _ => {}
        }
        let (step, path) = symbol.split_once('.').ok_or("uses an unknown symbol")?;
        let found = self.answers.get(step).ok_or("uses an answer that is not there")?;
        match at(found, path) {
            Some(Value::String(text)) => Ok(text),
            Some(other) => Ok(other.to_string()),
            None if self.borrowed => Ok(format!("({symbol})")),
            None => Err("uses an answer that is not there"),
        }
    }
}

fn role(number: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/states-{number}")
}

/// The value at a path such as `events[3].stateExitedEventDetails.output|json.a[-1]`.
pub(super) fn at(value: &Value, path: &str) -> Option<Value> {
    let Some((head, tail)) = path.split_once("|json") else { return plain_at(value, path).cloned() };
    let inner = serde_json::from_str(plain_at(value, head)?.as_str()?).ok()?;
    at(&inner, tail.trim_start_matches('.'))
}

fn plain_at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let mut value = value;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let (name, indices) = part.split_once('[').map_or((part, ""), |(name, rest)| (name, rest));
        if !name.is_empty() {
            value = value.get(name)?;
        }
        for index in indices.split('[').filter(|index| !index.is_empty()) {
            let items = value.as_array()?;
            let index: i64 = index.trim_end_matches(']').parse().ok()?;
            let length = i64::try_from(items.len()).ok()?;
            let place = if index < 0 { index + length } else { index };
            value = items.get(usize::try_from(place).ok()?)?;
        }
    }
    Some(value)
}

/// Runs an execution to its end, or until only timers beyond a day are left; timers fire at once, in their order.
fn run(
    program: Arc<Program>,
    start: Start,
    answers: &mut Option<Answers>,
) -> Result<(Vec<Event>, Option<Outcome>), &'static str> {
    let mut execution = Execution::new(program.clone(), Arc::new(start));
    let (mut events, mut now) = (Vec::new(), NOW);
    let mut timers: BTreeSet<(Millis, Ticket)> = BTreeSet::new();
    let mut seed = 1_u64;
    let mut wakes = vec![Wake::Start];
    while let Some(wake) = wakes.pop() {
        let mut effects = Vec::new();
        let progress = execution.turn(
            wake,
            &mut Turn {
                now,
                draw: &mut || {
                    seed =
                        seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    seed
                },
                activity: &mut |_| true,
                token: &|ticket| format!("token-{}", ticket.0).into(),
                events: &mut events,
                effects: &mut effects,
                budget: 100,
                guard: &state_machine::guard::Guard::alone(),
            },
        );
        // Every turn's execution survives being written down.
        let mut bytes = Vec::new();
        execution.snapshot(&mut bytes);
        let restored = Execution::restore(program.clone(), execution.start().clone(), &bytes);
        execution = restored.map_err(|_| "cannot be restored")?;
        for effect in effects {
            match effect {
                Effect::Timer { ticket, at } => {
                    timers.retain(|(_, other)| *other != ticket);
                    timers.insert((at, ticket));
                }
                Effect::Cancel(ticket) => timers.retain(|(_, other)| *other != ticket),
                Effect::Task(request) => {
                    let answers = answers.as_mut().ok_or("calls a service")?;
                    let attempt = answers.pop_front().ok_or("calls a service more often than recorded")?;
                    // The next wake is taken from the end.
                    wakes.extend(attempt.into_iter().rev().map(|answer| Wake::Task(request.ticket, answer)));
                }
                Effect::MapRun(request) => {
                    let answer = map_run(&program, execution.start(), &request)?;
                    wakes.push(Wake::MapRun(request.ticket, answer));
                }
            }
        }
        match progress.map_err(|_| "a wake was stale")? {
            Progress::Ended(outcome) => return Ok((events, Some(outcome))),
            Progress::More => wakes.push(Wake::Continue),
            Progress::Waiting if !wakes.is_empty() => {}
            Progress::Waiting => {
                let Some((at, ticket)) = timers.pop_first() else { return Err("waits for nothing") };
                if at - now > DAY {
                    return Ok((events, None));
                }
                now = at;
                wakes.push(Wake::Timer(ticket));
            }
        }
    }
    Ok((events, None))
}

/// Runs the children of a distributed Map one after the other.
fn map_run(
    program: &Arc<Program>,
    parent: &Arc<Start>,
    request: &MapRunRequest,
) -> Result<MapRunAnswer, &'static str> {
    let Some(state_machine::Value::Array(items)) = &request.items else {
        return Err("reads items from a store");
    };
    let selection = state_machine::map_run::Selection::new(program.clone(), request);
    let mut results = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let input = selection.input(index, item, NOW, &mut || 0).map_err(|_| "cannot select an item")?;
        let start = Start {
            input: input.to_string().into(),
            processor: Some(request.state),
            map_run: Some(request.arn.clone()),
            ..Start::clone(parent)
        };
        match run(program.clone(), start, &mut None)?.1 {
            Some(Outcome::Succeeded(output)) => results.push(output),
            _ => return Ok(MapRunAnswer::Failed(Failure::default())),
        }
    }
    Ok(MapRunAnswer::Succeeded(format!("[{}]", results.join(",")).into()))
}
