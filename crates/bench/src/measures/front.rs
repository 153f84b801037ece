//! CPU per signed and verified request, and requests per second on cores shared with the client.

use super::{signed, who_am_i};
use crate::Context;
use crate::cloud::{Cloud, Options};
use crate::host::{Cpu, Meter};
use crate::load::{once, replay};
use crate::peer::Running;
use crate::report::{Row, Target};
use crate::site::{call, host_image};
use anyhow::{Context as _, ensure};
use api_ec2::{self as ec2, ops};
use std::net::SocketAddr;
use std::time::Duration;

const CONNECTIONS: usize = 16;
/// Caches and branch predictors are warm after this.
const WARM_UP: Duration = Duration::from_millis(500);

/// The same bytes for everyone.
struct Requests {
    launch: Vec<u8>,
    kinds: [(&'static str, Vec<u8>); 2],
}

/// What a load came to on one server.
struct Figures {
    cpu_us: f64,
    per_second: f64,
    cpu: Cpu,
    requests: u32,
}

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let options = Options { enforce: true, ..Options::default() };
    let cloud = Cloud::start(&context.allod, &context.folder, options)?;
    let mut client = cloud.client();
    let launch = ec2::RunInstancesRequest {
        image_id: Some(host_image(&mut client)?),
        instance_type: Some("t3.micro".into()),
        min_count: Some(1),
        max_count: Some(1),
        ..Default::default()
    };
    let requests = Requests {
        launch: signed::<ops::RunInstances>(&mut client, &ec2::SERVICE, &launch),
        kinds: [
            ("GetCallerIdentity", who_am_i(&mut client)),
            (
                "DescribeInstances",
                signed::<ops::DescribeInstances>(&mut client, &ec2::SERVICE, &Default::default()),
            ),
        ],
    };
    // One instance, so that there is something to describe.
    call::<ops::RunInstances>(&mut client, &launch)?;
    for (name, request) in &requests.kinds {
        refuses_a_changed_signature(cloud.endpoint(), request)
            .with_context(|| format!("{name} is not verified"))?;
    }
    let length = Duration::from_secs(context.seconds);
    let ours = requests.on(cloud.endpoint(), cloud.pid(), length)?;
    cloud.stop()?;
    let mut rows = Vec::new();
    for ((name, _), figures) in requests.kinds.iter().zip(&ours) {
        let note =
            format!("{} requests over {CONNECTIONS} connections, every signature verified", figures.requests);
        let cpu = Row::new(format!("{name}, CPU per request"), figures.cpu_us, "µs");
        rows.push(cpu.target(Target::AtMost(25.0)).cpu(figures.cpu).note(&note));
        let rate = Row::new(format!("{name}, rate"), figures.per_second, "/s");
        rows.push(
            rate.target(Target::AtLeast(30_000.0)).cpu(figures.cpu).note("cores shared with the client"),
        );
    }
    for peer in &context.peers {
        let theirs = peer.start(&requests.kinds[0].1).and_then(|running| requests.on_peer(&running, length));
        rows = match theirs {
            Ok(theirs) => {
                let values = theirs.iter().flat_map(|figures| [figures.cpu_us, figures.per_second]);
                rows.into_iter().zip(values).map(|(row, value)| row.peer(peer.name, value)).collect()
            }
            Err(error) => rows.into_iter().map(|row| row.note(format!("{}: {error:#}", peer.name))).collect(),
        };
    }
    Ok(rows)
}

impl Requests {
    fn on(&self, server: SocketAddr, pid: u32, length: Duration) -> anyhow::Result<[Figures; 2]> {
        let [first, second] = &self.kinds;
        Ok([figures(server, pid, &first.1, length)?, figures(server, pid, &second.1, length)?])
    }

    fn on_peer(&self, peer: &Running, length: Duration) -> anyhow::Result<[Figures; 2]> {
        let (status, body) = once(peer.address, &self.launch)?;
        ensure!(status == 200, "RunInstances answers {status}: {}", String::from_utf8_lossy(&body));
        self.on(peer.address, peer.pid(), length)
    }
}

fn figures(server: SocketAddr, pid: u32, request: &[u8], length: Duration) -> anyhow::Result<Figures> {
    replay(server, request, CONNECTIONS, WARM_UP)?;
    let meter = Meter::start(pid, None);
    let count = replay(server, request, CONNECTIONS, length)?;
    let cpu = meter.used();
    let requests = f64::from(count.requests);
    Ok(Figures {
        cpu_us: cpu.server * 1e6 / requests,
        per_second: requests / count.seconds,
        cpu,
        requests: count.requests,
    })
}

/// A measure of verification is worth something only where a wrong signature is refused.
fn refuses_a_changed_signature(server: SocketAddr, request: &[u8]) -> anyhow::Result<()> {
    let mark = b"Signature=";
    let at = memchr::memmem::find(request, mark).context("the request carries no signature")? + mark.len();
    let mut changed = request.to_vec();
    let digit = changed.get_mut(at).context("the signature is empty")?;
    *digit = if *digit == b'0' { b'1' } else { b'0' };
    let (status, _) = once(server, &changed)?;
    // 403 with SignatureDoesNotMatch, but EC2 answers 401 with AuthFailure.
    ensure!(matches!(status, 401 | 403), "a changed signature is answered with {status}");
    Ok(())
}
