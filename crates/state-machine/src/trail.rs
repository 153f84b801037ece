//! Places in a definition: `State Machine.States.A` for statelint, `/States/A` for the real service, `Output/a[0]` within a
//! state.

use std::fmt::Write as _;

/// One step from an object or array into it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    Field(&'a str),
    Index(usize),
}

/// The way to a node, as a chain of steps on the stack of the walk: nothing is written down before something is wrong.
#[derive(Clone, Copy)]
pub(crate) struct Trail<'a> {
    up: Option<&'a Trail<'a>>,
    step: Step<'a>,
}

/// The name of the whole, in statelint's words.
const ROOT: &str = "State Machine";

impl<'a> Trail<'a> {
    pub(crate) const ROOT: Trail<'static> = Trail { up: None, step: Step::Field(ROOT) };

    /// A way that begins at a field of a state.
    pub(crate) fn of(field: &'a str) -> Trail<'a> {
        Trail { up: None, step: Step::Field(field) }
    }

    pub(crate) fn field(&'a self, name: &'a str) -> Trail<'a> {
        Trail { up: Some(self), step: Step::Field(name) }
    }

    pub(crate) fn index(&'a self, index: usize) -> Trail<'a> {
        Trail { up: Some(self), step: Step::Index(index) }
    }

    /// The name of the last field; empty at an index.
    pub(crate) fn name(&self) -> &str {
        match self.step {
            Step::Field(name) => name,
            Step::Index(_) => "",
        }
    }

    /// `State Machine.States.A.Choices[0]`.
    pub(crate) fn dotted(&self) -> String {
        self.written('.')
    }

    /// `Output/a[0]`, for a way that begins at a field.
    pub(crate) fn within_state(&self) -> String {
        self.written('/')
    }

    /// `/States/A/Choices[0]`; the whole is `/`.
    pub(crate) fn pointer(&self) -> String {
        let mut text = self.written('/');
        text.drain(..ROOT.len());
        if text.is_empty() {
            text.push('/');
        }
        text
    }

    fn written(&self, separator: char) -> String {
        let mut text = String::new();
        self.write(&mut text, separator);
        text
    }

    fn write(&self, text: &mut String, separator: char) {
        // Recursion is bounded by the reader's depth.
        if let Some(up) = self.up {
            up.write(text, separator);
        }
        match self.step {
            Step::Field(name) => {
                if self.up.is_some() {
                    text.push(separator);
                }
                text.push_str(name);
            }
            // Writing to a text cannot fail.
            Step::Index(index) => drop(write!(text, "[{index}]")),
        }
    }
}
