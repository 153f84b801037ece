//! JSON, streamed between text and values without a tree in between.

mod lexer;
mod reader;
mod writer;

pub(crate) use reader::JsonReader;
pub(crate) use writer::JsonWriter;
