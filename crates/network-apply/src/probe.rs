//! What this kernel offers: each feature is tried, never guessed from versions.
//! All trials happen in a namespace that vanishes afterwards.

use std::os::fd::AsFd;

use network_plan::{Chain, ChainKind, ChainRule, CtKey, Expr, FibKey, Hook, NatKind, SetId, Verdict};

use crate::netlink::Socket;
use crate::nft::{self, Batch, Family};
use crate::route::{self, Changes, Peer, Veth, add_veth};
use crate::{ApplyError, netns};

const TABLE: &str = "probe";

/// Something a kernel may offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// What it is called in reports.
    pub name: &'static str,
    /// Whether it works here, for this process.
    pub present: bool,
    /// Whether a VPC needs it today.
    pub required: bool,
    /// What it is for; if absent, what the kernel said.
    pub why: String,
}

/// Tries every feature. Takes a few milliseconds; leaves nothing behind.
pub fn probe() -> Vec<Feature> {
    let mut features = Vec::new();
    let namespace = netns::create(|| Socket::route().and_then(|r| Ok((r, Socket::netfilter()?))));
    let sockets = match namespace {
        Ok((namespace, sockets)) => sockets
            .map(|(route, filter)| (namespace, route, filter))
            .map_err(ApplyError::io("opening netlink sockets")),
        Err(error) => Err(error),
    };
    let (namespace, mut route, mut filter) = match sockets {
        Ok(all) => {
            features.push(feature("network namespaces", true, "a router per VPC", Ok(())));
            all
        }
        Err(error) => {
            features.push(feature("network namespaces", true, "", Err(error)));
            for (name, required, _) in trials() {
                features.push(Feature {
                    name,
                    present: false,
                    required,
                    why: "cannot be tried without a network namespace".into(),
                });
            }
            return features;
        }
    };
    for (name, required, trial) in trials() {
        let (what_for, outcome) = match trial {
            Trial::Veth => ("links between namespaces", veth(&mut route, &namespace)),
            Trial::Vxlan => ("VPCs that span hosts", vxlan(&mut route)),
            Trial::Set(set, what_for) => (what_for, make_set(&mut filter, set)),
            Trial::Rule(kind, body, what_for) => (what_for, rule(&mut filter, kind, body)),
            Trial::Bpf => ("cached verdicts and flood defence", bpf()),
        };
        features.push(feature(name, required, what_for, outcome));
    }
    features
}

enum Trial {
    Veth,
    Vxlan,
    Bpf,
    Set(SetId, &'static str),
    Rule(ChainKind, Vec<Expr>, &'static str),
}

fn trials() -> Vec<(&'static str, bool, Trial)> {
    let filter = ChainKind::FilterElsePass { hook: Hook::Forward, priority: 0 };
    let prerouting = ChainKind::FilterElsePass { hook: Hook::Prerouting, priority: -90 };
    let dnat = ChainKind::Nat { hook: Hook::Prerouting, priority: -100 };
    let snat = ChainKind::Nat { hook: Hook::Postrouting, priority: 100 };
    let address = Expr::Constant(0, vec![192, 0, 2, 1]);
    let to = |kind| vec![address.clone(), Expr::Nat(kind, 0)];
    let drop = Expr::Verdict(Verdict::Drop);
    vec![
        ("veth", true, Trial::Veth),
        ("nf_tables", true, Trial::Rule(filter, vec![drop], "the packet filter")),
        ("hash sets", true, Trial::Set(SetId::EniMac, "anti-spoofing")),
        ("maps", true, Trial::Set(SetId::EniGroup, "which groups an interface has")),
        ("counters in sets", true, Trial::Set(SetId::ALL[SetId::ALL.len() - 1], "drops per ENI")),
        ("interval concatenations", true, Trial::Set(SetId::Ingress6, "security-group rules")),
        (
            "connection tracking",
            true,
            Trial::Rule(filter, vec![Expr::Ct(CtKey::State, 0)], "stateful groups"),
        ),
        ("source NAT", true, Trial::Rule(snat, to(NatKind::Source), "public addresses, leaving")),
        ("destination NAT", true, Trial::Rule(dnat, to(NatKind::Destination), "public addresses, arriving")),
        ("masquerading", true, Trial::Rule(snat, vec![Expr::Masquerade], "the host's uplink")),
        (
            "packet log",
            true,
            Trial::Rule(
                filter,
                vec![Expr::Log { group: 1, bytes: 128, prefix: "probe".into() }],
                "which gate dropped",
            ),
        ),
        (
            "route lookups",
            true,
            Trial::Rule(prerouting, vec![Expr::Fib(FibKey::Interface, 0)], "drops for want of a route"),
        ),
        ("interval maps", true, Trial::Set(SetId::MemberPrefix6, "delegated prefixes")),
        (
            "connection marks",
            true,
            Trial::Rule(
                filter,
                vec![Expr::Ct(CtKey::Mark, 0), Expr::SetCtMark(0)],
                "flows that are not tracked",
            ),
        ),
        (
            "hashing",
            true,
            Trial::Rule(
                filter,
                vec![address.clone(), Expr::Hash { from: 0, len: 4, modulus: 64, to: 0 }],
                "NAT gateways with several addresses",
            ),
        ),
        (
            "rate limits",
            false,
            Trial::Rule(filter, vec![Expr::Limit { per_second: 10, burst: 5 }], "log floods"),
        ),
        ("VXLAN", false, Trial::Vxlan),
        ("BPF", false, Trial::Bpf),
    ]
}

fn feature(name: &'static str, required: bool, what_for: &str, outcome: Result<(), ApplyError>) -> Feature {
    let (present, why) = match outcome {
        Ok(()) => (true, what_for.to_owned()),
        Err(error) => (false, error.to_string()),
    };
    Feature { name, present, required, why }
}

fn veth(socket: &mut Socket, namespace: &std::os::fd::OwnedFd) -> Result<(), ApplyError> {
    let end = |name| Veth { name, index: 0, mac: [2, 0, 0, 0, 0, 1], mtu: 1500 };
    let peer = Peer { end: end("probe1"), namespace: namespace.as_fd(), group: 0 };
    let mut changes = Changes::new();
    changes.add("veth", &[], |out| add_veth(out, &end("probe0"), &peer));
    changes.commit(socket)
}

fn vxlan(socket: &mut Socket) -> Result<(), ApplyError> {
    let mut changes = Changes::new();
    changes.add("vxlan", &[], |out| route::add_vxlan(out, "probe2", 1));
    changes.commit(socket)
}

fn make_set(socket: &mut Socket, set: SetId) -> Result<(), ApplyError> {
    let mut batch = Batch::new();
    nft::add_table(&mut batch, Family::Inet, TABLE, 0);
    nft::add_set(&mut batch, TABLE, set, 1, None);
    finish(socket, batch)
}

fn rule(socket: &mut Socket, kind: ChainKind, body: Vec<Expr>) -> Result<(), ApplyError> {
    let chain = Chain { name: "probe".into(), kind, rules: Vec::new() };
    let mut batch = Batch::new();
    nft::add_table(&mut batch, Family::Inet, TABLE, 0);
    nft::add_chain(&mut batch, Family::Inet, TABLE, &chain);
    nft::add_rule(&mut batch, Family::Inet, TABLE, "probe", &ChainRule { body });
    finish(socket, batch)
}

/// Commits a trial and clears the table for the next one.
fn finish(socket: &mut Socket, batch: Batch) -> Result<(), ApplyError> {
    let refused = |(step, refusal)| ApplyError::refused(step, refusal);
    batch.commit(socket).map_err(refused)?;
    let mut clear = Batch::new();
    nft::delete_table(&mut clear, Family::Inet, TABLE);
    clear.commit(socket).map_err(refused)
}

/// The smallest program there is: `return 0`.
fn bpf() -> Result<(), ApplyError> {
    /// The beginning of `union bpf_attr` for `BPF_PROG_LOAD`.
    #[repr(C)]
    struct Load {
        program_type: u32,
        instruction_count: u32,
        instructions: u64,
        license: u64,
    }
    const PROG_LOAD: libc::c_long = 5;
    const SCHED_CLS: u32 = 3;
    // `mov r0, 0` and `exit`, in the byte order of all machines we run on.
    let program: [u8; 16] = [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];
    let license = c"Apache-2.0";
    let load = Load {
        program_type: SCHED_CLS,
        instruction_count: 2,
        instructions: program.as_ptr() as u64,
        license: license.as_ptr() as u64,
    };
    // SAFETY: `load` describes live buffers and its size is passed along; the
    // kernel reads no further.
    let fd = unsafe {
        libc::syscall(libc::SYS_bpf, PROG_LOAD, std::ptr::from_ref(&load), std::mem::size_of::<Load>())
    };
    if fd < 0 {
        return Err(ApplyError::io("loading a program")(std::io::Error::last_os_error()));
    }
    // SAFETY: the descriptor was just returned and is used by nobody else.
    unsafe { libc::close(i32::try_from(fd).unwrap_or(-1)) };
    Ok(())
}
