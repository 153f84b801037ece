//! How much data events carry.

use super::{EventKind, Failure, Payload};

impl EventKind {
    /// Bytes of the data it carries: inputs, outputs, variables, errors and causes. Names and ARNs, which are short, are
    /// not counted.
    #[must_use]
    pub fn weight(&self) -> usize {
        use EventKind as E;
        match self {
            E::ExecutionStarted { input, .. } | E::StateEntered { input, .. } => input.len(),
            E::StateExited { output, assigned, .. } => {
                let variables = assigned.iter().flat_map(|assigned| assigned.iter());
                output.len() + variables.map(|(name, text)| name.len() + text.len()).sum::<usize>()
            }
            E::ExecutionSucceeded { output }
            | E::TaskSubmitted { output, .. }
            | E::TaskSucceeded { output, .. }
            | E::ActivitySucceeded { output }
            | E::LambdaFunctionSucceeded { output } => output.len(),
            E::TaskScheduled(task) => task.parameters.len(),
            E::ActivityScheduled(work) | E::LambdaFunctionScheduled(work) => work.input.len(),
            E::ExecutionFailed(failure)
            | E::ExecutionTimedOut(failure)
            | E::ExecutionAborted(failure)
            | E::MapRunFailed(failure)
            | E::TaskStartFailed(_, failure)
            | E::TaskSubmitFailed(_, failure)
            | E::TaskFailed(_, failure)
            | E::TaskTimedOut(_, failure)
            | E::ActivityScheduleFailed(failure)
            | E::ActivityFailed(failure)
            | E::ActivityTimedOut(failure)
            | E::LambdaFunctionScheduleFailed(failure)
            | E::LambdaFunctionStartFailed(failure)
            | E::LambdaFunctionFailed(failure)
            | E::LambdaFunctionTimedOut(failure)
            | E::EvaluationFailed { failure, .. } => of_failure(failure),
            _ => 0,
        }
    }
}

fn of_failure(failure: &Failure) -> usize {
    let texts: [&Option<Payload>; 2] = [&failure.error, &failure.cause];
    texts.into_iter().flatten().map(|text| text.len()).sum()
}
