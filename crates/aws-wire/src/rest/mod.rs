//! What restJson1 and restXml have in common: members in headers, query string, labels and status, and the payload.

mod bindings;
mod read;
mod scalar;
mod write;

pub(crate) use bindings::Bindings;
pub(crate) use read::{Incoming, read_message};
pub(crate) use write::{Body, root_of, write_body};
