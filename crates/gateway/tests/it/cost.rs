//! What a signed and verified request costs the server:
//! `cargo test --release -p gateway --test it cost -- --ignored --nocapture`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Instant;

use aws_schema::{Operation, Protocol};
use gateway::Mode;

use crate::client::Request;
use crate::echo::{self, Say, SayRequest};
use crate::world::World;

const CONNECTIONS: u32 = 16;
const REQUESTS: u32 = 200_000;
/// Set in the child process: the address of the server.
const CHILD: &str = "ALLOD_TEST_COST";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, of use in a release build only"]
async fn processor_time_per_request() {
    for (service, protocol) in [(&echo::JSON, Protocol::Json11), (&echo::QUERY, Protocol::Query)] {
        let world = World::unaudited(Mode::Enforced).await;
        let address = world.address.to_string();
        let input = SayRequest { text: Some("x".repeat(100)), ..SayRequest::default() };
        let request = Request::call(protocol, service, Say::SPEC, &input)
            .header("User-Agent", "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.1 lang/python#3.11.7")
            .header("Accept-Encoding", "identity")
            .signed_by("AKIAALICE", service);
        let before = processor_seconds();
        let start = Instant::now();
        let bytes = request.bytes();
        tokio::task::spawn_blocking(move || drive(&address, &bytes)).await.unwrap();
        let (wall, processor) = (start.elapsed().as_secs_f64(), processor_seconds() - before);
        println!(
            "{protocol:?}: {:.1} µs processor time each, {:.0} requests/s",
            processor / f64::from(REQUESTS) * 1e6,
            f64::from(REQUESTS) / wall
        );
    }
}

/// Runs the client in a process of its own, so that its time is not counted.
fn drive(address: &str, request: &[u8]) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cost::client", "--nocapture"])
        .env(CHILD, address)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request).unwrap();
    assert!(child.wait().unwrap().success());
}

/// The child's part: one request at a time on every connection, all connections at once.
#[test]
fn client() {
    let Ok(address) = std::env::var(CHILD) else { return };
    let mut request = Vec::new();
    std::io::stdin().read_to_end(&mut request).unwrap();
    let mut streams: Vec<TcpStream> =
        (0..CONNECTIONS).map(|_| TcpStream::connect(&address).unwrap()).collect();
    for stream in &streams {
        stream.set_nodelay(true).unwrap();
    }
    let mut piece = [0; 4_096];
    for _ in 0..REQUESTS / CONNECTIONS {
        for stream in &mut streams {
            stream.write_all(&request).unwrap();
        }
        for stream in &mut streams {
            let count = stream.read(&mut piece).unwrap();
            assert!(
                piece[..count].starts_with(b"HTTP/1.1 200 OK\r\n"),
                "{}",
                String::from_utf8_lossy(&piece[..count])
            );
        }
    }
}

/// User and system time of this process.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    // USER_HZ has been 100 on every architecture we run on.
    ticks / 100.0
}
