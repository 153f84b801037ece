//! Answers to tasks, from a file.

use anyhow::{Context as _, bail};
use serde_json::value::RawValue;
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
        let states: HashMap<String, &RawValue> =
            serde_json::from_str(text).context("an object with a member for every state is required")?;
        let mut answers = HashMap::new();
        for (state, mock) in states {
            let list = if mock.get().starts_with('[') {
                serde_json::from_str::<Vec<Mock<'_>>>(mock.get())
            } else {
                serde_json::from_str(mock.get()).map(|one| vec![one])
            };
            let list = list.map_err(anyhow::Error::new);
            let list = list.and_then(|list| list.iter().map(answer).collect::<anyhow::Result<VecDeque<_>>>());
            let list = list.with_context(|| format!("the mock of '{state}' is none"))?;
            if list.is_empty() {
                bail!("the mock of '{state}' is an empty list");
            }
            answers.insert(state, list);
        }
        Ok(Mocks { answers })
    }

    /// The next answer for a state.
    pub(super) fn answer(&mut self, state: &str) -> Option<TaskAnswer> {
        let list = self.answers.get_mut(state)?;
        if list.len() > 1 { list.pop_front() } else { list.front().cloned() }
    }
}

/// Members of a mock, as the file writes them.
type Mock<'t> = HashMap<String, &'t RawValue>;

/// A result is passed on as it is written, blanks, big numbers and all, as that of a worker would be.
fn answer(mock: &Mock<'_>) -> anyhow::Result<TaskAnswer> {
    if let Some(result) = mock.get("result") {
        return Ok(TaskAnswer::Succeeded(result.get().into()));
    }
    let text =
        |name: &str| mock.get(name).map(|text| serde_json::from_str::<Arc<str>>(text.get())).transpose();
    let error = text("error").context("the error is no text")?;
    if error.is_none() {
        bail!("a mock has a result, or an error (and a cause)");
    }
    Ok(TaskAnswer::Failed(Failure { error, cause: text("cause").context("the cause is no text")? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_have_their_answers_and_the_last_stays() {
        let text = r#"{"T": [{"error": "Busy"}, {"result": [1,  1e999]}]}"#;
        let mut mocks = Mocks::read(text).unwrap();
        assert!(matches!(mocks.answer("T"), Some(TaskAnswer::Failed(_))));
        for _ in 0..2 {
            assert_eq!(mocks.answer("T"), Some(TaskAnswer::Succeeded("[1,  1e999]".into())));
        }
        assert_eq!(mocks.answer("U"), None);
        let nothing = Mocks::read(r#"{"T": {"result": null}}"#).unwrap().answer("T");
        assert_eq!(nothing, Some(TaskAnswer::Succeeded("null".into())));
        for bad in ["[]", r#"{"T": {}}"#, r#"{"T": []}"#, r#"{"T": 1}"#, r#"{"T": {"error": 1}}"#] {
            assert!(Mocks::read(bad).is_err(), "{bad}");
        }
    }
}
