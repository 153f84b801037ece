//! Durable transactions per second: the store in this process, 64 writers, every commit on disk before its answer.

use crate::host::Meter;
use crate::report::{Row, Target};
use crate::{Context, stop};
use serde::{Deserialize, Serialize};
use state_store::{Record, Scope, StateStore, Store, StoreError, Tx};
use state_store_embedded::EmbeddedStore;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const WRITERS: u64 = 64;
const LENGTH: Duration = Duration::from_secs(4);

/// About 1 KiB when encoded.
#[derive(Clone, Serialize, Deserialize)]
struct Thing {
    id: String,
    filler: String,
}

impl Record for Thing {
    const KIND: &'static str = "bench/thing";
    fn id(&self) -> &str {
        &self.id
    }
}

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let folder = TempDir::with_prefix_in("allod-bench-store-", &context.folder)?;
    let backend = Arc::new(EmbeddedStore::open(folder.path())?);
    let store = Store::new(Arc::clone(&backend) as Arc<dyn StateStore>);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let meter = Meter::start(std::process::id(), None);
    let begun = Instant::now();
    let done = runtime.block_on(writers(&store))?;
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = meter.used();
    let done = f64::from(done);
    let row = Row::new("durable transactions, 64 writers", done / seconds, "/s")
        .target(Target::AtLeast(10_000.0))
        .cpu(cpu)
        .note(format!(
            "1 KiB each in {}; {:.1} µs CPU each",
            folder.path().display(),
            cpu.server * 1e6 / done
        ));
    Ok(vec![row])
}

async fn writers(store: &Store) -> anyhow::Result<u32> {
    let end = Instant::now() + LENGTH;
    let tasks: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(store.clone(), writer, end))).collect();
    let mut total = 0;
    for task in tasks {
        total += task.await??;
    }
    anyhow::ensure!(!stop::asked(), "stopped on request");
    Ok(total)
}

/// Creates records until the end: each transaction looks whether its key is free, as a handler does.
async fn write(store: Store, writer: u64, end: Instant) -> Result<u32, StoreError> {
    let scope = Scope::new("000000000000", "us-east-1");
    let mut count = 0;
    while Instant::now() < end && !stop::asked() {
        // Scattered keys, as ids are.
        let number = (writer << 32 | u64::from(count)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let thing = Thing { id: format!("i-{number:016x}"), filler: "x".repeat(980) };
        let step = |tx: &mut Tx<'_>| {
            if !tx.exists::<Thing>(&scope, &thing.id) {
                tx.put(&scope, thing.clone());
            }
            Ok::<_, StoreError>(())
        };
        store.transact(step).await?;
        count += 1;
    }
    Ok(count)
}
