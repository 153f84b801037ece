//! Attributes of one instance: describe, modify, reset.

mod change;
mod describe;
mod modify;
mod wanted;

pub(super) use describe::describe_instance_attribute;
pub(super) use modify::{modify_instance_attribute, reset_instance_attribute};

use aws_schema::Fault;

/// The fault for an operation on the only interface of an instance that has several.
fn several_interfaces(id: &str) -> Fault {
    Fault::sender(
        "InvalidInstanceID",
        format!(
            "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the operation \
             instead."
        ),
    )
}
