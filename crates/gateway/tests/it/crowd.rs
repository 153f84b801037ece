//! Ten thousand connections at once.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Stdio};

use gateway::{GatewayConfig, Limits};

use crate::client::Request;
use crate::world::World;

const CROWD: usize = 10_000;
/// Descriptors a process needs beside its connections.
const SPARE: usize = 200;
/// Set in the child process: the address of the server.
const CHILD: &str = "ALLOD_TEST_CROWD";

/// Client and server share the limit of descriptors per process, so the client is a child: this
/// very test binary, running only the other test of this file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_of_connections_is_served() {
    let crowd = CROWD.min(descriptors().saturating_sub(SPARE));
    println!("{crowd} connections at once");
    assert!(crowd > 500, "the limit of open files is too low for this test");
    // Connecting takes a while on a busy machine; those who are early must not be shown out.
    let limits = Limits { head_time: std::time::Duration::from_secs(300), ..Limits::default() };
    let world = World::with(GatewayConfig { limits, ..GatewayConfig::default() }, false).await;
    let address = world.address.to_string();
    let child = tokio::task::spawn_blocking(move || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crowd::the_crowd", "--nocapture"])
            .env(CHILD, format!("{address} {crowd}"))
            .stdout(Stdio::piped())
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(child.status.success(), "{said}\n{}", String::from_utf8_lossy(&child.stderr));
    assert!(said.contains(&format!("{crowd} answers, then {crowd} more")), "{said}");
    // And afterwards it is as if nothing had been.
    assert_eq!(Request::new("GET", "/_allod/health").send(world.address).await.status, 200);
}

/// The child's part; without the variable there is nothing to do.
#[test]
fn the_crowd() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let (address, crowd) = order.split_once(' ').unwrap();
    let crowd: usize = crowd.parse().unwrap();
    let mut streams: Vec<TcpStream> = (0..crowd).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut rounds = [0; 2];
    for answers in &mut rounds {
        // All ask before any is answered.
        for stream in &mut streams {
            stream.write_all(b"GET /_allod/health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        }
        for stream in &mut streams {
            let mut piece = [0; 4_096];
            let count = stream.read(&mut piece).unwrap();
            assert!(piece[..count].starts_with(b"HTTP/1.1 200 OK\r\n"));
            *answers += 1;
        }
    }
    println!("{} answers, then {} more", rounds[0], rounds[1]);
    for stream in streams {
        stream.shutdown(Shutdown::Both).unwrap();
    }
}

/// How many descriptors this process may have open.
fn descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    line.split_whitespace().nth(3).unwrap().parse().unwrap_or(usize::MAX)
}
