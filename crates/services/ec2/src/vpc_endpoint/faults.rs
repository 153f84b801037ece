//! Faults of endpoints. These operations answer `InvalidParameter` where others say `InvalidParameterValue`.

use aws_schema::Fault;

/// `InvalidParameter`.
pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidParameter", message)
}

/// `InvalidServiceName`.
pub(super) fn no_service(name: &str) -> Fault {
    let shown: String = name.chars().take(200).collect();
    Fault::sender("InvalidServiceName", format!("The Vpc Endpoint Service '{shown}' does not exist"))
}

/// `VpcEndpointLimitExceeded`.
pub(super) fn too_many(vpc_id: &str) -> Fault {
    let message = format!("The maximum number of VPC endpoints has been reached for {vpc_id}.");
    Fault::sender("VpcEndpointLimitExceeded", message)
}
