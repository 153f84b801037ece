//! What a VPC's router offers to machines: sockets opened inside, served by this process.

use super::Outcome;
use super::worker::Worker;
use crate::dns::VpcNames;
use network_plan::{METADATA_V4, VpcInput};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The services of one VPC. They end when this is dropped.
#[derive(Default)]
pub(super) struct Services {
    metadata: Option<Running>,
    names: Option<VpcNames>,
}

/// A task that ends with its owner.
pub(super) struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Worker {
    /// Starts what is not yet served in a VPC whose plan was applied.
    pub(super) fn serve(&mut self, vpc_id: &str, input: &VpcInput) -> Outcome {
        self.serve_metadata(vpc_id)?;
        self.serve_names(vpc_id, input)
    }

    /// Opens sockets at addresses of the name server that have come since.
    fn serve_names(&mut self, vpc_id: &str, input: &VpcInput) -> Outcome {
        // Opened by the plan that was just applied.
        let (Some(resolver), Some(network)) = (&self.start.resolver, &mut self.network) else {
            return Ok(());
        };
        let Some(vpc) = self.vpcs.get_mut(vpc_id) else { return Ok(()) };
        let names =
            vpc.services.names.get_or_insert_with(|| VpcNames::new(resolver.clone(), &vpc.scope, vpc_id));
        names.follow(network, input)
    }

    fn serve_metadata(&mut self, vpc_id: &str) -> Outcome {
        if self.vpcs.get(vpc_id).is_none_or(|v| v.services.metadata.is_some()) {
            return Ok(());
        }
        let address = SocketAddr::from((METADATA_V4, 80));
        let listener = self.network()?.listen_in_vpc(vpc_id, address).map_err(|e| e.to_string())?;
        listener.set_nonblocking(true).map_err(|e| e.to_string())?;
        let _inside = self.start.runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|e| e.to_string())?;
        let Some(vpc) = self.vpcs.get_mut(vpc_id) else { return Ok(()) };
        let serving = self.start.metadata.clone().serve(vpc.scope.clone(), Arc::from(vpc_id), listener);
        vpc.services.metadata = Some(Running(self.start.runtime.spawn(serving)));
        Ok(())
    }
}
