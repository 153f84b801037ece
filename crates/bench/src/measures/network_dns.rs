//! CPU per question of the VPCs' name server, beside unbound and dnsmasq under the same load (dnsperf, all from apt).
//!
//! The resolver runs in this process, with sockets on loopback: as far from the load as its peers are. A VPC adds the
//! kernel's path through two namespaces, which is not the resolver's.

use crate::Context;
use crate::peer::free_address;
use crate::report::{Row, Target};
use crate::stop::{self, Deadline};
use anyhow::{Context as _, bail, ensure};
use records::{NetworkInterface, Vpc};
use resolver::{Listening, Resolver, ResolverConfig, Upstreams, VpcKey};
use serde_json::json;
use state_store::StoreError;
use state_store::typed::{Scope, Store};
use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Names of each kind.
const NAMES: u32 = 1_000;
/// Until a server must answer its first question.
const START: Duration = Duration::from_secs(20);
/// Clients that dnsperf plays.
const CLIENTS: &str = "8";
/// Questions under way at once: while the cache is filled fewer than may wait for one machine.
const FILLING: &str = "50";
const UNDER_WAY: &str = "200";

/// The rivals' programs.
const PEERS: [&str; 2] = ["unbound", "dnsmasq"];

/// What this host lacks.
pub(super) fn needs() -> Option<String> {
    find("dnsperf").is_none().then(|| "it needs dnsperf, from the package of that name".to_owned())
}

/// A program on the path, or where Debian keeps servers.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into()]);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let folder = TempDir::with_prefix_in("allod-bench-names-", &context.folder)?;
    let world = world()?;
    let loads = [
        ("name of an instance", write_names(folder.path(), "instances", own_name)?),
        ("cached name of the world", write_names(folder.path(), "world", world_name)?),
    ];
    let (_resolver, own) = serve(world)?;
    let thread = thread("names")?;
    let mut rivals = Vec::new();
    for name in PEERS {
        if let Some(program) = find(name) {
            rivals.push(Rival::start(name, &program, folder.path(), world)?);
        }
    }
    let mut rows = Vec::new();
    for (what, file) in loads {
        let ours = load(own, &file, context.seconds, || Ok(thread_cpu(&thread)))?;
        let mut row = Row::new(format!("{what}, CPU per question"), ours.cpu_us, "µs")
            .target(Target::AtMost(6.0))
            .note(format!("{:.0} questions/s on cores shared with dnsperf", ours.per_second));
        for rival in &rivals {
            ensure!(!stop::asked(), "stopped on request");
            let pid = rival.child.id();
            let theirs = load(rival.address, &file, context.seconds, || Ok(crate::host::cpu_seconds(pid)))?;
            row = row.peer(rival.name, theirs.cpu_us);
        }
        rows.push(row);
    }
    Ok(rows)
}

fn own_address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 0, 1, 0)) + number)
}

fn own_name(number: u32) -> String {
    format!("ip-{}.ec2.internal", own_address(number).to_string().replace('.', "-"))
}

fn world_name(number: u32) -> String {
    format!("host{number}.www.example.com")
}

fn write_names(folder: &Path, name: &str, of: fn(u32) -> String) -> anyhow::Result<PathBuf> {
    let file = folder.join(name);
    let lines = (0..NAMES).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "{} A", of(number));
        text
    });
    fs::write(&file, lines)?;
    Ok(file)
}

/// The resolver with a VPC of so many interfaces. The limit per interface is lifted: all load comes from one address.
fn serve(world: SocketAddr) -> anyhow::Result<(Resolver, SocketAddr)> {
    let (store, scope) = (Store::in_memory(), Scope::new("000000000000", "us-east-1"));
    let vpc: Vpc = serde_json::from_value(json!({
        "id": "vpc-1", "cidr_block": "10.0.0.0/16", "dhcp_options_id": "default", "instance_tenancy": "default",
        "cidr_associations": [{"association_id": "a", "cidr": "10.0.0.0/16", "state": "associated"}],
        "is_default": false, "created": 0, "enable_dns_support": true, "enable_dns_hostnames": true,
    }))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(store.transact(|tx| {
        tx.put(&scope, vpc.clone());
        Ok::<(), StoreError>(())
    }))?;
    for number in 0..NAMES {
        let interface: NetworkInterface = serde_json::from_value(json!({
            "id": format!("eni-{number}"), "subnet_id": "subnet-1", "vpc_id": "vpc-1", "availability_zone": "us-east-1a",
            "description": "", "mac_address": "0a:00:00:00:00:01", "source_dest_check": true, "groups": [],
            "private_addresses": [{"address": own_address(number), "primary": true}],
            "interface_type": "interface", "created": 0,
        }))?;
        runtime.block_on(store.transact(|tx| {
            tx.put(&scope, interface.clone());
            Ok::<(), StoreError>(())
        }))?;
    }
    let config = ResolverConfig {
        upstreams: Upstreams::Servers(vec![world]),
        questions_per_second: u32::MAX,
        ..ResolverConfig::default()
    };
    let resolver = Resolver::start(config, store)?;
    let address = free_address()?;
    let listening = Listening { datagrams: UdpSocket::bind(address)?, streams: TcpListener::bind(address)? };
    resolver.listen(&VpcKey { scope, vpc_id: "vpc-1".into() }, listening)?;
    Ok((resolver, address))
}

/// The world's name server: one address for every name, for an hour. Its thread ends with the process.
fn world() -> anyhow::Result<SocketAddr> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let address = socket.local_addr()?;
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            let Some(reply) = address_reply(&buffer[..length]) else { continue };
            let _ = socket.send_to(&reply, peer);
        }
    });
    Ok(address)
}

/// The question handed back with an A record.
fn address_reply(question: &[u8]) -> Option<Vec<u8>> {
    let mut end = 12;
    while *question.get(end)? != 0 {
        end += 1 + usize::from(question[end]);
    }
    let mut reply = question.get(..end + 5)?.to_vec();
    // An answer, recursion available; one question, one answer.
    reply[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 192, 0, 2, 1]);
    Some(reply)
}

/// A rival on loopback; killed when dropped.
struct Rival {
    name: &'static str,
    address: SocketAddr,
    child: Child,
}

impl Drop for Rival {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Rival {
    fn start(name: &'static str, program: &Path, folder: &Path, world: SocketAddr) -> anyhow::Result<Rival> {
        let address = free_address()?;
        let mut command = Command::new(program);
        match name {
            "unbound" => command.arg("-d").arg("-c").arg(unbound_config(folder, address, world)?),
            _ => command.args(dnsmasq_words(folder, address, world)?),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().with_context(|| format!("{name} does not start"))?;
        let mut rival = Rival { name, address, child };
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        socket.connect(address)?;
        let deadline = Deadline::new(format!("the start of {name}"), START);
        // Any question: a server that answers is up.
        let question = b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x09localhost\0\0\x01\0\x01";
        loop {
            let _ = socket.send(question);
            if socket.recv(&mut [0; 512]).is_ok() {
                return Ok(rival);
            }
            if let Some(status) = rival.child.try_wait()? {
                bail!("{name} ended with {status}");
            }
            deadline.pause(Duration::from_millis(10))?;
        }
    }
}

fn unbound_config(folder: &Path, address: SocketAddr, world: SocketAddr) -> anyhow::Result<PathBuf> {
    let mut text = format!(
        "server:\n interface: {}@{port}\n port: {port}\n num-threads: 1\n do-daemonize: no\n use-syslog: no\n \
         chroot: \"\"\n username: \"\"\n pidfile: \"\"\n module-config: \"iterator\"\n do-not-query-localhost: no\n \
         local-zone: \"ec2.internal.\" static\n",
        address.ip(),
        port = address.port()
    );
    for number in 0..NAMES {
        writeln!(text, " local-data: \"{}. 60 IN A {}\"", own_name(number), own_address(number))?;
    }
    writeln!(text, "forward-zone:\n name: \".\"\n forward-addr: {}@{}", world.ip(), world.port())?;
    let file = folder.join("unbound.conf");
    fs::write(&file, text)?;
    Ok(file)
}

fn dnsmasq_words(folder: &Path, address: SocketAddr, world: SocketAddr) -> anyhow::Result<Vec<String>> {
    let mut hosts = String::new();
    for number in 0..NAMES {
        writeln!(hosts, "{} {}", own_address(number), own_name(number))?;
    }
    let file = folder.join("hosts");
    fs::write(&file, hosts)?;
    let mut words: Vec<String> = [
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--pid-file=",
        "--user=root",
        "--no-resolv",
        "--no-hosts",
    ]
    .map(str::to_owned)
    .into();
    words.extend(["--bind-interfaces", "--cache-size=10000", "--dns-forward-max=1000"].map(str::to_owned));
    words.push(format!("--listen-address={}", address.ip()));
    words.push(format!("--port={}", address.port()));
    words.push(format!("--server={}#{}", world.ip(), world.port()));
    words.push(format!("--addn-hosts={}", file.display()));
    Ok(words)
}

struct Figures {
    cpu_us: f64,
    per_second: f64,
}

/// Puts a load on a server whose cache is warm.
fn load(
    server: SocketAddr,
    names: &Path,
    seconds: u64,
    cpu: impl Fn() -> anyhow::Result<f64>,
) -> anyhow::Result<Figures> {
    // Each name once.
    dnsperf(server, names, &["-n", "1", "-q", FILLING])?;
    let before = cpu()?;
    let (answered, lasted) = dnsperf(server, names, &["-l", &seconds.to_string(), "-q", UNDER_WAY])?;
    let used = cpu()? - before;
    Ok(Figures { cpu_us: used * 1e6 / answered, per_second: answered / lasted })
}

/// Runs dnsperf; questions answered, and seconds.
fn dnsperf(server: SocketAddr, names: &Path, words: &[&str]) -> anyhow::Result<(f64, f64)> {
    let program = find("dnsperf").context("dnsperf is gone")?;
    let (host, port) = (server.ip().to_string(), server.port().to_string());
    let output = Command::new(program)
        .args(["-s", &host, "-p", &port, "-c", CLIENTS, "-d"])
        .arg(names)
        .args(words)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "dnsperf: {}", String::from_utf8_lossy(&output.stderr));
    let number =
        |label: &str| value(&text, label).with_context(|| format!("dnsperf says no {label:?}:\n{text}"));
    let (answered, lasted) = (number("Queries completed:")?, number("Run time (s):")?);
    // A server that refuses is fast; only answers count.
    let good = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("Response codes:")?.trim().strip_prefix("NOERROR"));
    let good = good.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default();
    ensure!(answered > 0.0 && good >= 0.999 * answered, "{server} answers wrongly:\n{text}");
    Ok((answered, lasted))
}

/// The number behind a label.
fn value(text: &str, label: &str) -> Option<f64> {
    text.lines().find_map(|line| line.trim().strip_prefix(label)?.split_whitespace().next()?.parse().ok())
}

/// The thread of this process with a name, which it gives itself a moment after its start.
fn thread(name: &str) -> anyhow::Result<PathBuf> {
    let named = |path: &PathBuf| fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim() == name);
    let deadline = Deadline::new(format!("the start of the thread {name}"), START);
    loop {
        let mut tasks = fs::read_dir("/proc/self/task")?.flatten().map(|entry| entry.path());
        if let Some(found) = tasks.find(named) {
            return Ok(found);
        }
        deadline.pause(Duration::from_millis(1))?;
    }
}

/// CPU time of a thread in seconds (proc(5): the first number of `schedstat`, in nanoseconds).
fn thread_cpu(thread: &Path) -> f64 {
    let text = fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
    text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_answers_what_it_is_asked() {
        let question = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\x01\x01a\0\0\x01\0\x01\0\0\x29\x04\xd0\0\0\0\0\0\0";
        let reply = address_reply(question).unwrap();
        assert_eq!(reply[..12], *b"\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0");
        assert_eq!((reply.len(), &reply[reply.len() - 4..]), (12 + 7 + 16, &[192, 0, 2, 1][..]));
        assert_eq!(address_reply(&question[..13]), None);
    }

    #[test]
    fn numbers_are_read_from_the_report() {
        let text = "Statistics:\n\n  Queries sent:         10\n  Run time (s):         4.000123\n";
        assert_eq!(value(text, "Run time (s):"), Some(4.000_123));
        assert_eq!(value(text, "Queries lost:"), None);
    }

    #[test]
    fn names_of_instances_are_what_the_resolver_knows() {
        assert_eq!(own_name(256), "ip-10-0-2-0.ec2.internal");
    }
}
