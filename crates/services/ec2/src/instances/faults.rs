//! Faults about instances (AWS: "Error codes for the Amazon EC2 API").

use aws_schema::Fault;

/// `IncorrectInstanceState`.
pub(super) fn incorrect_state(message: impl Into<String>) -> Fault {
    Fault::sender("IncorrectInstanceState", message)
}

/// An operation that needs a stopped instance.
pub(super) fn not_stopped(id: &str) -> Fault {
    incorrect_state(format!("The instance '{id}' is not in the 'stopped' state."))
}

/// Termination or stop protection is on.
pub(super) fn protected(id: &str, verb: &str, attribute: &str) -> Fault {
    crate::faults::not_permitted(format!(
        "The instance '{id}' may not be {verb}. Modify its '{attribute}' instance attribute and try again."
    ))
}

/// No host can carry this type.
pub(super) fn no_capacity(instance_type: &str, zone: &str) -> Fault {
    Fault::sender(
        "InsufficientInstanceCapacity",
        format!(
            "We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested \
             ({zone}). No host of this cloud offers the hardware that {instance_type} needs."
        ),
    )
    .with_status(500)
}

/// Over the quota on virtual processors.
pub(super) fn vcpu_limit(limit: i64) -> Fault {
    Fault::sender(
        "VcpuLimitExceeded",
        format!(
            "You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the instance \
             bucket that the specified instance type belongs to. Please visit \
             http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
        ),
    )
}

/// Over the quota on instances.
pub(super) fn instance_limit(wanted: usize, limit: usize) -> Fault {
    Fault::sender(
        "InstanceLimitExceeded",
        format!(
            "You have requested more instances ({wanted}) than your current instance limit of {limit} allows for the \
             specified instance type. Please visit http://aws.amazon.com/contact-us/ec2-request to request an \
             adjustment to this limit."
        ),
    )
}
