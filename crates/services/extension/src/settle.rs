//! Answers wait until the kernel enforces what the records say.

use crate::{Extension, faults};
use aws_schema::Fault;
use state_store::typed::Scope;

impl Extension {
    /// Waits until the data plane enforces the records of a VPC as of `revision`.
    ///
    /// # Errors
    /// `InternalError` with the kernel's words when it refused them; the records stay as they are.
    pub(crate) async fn settled(&self, scope: &Scope, vpc_id: &str, revision: u64) -> Result<(), Fault> {
        let settled = self.platform.network.settled(scope.clone(), vpc_id.to_owned(), revision).await;
        settled.map_err(|reason| {
            tracing::error!(vpc_id, reason, "the data plane refused a network");
            faults::internal(format!(
                "The change to {vpc_id} was recorded, but the host's network refused to enforce it: {reason}"
            ))
        })
    }
}
