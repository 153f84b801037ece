//! Measures the network on this machine: planning, applying, attaching, changing.
//! Run as root: `cargo run --release -p network-apply --example measure [ENIs [machines]]`.
//! Everything happens in a namespace of its own and is gone afterwards.

// Making a private host takes a system call.
#![allow(unsafe_code)]

use std::error::Error;
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use network_apply::{Attachment, HostConfig, Network, Uplink};
use network_plan::{
    Eni, InputRoute, Peer, Ports, Protocol, RouteTable, RouteTarget, Rule, SecurityGroup, Subnet, VpcInput,
    diff, plan,
};

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
    Ok(())
}

fn attach(network: &mut Network, wanted: &network_plan::VpcPlan, count: usize) -> Outcome<()> {
    let mut times = Vec::new();
    let mut machines = Vec::new();
    for link in wanted.links.values().take(count) {
        let machine = namespace()?;
        let to = Attachment { eni: &link.eni_id, machine: machine.as_fd(), interface: "eth0", metric: 0 };
        let start = Instant::now();
        network.attach(&wanted.id, &to)?;
        times.push(start.elapsed());
        machines.push(machine);
    }
    print_spread("attach", times);
    Ok(())
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
        }],
        route_tables: vec![RouteTable {
            id: "rtb-1".into(),
            number: 1,
            routes: vec![InputRoute {
                destination: "0.0.0.0/0".parse()?,
                target: RouteTarget::InternetGateway,
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
