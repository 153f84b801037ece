//! The edge namespace and its link to the host.
//!
//! The edge only forwards: public addresses towards their VPC, everything else
//! towards the host. The host's side filters what comes back (see [`host_chains`]).

use std::fs::{self, File, TryLockError};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net};
use network_plan::{
    Chain, ChainKind, ChainRule, CtKey, Expr, Hook, MAIN_TABLE, MetaKey, PayloadBase, Verdict,
};

use crate::guard::Guard;
use crate::netlink::Socket;
use crate::nft::{self, Batch, Family};
use crate::route::{
    self, Action, Changes, OUR_GROUP, PathRoute, Peer, Veth, add_address, add_permanent_neighbour, add_veth,
    put_route, set_up,
};
use crate::{ApplyError, HostConfig, Uplink, mend, netns, sysctl};

/// The file name of the edge's handle; no VPC id looks like it.
pub(crate) const EDGE_HANDLE: &str = "edge";
/// The edge's interface towards the host.
pub(crate) const HOST_LINK: &str = "host";
/// Loopback's index in every namespace.
pub(crate) const LOOPBACK: u32 = 1;
/// The metric of all our routes outside routers.
const METRIC: u32 = 100;
/// Hardware addresses of the two ends of the link; locally administered.
const HOST_MAC: [u8; 6] = [0x0a, 0xa1, 0, 0, 0, 1];
const EDGE_MAC: [u8; 6] = [0x0a, 0xa1, 0, 0, 0, 2];
/// Next hops that exist as neighbour entries only, never as addresses: "the
/// other end of this link".
pub(crate) const FAR_END_V4: Ipv4Addr = Ipv4Addr::new(169, 254, 0, 2);
pub(crate) const FAR_END_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
/// The largest packet that may leave a VPC (VPC guide, "Network MTU": 1500 at an
/// internet gateway).
const INTERNET_MTU: u32 = 1500;

/// The edge, open for changes.
pub(crate) struct Edge {
    pub(crate) route: Socket,
    /// The host's side.
    pub(crate) host: Socket,
    /// Index of the host's interface.
    host_index: u32,
    /// The MTU towards the outside.
    pub(crate) mtu: u32,
    /// The edge's packet filter (which only reports what ends there) and what is noticed of changes.
    pub(crate) filter: Socket,
    pub(crate) guard: Guard,
    pub(crate) namespace: OwnedFd,
    /// The host's packet filter, its generation when our table was last seen whole, and our table's rules then.
    host_filter: Socket,
    host_generation: Option<u32>,
    host_rules: usize,
    /// Held as long as this value lives.
    _lock: File,
}

/// The far end's address in the family of a destination.
pub(crate) fn far_end(destination: IpNet) -> IpAddr {
    match destination {
        IpNet::V4(_) => FAR_END_V4.into(),
        IpNet::V6(_) => FAR_END_V6.into(),
    }
}

impl Edge {
    /// Finds the edge, or makes it.
    pub(crate) fn open(config: &HostConfig) -> Result<Self, ApplyError> {
        let mut host = Socket::route().map_err(ApplyError::io("opening a netlink socket"))?;
        check_pool(config, &mut host)?;
        let dir = config.dir();
        fs::create_dir_all(&dir).map_err(ApplyError::io(format!("making {}", dir.display())))?;
        let lock = lock(config)?;
        let handle = dir.join(EDGE_HANDLE);
        let namespace = if let Some(namespace) = netns::open(&handle)? {
            namespace
        } else {
            let (namespace, prepared) = netns::create(sysctl::prepare_edge)?;
            prepared?;
            netns::pin(&namespace, &handle)?;
            namespace
        };
        let open = ApplyError::io("opening a netlink socket");
        let sockets = netns::inside(namespace.as_fd(), || {
            Socket::route().and_then(|route| Ok((route, Socket::netfilter()?, Guard::open()?)))
        })?;
        let (mut route, filter, guard) = sockets.map_err(open)?;
        let host_filter = Socket::netfilter().map_err(ApplyError::io("opening a netfilter socket"))?;
        let mtu = INTERNET_MTU.min(uplink_mtu(config.uplink, &mut host).unwrap_or(INTERNET_MTU));
        let host_index = connect(config, &namespace, &mut host, &mut route, mtu)?;
        let (host_generation, host_rules) = (None, 0);
        let mut edge = Self {
            route,
            host,
            host_index,
            mtu,
            filter,
            guard,
            namespace,
            host_filter,
            host_generation,
            host_rules,
            _lock: lock,
        };
        edge.filter_host(config)?;
        edge.report_drops()?;
        if config.uplink == Uplink::Auto && !sysctl::forwards()? {
            // Remembered, so that teardown takes back only what we changed.
            let note = dir.join("forwarding");
            fs::write(&note, "0").map_err(ApplyError::io("noting the host's forwarding"))?;
            sysctl::set_forwarding(true)?;
        }
        Ok(edge)
    }

    /// Replaces our table in the host's namespace. It holds no state: known
    /// connections live in the kernel's connection table.
    fn filter_host(&mut self, config: &HostConfig) -> Result<(), ApplyError> {
        let table = config.host_table();
        let mut batch = Batch::new();
        // Creating it first makes the deletion valid in any case.
        nft::add_table(&mut batch, Family::Ipv4, &table, 0);
        nft::delete_table(&mut batch, Family::Ipv4, &table);
        nft::add_table(&mut batch, Family::Ipv4, &table, 0);
        for chain in host_chains(config, self.host_index) {
            nft::add_chain(&mut batch, Family::Ipv4, &table, &chain);
            for rule in &chain.rules {
                nft::add_rule(&mut batch, Family::Ipv4, &table, &chain.name, rule);
            }
        }
        batch.commit(&mut self.host_filter).map_err(|(step, refusal)| ApplyError::refused(step, refusal))?;
        self.host_rules = self.count_host_rules(&table)?;
        self.host_generation = mend::generation(&mut self.host_filter);
        Ok(())
    }

    fn count_host_rules(&mut self, table: &str) -> Result<usize, ApplyError> {
        nft::count_rules(&mut self.host_filter, Family::Ipv4, table)
            .map_err(|refusal| ApplyError::refused("reading the host's table", refusal))
    }

    /// Takes note that the edge is as this process made it.
    pub(crate) fn note(&mut self) {
        let Self { guard, filter, .. } = self;
        guard.note(filter);
    }

    /// Whether our table or link on the host was taken away or changed. The host's packet filter belongs to others too:
    /// that it changed says nothing yet.
    pub(crate) fn host_is_disturbed(&mut self, config: &HostConfig) -> Result<bool, ApplyError> {
        let link = route::link(&mut self.host, &config.host_link())
            .map_err(|refusal| ApplyError::refused("reading the host's links", refusal))?;
        if link.is_none_or(|link| link.index != self.host_index || !link.running) {
            return Ok(true);
        }
        let generation = mend::generation(&mut self.host_filter);
        if generation.is_some() && generation == self.host_generation {
            return Ok(false);
        }
        let whole = self.count_host_rules(&config.host_table())? == self.host_rules;
        if whole {
            self.host_generation = generation;
        }
        Ok(!whole)
    }

    /// Makes the link to the host, its routes and our table there again as they should be.
    pub(crate) fn repair(&mut self, config: &HostConfig) -> Result<(), ApplyError> {
        self.host_index = connect(config, &self.namespace, &mut self.host, &mut self.route, self.mtu)?;
        self.filter_host(config)?;
        self.report_drops()?;
        self.note();
        Ok(())
    }

    /// Sends a block to the VPC behind an interface of the edge.
    pub(crate) fn add_route(&mut self, block: IpNet, index: u32) -> Result<(), ApplyError> {
        let mut changes = Changes::new();
        let inner = via(block, index);
        changes.add(format!("route {block} at the edge"), &[], |out| put_route(out, &inner, true));
        changes.commit(&mut self.route)?;
        if matches!(block, IpNet::V6(_)) {
            // IPv4 blocks lie in the public pool, IPv6 blocks are the VPCs' own.
            let outer = via(block, self.host_index);
            let mut changes = Changes::new();
            changes.add(format!("route {block} at the host"), &[], |out| put_route(out, &outer, true));
            changes.commit(&mut self.host)?;
        }
        Ok(())
    }

    /// Takes back [`Self::add_route`].
    pub(crate) fn delete_route(&mut self, block: IpNet, index: u32) -> Result<(), ApplyError> {
        let mut changes = Changes::new();
        let inner = via(block, index);
        changes.add(format!("unroute {block} at the edge"), &[libc::ESRCH], |out| {
            route::delete_route(out, &inner);
        });
        changes.commit(&mut self.route)?;
        if matches!(block, IpNet::V6(_)) {
            let outer = via(block, self.host_index);
            let mut changes = Changes::new();
            changes.add(format!("unroute {block} at the host"), &[libc::ESRCH], |out| {
                route::delete_route(out, &outer);
            });
            changes.commit(&mut self.host)?;
        }
        Ok(())
    }

    /// What the edge sends to the VPC behind an interface.
    pub(crate) fn routes(&mut self, index: u32) -> Result<Vec<IpNet>, ApplyError> {
        let all = route::routes(&mut self.route)
            .map_err(|refusal| ApplyError::refused("reading the edge's routes", refusal))?;
        let ours = all
            .into_iter()
            .filter(|route| matches!(route.action, Action::Via { index: through, .. } if through == index));
        Ok(ours.map(|route| route.destination).collect())
    }

    /// Removes everything that is in the host's namespace, and the handle.
    pub(crate) fn teardown(mut self, config: &HostConfig) -> Result<(), ApplyError> {
        let mut changes = Changes::new();
        changes.add("remove the link to the edge", &[libc::ENODEV], |out| {
            route::delete_link(out, self.host_index);
        });
        changes.commit(&mut self.host)?;
        let mut socket = Socket::netfilter().map_err(ApplyError::io("opening a netfilter socket"))?;
        let mut batch = Batch::new();
        nft::add_table(&mut batch, Family::Ipv4, &config.host_table(), 0);
        nft::delete_table(&mut batch, Family::Ipv4, &config.host_table());
        batch.commit(&mut socket).map_err(|(step, refusal)| ApplyError::refused(step, refusal))?;
        let dir = config.dir();
        if dir.join("forwarding").exists() {
            sysctl::set_forwarding(false)?;
        }
        netns::unpin(&dir.join(EDGE_HANDLE))?;
        fs::remove_dir_all(&dir).map_err(ApplyError::io(format!("removing {}", dir.display())))
    }
}

fn via(destination: IpNet, index: u32) -> PathRoute {
    let action = Action::Via { index, gateway: Some(far_end(destination)) };
    PathRoute { table: MAIN_TABLE, destination, metric: METRIC, action }
}

/// Makes sure of the link between host and edge, with addresses and routes on
/// both sides. Returns the index of the host's end.
fn connect(
    config: &HostConfig,
    namespace: &OwnedFd,
    host: &mut Socket,
    edge: &mut Socket,
    mtu: u32,
) -> Result<u32, ApplyError> {
    let name = config.host_link();
    let read = |refusal| ApplyError::refused("reading links", refusal);
    if route::link(edge, HOST_LINK).map_err(read)?.is_none() {
        let mut changes = Changes::new();
        if let Some(lost) = route::link(host, &name).map_err(read)? {
            // It leads to an edge whose handle was lost.
            changes.add(format!("old link {name} off"), &[libc::ENODEV], |out| {
                route::delete_link(out, lost.index);
            });
        }
        let here = Veth { name: &name, index: 0, mac: HOST_MAC, mtu };
        let end = Veth { name: HOST_LINK, index: 0, mac: EDGE_MAC, mtu };
        let peer = Peer { end, namespace: namespace.as_fd(), group: OUR_GROUP };
        changes.add(format!("link {name} between host and edge"), &[], |out| {
            add_veth(out, &here, &peer);
        });
        changes.commit(host)?;
    }
    let missing = || ApplyError::InvalidConfig(format!("interface {name} has disappeared"));
    let outer = route::link(host, &name).map_err(read)?.ok_or_else(missing)?.index;
    let inner = route::link(edge, HOST_LINK).map_err(read)?.ok_or_else(missing)?.index;
    let pool = IpNet::V4(Ipv4Net::trunc(&config.public_pool));

    let mut changes = Changes::new();
    finish_link(&mut changes, outer, config.host_address(), EDGE_MAC);
    let claim = via(pool, outer);
    changes.add(format!("route {pool} into the edge"), &[], |out| put_route(out, &claim, true));
    changes.commit(host)?;

    let mut changes = Changes::new();
    changes.add("loopback of the edge", &[], |out| set_up(out, LOOPBACK));
    finish_link(&mut changes, inner, config.edge_address(), HOST_MAC);
    let everywhere = via(IpNet::V4(Ipv4Net::default()), inner);
    changes.add("default route of the edge", &[], |out| put_route(out, &everywhere, true));
    // The host's own address lies in the pool, whose rest is a blackhole here.
    let host_side = via(IpNet::from(IpAddr::V4(config.host_address())), inner);
    changes.add("route of the edge to the host", &[], |out| put_route(out, &host_side, true));
    // Replies over IPv6 go to the host itself and no further (see `via`).
    let everywhere = via(IpNet::V6(ipnet::Ipv6Net::default()), inner);
    changes.add("default route of the edge", &[], |out| {
        put_route(out, &everywhere, true);
    });
    // A public address that nobody has must not travel in circles: it ends in the packet filter, on the way to where no
    // packet ever arrives (see `edge_report`).
    let nowhere = Action::Via { index: LOOPBACK, gateway: None };
    let nobody = PathRoute { table: MAIN_TABLE, destination: pool, metric: METRIC, action: nowhere };
    changes.add("end of the public pool", &[], |out| put_route(out, &nobody, true));
    changes.commit(edge)?;
    route::wait_until_running(host, &name)
        .map_err(|refusal| ApplyError::refused("waiting for a link", refusal))?;
    Ok(outer)
}

fn finish_link(changes: &mut Changes, index: u32, address: Ipv4Addr, far_mac: [u8; 6]) {
    changes.add("raise a link of the edge", &[], |out| set_up(out, index));
    changes.add("address a link of the edge", &[libc::EEXIST], |out| {
        add_address(out, index, address.into(), 32);
    });
    changes.add("neighbour at the edge", &[], |out| {
        add_permanent_neighbour(out, index, FAR_END_V4.into(), far_mac);
        add_permanent_neighbour(out, index, FAR_END_V6.into(), far_mac);
    });
}

/// Makes sure that no other process works on this cloud's network: two would take back one another's changes. The kernel
/// lets go of the lock with the process.
fn lock(config: &HostConfig) -> Result<File, ApplyError> {
    let path = config.dir().join("lock");
    let file = File::create(&path).map_err(ApplyError::io(format!("opening {}", path.display())))?;
    for _ in 0..ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::Error(error)) => {
                return Err(ApplyError::io(format!("locking {}", path.display()))(error));
            }
        }
    }
    Err(ApplyError::InUse(config.name.clone()))
}

/// How often the lock is tried: one second in all. A process that is just ending, or a child on its way to another
/// program, holds it a moment longer.
const ATTEMPTS: u32 = 100;

/// Refuses a pool that another cloud has; before anything is made.
fn check_pool(config: &HostConfig, host: &mut Socket) -> Result<(), ApplyError> {
    let read = |refusal| ApplyError::refused("reading the host's routes", refusal);
    let own = route::link(host, &config.host_link()).map_err(read)?.map(|link| link.index);
    let pool = IpNet::V4(Ipv4Net::trunc(&config.public_pool));
    let taken = route::routes(host).map_err(read)?.into_iter().any(|route| {
        let other = !matches!(route.action, Action::Via { index, .. } if Some(index) == own);
        let shared = route.destination.contains(&pool) || pool.contains(&route.destination);
        other && shared
    });
    if taken { Err(ApplyError::PoolInUse(config.public_pool)) } else { Ok(()) }
}

/// The MTU of the interface that the default route leads through.
fn uplink_mtu(uplink: Uplink, host: &mut Socket) -> Option<u32> {
    if uplink == Uplink::None {
        return None;
    }
    let table = fs::read_to_string("/proc/thread-self/net/route").ok()?;
    let mut lines = table.lines().map(|line| line.split_whitespace());
    let name = lines.find_map(|mut words| {
        let (name, destination) = (words.next()?, words.next()?);
        (destination == "00000000").then(|| name.to_owned())
    })?;
    route::link(host, &name).ok()?.map(|link| link.mtu)
}

/// Our chains among the host's own. Machines may be answered by the host, ping
/// it, and pass through it to the uplink; they may not open connections to it.
fn host_chains(config: &HostConfig, link: u32) -> Vec<Chain> {
    let on_link = |side| [Expr::Meta(side, 0), Expr::Equal(0, link.to_ne_bytes().to_vec())];
    let verdict = |verdict| Expr::Verdict(verdict);
    let rule = |parts: &[&[Expr]]| ChainRule { body: parts.concat() };
    let known = [
        Expr::Ct(CtKey::State, 0),
        Expr::Bits { register: 0, mask: 6_u32.to_ne_bytes().to_vec(), flip: vec![0; 4] },
        Expr::NotEqual(0, vec![0; 4]),
    ];
    let echo = [
        Expr::Meta(MetaKey::L4Proto, 0),
        Expr::Equal(0, vec![1]),
        Expr::Payload { base: PayloadBase::Transport, offset: 0, len: 1, to: 0 },
        Expr::Equal(0, vec![8]),
    ];
    let from_machines = on_link(MetaKey::Iif);
    let drop = [Expr::Counter, verdict(Verdict::Drop)];
    let mut chains = vec![Chain {
        name: "input".into(),
        kind: ChainKind::FilterElsePass { hook: Hook::Input, priority: 0 },
        rules: vec![
            rule(&[&from_machines, &known, &[verdict(Verdict::Return)]]),
            rule(&[&from_machines, &echo, &[verdict(Verdict::Return)]]),
            rule(&[&from_machines, &drop]),
        ],
    }];
    match config.uplink {
        Uplink::None => chains.push(Chain {
            name: "forward".into(),
            kind: ChainKind::FilterElsePass { hook: Hook::Forward, priority: 0 },
            rules: vec![rule(&[&from_machines, &drop]), rule(&[&on_link(MetaKey::Oif), &drop])],
        }),
        Uplink::Auto => chains.push(Chain {
            name: "uplink".into(),
            kind: ChainKind::Nat { hook: Hook::Postrouting, priority: 100 },
            rules: vec![rule(&[
                &in_pool(config.public_pool),
                &[
                    Expr::Meta(MetaKey::Oif, 0),
                    Expr::NotEqual(0, link.to_ne_bytes().to_vec()),
                    Expr::Masquerade,
                ],
            ])],
        }),
    }
    chains
}

/// Matches packets from the pool.
fn in_pool(pool: Ipv4Net) -> [Expr; 3] {
    [
        Expr::Payload { base: PayloadBase::Network, offset: 12, len: 4, to: 0 },
        Expr::Bits { register: 0, mask: pool.netmask().octets().to_vec(), flip: vec![0; 4] },
        Expr::Equal(0, pool.network().octets().to_vec()),
    ]
}
