//! XML: responses of the query protocols, and both directions of restXml.

mod reader;
mod tree;
mod writer;

pub(crate) use reader::XmlReader;
pub(crate) use tree::Element;
pub(crate) use writer::XmlWriter;
