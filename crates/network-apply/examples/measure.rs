//! Measures the network on this machine: planning, applying, attaching, changing.
//! Run as root: `cargo run --release -p network-apply --example measure [ENIs [machines]]`.
//! Everything happens in a namespace of its own and is gone afterwards.
#![allow(clippy::disallowed_methods, reason = "measures with the clock of the host")]
// Making a private host takes a system call.
#![allow(unsafe_code)]

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::thread;
use std::time::{Duration, Instant};

use network_apply::{Attachment, HostConfig, Network, Uplink};
use network_plan::{
    AclEntry, Eni, InputRoute, NetworkAcl, Peer, Ports, Protocol, RouteTable, RouteTarget, Rule,
    SecurityGroup, Subnet, VpcInput, diff, plan,
};
use test_support::unbroken;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let enis = std::env::args().nth(1).map_or(Ok(1000), |word| word.parse())?;
    unshare()?;
    let input = facts(enis)?;
    let start = Instant::now();
    let rounds: u32 = 20;
    for _ in 0..rounds {
        plan(&input)?;
    }
    let wanted = plan(&input)?;
    let elements: usize = wanted.elements.values().map(Vec::len).sum();
    println!("plan of {enis} ENIs, 200 groups, {elements} elements: {:?}", start.elapsed() / rounds);

    let dir = std::env::temp_dir().join(format!("allod-measure-{}", std::process::id()));
    let mut config = HostConfig::new("measure");
    config.run_dir.clone_from(&dir);
    config.uplink = Uplink::None;
    let mut network = Network::open(config)?;
    let empty = plan(&facts(0)?)?;
    timed("first apply, without ENIs", || network.apply(&empty))?;
    timed("apply of everything", || network.apply(&wanted))?;
    timed("apply of nothing new", || network.apply(&wanted))?;
    network.distrust(&wanted.id);
    timed("the same after reading back", || network.apply(&wanted))?;

    changes(&mut network, input)?;
    let machines = std::env::args().nth(2).map_or(Ok(200), |word| word.parse())?;
    attach(&mut network, &wanted, machines)?;
    speed(&mut network, &wanted)?;
    timed("teardown", || network.teardown())?;
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}

/// One rule in, one rule out.
fn changes(network: &mut Network, mut input: VpcInput) -> Outcome<()> {
    let mut old = plan(&input)?;
    let (mut planning, mut applying) = (Vec::new(), Vec::new());
    for round in 0..50 {
        if round % 2 == 0 {
            input.groups[7].ingress.push(rule("sgr-zzz", 31_000, "192.0.2.0/24".parse()?));
        } else {
            input.groups[7].ingress.pop();
        }
        let start = Instant::now();
        let new = plan(&input)?;
        let steps = diff(&old, &new);
        assert_eq!(steps.len(), 1);
        planning.push(start.elapsed());
        let start = Instant::now();
        network.apply(&new)?;
        applying.push(start.elapsed());
        old = new;
    }
    print_spread("one rule: plan and difference", planning);
    print_spread("one rule: apply", applying);
    let mut applying = Vec::new();
    for round in 0..20 {
        input.acls = vec![acl(1 + round % 2)?];
        let new = plan(&input)?;
        let start = Instant::now();
        network.apply(&new)?;
        applying.push(start.elapsed());
    }
    print_spread("one ACL entry: apply", applying);
    Ok(())
}

fn attach(network: &mut Network, wanted: &network_plan::VpcPlan, count: usize) -> Outcome<()> {
    let mut times = Vec::new();
    let mut machines = Vec::new();
    for link in wanted.links.values().take(count) {
        let machine = namespace()?;
        let to = Attachment {
            eni: &link.eni_id,
            machine: machine.as_fd(),
            interface: "eth0",
            metric: 0,
            answers: None,
        };
        let start = Instant::now();
        network.attach(&wanted.id, &to)?;
        times.push(start.elapsed());
        machines.push(machine);
    }
    print_spread("attach", times);
    Ok(())
}

/// Round trips and throughput between two machines with full policy, and over a
/// bare veth pair for comparison.
fn speed(network: &mut Network, wanted: &network_plan::VpcPlan) -> Outcome<()> {
    let mut ends = Vec::new();
    // Neighbours in number share a group, which admits its own members.
    for link in wanted.links.values().rev().take(2) {
        let machine = namespace()?;
        let to = Attachment {
            eni: &link.eni_id,
            machine: machine.as_fd(),
            interface: "eth0",
            metric: 0,
            answers: None,
        };
        network.attach(&wanted.id, &to)?;
        ends.push((machine, link.address_v4.ok_or("no address")?));
    }
    let bare = [namespace()?, namespace()?];
    inside(&bare[0], || {
        let peer = format!("/proc/{}/fd/{}", std::process::id(), bare[1].as_raw_fd());
        ip(&["link", "add", "eth0", "mtu", "9001", "type", "veth", "peer", "name", "eth0", "netns", &peer])?;
        ip(&["addr", "add", "192.0.2.1/24", "dev", "eth0"])?;
        ip(&["link", "set", "eth0", "up"])
    })??;
    inside(&bare[1], || {
        ip(&["addr", "add", "192.0.2.2/24", "dev", "eth0"])?;
        ip(&["link", "set", "eth0", "up"])
    })??;
    for _ in 0..3 {
        flow("bare veth", &bare[0], &bare[1], Ipv4Addr::new(192, 0, 2, 2))?;
        flow("full policy", &ends[0].0, &ends[1].0, ends[1].1)?;
    }
    Ok(())
}

fn flow(what: &str, from: &File, to: &File, address: Ipv4Addr) -> Outcome<()> {
    const ROUNDS: u32 = 20_000;
    const BYTES: u64 = 1 << 30;
    const PATIENCE: Duration = Duration::from_secs(5);
    let answering = inside(to, || UdpSocket::bind((address, 9)))??;
    let asking = inside(from, || UdpSocket::bind("0.0.0.0:0"))??;
    answering.set_read_timeout(Some(PATIENCE))?;
    asking.set_read_timeout(Some(PATIENCE))?;
    asking.connect((address, 9))?;
    let answer = thread::spawn(move || -> Outcome<()> {
        let mut buffer = [0; 64];
        for _ in 0..ROUNDS {
            let (len, peer) = unbroken(PATIENCE, || answering.recv_from(&mut buffer))?;
            answering.send_to(&buffer[..len], peer)?;
        }
        Ok(())
    });
    let mut times = Vec::new();
    let mut buffer = [0; 22];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        asking.send(&buffer)?;
        unbroken(PATIENCE, || asking.recv(&mut buffer))?;
        times.push(start.elapsed());
    }
    answer.join().map_err(|_| "the answering thread panicked")??;
    times.sort();

    let listener = inside(to, || TcpListener::bind((address, 9)))??;
    let mut sender = inside(from, || TcpStream::connect((address, 9)))??;
    let (mut receiver, _) = listener.accept()?;
    let start = Instant::now();
    let reader = thread::spawn(move || std::io::copy(&mut receiver, &mut std::io::sink()));
    let block = vec![0; 1 << 17];
    for _ in 0..BYTES >> 17 {
        sender.write_all(&block)?;
    }
    drop(sender);
    let got = reader.join().map_err(|_| "the reading thread panicked")??;
    let bits = u32::try_from(got >> 17)?;
    let rate = f64::from(bits) * f64::from(1 << 20) / start.elapsed().as_secs_f64() / 1e9;
    println!("{what}: round trip p50 {:?}, {rate:.1} Gb/s", times[times.len() / 2]);
    Ok(())
}

fn ip(words: &[&str]) -> Outcome<()> {
    let status = std::process::Command::new("ip").args(words).status()?;
    if status.success() { Ok(()) } else { Err(format!("ip {words:?} failed").into()) }
}

/// Runs `work` in a namespace, on a thread of its own.
fn inside<T: Send>(namespace: &File, work: impl FnOnce() -> T + Send) -> Outcome<T> {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: no pointers; moves this scratch thread only.
            if unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) } < 0 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(work())
        });
        let result = thread.join().map_err(|_| "the scratch thread panicked")?;
        Ok(result?)
    })
}

fn timed<T, E>(what: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let start = Instant::now();
    let result = work()?;
    println!("{what}: {:?}", start.elapsed());
    Ok(result)
}

fn print_spread(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("{what}: p50 {:?}, p99 {:?} of {}", at(50), at(99), times.len());
}

fn rule(id: &str, port: u16, block: ipnet::IpNet) -> Rule {
    let protocol = Protocol::Tcp(Ports { from: port, to: port });
    Rule { id: id.into(), protocol, peer: Peer::Cidr(block) }
}

/// An ACL that allows everything, behind some denials that match nothing here.
fn acl(denials: u16) -> Outcome<NetworkAcl> {
    let entry = |number, protocol, block: &str, allow| -> Outcome<AclEntry> {
        Ok(AclEntry { number, protocol, cidr: block.parse()?, allow })
    };
    let mut entries = Vec::new();
    for number in 1..denials {
        let ports = Ports { from: 10_000 + number, to: 10_000 + number };
        entries.push(entry(number, Protocol::Tcp(ports), "192.0.2.0/24", false)?);
    }
    entries.push(entry(100, Protocol::All, "0.0.0.0/0", true)?);
    Ok(NetworkAcl { id: "acl-1".into(), number: 1, ingress: entries.clone(), egress: entries })
}

/// 200 groups of ten rules, each ENI in two of them.
fn facts(enis: u32) -> Outcome<VpcInput> {
    let mut input = VpcInput {
        id: "vpc-1".into(),
        number: 1,
        cidrs_v4: vec!["10.0.0.0/16".parse()?],
        subnets: vec![Subnet {
            id: "subnet-1".into(),
            cidr_v4: "10.0.0.0/16".parse()?,
            cidr_v6: None,
            route_table_id: "rtb-1".into(),
            acl_id: Some("acl-1".into()),
            nsg_id: None,
        }],
        acls: vec![acl(1)?],
        route_tables: vec![RouteTable {
            id: "rtb-1".into(),
            number: 1,
            routes: vec![InputRoute {
                destination: "0.0.0.0/0".parse()?,
                target: RouteTarget::InternetGateway,
                origin: network_plan::RouteOrigin::Static,
            }],
        }],
        internet_gateway: Some("igw-1".into()),
        ..VpcInput::default()
    };
    for number in 0..200_u32 {
        let mut ingress = Vec::new();
        for nth in 0..9_u16 {
            let block = format!("10.{nth}.{number}.0/24").parse()?;
            ingress.push(rule(&format!("sgr-{number}-{nth}"), 80 + nth, block));
        }
        ingress.push(Rule {
            id: format!("sgr-{number}-self"),
            protocol: Protocol::All,
            peer: Peer::Group(format!("sg-{number}")),
        });
        let all = "0.0.0.0/0".parse()?;
        let egress =
            vec![Rule { id: format!("sgr-{number}-out"), protocol: Protocol::All, peer: Peer::Cidr(all) }];
        input.groups.push(SecurityGroup { id: format!("sg-{number}"), number, ingress, egress });
    }
    for number in 0..enis {
        let [_, high, middle, low] = number.to_be_bytes();
        input.enis.push(Eni {
            id: format!("eni-{number}"),
            number,
            subnet_id: "subnet-1".into(),
            mac: [2, 0, 0, high, middle, low],
            private_v4: vec![Ipv4Addr::from(0x0a00_0004 + number)],
            v6: Vec::new(),
            public_v4: Vec::new(),
            source_dest_check: true,
            groups: vec![format!("sg-{}", number % 200), format!("sg-{}", (number + 1) % 200)],
            kind: network_plan::EniKind::Machine,
            nsg_id: None,
            prefixes: Vec::new(),
        });
    }
    Ok(input)
}

fn unshare() -> Outcome<()> {
    // SAFETY: no pointers; moves the calling thread only.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } < 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    Ok(())
}

/// A machine: a bare namespace.
fn namespace() -> Outcome<File> {
    let made = thread::spawn(|| -> Outcome<File> {
        unshare()?;
        Ok(File::open("/proc/thread-self/ns/net")?)
    });
    made.join().map_err(|_| "the scratch thread panicked")?
}
