//! From exec to the first signed answer.

use super::who_am_i;
use crate::cloud::{Options, arguments, credentials, end, spawn};
use crate::holder::{Holder, remove_groups};
use crate::host::{Cpu, cpu_seconds};
use crate::peer::free_address;
use crate::report::{Row, Target};
use crate::statistics::Times;
use crate::stop::Deadline;
use crate::{Context, load};
use anyhow::bail;
use aws_client::Client;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ROUNDS: usize = 20;
const PEER_ROUNDS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let mut ephemeral = row(context, false, "start → first signed answer, ephemeral", 15.0)?;
    let durable = row(context, true, "start → first signed answer, empty data directory", 30.0)?;
    let mut client = Client::new(free_address()?, credentials("test", "test"));
    let request = who_am_i(&mut client);
    for peer in &context.peers {
        let rounds = (0..PEER_ROUNDS).map(|_| Ok(milliseconds(peer.start(&request)?.start)));
        ephemeral = match rounds.collect::<anyhow::Result<Vec<f64>>>() {
            Ok(times) => ephemeral.peer(peer.name, Times::new(times).median()),
            Err(error) => ephemeral.note(format!("{}: {error:#}", peer.name)),
        };
    }
    Ok(vec![ephemeral, durable])
}

fn row(context: &Context, durable: bool, what: &str, limit: f64) -> anyhow::Result<Row> {
    let options = Options { durable, ..Options::default() };
    let (mut times, mut cpu) = (Vec::new(), 0.0);
    let mut keepers = true;
    for _ in 0..ROUNDS {
        let round = round(&context.allod, &context.folder, options, keepers)?;
        times.push(milliseconds(round.time));
        cpu += round.cpu;
        keepers = round.keeper;
    }
    let times = Times::new(times);
    Ok(Row::new(what, times.median(), "ms")
        .target(Target::AtMost(limit))
        .cpu(Cpu { server: cpu, keeper: None })
        .note(format!(
            "median of {}; longest {:.1} ms; CPU of all starts together",
            times.len(),
            times.longest()
        )))
}

/// One start.
struct Round {
    time: Duration,
    /// CPU-seconds used until the answer.
    cpu: f64,
    /// A keeper came, too.
    keeper: bool,
}

/// One start in a fresh folder; `keepers` tells whether one can come on this host.
fn round(allod: &Path, below: &Path, options: Options, keepers: bool) -> anyhow::Result<Round> {
    let folder = crate::cloud::folder(below)?;
    let address = free_address()?;
    let request = who_am_i(&mut Client::new(address, credentials("test", "test")));
    let words = arguments(&folder, options, address);
    let begun = Instant::now();
    let mut child = spawn(allod, &words, folder.path())?;
    let deadline = Deadline::new("the first answer", PATIENCE);
    let answered = loop {
        match load::once(address, &request) {
            Ok((200, _)) => break Ok((begun.elapsed(), cpu_seconds(child.id()))),
            Ok((status, body)) => break Err(anyhow::anyhow!("{status}: {}", String::from_utf8_lossy(&body))),
            // Refused until it listens. Shorter pauses would take the processor from the server.
            Err(_) => {
                if let Err(error) = deadline.pause(Duration::from_micros(200)) {
                    break Err(error);
                }
            }
        }
    };
    // The keeper opens after the front. One that is being started while the server ends would outlive it.
    let place = if keepers { data_dir(&folder, options).ok() } else { None };
    let keeper = place.and_then(|path| Holder::open(&path).ok());
    let found = keeper.is_some();
    let group = keeper.as_ref().and_then(Holder::group);
    let ended = end(&mut child);
    if let Some(keeper) = keeper {
        keeper.shut_down();
    }
    if let Some(group) = group {
        remove_groups(&group);
    }
    ended?;
    let (time, cpu) = answered?;
    Ok(Round { time, cpu, keeper: found })
}

/// An ephemeral cloud makes its folder below TMPDIR, which is ours.
fn data_dir(folder: &TempDir, options: Options) -> anyhow::Result<std::path::PathBuf> {
    if options.durable {
        return Ok(folder.path().join("data"));
    }
    for entry in fs::read_dir(folder.path())? {
        let path = entry?.path();
        if path.is_dir() {
            return Ok(path);
        }
    }
    bail!("the cloud has made no folder")
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
