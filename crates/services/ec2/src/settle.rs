//! Answers wait until the kernel enforces what the records say.

use crate::{Ec2, faults};
use aws_schema::Fault;
use contracts::Change;
use state_store::typed::Scope;

impl Ec2 {
    /// Waits until the data plane enforces the records of a VPC as of `change`.
    ///
    /// # Errors
    /// `InternalError` with the kernel's words when it refused them, and what became of the records: they were put back,
    /// or had to stay because somebody changed them meanwhile. See `Platform::settle`.
    pub(crate) async fn settled(&self, scope: &Scope, vpc_id: &str, change: Change) -> Result<(), Fault> {
        self.platform.settle(scope, vpc_id, change).await.map_err(faults::internal)
    }
}
