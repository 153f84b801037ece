//! A structure that more than one answer holds, and that need not be written twice.

use crate::shape::Member;
use crate::value::{Element, ReadError, ReadValue, Reader, Structure, WriteValue, Writer};
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A structure that is never changed again and is held by all answers that show it.
///
/// Lists of it stand where the errata of a model say `"shared": true` beside a list's member. One made by
/// [`Shared::remembering`] also keeps the text it was first written as, so that a second answer copies it.
pub struct Shared<T> {
    held: Arc<Held<T>>,
}

struct Held<T> {
    value: T,
    kept: Option<Kept>,
}

/// The text a structure was written as; empty until some [`Writer`] puts it there.
#[derive(Debug, Default)]
pub struct Kept(OnceLock<(&'static str, Box<str>)>);

impl Kept {
    /// The text, when it was written in this form. A writer names its form so that no other takes its text.
    pub fn text(&self, form: &'static str) -> Option<&str> {
        self.0.get().filter(|(written, _)| *written == form).map(|(_, text)| &**text)
    }

    /// Keeps the text; the first one stays.
    pub fn keep(&self, form: &'static str, text: &str) {
        self.0.get_or_init(|| (form, text.into()));
    }
}

impl<T> Shared<T> {
    /// One that keeps its text. For values that are shown again and again: the text takes its own memory.
    pub fn remembering(value: T) -> Shared<T> {
        Shared { held: Arc::new(Held { value, kept: Some(Kept::default()) }) }
    }

    /// The structure itself; copied when others hold it too.
    pub fn into_inner(self) -> T
    where
        T: Clone,
    {
        match Arc::try_unwrap(self.held) {
            Ok(held) => held.value,
            Err(held) => held.value.clone(),
        }
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Shared { held: Arc::new(Held { value, kept: None }) }
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.held.value
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared { held: Arc::clone(&self.held) }
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Structure> Element for Shared<T> {}

impl<T: Structure> WriteValue for Shared<T> {
    fn write(&self, member: &'static Member, writer: &mut dyn Writer) {
        match &self.held.kept {
            Some(kept) => writer.kept_structure(member, &self.held.value, kept),
            None => writer.structure(member, &self.held.value),
        }
    }
}

impl<T: Structure> ReadValue for Shared<T> {
    fn read(member: &'static Member, reader: &mut dyn Reader) -> Result<Self, ReadError> {
        T::read(member, reader).map(Shared::from)
    }
}
