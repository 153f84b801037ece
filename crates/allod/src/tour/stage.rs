//! How the tour speaks: numbered steps, the `aws` command each equals, what was observed.

use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

/// Prints the story and counts what did not hold.
pub(super) struct Stage {
    colour: bool,
    step: usize,
    steps: usize,
    begun: Instant,
}

impl Stage {
    #[expect(clippy::disallowed_methods, reason = "shows a reader how long things took")]
    pub(super) fn new(plain: bool, steps: usize) -> Stage {
        Stage { colour: !plain && std::io::stdout().is_terminal(), step: 0, steps, begun: Instant::now() }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn line(text: &str) {
        let mut out = std::io::stdout().lock();
        // A reader that went away does not stop the tour: its end still cleans up.
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }

    /// Begins the next step.
    #[allow(clippy::disallowed_methods)]
    pub(super) fn step(&mut self, title: &str) {
        self.step += 1;
        let number = self.paint("1;36", &format!("{:>2}/{}", self.step, self.steps));
        let time = self.paint("2", &format!("{:6.2} s", self.begun.elapsed().as_secs_f64()));
        Self::line(&format!("\n{number}  {}  {time}", self.paint("1", title)));
    }

    /// The command a user would type.
    pub(super) fn command(&self, text: &str) {
        Self::line(&format!("       {}", self.paint("2", &format!("$ aws {text}"))));
    }

    /// Something that was seen to be so.
    pub(super) fn seen(&self, text: &str) {
        Self::line(&format!("     {} {text}", self.paint("32", "✓")));
    }

    /// Further lines, such as output or a picture.
    #[allow(clippy::unused_self)] // the stage speaks, here as elsewhere
    pub(super) fn show(&self, text: &str) {
        for line in text.lines() {
            Self::line(&format!("       {line}"));
        }
    }

    /// Something that should have been seen and was not.
    pub(super) fn failed(&self, text: &str) {
        Self::line(&format!("     {} {text}", self.paint("31", "✗")));
    }

    /// The closing words.
    #[allow(clippy::disallowed_methods)]
    pub(super) fn close(&self, good: bool) {
        let time = self.begun.elapsed().as_secs_f64();
        let words = if good {
            self.paint("1;32", &format!("Every step was observed to hold. {time:.1} s."))
        } else {
            self.paint("1;31", &format!("Not everything held; see ✗ above. {time:.1} s."))
        };
        Self::line(&format!("\n{words}"));
    }
}
