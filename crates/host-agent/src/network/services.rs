//! What a VPC offers to machines, and who listens to its router: sockets opened inside, served by this process.

use super::Outcome;
use super::watch::{Ears, Outlook, attend, listen};
use super::worker::Worker;
use crate::dns::VpcNames;
use network_plan::{EniKind, METADATA_V4, VpcInput};
use records::VpcEndpoint;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Where an interface endpoint answers. (HTTPS comes with certificates.)
const ENDPOINT_PORT: u16 = 80;

/// The services of one VPC. They end when this is dropped.
#[derive(Default)]
pub(super) struct Services {
    metadata: Option<Running>,
    names: Option<VpcNames>,
    /// By interface.
    endpoints: BTreeMap<String, Vec<Running>>,
    ears: Option<Running>,
    /// Listeners in NAT gateways, by interface.
    outposts: BTreeMap<String, Running>,
}

impl Services {
    /// Whether an endpoint of the VPC does not answer yet.
    pub(super) fn lacks_endpoints(&self, input: &VpcInput) -> bool {
        let mut endpoints = input.enis.iter().filter(|eni| eni.kind == EniKind::Endpoint);
        endpoints.any(|eni| !self.endpoints.contains_key(&eni.id))
    }
}

/// A task that ends with its owner.
pub(super) struct Running(JoinHandle<()>);

impl Running {
    fn is_over(&self) -> bool {
        self.0.is_finished()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Worker {
    /// Starts what is not yet served in a VPC whose plan was applied, and ends what it no longer has.
    pub(super) fn serve(&mut self, vpc_id: &str, input: &VpcInput) -> Outcome {
        self.serve_metadata(vpc_id)?;
        self.serve_names(vpc_id, input)?;
        self.serve_endpoints(vpc_id, input)?;
        // Packets are judged all the same when nobody can listen.
        self.watch(vpc_id)
            .unwrap_or_else(|error| tracing::warn!(vpc_id, %error, "the router cannot be listened to"));
        Ok(())
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

    /// Listens behind the interfaces of endpoints; what answers there comes through the seam.
    pub(super) fn serve_endpoints(&mut self, vpc_id: &str, input: &VpcInput) -> Outcome {
        let Some(vpc) = self.vpcs.get_mut(vpc_id) else { return Ok(()) };
        let endpoints = || input.enis.iter().filter(|eni| eni.kind == EniKind::Endpoint);
        vpc.services.endpoints.retain(|id, _| endpoints().any(|eni| eni.id == *id));
        let Some(services) = self.start.endpoints.get().cloned() else { return Ok(()) };
        let scope = vpc.scope.clone();
        for eni in endpoints() {
            if self.vpcs.get(vpc_id).is_none_or(|vpc| vpc.services.endpoints.contains_key(&eni.id)) {
                continue;
            }
            let found = self.start.store.by_index::<VpcEndpoint>(&scope, "interface", &eni.id);
            let Some(endpoint) = found.first() else { continue };
            let mut running = Vec::new();
            let v4 = eni.private_v4.iter().copied().map(IpAddr::V4);
            for address in v4.chain(eni.v6.iter().copied().map(IpAddr::V6)) {
                let address = SocketAddr::from((address, ENDPOINT_PORT));
                let listener = self.network()?.listen_behind(vpc_id, &eni.id, address);
                let listener = listener.map_err(|e| e.to_string())?;
                listener.set_nonblocking(true).map_err(|e| e.to_string())?;
                let serving = services.serve(scope.clone(), endpoint.id.clone(), listener);
                running.push(Running(self.start.runtime.spawn(serving)));
            }
            if let Some(vpc) = self.vpcs.get_mut(vpc_id) {
                vpc.services.endpoints.insert(eni.id.clone(), running);
            }
        }
        Ok(())
    }

    /// Listens wherever a packet of a VPC can be dropped, if anybody wants to know; one place that cannot be listened to
    /// makes nobody deaf to the others.
    pub(super) fn watch(&mut self, vpc_id: &str) -> Outcome {
        // What ends there is in no VPC's list.
        self.watch_edge().unwrap_or_else(|error| tracing::warn!(%error, "the edge cannot be listened to"));
        if !self.start.board.is_wanted(vpc_id) {
            return Ok(());
        }
        let router = self.watch_router(vpc_id);
        self.watch_gateways(vpc_id).and(router)
    }

    /// Listens to the router if nobody does yet.
    fn watch_router(&mut self, vpc_id: &str) -> Outcome {
        let Some(vpc) = self.vpcs.get(vpc_id) else { return Ok(()) };
        if vpc.services.ears.as_ref().is_some_and(|task| !task.is_over()) {
            return Ok(());
        }
        let network = self.network()?;
        let drops = network.listen_to_drops(vpc_id).map_err(|e| e.to_string())?;
        let (flows, table) = network.listen_to_flows(vpc_id).map_err(|e| e.to_string())?;
        let ears = Ears { drops, flows, table };
        let task = listen(self.start.board.clone(), vpc_id.to_owned(), ears);
        let running = Running(self.start.runtime.spawn(task));
        if let Some(vpc) = self.vpcs.get_mut(vpc_id) {
            vpc.services.ears = Some(running);
        }
        Ok(())
    }

    /// Listens to the edge if anybody wants to know what ends there and nobody listens yet.
    pub(super) fn watch_edge(&mut self) -> Outcome {
        let listening = self.edge_ears.as_ref().is_some_and(|task| !task.is_over());
        let Some(network) = &mut self.network else { return Ok(()) };
        if listening || !self.start.board.wants_edge() {
            return Ok(());
        }
        let drops = network.listen_to_edge().map_err(|e| e.to_string())?;
        let task = attend(self.start.board.clone(), Outlook::Edge, drops);
        self.edge_ears = Some(Running(self.start.runtime.spawn(task)));
        Ok(())
    }

    /// The same for the NAT gateways of a VPC that somebody is interested in.
    fn watch_gateways(&mut self, vpc_id: &str) -> Outcome {
        let (Some(network), Some(vpc)) = (&mut self.network, self.vpcs.get_mut(vpc_id)) else {
            return Ok(());
        };
        let Some(known) = self.start.board.known(vpc_id) else { return Ok(()) };
        let input = known.input.read().clone();
        vpc.services.outposts.retain(|eni, task| {
            !task.is_over() && input.nat_gateways.iter().any(|gateway| gateway.eni_id == *eni)
        });
        for gateway in &input.nat_gateways {
            let interface = gateway.eni_id.clone();
            if vpc.services.outposts.contains_key(&interface) {
                continue;
            }
            let drops = network.listen_behind_to_drops(vpc_id, &interface).map_err(|e| e.to_string())?;
            let (vpc_id, id) = (vpc_id.to_owned(), gateway.id.clone());
            let outlook = Outlook::Gateway { vpc: vpc_id, gateway: id, interface: interface.clone() };
            let task = self.start.runtime.spawn(attend(self.start.board.clone(), outlook, drops));
            vpc.services.outposts.insert(interface, Running(task));
        }
        Ok(())
    }
}
