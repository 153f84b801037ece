//! Machines: one per instance id of the topology, all its interfaces in it, its own kernel silent.
//!
//! A machine that answered by itself (a reset for an unexpected SYN, an ICMP error) would write into the connection
//! table behind our back. So its addresses are taken away once it runs: what arrives is still seen on the wire.

use super::Site;
use super::parameters::{Parameters, call, put};
use crate::cloud::Cloud;
use crate::wire::Link;
use anyhow::{Context as _, ensure};
use reachability::{Id, Topology};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

/// Until a machine must run. Only failures wait for it.
const PATIENCE: Duration = Duration::from_secs(120);

/// The host's end of the link to the edge; there is one cloud in our namespace.
pub(super) fn host() -> anyhow::Result<Option<Link>> {
    let routes = fs::read_to_string("/proc/thread-self/net/dev")?;
    let name =
        routes.lines().filter_map(|l| l.split(':').next()).map(str::trim).find(|n| n.starts_with("allod"));
    Ok(name.map(Link::open).transpose()?)
}

/// The interfaces of each machine, in the order of the topology.
fn machines(topology: &Topology) -> BTreeMap<Id, Vec<Id>> {
    let mut machines: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
    for interface in &topology.network_interfaces {
        if let Some(instance) = &interface.instance {
            machines.entry(instance.clone()).or_default().push(interface.id.clone());
        }
    }
    machines
}

impl Site {
    pub(super) fn start(&mut self, cloud: &mut Cloud, topology: &Topology) -> anyhow::Result<()> {
        let machines = machines(topology);
        for (instance, interfaces) in &machines {
            let mut all = Parameters::new();
            for (name, value) in [
                ("ImageId", "ami-12345678"),
                ("InstanceType", "m5.24xlarge"),
                ("MinCount", "1"),
                ("MaxCount", "1"),
            ] {
                put(&mut all, name, value);
            }
            for (n, interface) in interfaces.iter().enumerate() {
                let at = format!("NetworkInterface.{}", n + 1);
                put(&mut all, &format!("{at}.DeviceIndex"), n);
                put(&mut all, &format!("{at}.NetworkInterfaceId"), self.translator.real(interface)?);
            }
            let made = call(&mut self.ec2, "RunInstances", &all)?;
            self.translator.name(instance, made.first("instanceId")?);
        }
        let end = Instant::now() + PATIENCE;
        for (instance, interfaces) in &machines {
            let id = self.translator.real(instance)?;
            loop {
                let found = self.ec2.call("DescribeInstances", &[("InstanceId.1", &id)])?;
                let state = found.first("instanceState")?;
                if state.contains(">running<") {
                    break;
                }
                ensure!(state.contains(">pending<"), "a machine ended: {}", found.0);
                ensure!(Instant::now() < end, "a machine does not start: {}", found.0);
                std::thread::sleep(Duration::from_millis(5));
            }
            self.open(cloud, &id, interfaces)?;
        }
        Ok(())
    }

    fn open(&mut self, cloud: &mut Cloud, id: &str, interfaces: &[Id]) -> anyhow::Result<()> {
        let namespace = cloud.machine(id)?;
        let names: Vec<String> = (0..interfaces.len()).map(|n| format!("eth{n}")).collect();
        let links =
            Link::open_in(&namespace, &names, || silence(&names)).context("a machine's interfaces")?;
        for (interface, link) in interfaces.iter().zip(links) {
            self.links.insert(interface.clone(), link);
        }
        Ok(())
    }
}

/// Takes the addresses of the namespace that this thread stands in.
fn silence(names: &[String]) -> io::Result<()> {
    fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1")?;
    fs::write("/proc/sys/net/ipv4/ip_forward", "0")?;
    for name in names {
        let status = Command::new("ip").args(["-4", "addr", "flush", "dev", name]).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("ip addr flush dev {name}: {status}")));
        }
    }
    Ok(())
}
