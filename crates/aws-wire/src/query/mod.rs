//! Requests of awsQuery and ec2Query: the parameter tree `A.member.1.B=value` between forms and values.

mod names;
mod reader;
mod writer;

pub(crate) use names::Dialect;
pub(crate) use reader::{FormReader, Reading};
pub(crate) use writer::FormWriter;
