//! Map Runs that have ended, and what a redrive of them begins with.

use super::{Archive, encode, keys};
use crate::codec::{record, variants};
use crate::{MapRun, Unreadable};
use state_machine::Millis;
use state_machine::history::Payload;
use state_machine::interpret::Outcome;

/// How a child ended, as far as its run needs to know.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ended {
    /// It did well. Without its output where the outputs of the run are too many to keep.
    Succeeded(Option<Payload>),
    Failed,
    TimedOut,
    Aborted,
}

variants!(Ended {
    [
        1 = Failed;
        2 = TimedOut;
        3 = Aborted;
    ]
    [
        0 = Succeeded(output);
    ]
    [
    ]
});

impl Ended {
    /// Of an outcome.
    pub(crate) fn of(outcome: &Outcome) -> Ended {
        match outcome {
            Outcome::Succeeded(output) => Ended::Succeeded(Some(output.clone())),
            Outcome::Failed(_) => Ended::Failed,
            Outcome::TimedOut(_) => Ended::TimedOut,
            Outcome::Aborted(_) => Ended::Aborted,
        }
    }

    /// Whether it did well.
    pub(crate) fn well(&self) -> bool {
        matches!(self, Ended::Succeeded(_))
    }
}

/// A child of a run that ended otherwise than well, or of Express children; its place in the run is its place in the list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Left {
    /// Items it worked on.
    pub(crate) items: u32,
    pub(crate) ended: Ended,
    /// It did not do well, and no redrive can help.
    pub(crate) terminal: bool,
    /// Its start and its end.
    pub(crate) times: (Millis, Millis),
}

record!(Left { items, ended, terminal, times });

impl Archive {
    /// One Map Run.
    pub(crate) fn map_run(&self, arn: &str) -> Result<Option<MapRun>, Unreadable> {
        self.row(&keys::map_run(arn))
    }

    /// Map Runs of an execution; the limit of its history limits their number.
    pub(crate) fn map_runs(&self, execution: &str) -> Result<Vec<MapRun>, Unreadable> {
        let prefix = keys::map_runs(execution);
        let rows = self.rows.scan(&prefix, None, usize::MAX)?;
        let mut runs = Vec::new();
        for (key, _) in &rows {
            if let Some(arn) = key.get(prefix.len()..).and_then(|arn| std::str::from_utf8(arn).ok()) {
                runs.extend(self.map_run(arn)?);
            }
        }
        Ok(runs)
    }

    /// The children that a Map Run had begun when it ended, by their place: of one that did not do well, for its redrive,
    /// and of one with Express children, for lists.
    pub(crate) fn left(&self, run: &str) -> Result<Vec<Left>, Unreadable> {
        Ok(self.row(&keys::left(run))?.unwrap_or_default())
    }

    /// Keeps a Map Run that ended, and its children where it may be redriven.
    pub(crate) fn keep_map_run(&self, run: &MapRun, left: &Vec<Left>) -> Result<(), Unreadable> {
        self.rows.write(vec![
            (keys::left(&run.arn), (!left.is_empty()).then(|| encode(left))),
            (keys::map_run(&run.arn), Some(encode(run))),
            (keys::map_run_of(&run.execution_arn, &run.arn), Some(Vec::new())),
        ])
    }
}
