//! A private host with a network, and machines that are bare namespaces.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use network_apply::{Attachment, Counts, HostConfig, Network, Uplink, VpcCounters};
use network_plan::{EniKind, Gate, VpcInput, VpcPlan, plan};

use crate::datagrams::PATIENCE;

/// A network namespace of the tests.
pub struct Namespace {
    file: File,
}

impl Namespace {
    pub fn new() -> Self {
        let file = thread::spawn(|| {
            // SAFETY: no pointers; moves this scratch thread only.
            assert_eq!(unsafe { libc::unshare(libc::CLONE_NEWNET) }, 0);
            File::open("/proc/thread-self/ns/net").unwrap()
        });
        Self { file: file.join().unwrap() }
    }

    /// A namespace that has a file.
    pub fn open(path: &str) -> Self {
        Self { file: File::open(path).unwrap() }
    }

    /// The namespace that the test is in.
    pub fn current() -> Self {
        Self { file: File::open("/proc/thread-self/ns/net").unwrap() }
    }

    /// Runs `work` inside, on a thread of its own.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let handle = scope.spawn(|| {
                // SAFETY: no pointers; moves this scratch thread only.
                assert_eq!(unsafe { libc::setns(self.file.as_raw_fd(), libc::CLONE_NEWNET) }, 0);
                work()
            });
            handle.join().unwrap()
        })
    }

    pub fn file(&self) -> &File {
        &self.file
    }
}

/// Gives the current namespace an address, on `lo`, and waits until packets to it are taken in.
pub fn take_address(address: &str) {
    let mut ip = Command::new("ip");
    if address.contains(':') {
        // Without the search for duplicates, or nobody may bind to it yet.
        ip.args(["addr", "add", &format!("{address}/128"), "dev", "lo", "nodad"]);
    } else {
        ip.args(["addr", "add", &format!("{address}/32"), "dev", "lo"]);
    }
    assert!(ip.status().unwrap().success());
    // The route to an IPv6 address is made by a worker of the kernel, some time after the address is there.
    let end = Instant::now() + PATIENCE;
    let family = if address.contains(':') { "-6" } else { "-4" };
    loop {
        let routes = Command::new("ip").args([family, "route", "show", "table", "local"]).output().unwrap();
        if String::from_utf8_lossy(&routes.stdout).split_whitespace().any(|word| word == address) {
            return;
        }
        assert!(Instant::now() < end, "{address} is not taken in: {routes:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The network under test and its machines, by ENI id.
pub struct World {
    pub network: Option<Network>,
    pub machines: BTreeMap<String, Namespace>,
    pub input: VpcInput,
    config: HostConfig,
    _dir: tempfile::TempDir,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Moves the test into a host of its own. `None`, with the reason printed, if
/// this is not allowed here.
pub fn private_host() -> Option<()> {
    // SAFETY: no pointers; moves this test's thread only.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } == 0 && std::fs::metadata("/proc/sys/net").is_ok() {
        return Some(());
    }
    println!("skipped: {} (root is needed)", std::io::Error::last_os_error());
    None
}

impl World {
    /// A world without machines, in a host of its own.
    pub fn new(input: VpcInput) -> Option<Self> {
        private_host()?;
        Some(Self::on_this_host(input, Uplink::None))
    }

    /// A world on the host that the test is in already.
    pub fn on_this_host(input: VpcInput, uplink: Uplink) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut config = HostConfig::new(format!("it-{}-{number}", std::process::id()));
        dir.path().clone_into(&mut config.run_dir);
        config.uplink = uplink;
        let network = Network::open(config.clone()).unwrap();
        let mut world = Self { network: Some(network), machines: BTreeMap::new(), input, config, _dir: dir };
        world.apply();
        let machines = world.input.enis.iter().filter(|eni| eni.kind == EniKind::Machine);
        let enis: Vec<String> = machines.map(|eni| eni.id.clone()).collect();
        for eni in enis {
            world.boot(&eni);
        }
        world
    }

    pub fn network(&mut self) -> &mut Network {
        self.network.as_mut().unwrap()
    }

    pub fn plan(&self) -> VpcPlan {
        plan(&self.input).unwrap()
    }

    /// Makes the facts true.
    pub fn apply(&mut self) {
        let plan = self.plan();
        self.network().apply(&plan).unwrap();
    }

    /// Changes the facts and makes them true.
    pub fn change(&mut self, edit: impl FnOnce(&mut VpcInput)) {
        edit(&mut self.input);
        self.apply();
    }

    /// Starts a machine for an ENI.
    pub fn boot(&mut self, eni: &str) {
        let machine = Namespace::new();
        let vpc = self.input.id.clone();
        let to =
            Attachment { eni, machine: machine.file().as_fd(), interface: "eth0", metric: 0, answers: None };
        self.network().attach(&vpc, &to).unwrap();
        self.machines.insert(eni.to_owned(), machine);
    }

    pub fn at(&self, eni: &str) -> &Namespace {
        &self.machines[eni]
    }

    pub fn counters(&mut self) -> VpcCounters {
        let vpc = self.input.id.clone();
        self.network().counters(&vpc).unwrap()
    }

    pub fn dropped(&mut self, eni: &str, gate: Gate) -> Counts {
        self.counters().enis[eni].dropped(gate)
    }

    /// Runs `send`, then waits until the gate has counted a drop for the ENI. A
    /// drop is proven by its counter, never by silence.
    pub fn drops<T>(&mut self, eni: &str, gate: Gate, send: impl FnOnce(&Self) -> T) -> T {
        let before = self.dropped(eni, gate).packets;
        let result = send(self);
        let deadline = Instant::now() + PATIENCE;
        while self.dropped(eni, gate).packets == before {
            assert!(Instant::now() < deadline, "{gate:?} counted nothing for {eni}");
            thread::sleep(Duration::from_millis(1));
        }
        result
    }

    /// Waits until something holds.
    pub fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < deadline, "in vain: {what}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The VPC's router.
    pub fn router(&self) -> Namespace {
        Namespace { file: File::open(self.directory().join(&self.input.id)).unwrap() }
    }

    /// Where the handles are.
    pub fn directory(&self) -> PathBuf {
        self.config.run_dir.join(&self.config.name)
    }

    /// The router's sets, routes, rules, addresses and links as other programs
    /// see them, without counters, and without what the kernel itself adds to
    /// links in its own time.
    pub fn kernel_state(&self) -> Vec<String> {
        let commands: [&[&str]; 8] = [
            &["nft", "-s", "list", "table", "inet", "allod"],
            &["nft", "-s", "list", "table", "arp", "allod"],
            &["ip", "-4", "route", "show", "table", "all"],
            &["ip", "-6", "route", "show", "table", "all"],
            &["ip", "-4", "rule"],
            &["ip", "-6", "rule"],
            &["ip", "-o", "addr", "show", "dev", "lo"],
            &["ip", "-o", "neigh", "show", "nud", "permanent"],
        ];
        self.router().inside(|| {
            let output = commands.iter().flat_map(|words| {
                let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
                assert!(output.status.success(), "{words:?} {output:?}");
                let text = String::from_utf8(output.stdout).unwrap().replace("elements = {", "");
                // Which order a set is listed in depends on its history.
                let mut lines: Vec<String> =
                    text.split(['\n', ',', '}']).map(|line| line.trim().to_owned()).collect();
                lines.sort();
                lines
            });
            // The number of a generation tells how often something changed, not what there is.
            let numbered = |line: &str| {
                line.starts_with("ct mark 0x") || line.contains("ct mark") && line.contains("/21 ")
            };
            output
                .filter(|line| !(line.is_empty() || line.contains("fe80::") && line.contains("proto kernel")))
                .filter(|line| !numbered(line))
                .collect()
        })
    }

    /// Forgets the network without tearing anything down, and finds it again.
    pub fn restart(&mut self) {
        self.restart_with(|_| {});
    }

    /// The same as with other settings.
    pub fn restart_with(&mut self, edit: impl FnOnce(&mut HostConfig)) {
        edit(&mut self.config);
        self.network = None;
        self.network = Some(Network::open(self.config.clone()).unwrap());
    }
}

/// Fails with the lines that differ.
pub fn assert_same(left: &[String], right: &[String]) {
    let only = |a: &[String], b: &[String]| -> Vec<String> {
        let mut rest = b.to_vec();
        let surplus = a.iter().filter(|line| match rest.iter().position(|other| other == *line) {
            Some(at) => {
                rest.swap_remove(at);
                false
            }
            None => true,
        });
        surplus.cloned().collect()
    };
    let nothing = (Vec::<String>::new(), Vec::new());
    assert_eq!((only(left, right), only(right, left)), nothing);
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(network) = self.network.take() {
            let result = network.teardown();
            if !thread::panicking() {
                result.unwrap();
            }
        }
    }
}
