//! Map states.

use super::Compiler;
use super::site::{Site, text};
use crate::program::{Batcher, CompileError, Distributed, Items, Map, Reader, Resource, Writer};
use crate::template::{Language, Template};
use crate::text::{Kind, Node};
use std::sync::Arc;

impl<'a> Compiler<'a> {
    pub(super) fn map(&mut self, site: &Site<'a, '_>) -> Result<Map, CompileError> {
        let field = if site.node.get("ItemProcessor").is_some() { "ItemProcessor" } else { "Iterator" };
        let processor = site.node.get(field).filter(|node| node.is_object());
        let processor = processor.ok_or_else(|| site.error("ItemProcessor", "an object is required"))?;
        let config = processor.get("ProcessorConfig");
        let config = |name: &str| config.and_then(|config| config.get(name)).and_then(Node::as_str);
        let distributed = match config("Mode") {
            Some("DISTRIBUTED") => {
                Some(Box::new(distributed(site, config("ExecutionType") == Some("EXPRESS"))?))
            }
            _ => None,
        };
        let scope = self.reserve(processor, Some(site.index), format!("{}/{field}", site.path));
        let selector = match site.template("ItemSelector")? {
            None if site.language == Language::JsonPath => site.template("Parameters")?,
            selector => selector,
        };
        Ok(Map {
            items: items(site)?,
            selector,
            processor: scope,
            max_concurrency: site.amount(site.node, "", "MaxConcurrency")?,
            distributed,
        })
    }
}

fn items(site: &Site<'_, '_>) -> Result<Items, CompileError> {
    if site.language == Language::Jsonata {
        return Ok(site.template("Items")?.map_or(Items::Input, Items::Made));
    }
    Ok(site.path_in(site.node, "ItemsPath")?.map_or(Items::Input, Items::Found))
}

fn distributed(site: &Site<'_, '_>, express: bool) -> Result<Distributed, CompileError> {
    let reader = site.node.get("ItemReader").map(|node| reader(site, node)).transpose()?;
    let batcher = match site.node.get("ItemBatcher") {
        None => None,
        Some(node) => Some(Batcher {
            max_items: site.amount(node, "ItemBatcher/", "MaxItemsPerBatch")?,
            max_bytes: site.amount(node, "ItemBatcher/", "MaxInputBytesPerBatch")?,
            input: site.template_in(node, "ItemBatcher/", "BatchInput")?,
        }),
    };
    let writer = match site.node.get("ResultWriter") {
        None => None,
        Some(node) => {
            let config = node.get("WriterConfig");
            Some(Writer {
                resource: text(node, "Resource").and_then(|arn| Resource::parse(&arn)),
                parameters: parameters(site, node, "ResultWriter/")?,
                output_type: config.and_then(|config| text(config, "OutputType")),
                transformation: config.and_then(|config| text(config, "Transformation")),
            })
        }
    };
    Ok(Distributed {
        express,
        label: site.text("Label"),
        reader,
        batcher,
        writer,
        tolerated_count: site.amount(site.node, "", "ToleratedFailureCount")?,
        tolerated_percentage: site.amount(site.node, "", "ToleratedFailurePercentage")?,
    })
}

fn parameters(site: &Site<'_, '_>, node: &Node, place: &str) -> Result<Option<Template>, CompileError> {
    site.template_in(node, place, if site.language == Language::Jsonata { "Arguments" } else { "Parameters" })
}

fn reader(site: &Site<'_, '_>, node: &Node) -> Result<Reader, CompileError> {
    let resource = text(node, "Resource").and_then(|arn| Resource::parse(&arn));
    let config = node.get("ReaderConfig");
    let field = |name: &str| config.and_then(|config| text(config, name));
    let headers = config.and_then(|config| config.get("CSVHeaders")).filter(|headers| headers.is_array());
    let headers = headers.filter(|_| field("CSVHeaderLocation").as_deref() == Some("GIVEN"));
    let delimiter = match field("CSVDelimiter").as_deref() {
        Some("PIPE") => b'|',
        Some("SEMICOLON") => b';',
        Some("SPACE") => b' ',
        Some("TAB") => b'\t',
        _ => b',',
    };
    Ok(Reader {
        resource: resource
            .ok_or_else(|| site.error("ItemReader", "the resource is nothing items can be read from"))?,
        parameters: parameters(site, node, "ItemReader/")?,
        input_type: field("InputType"),
        csv_headers: headers.map(|headers| {
            let text = |node: &Node| match &node.kind {
                Kind::String(text) => text.clone(),
                _ => Arc::default(),
            };
            headers.items().iter().map(text).collect()
        }),
        csv_delimiter: delimiter,
        pointer: field("ItemsPointer"),
        max_items: match config {
            Some(config) => site.amount(config, "ItemReader/ReaderConfig/", "MaxItems")?,
            None => None,
        },
    })
}
