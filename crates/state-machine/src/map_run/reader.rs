//! Items in texts: what `ItemReader` reads (developer guide, "ItemReader"; recordings for details and sentences).

use super::csv::Rows;
use crate::history::Failure;
use crate::program;
use crate::text::{Node, parse_value};
use crate::value::{Map, Value};
use std::sync::Arc;

/// Items one after the other, each or the reason why there are no more.
pub type Items = Box<dyn Iterator<Item = Result<Value, Failure>> + Send>;

/// How the text of an object is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemFormat {
    /// `InputType`; JSON unless written.
    pub input_type: Option<Arc<str>>,
    /// Column names, where the first row does not give them.
    pub headers: Option<Arc<[Arc<str>]>>,
    /// Between columns.
    pub delimiter: u8,
    /// `ItemsPointer`: the array within a JSON text, as a JSON pointer.
    pub pointer: Option<Arc<str>>,
}

/// The error of everything here.
fn failed(cause: impl Into<Arc<str>>) -> Failure {
    Failure::new("States.ItemReaderFailed", cause)
}

impl ItemFormat {
    /// What the reader of a Map state says.
    pub fn of(reader: &program::Reader) -> ItemFormat {
        ItemFormat {
            input_type: reader.input_type.clone(),
            headers: reader.csv_headers.as_ref().map(|headers| Arc::from(&**headers)),
            delimiter: reader.csv_delimiter,
            pointer: reader.pointer.clone(),
        }
    }

    /// The items in a text. CSV and JSONL are read line by line while they are taken, JSON at once.
    ///
    /// Fails with `States.ItemReaderFailed`.
    pub fn items(&self, body: Vec<u8>) -> Result<Items, Failure> {
        let text = String::from_utf8(body).map_err(|_| failed("The input is not encoded in UTF-8."))?;
        match self.input_type.as_deref() {
            None | Some("JSON") => self.json(&text),
            Some("JSONL") => Ok(Box::new(lines(text))),
            Some("CSV") => self.csv(text),
            Some(other) => Err(failed(format!("Items of type {other} cannot be read from a text."))),
        }
    }

    fn json(&self, text: &str) -> Result<Items, Failure> {
        let mut value = parse_value(text).map_err(|error| failed(format!("Invalid JSON: {error}")))?;
        if let Some(pointer) = &self.pointer {
            let found = at(&value, pointer).cloned();
            value = found.ok_or_else(|| failed(format!("There is nothing at the pointer '{pointer}'.")))?;
        }
        match value {
            Value::Array(items) => {
                let count = items.len();
                Ok(Box::new((0..count).filter_map(move |place| items.get(place).cloned().map(Ok))))
            }
            _ => Err(failed("Attempting to map over non-iterable node.")),
        }
    }

    fn csv(&self, text: String) -> Result<Items, Failure> {
        let mut rows = Rows::new(text, self.delimiter);
        let headers: Arc<[Arc<str>]> = match &self.headers {
            Some(headers) => headers.clone(),
            None => rows.next().unwrap_or_default().into_iter().map(Arc::from).collect(),
        };
        let distinct: std::collections::HashSet<_> = headers.iter().collect();
        if distinct.len() < headers.len() {
            return Err(failed("CSV headers cannot contain duplicates."));
        }
        Ok(Box::new(rows.map(move |row| Ok(record(&headers, row)))))
    }
}

/// A row by its headers: what is too much is dropped, what is missing is empty.
fn record(headers: &[Arc<str>], row: Vec<String>) -> Value {
    let cells = row.into_iter().map(Arc::from).chain(std::iter::repeat_with(Arc::default));
    let members: Map = headers.iter().cloned().zip(cells.map(Value::String)).collect();
    members.into()
}

fn lines(text: String) -> impl Iterator<Item = Result<Value, Failure>> + Send {
    let mut from = 0;
    let lines = std::iter::from_fn(move || {
        let rest = text.get(from..).filter(|rest| !rest.is_empty())?;
        let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
        from += length;
        Some(rest[..length].trim().to_owned())
    });
    lines
        .filter(|line| !line.is_empty())
        .map(|line| parse_value(&line).map_err(|error| failed(format!("Invalid JSON line: {error}"))))
}

/// The value at a JSON pointer (RFC 6901).
fn at<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    let mut value = value;
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        value = match value {
            Value::Object(members) => members.get(&*part)?,
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

/// What an inventory manifest lists: the columns of its files, and their keys (`InputType` MANIFEST).
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// How its files are read.
    pub format: ItemFormat,
    /// Keys of its files.
    pub keys: Vec<Arc<str>>,
}

/// Reads `manifest.json` of an inventory (Amazon S3 user guide, "Locating your inventory list").
///
/// Fails with `States.ItemReaderFailed`.
pub fn manifest(body: &str) -> Result<Manifest, Failure> {
    let node = crate::text::read(body).map_err(|error| failed(format!("Invalid manifest: {error}")))?;
    if node.get("fileFormat").and_then(Node::as_str).is_some_and(|format| format != "CSV") {
        return Err(failed("Only inventories in CSV can be read."));
    }
    let schema = node.get("fileSchema").and_then(Node::as_str);
    let schema = schema.ok_or_else(|| failed("The manifest has no fileSchema."))?;
    let files = node.get("files").map(Node::items).unwrap_or_default();
    let keys =
        files.iter().filter_map(|file| file.get("key").and_then(Node::as_str)).map(Arc::from).collect();
    let headers = schema.split(',').map(|column| Arc::from(column.trim())).collect();
    let format =
        ItemFormat { input_type: Some("CSV".into()), headers: Some(headers), delimiter: b',', pointer: None };
    Ok(Manifest { format, keys })
}
