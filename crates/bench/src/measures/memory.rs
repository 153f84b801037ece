//! Idle memory of a cloud with all services and nothing in it.

use super::who_am_i;
use crate::cloud::{Cloud, Options};
use crate::host::{Meter, is_root, proportional_mib, resident_mib};
use crate::report::{Row, Target};
use crate::{Context, load};
use anyhow::{Context as _, ensure};
use std::time::Duration;

/// Promise of the whole cloud in MiB.
const PROMISE: f64 = 25.0;
/// Background work of the start is over by then.
const SETTLE: Duration = Duration::from_secs(2);

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let options = Options { durable: true, machines: is_root(), ..Options::default() };
    let cloud = Cloud::start(&context.allod, &context.folder, options)?;
    let request = who_am_i(&mut cloud.client());
    let (status, _) = load::once(cloud.endpoint(), &request)?;
    ensure!(status == 200, "the cloud answers {status}");
    let meter = Meter::start(cloud.pid(), cloud.keeper_pid());
    std::thread::sleep(SETTLE);
    let idle = meter.used();
    let server = resident_mib(cloud.pid()).context("the server is gone")?;
    let mut row = Row::new("idle memory, allod up (RSS)", server, "MiB")
        .target(Target::AtMost(PROMISE))
        .cpu(idle)
        .note(format!("with a data directory; CPU of {} idle seconds", SETTLE.as_secs()));
    for peer in &context.peers {
        row = match peer.start(&request).map(|peer| resident_mib(peer.pid()).unwrap_or_default()) {
            Ok(resident) => row.peer(peer.name, resident),
            Err(error) => row.note(format!("{}: {error:#}", peer.name)),
        };
    }
    let mut rows = vec![row];
    if let Some(keeper) = cloud.keeper_pid() {
        let resident = resident_mib(keeper).context("the keeper is gone")?;
        rows.push(Row::new("idle memory, keeper (RSS)", resident, "MiB").target(Target::AtMost(PROMISE)));
        let both = [cloud.pid(), keeper].map(|pid| proportional_mib(pid).unwrap_or_default()).iter().sum();
        let row = Row::new("idle memory, both (PSS)", both, "MiB").target(Target::AtMost(PROMISE));
        rows.push(row.note("pages both map are counted once"));
    }
    cloud.stop()?;
    Ok(rows)
}
