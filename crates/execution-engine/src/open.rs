//! Opens the engine: folders, logs, threads.

use crate::archive::{Archive, FjallRows, MemoryRows, Rows};
use crate::archivist;
use crate::aside::Threads;
use crate::clock::{Clock, Patience};
use crate::disk::{Disk, Files, Memory};
use crate::engine::Shared;
use crate::inbox::{Capacity, Inbox};
use crate::log::Log;
use crate::message::Message;
use crate::programs::Programs;
use crate::shard::{Limits, Shard, Surroundings};
use crate::token::Tokens;
use crate::{EngineConfig, EngineError, Outside};
use state_machine::Millis;
use state_machine::guard::Watch;
use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Messages that may wait for a shard.
const INBOX: usize = 50_000;
/// Bytes of messages that may wait for all shards together, and for one at least.
const INBOX_BYTES: (usize, usize) = (128 << 20, 8 << 20);
/// Bytes of Standard executions kept in memory while they wait, of all shards together, and of one at least.
const HOT_BYTES: (usize, usize) = (128 << 20, 8 << 20);
/// Name of the file that says how a folder was made.
const LAYOUT: &str = "layout";

/// The host's clocks.
struct HostClock {
    began: Instant,
    outside: Arc<dyn Outside>,
}

impl Clock for HostClock {
    fn steady(&self) -> Duration {
        self.began.elapsed()
    }
    fn wall(&self) -> Millis {
        self.outside.now()
    }
}

impl Watch for HostClock {
    fn steady(&self) -> Duration {
        self.began.elapsed()
    }
    fn cpu(&self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
    }
}

pub(crate) fn open(config: &EngineConfig, outside: Arc<dyn Outside>) -> Result<Shared, EngineError> {
    let wished = if config.shards == 0 {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(64)
    } else {
        config.shards.min(1024)
    };
    let (shards, rows): (usize, Arc<dyn Rows>) = match &config.directory {
        Some(folder) => (layout(folder, wished)?, Arc::new(FjallRows::open(&folder.join("closed"))?)),
        None => (wished, Arc::new(MemoryRows::new(config.memory_limit))),
    };
    let mut logs = Vec::new();
    for shard in 0..shards {
        let disk: Arc<dyn Disk> = match &config.directory {
            Some(folder) => Arc::new(Files::open(&folder.join(format!("shard-{shard}")))?),
            None => Arc::new(Memory::default()),
        };
        logs.push(Arc::new(Log { disk }));
    }
    #[expect(clippy::disallowed_methods, reason = "a steady clock; the time of day comes from outside")]
    let began = Instant::now();
    let each = |(whole, least): (usize, usize)| (whole / shards).max(least);
    let mut limits = Limits { open: config.max_open.div_ceil(shards), ..Limits::default() };
    limits.hot.bytes = each(HOT_BYTES);
    limits.express = config.express_bytes / shards;
    let capacity = Capacity { messages: INBOX, bytes: each(INBOX_BYTES) };
    if config.directory.is_none() {
        // Small segments give memory back soon.
        limits.segment = 1 << 20;
    }
    let clock = Arc::new(HostClock { began, outside: outside.clone() });
    let inboxes: Vec<_> = (0..shards).map(|_| Arc::new(Inbox::new(capacity))).collect();
    let aside = Arc::new(Threads::new(&inboxes, clock.clone()));
    let around = Surroundings {
        outside,
        clock: clock.clone(),
        archive: Arc::new(Archive::new(rows)),
        programs: Arc::new(Programs::default()),
        tokens: Tokens::new(&config.token_key),
        inboxes,
        archivist: Arc::new(Inbox::new(Capacity::ENDLESS)),
        backlog: Arc::default(),
        aside: aside.clone(),
        watch: clock,
        limits,
    };
    let shared = Shared {
        shards: around.inboxes.clone(),
        logs: logs.clone(),
        archive: around.archive.clone(),
        programs: around.programs.clone(),
        tokens: around.tokens.clone(),
        archivist: around.archivist.clone(),
        threads: parking_lot::Mutex::new(Vec::new()),
        aside,
        keeper: parking_lot::Mutex::new(None),
    };
    // All logs are read at once, each by the thread that will run it.
    let mut opened = Vec::new();
    for (index, log) in (0_u16..).zip(logs.iter().cloned()) {
        let around = around.clone();
        let (tell, told) = std::sync::mpsc::channel();
        let run = move || match Shard::open(index, log, around, RandomState::new().hash_one(index)) {
            Ok(shard) => {
                let inbox = shard.inbox();
                drop(tell.send(Ok(())));
                drop(tell);
                work(shard, &inbox);
            }
            Err(error) => drop(tell.send(Err(error))),
        };
        let thread = std::thread::Builder::new().name(format!("executions-{index}")).spawn(run)?;
        shared.threads.lock().push(thread);
        opened.push(told);
    }
    for told in opened {
        told.recv().map_err(|_| EngineError::Damaged("a shard does not start".to_owned()))??;
    }
    let keeper = archivist::Archivist::new(&around, logs, config.retention);
    let thread =
        std::thread::Builder::new().name("executions-kept".to_owned()).spawn(move || keeper.run())?;
    *shared.keeper.lock() = Some(thread);
    Ok(shared)
}

/// The life of a shard.
fn work(mut shard: Shard, inbox: &Inbox<Message>) {
    shard.prepare();
    shard.begin_again();
    let mut waiting = VecDeque::new();
    loop {
        let patience = if shard.waits_for_the_disk() {
            Patience::Until(Duration::from_millis(100))
        } else if shard.is_busy() {
            Patience::None
        } else {
            let wait = shard.next_timer().map(|at| at.saturating_sub(shard.now()).clamp(0, 1_000));
            Patience::Until(Duration::from_millis(wait.unwrap_or(1_000).cast_unsigned()))
        };
        // What a full batch left over comes first: only an inbox that is not emptied can be full.
        if waiting.is_empty() && !inbox.drain(&mut waiting, patience) {
            return shard.close();
        }
        shard.round(&mut waiting);
    }
}

/// Makes the folder, or finds out with how many shards it was made.
fn layout(folder: &Path, wished: usize) -> Result<usize, EngineError> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(LAYOUT);
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let made = text.strip_prefix("1 ").and_then(|shards| shards.trim().parse().ok());
            made.filter(|shards| (1..=1024).contains(shards)).ok_or_else(|| {
                EngineError::Mismatch("the folder of executions was made by a newer program".to_owned())
            })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let file = folder.join("layout.new");
            std::fs::write(&file, format!("1 {wished}\n"))?;
            std::fs::File::open(&file)?.sync_all()?;
            std::fs::rename(&file, &path)?;
            std::fs::File::open(folder)?.sync_all()?;
            Ok(wished)
        }
        Err(error) => Err(error.into()),
    }
}
