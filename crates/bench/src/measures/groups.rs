//! From a security-group change to its enforcement, seen by packets: the very next connection.

use crate::Context;
use crate::cloud::{Cloud, Options};
use crate::host::Meter;
use crate::report::{Row, Target};
use crate::site::{Site, call};
use crate::statistics::Times;
use crate::stop;
use anyhow::{bail, ensure};
use api_ec2::{self as ec2, ops};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const ROUNDS: u16 = 200;
const FIRST_PORT: u16 = 20_000;
/// A lost SYN is sent again after a second (RFC 6298 §2.1); an answer within this came to the first one.
const FIRST_SYN: Duration = Duration::from_millis(800);
/// A packet that is let through is answered long before.
const SILENCE: Duration = Duration::from_millis(40);

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (durable, kind, promise) in [(false, "ephemeral", 5.0), (true, "durable", 20.0)] {
        rows.extend(measure(context, durable, kind, promise)?);
    }
    Ok(rows)
}

fn measure(context: &Context, durable: bool, kind: &str, promise: f64) -> anyhow::Result<Vec<Row>> {
    let options = Options { durable, machines: true, ..Options::default() };
    let cloud = Cloud::start(&context.allod, &context.folder, options)?;
    let mut site = Site::build(cloud.client())?;
    let (_, address) = site.public_machine()?;
    let meter = Meter::start(cloud.pid(), cloud.keeper_pid());
    let (mut opened, mut closed) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        ensure!(!stop::asked(), "stopped on request");
        let port = FIRST_PORT + round;
        if round == 0 {
            ensure!(!answers(address, port, SILENCE)?, "port {port} is open before any rule");
        }
        opened.push(open(&mut site, address, port)?);
        closed.push(close(&mut site, address, port)?);
    }
    let cpu = meter.used();
    cloud.stop()?;
    let row = |what: &str, times: Vec<f64>, how: &str| {
        let times = Times::new(times);
        let note = format!("{} changes, p50 {:.2} ms; {how}", times.len(), times.median());
        Row::new(format!("{what} → enforced, p99, {kind}"), times.percentile(99), "ms")
            .target(Target::AtMost(promise))
            .note(note)
    };
    Ok(vec![
        row("authorize", opened, "until the very next connection is answered").cpu(cpu),
        row("revoke", closed, "the call; the very next connection gets no answer"),
    ])
}

/// Milliseconds from the call to the answer to the first packet after it.
fn open(site: &mut Site, address: Ipv4Addr, port: u16) -> anyhow::Result<f64> {
    let request = ec2::AuthorizeSecurityGroupIngressRequest {
        group_id: Some(site.group.clone()),
        ip_permissions: Some(vec![permission(port)]),
        ..Default::default()
    };
    let begun = Instant::now();
    call::<ops::AuthorizeSecurityGroupIngress>(&mut site.client, &request)?;
    ensure!(answers(address, port, FIRST_SYN)?, "port {port} was allowed, yet the next packet was dropped");
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

/// Milliseconds of the call; a packet after it must get no answer.
fn close(site: &mut Site, address: Ipv4Addr, port: u16) -> anyhow::Result<f64> {
    let request = ec2::RevokeSecurityGroupIngressRequest {
        group_id: Some(site.group.clone()),
        ip_permissions: Some(vec![permission(port)]),
        ..Default::default()
    };
    let begun = Instant::now();
    call::<ops::RevokeSecurityGroupIngress>(&mut site.client, &request)?;
    let took = begun.elapsed().as_secs_f64() * 1e3;
    ensure!(!answers(address, port, SILENCE)?, "port {port} was forbidden, yet the next packet was answered");
    Ok(took)
}

fn permission(port: u16) -> ec2::IpPermission {
    ec2::IpPermission {
        ip_protocol: Some("tcp".to_owned()),
        from_port: Some(i32::from(port)),
        to_port: Some(i32::from(port)),
        ip_ranges: Some(vec![ec2::IpRange { cidr_ip: Some("0.0.0.0/0".to_owned()), ..Default::default() }]),
        ..Default::default()
    }
}

/// Whether the machine answers. Nothing listens there: its “refused” is the answer of an open gate.
fn answers(address: Ipv4Addr, port: u16, patience: Duration) -> anyhow::Result<bool> {
    match TcpStream::connect_timeout(&SocketAddr::from((address, port)), patience) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => Ok(false),
        Err(error) => bail!("a connection to {address}:{port}: {error}"),
    }
}
