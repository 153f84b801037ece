//! RedriveExecution, and whether an execution can be redriven.

use super::{find, show_status};
use crate::faults;
use crate::service::StatesCall;
use api_stepfunctions::{ExecutionRedriveStatus, RedriveExecutionInput, RedriveExecutionOutput};
use aws_schema::Timestamp;
use contracts::Reply;
use execution_engine::{ChangeRefusal, Execution, Status};
use parking_lot::Mutex;
use records::Millis;
use records::stepfunctions::StateMachine;
use std::collections::{HashMap, VecDeque};

/// An execution may be open this long, from its start on (developer guide, "Service quotas": one year).
const OPEN_TIME: Millis = 365 * 24 * 3600 * 1000;
/// Client tokens remembered of an execution, and for how long (API reference, `RedriveExecution`, `clientToken`).
const TOKENS: usize = 10;
const TOKEN_TIME: Millis = 15 * 60 * 1000;
/// Executions whose tokens are remembered; of more redrives within that time the tokens are not kept.
const REMEMBERED: usize = 100_000;

type Redrivable = (ExecutionRedriveStatus, Option<String>);

fn not(why: &str) -> Redrivable {
    (ExecutionRedriveStatus::NOT_REDRIVABLE, Some(why.to_owned()))
}

/// Whether an execution can be redriven, and why not (API reference, `RedriveExecution`, and the reasons of
/// `DescribeExecution`, `redriveStatusReason`), its machine aside.
pub(crate) fn redrivable(execution: &Execution, now: Millis) -> Redrivable {
    let status = execution.status;
    if !matches!(status, Status::Failed | Status::TimedOut | Status::Aborted) {
        return not(&format!("Execution is {} and cannot be redriven", show_status(status).as_str()));
    }
    let (begun, ended) = (execution.start.at, execution.stopped.unwrap_or(execution.start.at));
    if !execution.has_room() {
        not("Execution history event limit exceeded")
    } else if now - begun > OPEN_TIME {
        not("Execution has exceeded the max execution time")
    } else if now - ended > execution_engine::REDRIVE_PERIOD {
        not("Execution redrivable period exceeded")
    } else if execution.start.map_run.is_some() {
        (ExecutionRedriveStatus::REDRIVABLE_BY_MAP_RUN, None)
    } else {
        (ExecutionRedriveStatus::REDRIVABLE, None)
    }
}

/// The same, with its machine looked at.
pub(crate) fn redrive_status(call: &StatesCall, execution: &Execution) -> Redrivable {
    let known = redrivable(execution, call.now());
    let name = execution.start.machine_name.split('/').next().unwrap_or_default();
    let machine = call.platform.store.get::<StateMachine>(call.scope(), name);
    if known.1.is_none() && machine.is_some_and(|machine| machine.deleting) {
        return not("State machine is in DELETING status");
    }
    known
}

/// Client tokens of redrives: who sends one again is answered as before. In memory: a restart forgets them.
#[derive(Default)]
pub(crate) struct RedriveTokens(Mutex<HashMap<String, VecDeque<Token>>>);

struct Token {
    text: String,
    redriven: Millis,
    used: Millis,
}

impl RedriveTokens {
    /// Forgets all.
    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }

    /// When the execution was redriven with this token.
    fn find(&self, execution_arn: &str, text: &str, now: Millis) -> Option<Millis> {
        let known = self.0.lock();
        let valid = |token: &&Token| token.text == text && now - token.used <= TOKEN_TIME;
        known.get(execution_arn)?.iter().find(valid).map(|token| token.redriven)
    }

    fn keep(&self, execution_arn: &str, text: &str, redriven: Millis, now: Millis) {
        let mut known = self.0.lock();
        if known.len() >= REMEMBERED {
            let valid = |tokens: &VecDeque<Token>| tokens.iter().any(|token| now - token.used <= TOKEN_TIME);
            known.retain(|_, tokens| valid(tokens));
            if known.len() >= REMEMBERED {
                return;
            }
        }
        let tokens = known.entry(execution_arn.to_owned()).or_default();
        tokens.push_back(Token { text: text.to_owned(), redriven, used: now });
        if tokens.len() > TOKENS {
            tokens.pop_front();
        }
    }
}

/// RedriveExecution: goes on where it failed. Idempotent by `clientToken`.
///
/// Errors: `InvalidArn`, `ExecutionDoesNotExist`, `ExecutionNotRedrivable`.
pub(crate) async fn redrive(call: StatesCall, input: RedriveExecutionInput) -> Reply<RedriveExecutionOutput> {
    let execution_arn = input.execution_arn();
    let answer = |at| Ok(RedriveExecutionOutput { redrive_date: Some(Timestamp::from_millis(at)) });
    let token = input.client_token.as_deref();
    let execution = find(&call, execution_arn).await?;
    let known = || call.redrives.find(execution_arn, token?, call.now());
    if let Some(at) = known() {
        return answer(at);
    }
    let (status, reason) = redrive_status(&call, &execution);
    if status != ExecutionRedriveStatus::REDRIVABLE {
        let reason = reason.unwrap_or_else(|| "Execution can only be redriven by its Map Run".to_owned());
        return Err(faults::not_redrivable(&reason));
    }
    let at = match call.engine()?.redrive(execution_arn).await {
        Ok(at) => at,
        Err(refusal) => {
            // The same request may have come twice at once.
            let status = matches!(refusal, ChangeRefusal::Status(_));
            let fault = faults::change_refused(&refusal, execution_arn);
            return known().filter(|_| status).map_or(Err(fault), answer);
        }
    };
    if let Some(token) = token {
        call.redrives.keep(execution_arn, token, at, call.now());
    }
    answer(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tokens_of_an_execution_are_known_for_a_while() {
        let tokens = RedriveTokens::default();
        for at in 1..=11 {
            tokens.keep("a", &format!("t{at}"), at, at);
        }
        assert_eq!(tokens.find("a", "t1", 11), None, "only ten are kept");
        assert_eq!((tokens.find("a", "t2", 11), tokens.find("a", "t11", 11)), (Some(2), Some(11)));
        assert_eq!((tokens.find("b", "t2", 11), tokens.find("a", "x", 11)), (None, None));
        assert_eq!(
            (tokens.find("a", "t2", 2 + TOKEN_TIME), tokens.find("a", "t2", 3 + TOKEN_TIME)),
            (Some(2), None)
        );
    }
}
