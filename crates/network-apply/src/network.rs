//! The way in.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use network_plan::VpcPlan;

use crate::config::check_name;
use crate::edge::{EDGE_HANDLE, Edge};
use crate::router::{Router, vpc_index};
use crate::{
    ApplyError, Attachment, DropListener, FlowListener, FlowTable, HostConfig, Pressure, VpcCounters,
    appliance, netns, peering,
};

/// The network of one cloud on this host.
///
/// All calls are synchronous and return when the kernel has done the work. What
/// they make outlives this value and this process; [`Network::open`] finds it
/// again. Must be used from the host's own network namespace, and by one process
/// at a time.
pub struct Network {
    pub(crate) config: HostConfig,
    pub(crate) edge: Edge,
    pub(crate) vpcs: BTreeMap<String, Router>,
}

impl Network {
    /// Finds this cloud's network on the host, or makes the edge of a new one.
    /// Running VPCs are found but not touched until a plan is applied.
    ///
    /// # Errors
    /// [`ApplyError::InvalidConfig`], [`ApplyError::PoolInUse`], [`ApplyError::InUse`], or the step that
    /// was refused; what was made until then is completed by the next call.
    pub fn open(config: HostConfig) -> Result<Self, ApplyError> {
        config.check()?;
        let edge = Edge::open(&config)?;
        let mut vpcs = BTreeMap::new();
        for name in handles(&config)? {
            if let Some(router) = Router::find(&config.dir().join(&name))? {
                vpcs.insert(name, router);
            }
        }
        Ok(Self { config, edge, vpcs })
    }

    /// Whether the cloud has something on this host, made by this process or by an earlier one.
    pub fn exists(config: &HostConfig) -> bool {
        config.dir().exists()
    }

    /// The configuration it was opened with.
    pub fn config(&self) -> &HostConfig {
        &self.config
    }

    /// Makes a plan true. Only the difference is changed; the packet filter's
    /// part takes effect for all packets at once. The first call for a VPC after
    /// a restart takes the kernel's state as its starting point.
    ///
    /// # Errors
    /// [`ApplyError::Refused`] with the step. A refusal by the packet filter
    /// changes nothing; after any other one the next call reads back and
    /// continues. (Without rights over the host a very large difference, of some
    /// thousand elements, is not one transaction but several; a refusal then
    /// leaves what went before, and the next call continues from there too.)
    pub fn apply(&mut self, plan: &VpcPlan) -> Result<(), ApplyError> {
        check_name(&plan.id, 64)?;
        if plan.id == EDGE_HANDLE {
            return Err(ApplyError::InvalidName(plan.id.clone()));
        }
        self.check_number(plan)?;
        if !self.vpcs.contains_key(&plan.id) {
            let path = self.config.dir().join(&plan.id);
            self.vpcs.insert(plan.id.clone(), Router::create(&path)?);
        }
        let mtu = self.config.mtu;
        let router = lookup(&mut self.vpcs, &plan.id)?;
        router.apply(plan, &mut self.edge, self.config.set_limit, self.config.flow_memory)?;
        router.house(plan, mtu)?;
        peering::join(&mut self.vpcs, plan, mtu)?;
        self.note(plan);
        Ok(())
    }

    /// Takes note that a VPC, its peers and the edge are as this process made them.
    fn note(&mut self, plan: &VpcPlan) {
        let peers = plan.peerings.values().map(|link| link.remote_vpc.as_str());
        for id in peers.chain([plan.id.as_str()]) {
            if let Some(router) = self.vpcs.get_mut(id) {
                router.note();
            }
        }
        self.edge.note();
    }

    /// Two VPCs with one number would fight over one link.
    fn check_number(&mut self, plan: &VpcPlan) -> Result<(), ApplyError> {
        if self.vpcs.get(&plan.id).is_some_and(|router| router.applied.is_some()) {
            return Ok(());
        }
        for (id, router) in self.vpcs.iter_mut().filter(|(id, _)| **id != plan.id) {
            if router.edge_index()? == Some(vpc_index(plan.number)) {
                return Err(ApplyError::InvalidConfig(format!(
                    "VPCs {id} and {} have the same number {}",
                    plan.id, plan.number
                )));
            }
        }
        Ok(())
    }

    /// Forgets what is known of a VPC's kernel state, so that the next
    /// [`Self::apply`] reads it and repairs whatever was changed from outside.
    pub fn distrust(&mut self, vpc: &str) {
        if let Some(router) = self.vpcs.get_mut(vpc) {
            router.distrust();
        }
    }

    /// Gives an ENI of an applied plan to a machine: link, addresses, default
    /// routes, loopback. Repeating it for the same machine changes nothing.
    ///
    /// # Errors
    /// [`ApplyError::UnknownVpc`], [`ApplyError::UnknownEni`],
    /// [`ApplyError::AlreadyAttached`] if another namespace has it; after any
    /// refusal the ENI is detached.
    pub fn attach(&mut self, vpc: &str, to: &Attachment<'_>) -> Result<(), ApplyError> {
        let mtu = self.config.mtu;
        let router = lookup(&mut self.vpcs, vpc)?;
        let done = router.attach(to, mtu);
        router.note_links();
        done
    }

    /// Takes an ENI from its machine. It need not be attached: a machine's death
    /// takes its link along.
    pub fn detach(&mut self, vpc: &str, eni: &str) -> Result<(), ApplyError> {
        let router = lookup(&mut self.vpcs, vpc)?;
        let link = router.applied.as_ref().and_then(|plan| plan.link(eni));
        let number = link.ok_or_else(|| ApplyError::UnknownEni(eni.to_owned()))?.number;
        let done = router.unlink(number);
        router.note_links();
        router.forget_lost_links();
        done
    }

    /// A TCP listener on an address of the VPC's router, for machines of this VPC
    /// only; their source addresses can be trusted. The packet path admits TCP 80
    /// on the metadata address and port 53.
    pub fn listen_in_vpc(&mut self, vpc: &str, address: SocketAddr) -> Result<TcpListener, ApplyError> {
        lookup(&mut self.vpcs, vpc)?.listen(address)
    }

    /// The same for UDP: ports 53, 67 and, on the time address, 123.
    pub fn datagrams_in_vpc(&mut self, vpc: &str, address: SocketAddr) -> Result<UdpSocket, ApplyError> {
        lookup(&mut self.vpcs, vpc)?.datagrams(address)
    }

    /// A TCP listener behind an endpoint's ENI, whose groups decide who reaches it.
    pub fn listen_behind(
        &mut self,
        vpc: &str,
        eni: &str,
        address: SocketAddr,
    ) -> Result<TcpListener, ApplyError> {
        lookup(&mut self.vpcs, vpc)?.listen_behind(eni, address)
    }

    /// What was dropped per ENI and gate. A plan must have
    /// been applied by this process, since only it knows whose counters these are.
    pub fn counters(&mut self, vpc: &str) -> Result<VpcCounters, ApplyError> {
        lookup(&mut self.vpcs, vpc)?.counters()
    }

    /// Hears of every packet that a VPC's router drops; one listener per VPC.
    pub fn listen_to_drops(&mut self, vpc: &str) -> Result<DropListener, ApplyError> {
        lookup(&mut self.vpcs, vpc)?.listen_to_drops()
    }

    /// Hears of every packet that the edge drops because no VPC here takes it; one listener per cloud.
    pub fn listen_to_edge(&mut self) -> Result<DropListener, ApplyError> {
        self.edge.listen_to_drops()
    }

    /// Hears of every packet that the NAT gateway with this interface refuses; one listener per gateway.
    pub fn listen_behind_to_drops(&mut self, vpc: &str, eni: &str) -> Result<DropListener, ApplyError> {
        lookup(&mut self.vpcs, vpc)?.listen_behind_to_drops(eni)
    }

    /// Hears of the connections that end in a VPC's router, and reads those there are.
    pub fn listen_to_flows(&mut self, vpc: &str) -> Result<(FlowListener, FlowTable), ApplyError> {
        lookup(&mut self.vpcs, vpc)?.listen_to_flows()
    }

    /// What the full connection table of a VPC's router did.
    pub fn pressure(&mut self, vpc: &str) -> Result<Pressure, ApplyError> {
        lookup(&mut self.vpcs, vpc)?.pressure()
    }

    /// The ids of the VPCs that have a router on this host.
    pub fn list(&self) -> Vec<String> {
        self.vpcs.keys().cloned().collect()
    }

    /// Removes a VPC's router with all its links. Nothing happens if there is none.
    pub fn remove_vpc(&mut self, vpc: &str) -> Result<(), ApplyError> {
        let Some(mut router) = self.vpcs.remove(vpc) else { return Ok(()) };
        peering::forget(&mut self.vpcs, &router);
        if let Some(index) = router.edge_index()? {
            for block in self.edge.routes(index)? {
                self.edge.delete_route(block, index)?;
            }
        }
        router.dissolve()?;
        let path = self.config.dir().join(vpc);
        appliance::unpin_all(&path)?;
        netns::unpin(&path)?;
        self.edge.note();
        Ok(())
    }

    /// Removes every VPC; the edge stays, ready for new ones. This is what a reset
    /// needs: removing the edge too takes twice as long.
    pub fn clear(&mut self) -> Result<(), ApplyError> {
        for vpc in self.list() {
            self.remove_vpc(&vpc)?;
        }
        Ok(())
    }

    /// Removes every VPC, the edge, and everything in the host's namespace.
    pub fn teardown(mut self) -> Result<(), ApplyError> {
        self.clear()?;
        self.edge.teardown(&self.config)
    }
}

fn lookup<'a>(vpcs: &'a mut BTreeMap<String, Router>, vpc: &str) -> Result<&'a mut Router, ApplyError> {
    vpcs.get_mut(vpc).ok_or_else(|| ApplyError::UnknownVpc(vpc.chars().take(80).collect()))
}

/// The names of the VPC handles in the cloud's directory.
fn handles(config: &HostConfig) -> Result<Vec<String>, ApplyError> {
    let dir = config.dir();
    let failed = || format!("listing {}", dir.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&dir).map_err(ApplyError::io(failed()))? {
        let entry = entry.map_err(ApplyError::io(failed()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Those with a dot stand behind interfaces of a VPC.
        if name.starts_with("vpc-") && !name.contains('.') {
            names.push(name);
        }
    }
    Ok(names)
}
