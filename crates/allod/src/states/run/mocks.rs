//! Answers to tasks, from a file.

use anyhow::{Context as _, bail};
use serde_json::Value;
use state_machine::history::Failure;
use state_machine::interpret::TaskAnswer;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// `{"State": {"result": …}}`, `{"State": {"error": "Name", "cause": "…"}}`, or a list of those for attempts one after the
/// other, of which the last one stays.
#[derive(Debug, Default)]
pub(super) struct Mocks {
    answers: HashMap<String, VecDeque<TaskAnswer>>,
}

impl Mocks {
    pub(super) fn read(text: &str) -> anyhow::Result<Mocks> {
        let value: Value = serde_json::from_str(text)?;
        let states = value.as_object().context("an object with a member for every state is required")?;
        let mut answers = HashMap::new();
        for (state, mock) in states {
            let list = match mock {
                Value::Array(list) => list.iter().map(answer).collect::<anyhow::Result<VecDeque<_>>>(),
                one => answer(one).map(|answer| VecDeque::from([answer])),
            };
            let list = list.with_context(|| format!("the mock of '{state}' is none"))?;
            if list.is_empty() {
                bail!("the mock of '{state}' is an empty list");
            }
            answers.insert(state.clone(), list);
        }
        Ok(Mocks { answers })
    }

    /// The next answer for a state.
    pub(super) fn answer(&mut self, state: &str) -> Option<TaskAnswer> {
        let list = self.answers.get_mut(state)?;
        if list.len() > 1 { list.pop_front() } else { list.front().cloned() }
    }
}

fn answer(mock: &Value) -> anyhow::Result<TaskAnswer> {
    if let Some(result) = mock.get("result") {
        return Ok(TaskAnswer::Succeeded(result.to_string().into()));
    }
    let text = |name: &str| mock.get(name).and_then(Value::as_str).map(Arc::from);
    let error: Option<Arc<str>> = text("error");
    if error.is_none() {
        bail!("a mock has a result, or an error (and a cause)");
    }
    Ok(TaskAnswer::Failed(Failure { error, cause: text("cause") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_have_their_answers_and_the_last_stays() {
        let text = r#"{"T": [{"error": "Busy"}, {"result": [1]}]}"#;
        let mut mocks = Mocks::read(text).unwrap();
        assert!(matches!(mocks.answer("T"), Some(TaskAnswer::Failed(_))));
        for _ in 0..2 {
            assert_eq!(mocks.answer("T"), Some(TaskAnswer::Succeeded("[1]".into())));
        }
        assert_eq!(mocks.answer("U"), None);
        for bad in ["[]", r#"{"T": {}}"#, r#"{"T": []}"#] {
            assert!(Mocks::read(bad).is_err(), "{bad}");
        }
    }
}
