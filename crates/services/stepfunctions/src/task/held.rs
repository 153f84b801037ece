//! Tasks that wait here to be done: whole while there is room for them, and as tokens beyond it, by which the engine tells
//! them again. So what waits is bounded in memory, however many executions there are.

use execution_engine::{Dispatch, Engine, Unreadable};
use state_machine::{Number, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of tasks that one place (the board, the desk) holds whole; so little in tests that it is soon full.
const ROOM: usize = if cfg!(test) { 32 << 10 } else { 64 << 20 };
/// Bytes of a task beside its texts, about.
const BESIDE: usize = 1_024;

/// A task that waits.
#[derive(Debug)]
pub(crate) enum Held {
    /// As it was dispatched, and the bytes for which it counts.
    Whole(Box<Dispatch>, usize),
    /// Its token, and whether the cloud was restarted since it was first dispatched.
    Token(Arc<str>, bool),
}

/// How much is held whole.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    bytes: AtomicUsize,
}

impl Shelf {
    /// Takes a task in.
    pub(crate) fn hold(&self, dispatch: Dispatch) -> Held {
        let weight = BESIDE + dispatch.execution.input.len() + size(&dispatch.task.input);
        let before = self.bytes.fetch_add(weight, Ordering::Relaxed);
        if before.saturating_add(weight) <= ROOM {
            return Held::Whole(Box::new(dispatch), weight);
        }
        self.bytes.fetch_sub(weight, Ordering::Relaxed);
        Held::Token(dispatch.task.token, dispatch.again)
    }

    /// A task leaves. Every one that was taken in must.
    pub(crate) fn let_go(&self, held: &Held) {
        if let Held::Whole(_, weight) = held {
            self.bytes.fetch_sub(*weight, Ordering::Relaxed);
        }
    }
}

impl Held {
    /// Its token.
    pub(crate) fn token(&self) -> &Arc<str> {
        match self {
            Held::Whole(dispatch, _) => &dispatch.task.token,
            Held::Token(token, _) => token,
        }
    }

    /// The whole task; `None` when nobody waits for it any more.
    ///
    /// # Errors
    /// The engine cannot tell it just now; `self` is as good as before.
    pub(crate) async fn whole(&self, engine: &Engine) -> Result<Option<Dispatch>, Unreadable> {
        match self {
            Held::Whole(dispatch, _) => Ok(Some((**dispatch).clone())),
            Held::Token(token, again) => {
                let found = engine.task(token).await?;
                Ok(found.map(|dispatch| Dispatch { again: *again, ..dispatch }))
            }
        }
    }
}

/// Bytes of a value, about.
fn size(value: &Value) -> usize {
    const CELL: usize = size_of::<Value>();
    CELL + match value {
        Value::Null | Value::Bool(_) | Value::Number(Number::Int(_) | Number::Float(_)) => 0,
        Value::Number(Number::Big(text)) | Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| 4 * CELL + name.len() + size(value)).sum()
        }
    }
}
