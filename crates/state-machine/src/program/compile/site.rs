//! A state under compilation, and how its fields are read.

use crate::jsonata::delimited;
use crate::path::{Path, ReferencePath};
use crate::program::{Amount, CompileError, Placement, Select, StateIndex, Text};
use crate::template::{Language, Template};
use crate::text::{Key, Kind, Node};
use std::collections::HashMap;
use std::sync::Arc;

/// A state under compilation.
pub(super) struct Site<'a, 'names> {
    pub(super) node: &'a Node,
    /// Where it stands, as a JSON pointer.
    pub(super) path: String,
    /// The states of its scope.
    pub(super) names: &'names HashMap<&'names str, StateIndex>,
    pub(super) language: Language,
    /// The index it will have.
    pub(super) index: StateIndex,
}

impl<'a> Site<'a, '_> {
    pub(super) fn error(&self, field: &str, message: impl Into<String>) -> CompileError {
        CompileError { message: message.into(), location: format!("{}/{field}", self.path) }
    }

    pub(super) fn text(&self, field: &str) -> Option<Arc<str>> {
        text(self.node, field)
    }

    pub(super) fn target(&self, node: &Node, field: &str) -> Result<StateIndex, CompileError> {
        let name = node.as_str().ok_or_else(|| self.error(field, "the name of a state is required"))?;
        let found = self.names.get(name).copied();
        found.ok_or_else(|| self.error(field, format!("no state here has the name '{name}'")))
    }

    /// A template in a field of the state.
    pub(super) fn template(&self, field: &str) -> Result<Option<Template>, CompileError> {
        self.template_in(self.node, "", field)
    }

    /// A template in a field of one of the state's parts, which stands at a place such as `Catch[0]/`.
    pub(super) fn template_in(
        &self,
        node: &Node,
        place: &str,
        field: &str,
    ) -> Result<Option<Template>, CompileError> {
        let Some(node) = node.get(field) else { return Ok(None) };
        let template = Template::compile(node, self.language, &format!("{place}{field}"));
        template.map(Some).map_err(|error| self.error(&error.location, error.message))
    }

    pub(super) fn path(&self, text: &str, field: &str) -> Result<Path, CompileError> {
        Path::compile(text).map_err(|error| self.error(field, error.to_string()))
    }

    /// The path in a field, where there is one.
    pub(super) fn path_in(&self, node: &Node, field: &str) -> Result<Option<Path>, CompileError> {
        let Some(node) = node.get(field) else { return Ok(None) };
        let text = node.as_str().ok_or_else(|| self.error(field, "a path is required"))?;
        self.path(text, field).map(Some)
    }

    pub(super) fn select(&self, field: &str) -> Result<Select, CompileError> {
        match self.node.get(field) {
            None => Ok(Select::All),
            Some(Node { kind: Kind::Null, .. }) => Ok(Select::Nothing),
            Some(_) => match self.path_in(self.node, field)? {
                Some(path) if !path.is_whole_input() => Ok(Select::At(path)),
                _ => Ok(Select::All),
            },
        }
    }

    pub(super) fn placement(&self, node: &'a Node, field: &str) -> Result<Placement, CompileError> {
        match node.get(field) {
            None => Ok(Placement::Replace),
            Some(Node { kind: Kind::Null, .. }) => Ok(Placement::Discard),
            Some(node) => {
                let text = node.as_str().ok_or_else(|| self.error(field, "a Reference Path is required"))?;
                if text == "$" {
                    return Ok(Placement::Replace);
                }
                let path =
                    ReferencePath::compile(text).map_err(|error| self.error(field, error.to_string()))?;
                Ok(Placement::At(path))
            }
        }
    }

    /// A text: as written, by `…Path`, or by an expression.
    pub(super) fn wording(&self, field: &str) -> Result<Option<Text>, CompileError> {
        if self.language == Language::Jsonata {
            return Ok(match self.text(field) {
                Some(text) if delimited(&text).is_none() => Some(Text::Fixed(text)),
                _ => self.template(field)?.map(Text::Made),
            });
        }
        let by_path = format!("{field}Path");
        match self.node.get(&by_path) {
            Some(node) if node.as_str().is_some_and(|text| text.starts_with("States.")) => {
                self.call(node, &by_path).map(|call| Some(Text::Called(call)))
            }
            Some(_) => Ok(self.path_in(self.node, &by_path)?.map(Text::Found)),
            None => Ok(self.text(field).map(Text::Fixed)),
        }
    }

    /// An intrinsic function outside of a payload template, as the only member of one.
    fn call(&self, node: &Node, field: &str) -> Result<Template, CompileError> {
        let key = Key { name: format!("{field}.$").into(), span: node.span.clone() };
        let members = Node { span: node.span.clone(), kind: Kind::Object(vec![(key, node.clone())]) };
        let template = Template::compile(&members, self.language, field);
        template.map_err(|error| self.error(field, error.message))
    }

    /// A number: as written, by `…Path`, or by an expression.
    pub(super) fn amount(
        &self,
        node: &Node,
        place: &str,
        field: &str,
    ) -> Result<Option<Amount>, CompileError> {
        if let Some(path) = self.path_in(node, &format!("{field}Path"))? {
            return Ok(Some(Amount::Found(path)));
        }
        let Some(value) = node.get(field) else { return Ok(None) };
        match (&value.kind, self.language) {
            (Kind::Number(text), _) => {
                let number = text.parse().map_err(|_| self.error(field, "a number is required"))?;
                Ok(Some(Amount::Fixed(number)))
            }
            (Kind::String(_), Language::Jsonata) => {
                Ok(self.template_in(node, place, field)?.map(Amount::Made))
            }
            _ => Err(self.error(field, "a number is required")),
        }
    }
}

/// The text in a field.
pub(super) fn text(node: &Node, field: &str) -> Option<Arc<str>> {
    match &node.get(field)?.kind {
        Kind::String(text) => Some(text.clone()),
        _ => None,
    }
}
