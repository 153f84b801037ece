//! Namespaces: one in the place of a host with a network in it, one in the place of every machine.

use super::facts::Facts;
use anyhow::{Context as _, anyhow};
use network_apply::{Attachment, HostConfig, Network, Uplink};
use network_plan::VpcPlan;
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::thread;
use tempfile::TempDir;

/// A network namespace that ends with its last user.
pub(super) struct Namespace(File);

impl Namespace {
    /// A new one, without links.
    pub(super) fn new() -> anyhow::Result<Namespace> {
        scratch(|| {
            part()?;
            Ok(Namespace(File::open("/proc/thread-self/ns/net")?))
        })
    }

    /// Runs `work` inside, on a thread of its own. Sockets opened there stay there.
    pub(super) fn inside<T: Send>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send,
    ) -> anyhow::Result<T> {
        scratch(|| {
            move_into_link_name_space(self.0.as_fd(), Some(LinkNameSpaceType::Network))
                .context("entering a network namespace")?;
            work()
        })
    }

    /// The namespace as a file, for those who put links into it.
    pub(super) fn file(&self) -> &File {
        &self.0
    }
}

/// Runs `work` on a thread that stands in a network namespace of its own, as if on a host of its own.
pub(super) fn on_own_host<T: Send>(work: impl FnOnce() -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
    scratch(|| {
        part()?;
        work()
    })
}

/// Parts the calling thread from the network of its process.
#[expect(deprecated, reason = "what makes its successor unsafe is a flag that is not used here")]
fn part() -> anyhow::Result<()> {
    rustix::thread::unshare(UnshareFlags::NEWNET).context("making a network namespace")
}

fn scratch<T: Send>(work: impl FnOnce() -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
    thread::scope(|scope| scope.spawn(work).join().unwrap_or_else(|_| Err(anyhow!("a thread panicked"))))
}

/// A network on the host that the thread stands in; torn down when dropped.
pub(super) struct Ground {
    network: Option<Network>,
    config: HostConfig,
    _folder: TempDir,
}

impl Ground {
    /// Makes the edge. `below` holds the handles of its namespaces.
    pub(super) fn open(below: &Path) -> anyhow::Result<Ground> {
        let folder = TempDir::with_prefix_in("allod-bench-net-", below)?;
        let mut config = HostConfig::new("bench");
        folder.path().clone_into(&mut config.run_dir);
        config.uplink = Uplink::None;
        let network = Some(Network::open(config.clone())?);
        Ok(Ground { network, config, _folder: folder })
    }

    /// The network.
    pub(super) fn network(&mut self) -> anyhow::Result<&mut Network> {
        self.network.as_mut().context("the network is closed")
    }

    /// Forgets the network, as a process does that ends, and finds it again.
    pub(super) fn restart(&mut self) -> anyhow::Result<()> {
        self.network = None;
        self.network = Some(Network::open(self.config.clone())?);
        Ok(())
    }

    /// A new machine for an ENI.
    pub(super) fn boot(&mut self, plan: &VpcPlan, eni: &str) -> anyhow::Result<Machine> {
        let link = plan.link(eni).with_context(|| format!("{eni} is in no plan"))?;
        let address = link.address_v4.context("an ENI without an address")?;
        let machine = Machine { namespace: Namespace::new()?, address };
        self.attach(plan, eni, &machine.namespace)?;
        Ok(machine)
    }

    /// Gives an ENI to a machine.
    pub(super) fn attach(&mut self, plan: &VpcPlan, eni: &str, to: &Namespace) -> anyhow::Result<()> {
        let to = Attachment { eni, machine: to.file().as_fd(), interface: "eth0", metric: 0, answers: None };
        Ok(self.network()?.attach(&plan.id, &to)?)
    }

    /// Makes facts true; the plan of them.
    pub(super) fn apply(&mut self, facts: &Facts) -> anyhow::Result<VpcPlan> {
        let plan = network_plan::plan(&facts.input()?)?;
        self.network()?.apply(&plan)?;
        Ok(plan)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.network.take().map(Network::teardown) {
            eprintln!("  cleaning up: {error}");
        }
    }
}

/// A machine that is a bare namespace.
pub(super) struct Machine {
    /// It.
    pub(super) namespace: Namespace,
    /// Its private address.
    pub(super) address: Ipv4Addr,
}
