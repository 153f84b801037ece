//! Measures the store: durable transactions per second with 64 writers, single commits, opening, reads,
//! resetting, memory. `cargo run --release -p state-store-embedded --example store_bench [directory]`;
//! `store_bench fill <directory>` only writes 100,000 records, `store_bench hold <directory>` only opens.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::cast_precision_loss, reason = "a measuring tool")]
#![allow(clippy::disallowed_methods, reason = "measures with the clock of the host")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use state_store::{Record, Scope, StateStore, Store, StoreError};
use state_store_embedded::EmbeddedStore;

const WRITERS: u64 = 64;
const RUN: Duration = Duration::from_secs(5);
const RECORDS: u64 = 100_000;

/// About 1 KiB when encoded.
#[derive(Clone, Serialize, Deserialize)]
struct Machine {
    id: String,
    filler: String,
}

impl Record for Machine {
    const KIND: &'static str = "bench/machine";
    fn id(&self) -> &str {
        &self.id
    }
}

fn machine(number: u64) -> Machine {
    Machine { id: format!("i-{:016x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15)), filler: "x".repeat(980) }
}

/// User and system time of this process in seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap().split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // After the name and the state letter, utime and stime are the 11th and 12th number, in 1/100 s.
    (fields[10] + fields[11]) / 100.0
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap().split(' ').next().unwrap().to_owned()
}

fn report(what: &str, started: Instant, cpu_before: f64) {
    let wall = started.elapsed().as_secs_f64() * 1e3;
    println!("{what}: {wall:.2} ms wall, {:.2} s CPU, load {}", cpu() - cpu_before, load());
}

fn open(directory: &Path) -> (Arc<EmbeddedStore>, Store) {
    let backend = Arc::new(EmbeddedStore::open(directory).unwrap());
    let store = Store::new(Arc::clone(&backend) as Arc<dyn StateStore>);
    (backend, store)
}

async fn writers(store: &Store, scope: &Scope, first: u64) -> u64 {
    let counter = Arc::new(AtomicU64::new(first));
    let end = Instant::now() + RUN;
    let mut tasks = Vec::new();
    for _ in 0..WRITERS {
        let (store, scope, counter) = (store.clone(), scope.clone(), Arc::clone(&counter));
        tasks.push(tokio::spawn(async move {
            while Instant::now() < end {
                let record = machine(counter.fetch_add(1, Ordering::Relaxed));
                let put = |tx: &mut state_store::Tx<'_>| {
                    if !tx.exists::<Machine>(&scope, &record.id) {
                        tx.put(&scope, record.clone());
                    }
                    Ok::<_, StoreError>(())
                };
                store.transact(put).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    counter.load(Ordering::Relaxed) - first
}

/// Every writer first looks into an index of the kind it writes: each transaction conflicts with all others.
async fn contended_writers(store: &Store, scope: &Scope) -> u64 {
    let end = Instant::now() + RUN;
    let mut tasks = Vec::new();
    for writer in 0..WRITERS {
        let (store, scope) = (store.clone(), scope.clone());
        tasks.push(tokio::spawn(async move {
            let mut count = 0_u64;
            while Instant::now() < end {
                let step = |tx: &mut state_store::Tx<'_>| {
                    let owner = writer.to_string();
                    let known = tx.by_index::<Owned>(&scope, "owner", &owner).len();
                    tx.put(&scope, Owned { id: format!("{writer}-{}", known.min(20)), owner });
                    Ok::<_, StoreError>(())
                };
                store.transact(step).await.unwrap();
                count += 1;
            }
            count
        }));
    }
    let mut total = 0;
    for task in tasks {
        total += task.await.unwrap();
    }
    total
}

#[derive(Clone, Serialize, Deserialize)]
struct Owned {
    id: String,
    owner: String,
}

impl Record for Owned {
    const KIND: &'static str = "bench/owned";
    fn id(&self) -> &str {
        &self.id
    }
    fn indexes(&self) -> Vec<(&'static str, String)> {
        vec![("owner", self.owner.clone())]
    }
}

async fn put(store: &Store, scope: &Scope, record: Machine) {
    let step = |tx: &mut state_store::Tx<'_>| {
        tx.put(scope, record.clone());
        Ok::<_, StoreError>(())
    };
    store.transact(step).await.unwrap();
}

async fn single_commits(store: &Store, scope: &Scope) {
    let mut times = Vec::new();
    for number in 0..1_000 {
        let started = Instant::now();
        let record = machine(number);
        put(store, scope, record).await;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    println!("one writer: p50 {:?}, p99 {:?} per durable transaction", times[500], times[990]);
}

async fn fill(store: &Store, scope: &Scope, count: u64) {
    for block in 0..count / 100 {
        let put = |tx: &mut state_store::Tx<'_>| {
            for number in block * 100..(block + 1) * 100 {
                tx.put(scope, machine(number));
            }
            Ok::<_, StoreError>(())
        };
        store.transact(put).await.unwrap();
    }
}

fn reads(store: &Store, scope: &Scope) {
    let rounds = 1_000_000_u64;
    let ids: Vec<String> = (0..1_000).map(|number| machine(number).id).collect();
    for id in &ids {
        assert!(store.get::<Machine>(scope, id).is_some());
    }
    let before = cpu();
    for round in 0..rounds {
        let id = &ids[usize::try_from(round % 1_000).unwrap()];
        assert!(store.get::<Machine>(scope, id).is_some());
    }
    println!("typed get: {:.3} µs CPU", (cpu() - before) * 1e6 / rounds as f64);
    let before = cpu();
    for _ in 0..20 {
        assert_eq!(store.list::<Machine>(scope).len(), usize::try_from(RECORDS).unwrap());
    }
    println!("list of {RECORDS}: {:.2} ms CPU", (cpu() - before) * 1e3 / 20.0);
}

/// From the start of a write until each of 1,000 watchers has the record in hand.
async fn watchers(store: &Store, scope: &Scope) {
    const WATCHERS: usize = 1_000;
    const WRITES: u64 = 200;
    let started = Arc::new(std::sync::Mutex::new(Instant::now()));
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..WATCHERS {
        let (mut watch, started, sender) =
            (store.watch_kind::<Watched>(), Arc::clone(&started), sender.clone());
        watch.next().await.unwrap();
        tokio::spawn(async move {
            while watch.next().await.is_ok() {
                let waited = started.lock().unwrap().elapsed();
                if sender.send(waited).is_err() {
                    return;
                }
            }
        });
    }
    let mut times = Vec::new();
    for number in 0..WRITES {
        *started.lock().unwrap() = Instant::now();
        let step = |tx: &mut state_store::Tx<'_>| {
            tx.put(scope, Watched { id: number.to_string() });
            Ok::<_, StoreError>(())
        };
        store.transact(step).await.unwrap();
        for _ in 0..WATCHERS {
            times.push(receiver.recv().await.unwrap());
        }
    }
    times.sort_unstable();
    let at = |percent: usize| times[times.len() * percent / 100];
    println!("{WATCHERS} watchers: p50 {:?}, p99 {:?} from write to delivery", at(50), at(99));
}

#[derive(Clone, Serialize, Deserialize)]
struct Watched {
    id: String,
}

impl Record for Watched {
    const KIND: &'static str = "bench/watched";
    fn id(&self) -> &str {
        &self.id
    }
}

/// What a fresh process needs to hold a directory; memory freed by earlier steps would blur it here.
fn measure_fresh_process(directory: &Path) {
    let program = std::env::current_exe().unwrap();
    assert!(std::process::Command::new(program).arg("hold").arg(directory).status().unwrap().success());
}

fn hold(directory: &Path) {
    let (before, cpu_before, started) = (resident_mib(), cpu(), Instant::now());
    let (backend, _) = open(directory);
    let count = backend.range(state_store::RangeRequest::prefix("/")).items.len();
    report(&format!("fresh process, open with {count} records"), started, cpu_before);
    println!("resident: {:.1} MiB (before: {before:.1})", resident_mib());
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("hold") {
        return hold(Path::new(&std::env::args().nth(2).unwrap()));
    }
    if std::env::args().nth(1).as_deref() == Some("fill") {
        let (_backend, store) = open(Path::new(&std::env::args().nth(2).unwrap()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        return runtime.block_on(fill(&store, &Scope::new("000000000000", "eu-central-1"), RECORDS));
    }
    let given = std::env::args().nth(1).map(PathBuf::from);
    let temporary = tempfile::tempdir().unwrap();
    let root = given.unwrap_or_else(|| temporary.path().to_path_buf());
    let scope = Scope::new("000000000000", "eu-central-1");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();

    println!("resident at start: {:.1} MiB", resident_mib());
    let (directory, before, started) = (root.join("writers"), cpu(), Instant::now());
    let (backend, store) = open(&directory);
    report("open an empty directory", started, before);
    println!("resident, empty store open: {:.1} MiB", resident_mib());
    let started = Instant::now();
    runtime.block_on(put(&store, &scope, machine(0)));
    println!("first commit: {:?}", started.elapsed());

    runtime.block_on(single_commits(&store, &scope));
    runtime.block_on(watchers(&store, &scope));
    let (before, started) = (cpu(), Instant::now());
    let done = runtime.block_on(writers(&store, &scope, 1_000_000));
    let rate = done as f64 / started.elapsed().as_secs_f64();
    let used = cpu() - before;
    println!(
        "{WRITERS} writers: {rate:.0} durable transactions/s, {used:.2} CPU-s in {:.1} s ({:.1} µs each), load {}",
        started.elapsed().as_secs_f64(),
        used * 1e6 / done as f64,
        load()
    );
    let (before, started) = (cpu(), Instant::now());
    let done = runtime.block_on(contended_writers(&store, &scope));
    let rate = done as f64 / started.elapsed().as_secs_f64();
    let each = (cpu() - before) * 1e6 / done as f64;
    println!(
        "{WRITERS} writers, all in conflict: {rate:.0} durable transactions/s, {each:.1} µs CPU each, load {}",
        load()
    );
    drop((store, backend));

    let directory = root.join("records");
    let (backend, store) = open(&directory);
    let (before, started) = (cpu(), Instant::now());
    runtime.block_on(fill(&store, &scope, RECORDS));
    report(&format!("write {RECORDS} records of 1 KiB, 100 per transaction"), started, before);
    drop((store, backend));
    measure_fresh_process(&root.join("empty"));
    measure_fresh_process(&directory);
    let (before, started) = (cpu(), Instant::now());
    let (backend, store) = open(&directory);
    report(&format!("open with {RECORDS} records"), started, before);
    reads(&store, &scope);
    let (before, started) = (cpu(), Instant::now());
    runtime.block_on(backend.wipe("")).unwrap();
    report("reset", started, before);
    assert!(backend.is_empty());
    let started = Instant::now();
    runtime.block_on(backend.wipe("")).unwrap();
    println!("reset when empty: {:?}", started.elapsed());
}
