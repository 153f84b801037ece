//! Namespaces behind ENIs that no machine has: NAT gateways and endpoints.
//!
//! Each is pinned beside its VPC's router, as `<vpc>.<eni>`, and plugged in like a machine. A NAT gateway's table holds
//! no state, so a new process replaces it without asking what is there.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use network_plan::{EniKind, NatPlan, TABLE, VpcPlan};

use crate::config::check_name;
use crate::netlink::Socket;
use crate::nft::{self, Batch};
use crate::route::{self, Changes, add_address, delete_address};
use crate::router::Router;
use crate::{ApplyError, Attachment, DropListener, mend, netns, sysctl};

/// The interface inside.
const INTERFACE: &str = "eth0";
/// The metric of the default route inside.
const METRIC: u32 = 100;

/// A namespace behind an ENI.
pub(crate) struct Appliance {
    namespace: OwnedFd,
    route: Socket,
    filter: Socket,
    /// Its link is known to be there.
    plugged: bool,
    /// What a NAT gateway's table was made from, by this process.
    table: Option<NatPlan>,
    /// The packet filter's generation then.
    generation: Option<u32>,
}

impl Appliance {
    fn enter(namespace: OwnedFd) -> Result<Self, ApplyError> {
        let sockets = netns::inside(namespace.as_fd(), || {
            Socket::route().and_then(|route| Ok((route, Socket::netfilter()?)))
        })?;
        let (route, filter) = sockets.map_err(ApplyError::io("opening netlink sockets"))?;
        Ok(Self { namespace, route, filter, plugged: false, table: None, generation: None })
    }

    /// Whether somebody changed a NAT gateway's table.
    pub(crate) fn is_disturbed(&mut self) -> bool {
        self.table.is_some() && mend::generation(&mut self.filter) != self.generation
    }

    /// Makes a NAT gateway translate as planned.
    fn translate(&mut self, plan: &NatPlan) -> Result<(), ApplyError> {
        if self.table.as_ref() == Some(plan) {
            return Ok(());
        }
        let mut batch = Batch::new();
        nft::replace_nat_table(&mut batch, TABLE, plan);
        let known = self.table.take();
        batch.commit(&mut self.filter).map_err(|(step, refusal)| ApplyError::refused(step, refusal))?;
        self.generation = mend::generation(&mut self.filter);
        let lost = self.address(plan, known.as_ref())?;
        if let Err(refusal) = nft::forget_flows(&mut self.filter, &lost) {
            // Kernels before 5.8 cannot select flows by address; they end by themselves.
            tracing::warn!(gateway = plan.id, ?refusal, "old flows could not be removed");
        }
        self.table = Some(plan.clone());
        Ok(())
    }

    /// Gives the interface the gateway's addresses; returns those it lost.
    fn address(&mut self, plan: &NatPlan, known: Option<&NatPlan>) -> Result<Vec<IpAddr>, ApplyError> {
        let read = |refusal| ApplyError::refused("reading a NAT gateway's interface", refusal);
        let Some(link) = route::link(&mut self.route, INTERFACE).map_err(read)? else {
            return Ok(Vec::new());
        };
        let wanted = |address: &IpAddr| plan.addresses.iter().any(|own| IpAddr::V4(*own) == *address);
        let mut lost = match known {
            Some(known) => known.addresses.iter().copied().map(IpAddr::V4).collect(),
            None => route::addresses(&mut self.route, link.index).map_err(read)?,
        };
        lost.retain(|address| address.is_ipv4() && !wanted(address));
        let mut changes = Changes::new();
        for address in plan.addresses.iter().skip(1) {
            changes.add(format!("address {address} of {}", plan.id), &[libc::EEXIST], |out| {
                add_address(out, link.index, IpAddr::V4(*address), 32);
            });
        }
        for address in &lost {
            changes.add(format!("address {address} of {} off", plan.id), &[libc::EADDRNOTAVAIL], |out| {
                delete_address(out, link.index, *address, 32);
            });
        }
        changes.commit(&mut self.route)?;
        Ok(lost)
    }
}

impl Router {
    /// Makes the namespaces that the plan wants, plugs them in, and removes those it no longer has.
    pub(crate) fn house(&mut self, plan: &VpcPlan, mtu: u32) -> Result<(), ApplyError> {
        let wanted: BTreeMap<&str, (u32, EniKind)> = plan
            .links
            .values()
            .filter(|link| link.kind != EniKind::Machine)
            .map(|link| (link.eni_id.as_str(), (link.number, link.kind)))
            .collect();
        let known: Vec<String> = self.appliances.keys().cloned().collect();
        for gone in known.iter().filter(|eni| !wanted.contains_key(eni.as_str())) {
            // The plan without it has removed the link already.
            self.appliances.remove(gone);
            netns::unpin(&handle(&self.path, gone))?;
        }
        for (eni, (number, kind)) in wanted {
            self.furnish(eni, number, kind)?;
            self.plug(eni, mtu)?;
        }
        for nat in plan.nat_gateways.values() {
            let eni = plan.links.get(&nat.eni).map(|link| link.eni_id.as_str());
            if let Some(appliance) = eni.and_then(|eni| self.appliances.get_mut(eni)) {
                appliance.translate(nat)?;
            }
        }
        Ok(())
    }

    /// Makes sure of the namespace.
    fn furnish(&mut self, eni: &str, number: u32, kind: EniKind) -> Result<(), ApplyError> {
        if self.appliances.contains_key(eni) {
            return Ok(());
        }
        check_name(eni, 64)?;
        let path = handle(&self.path, eni);
        let namespace = if let Some(namespace) = netns::open(&path)? {
            namespace
        } else {
            // A link that is there leads into a namespace that was lost.
            self.unlink(number)?;
            let (namespace, prepared) = netns::create(|| match kind {
                EniKind::NatGateway => sysctl::prepare_nat_gateway(),
                EniKind::Machine | EniKind::Endpoint => Ok(()),
            })?;
            prepared?;
            netns::pin(&namespace, &path)?;
            namespace
        };
        self.appliances.insert(eni.to_owned(), Appliance::enter(namespace)?);
        Ok(())
    }

    fn plug(&mut self, eni: &str, mtu: u32) -> Result<(), ApplyError> {
        let Some(appliance) = self.appliances.remove(eni) else { return Ok(()) };
        let plugged = if appliance.plugged {
            Ok(())
        } else {
            let machine = appliance.namespace.as_fd();
            let to = Attachment { eni, machine, interface: INTERFACE, metric: METRIC, answers: None };
            self.attach(&to, mtu)
        };
        let appliance = Appliance { plugged: plugged.is_ok(), ..appliance };
        self.appliances.insert(eni.to_owned(), appliance);
        plugged
    }

    /// Forgets what is known of the namespaces' contents.
    pub(crate) fn distrust_appliances(&mut self) {
        for appliance in self.appliances.values_mut() {
            appliance.plugged = false;
            appliance.table = None;
        }
    }

    /// See [`crate::Network::listen_behind`].
    pub(crate) fn listen_behind(&self, eni: &str, address: SocketAddr) -> Result<TcpListener, ApplyError> {
        let appliance = self.appliances.get(eni).ok_or_else(|| ApplyError::UnknownEni(eni.to_owned()))?;
        netns::inside(appliance.namespace.as_fd(), || TcpListener::bind(address))?
            .map_err(ApplyError::io(format!("listening on {address} behind {eni}")))
    }

    /// See [`crate::Network::listen_behind_to_drops`].
    pub(crate) fn listen_behind_to_drops(&self, eni: &str) -> Result<DropListener, ApplyError> {
        let appliance = self.appliances.get(eni).ok_or_else(|| ApplyError::UnknownEni(eni.to_owned()))?;
        let socket = netns::inside(appliance.namespace.as_fd(), Socket::netfilter)?;
        DropListener::begin(socket.map_err(ApplyError::io("opening a netlink socket"))?)
    }
}

/// Where the namespace behind an ENI is kept, from where its router is.
fn handle(router: &Path, eni: &str) -> PathBuf {
    let mut name = router.as_os_str().to_owned();
    name.push(".");
    name.push(eni);
    PathBuf::from(name)
}

/// Lets go of every namespace behind an ENI of a router, also of those made by an earlier process.
pub(crate) fn unpin_all(router: &Path) -> Result<(), ApplyError> {
    for path in handles(router).map_err(ApplyError::io(format!("listing {}", router.display())))? {
        netns::unpin(&path)?;
    }
    Ok(())
}

fn handles(router: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(folder), Some(name)) = (router.parent(), router.file_name()) else { return Ok(Vec::new()) };
    let prefix = format!("{}.", name.to_string_lossy());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let ours = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix));
        if ours {
            found.push(path);
        }
    }
    Ok(found)
}

/// Opens the namespaces that an earlier process made for a router, by ENI.
pub(crate) fn find_all(router: &Path) -> Result<BTreeMap<String, Appliance>, ApplyError> {
    let mut found = BTreeMap::new();
    for path in handles(router).map_err(ApplyError::io(format!("listing {}", router.display())))? {
        let eni = path.to_string_lossy().rsplit('.').next().unwrap_or_default().to_owned();
        if let Some(namespace) = netns::open(&path)? {
            found.insert(eni, Appliance::enter(namespace)?);
        }
    }
    Ok(found)
}
