//! Shape types, and the traits by which values are read and written.
//!
//! An API crate (`api/<service>`) holds plain structs plus one constant [`Shape`] per structure. A protocol
//! (`aws-wire`) is written once against [`Writer`], [`Reader`] and the shapes, and so is right for every service.
#![forbid(unsafe_code)]

mod debug;
mod enumeration;
mod fault;
mod operation;
mod shape;
mod shared;
#[cfg(test)]
mod tests;
mod timestamp;
mod validate;
mod value;

pub use debug::debug_structure;
pub use fault::{Fault, FaultKind};
pub use operation::{ErrorSpec, Operation, OperationSpec, Protocol, ServiceSpec};
pub use shape::{Kind, Limits, Location, Member, Shape, TimestampFormat};
pub use shared::{Kept, Shared};
pub use timestamp::Timestamp;
pub use validate::{Violation, violations};
pub use value::{
    Blob, Document, Element, ReadError, ReadMembers, ReadValue, Reader, Structure, Unit, WriteEntries,
    WriteItems, WriteMembers, WriteValue, Writer,
};

/// Parts the generated code names; not for hand-written code.
pub mod generated {
    pub use std::borrow::Cow;
    pub use std::collections::BTreeMap;
}
