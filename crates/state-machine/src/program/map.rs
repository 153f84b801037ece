//! A compiled Map state.

use super::{Amount, Resource, ScopeIndex};
use crate::path::Path;
use crate::template::Template;
use std::sync::Arc;

/// A Map state.
#[derive(Debug)]
pub struct Map {
    /// Where its items come from.
    pub items: Items,
    /// `ItemSelector`, or `Parameters` of the older writing.
    pub selector: Option<Template>,
    /// The states each item goes through.
    pub processor: ScopeIndex,
    /// `MaxConcurrency`; 0 is the service's limit.
    pub max_concurrency: Option<Amount>,
    /// What it has as a distributed one.
    pub distributed: Option<Box<Distributed>>,
}

/// Items of a Map state.
#[derive(Debug)]
pub enum Items {
    /// The effective input itself.
    Input,
    /// `ItemsPath`.
    Found(Path),
    /// `Items`: a JSONata expression or a written array.
    Made(Template),
}

/// What only a distributed Map has.
#[derive(Debug)]
pub struct Distributed {
    /// Children are Express executions.
    pub express: bool,
    /// `Label`.
    pub label: Option<Arc<str>>,
    /// `ItemReader`.
    pub reader: Option<Reader>,
    /// `ItemBatcher`.
    pub batcher: Option<Batcher>,
    /// `ResultWriter`.
    pub writer: Option<Writer>,
    /// `ToleratedFailureCount`.
    pub tolerated_count: Option<Amount>,
    /// `ToleratedFailurePercentage`.
    pub tolerated_percentage: Option<Amount>,
}

/// `ItemReader`.
#[derive(Debug)]
pub struct Reader {
    /// `Resource`, such as `arn:aws:states:::s3:getObject`.
    pub resource: Resource,
    /// `Parameters` or `Arguments`.
    pub parameters: Option<Template>,
    /// `InputType`: CSV, JSON, JSONL, MANIFEST, PARQUET; `None` for listings of objects.
    pub input_type: Option<Arc<str>>,
    /// `CSVHeaderLocation` is GIVEN: these; otherwise the first row.
    pub csv_headers: Option<Box<[Arc<str>]>>,
    /// `CSVDelimiter` as the character it names.
    pub csv_delimiter: u8,
    /// `MaxItems`.
    pub max_items: Option<Amount>,
    /// `ItemsPointer`.
    pub pointer: Option<Arc<str>>,
}

/// `ItemBatcher`.
#[derive(Debug)]
pub struct Batcher {
    /// `MaxItemsPerBatch`.
    pub max_items: Option<Amount>,
    /// `MaxInputBytesPerBatch`.
    pub max_bytes: Option<Amount>,
    /// `BatchInput`.
    pub input: Option<Template>,
}

/// `ResultWriter`.
#[derive(Debug)]
pub struct Writer {
    /// `Resource`, where results go to a store.
    pub resource: Option<Resource>,
    /// `Parameters` or `Arguments`.
    pub parameters: Option<Template>,
    /// `OutputType` of `WriterConfig`.
    pub output_type: Option<Arc<str>>,
    /// `Transformation` of `WriterConfig`.
    pub transformation: Option<Arc<str>>,
}
