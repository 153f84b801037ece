//! Output of steps: where it lies, and how much of it answers show.

use crate::service::Ssm;
use records::ssm::{Command, StepResult};
use state_store::typed::Scope;
use std::path::PathBuf;
use tokio::io::AsyncReadExt as _;

/// Most bytes kept of each stream of a step.
pub(crate) const KEPT: u64 = 64 * 1024 * 1024;
/// Characters GetCommandInvocation shows (API reference).
pub(crate) const STDOUT_SHOWN: usize = 24_000;
/// The same of standard error.
pub(crate) const STDERR_SHOWN: usize = 8_000;
/// Characters ListCommandInvocations shows of both together.
const BOTH_SHOWN: usize = 2_500;

/// What the agent puts behind text it cut, and between the two streams.
const STDOUT_CUT: &str = "\n---Output truncated---";
/// The same for standard error; the fourth hyphen is the agent's.
const STDERR_CUT: &str = "\n---Error truncated----";
/// Stands between the streams where both are shown as one.
const BETWEEN: &str = "\n----------ERROR-------\n";

/// A text as one component of a path, whatever it holds.
pub(crate) fn component(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' })
        .collect();
    if clean.is_empty() || clean.starts_with('.') { format!("_{clean}") } else { clean }
}

impl Ssm {
    /// Folder of a command's output.
    pub(crate) fn command_folder(&self, scope: &Scope, command_id: &str) -> PathBuf {
        self.outputs
            .join(component(&scope.account))
            .join(component(&scope.region))
            .join(component(command_id))
    }

    /// Folder of one step's output on one instance.
    pub(crate) fn step_folder(
        &self,
        scope: &Scope,
        command: &Command,
        instance_id: &str,
        step: usize,
    ) -> PathBuf {
        let name = command.steps.get(step).map_or("", |s| s.name.as_str());
        self.command_folder(scope, &command.id)
            .join(component(instance_id))
            .join(component(&format!("{step}.{name}")))
    }
}

/// What a step wrote, at most `limit` characters of each stream (and one more, to see whether there is more).
pub(crate) struct Output {
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error, with the words of the cloud behind it.
    pub(crate) stderr: String,
}

/// The beginning of a file; a missing one (nothing ran, or it was swept) is empty.
async fn head(path: PathBuf, limit: usize) -> String {
    let Ok(file) = tokio::fs::File::open(&path).await else { return String::new() };
    let mut bytes = Vec::new();
    // A character has at most four bytes.
    let most = (limit as u64 + 1) * 4;
    if let Err(error) = file.take(most).read_to_end(&mut bytes).await {
        tracing::warn!(%error, path = %path.display(), "output cannot be read");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads what a step wrote; the cloud's own words about its end stand behind its errors, as the agent puts them.
pub(crate) async fn read(folder: PathBuf, result: &StepResult) -> Output {
    let stdout = head(folder.join("stdout"), STDOUT_SHOWN).await;
    let mut stderr = head(folder.join("stderr"), STDERR_SHOWN).await;
    let mut stdout = stdout;
    if let Some(note) = &result.note {
        // A step that was skipped without failing says so on its standard output.
        let to = if result.code == 0 { &mut stdout } else { &mut stderr };
        to.push_str(note);
    }
    Output { stdout, stderr }
}

/// At most `limit` characters, the mark included if anything was cut.
fn cut(text: &str, limit: usize, mark: &str) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(mark.chars().count())).collect();
    kept + mark
}

impl Output {
    /// `StandardOutputContent`.
    pub(crate) fn stdout_shown(&self) -> String {
        cut(&self.stdout, STDOUT_SHOWN, STDOUT_CUT)
    }

    /// `StandardErrorContent`.
    pub(crate) fn stderr_shown(&self) -> String {
        cut(&self.stderr, STDERR_SHOWN, STDERR_CUT)
    }

    /// `Output` of a plugin: both streams in 2,500 characters; each may use what the other leaves.
    pub(crate) fn both_shown(&self) -> String {
        if self.stderr.is_empty() {
            return cut(&self.stdout, BOTH_SHOWN, STDOUT_CUT);
        }
        let room = BOTH_SHOWN - BETWEEN.chars().count();
        let (out, err) = (self.stdout.chars().count(), self.stderr.chars().count());
        let for_err = err.min(room / 2).max(room.saturating_sub(out).min(err));
        let for_out = room - for_err;
        cut(&self.stdout, for_out, STDOUT_CUT) + BETWEEN + &cut(&self.stderr, for_err, STDERR_CUT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_output_is_cut_and_marked() {
        let output = Output { stdout: "ä".repeat(24_001), stderr: "e".repeat(8_000) };
        let shown = output.stdout_shown();
        assert_eq!(shown.chars().count(), STDOUT_SHOWN);
        assert!(shown.ends_with("---Output truncated---"));
        assert_eq!(output.stderr_shown(), "e".repeat(8_000));
    }

    #[test]
    fn both_streams_share_their_room() {
        for (out, err) in [(0, 10), (10, 0), (10, 10), (5_000, 10), (10, 5_000), (5_000, 5_000)] {
            let output = Output { stdout: "o".repeat(out), stderr: "e".repeat(err) };
            let shown = output.both_shown();
            assert!(shown.chars().count() <= BOTH_SHOWN, "{out} {err}");
            assert_eq!(shown.contains("ERROR"), err > 0);
            assert_eq!(shown.contains("Output truncated"), out > 2_500);
            assert_eq!(shown.contains("Error truncated"), err > 2_500);
        }
    }

    #[test]
    fn no_name_leads_out_of_its_folder() {
        for (text, expected) in
            [("..", "_.."), ("", "_"), ("a/../b", "a_.._b"), ("0.aws:x", "0.aws_x"), (".", "_.")]
        {
            assert_eq!(component(text), expected);
        }
    }
}
