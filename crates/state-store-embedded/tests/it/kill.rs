//! `kill -9` while writing, again and again: nothing acknowledged may be lost, nothing may be half there.
//!
//! `ALLOD_KILL_ROUNDS=1000 cargo test -p state-store-embedded kill` for the long run.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use state_store::conformance::Random;
use state_store::{Operation, RangeRequest, StateStore, Transaction};
use state_store_embedded::EmbeddedStore;

const DIRECTORY: &str = "ALLOD_KILL_DIRECTORY";
const ROUND: &str = "ALLOD_KILL_ROUND";
const WRITERS: u64 = 8;
const KEYS: u64 = 4;

/// Not a test by itself: the process that gets killed. Each writer owns some keys and writes rising numbers
/// to them, each number to two keys in one transaction, and says so once that is acknowledged.
#[test]
fn child() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let store = Arc::new(EmbeddedStore::open(Path::new(&directory)).unwrap());
    runtime.block_on(async {
        let writers =
            (0..WRITERS).map(|writer| tokio::spawn(write_for_ever(Arc::clone(&store), writer, round)));
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
    });
}

async fn write_for_ever(store: Arc<EmbeddedStore>, writer: u64, round: u64) {
    // Far more than any round gets to; rising over rounds as well.
    for count in 0..10_000_000_u64 {
        let (key, number) = (count % KEYS, round * 10_000_000 + count);
        let value = format!("{number} {}", "x".repeat(filler(number)));
        let pair = [format!("/left/{writer}-{key}"), format!("/right/{writer}-{key}")];
        let mut steps: Vec<Operation> =
            pair.iter().map(|key| Operation::put(key.as_str(), value.clone())).collect();
        if count % 7 == 3 {
            steps.push(Operation::delete(format!("/passing/{writer}")));
        } else {
            steps.push(Operation::put(format!("/passing/{writer}"), value));
        }
        store.transaction(Transaction::of(steps)).await.unwrap();
        // One write call per line: a killed process leaves whole lines or a last partial one.
        let line = format!("ack {writer}-{key} {number} {}\n", count % 7 == 3);
        std::io::stdout().write_all(line.as_bytes()).unwrap();
    }
}

/// Values of very different sizes, so that batches end anywhere in a page; a large one now and then, so that
/// tables are flushed and journals rotated, too.
fn filler(number: u64) -> usize {
    usize::try_from(if number % 50 == 7 { 20_000 } else { number % 13 * 40 }).unwrap()
}

fn number_at(store: &EmbeddedStore, key: &str) -> Option<u64> {
    let record = store.get(key)?;
    let text = std::str::from_utf8(record.bytes()).unwrap();
    let (number, rest) = text.split_once(' ').unwrap();
    let number = number.parse().unwrap();
    assert_eq!(rest.len(), filler(number), "{key} is damaged");
    Some(number)
}

#[test]
fn no_acknowledged_write_is_lost() {
    let rounds: u64 = std::env::var("ALLOD_KILL_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let mut random = Random::new(rounds);
    // The newest acknowledged number of every key pair.
    let mut acknowledged: BTreeMap<String, u64> = BTreeMap::new();
    let mut total = 0;
    for round in 1..=rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child", "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, directory.path())
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed after a random number of acknowledgements, none at all included; what the child says
        // until it is really dead counts as well.
        let patience = random.below(400);
        let mut heard = 0;
        let mut killed = false;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let words: Vec<&str> = line.split(' ').collect();
            if let ["ack", key, number, "true" | "false"] = words[..] {
                acknowledged.insert(key.to_owned(), number.parse().unwrap());
                heard += 1;
            }
            if heard >= patience && !killed {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        assert!(killed, "the child ended by itself in round {round}");
        total += heard;
        check(directory.path(), &acknowledged);
    }
    println!("{rounds} kills, {total} acknowledged transactions, none lost");
}

fn check(directory: &Path, acknowledged: &BTreeMap<String, u64>) {
    let store = EmbeddedStore::open(directory).unwrap();
    for (key, number) in acknowledged {
        let left = number_at(&store, &format!("/left/{key}"));
        assert!(left >= Some(*number), "{key}: {left:?} although {number} was acknowledged");
    }
    // All or nothing: both sides of every pair are of the same transaction.
    for record in store.range(RangeRequest::prefix("/left/")).items {
        let other = store.get(&record.key.replace("/left/", "/right/")).unwrap();
        assert_eq!((record.bytes(), record.modified_revision), (other.bytes(), other.modified_revision));
    }
    for record in store.range(RangeRequest::prefix("")).items {
        assert!(record.modified_revision <= store.revision());
    }
}
