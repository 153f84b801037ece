//! A really full disk: a small tmpfs in a mount namespace of its own. Needs root; skipped with a word otherwise.

use std::path::{Path, PathBuf};
use std::process::Command;

use state_store::{Operation, RangeRequest, StateStore, StoreError, Transaction};
use state_store_embedded::EmbeddedStore;

const MOUNT: &str = "ALLOD_DISK_FULL_MOUNT";

/// Runs `disk_full::inside` in a new mount namespace with a tmpfs of the given size; the namespace, and the
/// mount with it, ends with the child.
fn run_with_tmpfs(size: &str) {
    let directory = tempfile::tempdir().unwrap();
    let probe = Command::new("unshare").args(["--mount", "true"]).status();
    if !probe.is_ok_and(|status| status.success()) {
        println!("skipped: no right to make a mount namespace here");
        return;
    }
    let script = r#"mount -t tmpfs -o "size=$0" tmpfs "$ALLOD_DISK_FULL_MOUNT" && exec "$1" --exact disk_full::inside --nocapture"#;
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", script, size])
        .arg(std::env::current_exe().unwrap())
        .env(MOUNT, directory.path())
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("filled and recovered"), "{said}");
}

#[test]
fn the_journal_meets_a_full_disk() {
    run_with_tmpfs("3m");
}

#[test]
fn flushing_tables_meets_a_full_disk() {
    run_with_tmpfs("20m");
}

#[test]
fn a_backlog_of_tables_meets_a_full_disk() {
    run_with_tmpfs("60m");
}

fn write(number: usize) -> Transaction {
    let value = format!("{number} {}", "x".repeat(30_000));
    Transaction::of(vec![
        Operation::put(format!("/left/{number:06}"), value.clone()),
        Operation::put(format!("/right/{number:06}"), value),
    ])
}

/// Not a test by itself: what happens on the small disk.
#[test]
fn inside() {
    let Some(mount) = std::env::var_os(MOUNT).map(PathBuf::from) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(fill_and_recover(&mount));
    println!("filled and recovered");
}

async fn fill_and_recover(mount: &Path) {
    let data = mount.join("data");
    let store = EmbeddedStore::open(&data).unwrap();
    let mut done = Vec::new();
    let mut failed = Vec::new();
    // Many at once, so that the engine falls behind with its tables before the disk is full.
    for burst in 0..200 {
        let numbers = burst * 16..(burst + 1) * 16;
        let answers: Vec<_> = numbers.map(|number| (number, store.transaction(write(number)))).collect();
        for (number, answer) in answers {
            match answer.await {
                Ok(_) => done.push(number),
                Err(StoreError::Durability { reason }) => {
                    assert!(!reason.is_empty());
                    failed.push(number);
                }
                Err(error) => panic!("{error}"),
            }
        }
        if failed.len() > 100 {
            break;
        }
    }
    assert!(done.len() > 10 && failed.len() > 100, "{} done, {} failed", done.len(), failed.len());
    check(&store, &done, &failed);

    let remount = Command::new("mount").args(["-o", "remount,size=400m"]).arg(mount).status().unwrap();
    assert!(remount.success());
    store.transaction(write(9_000)).await.unwrap();
    done.push(9_000);
    check(&store, &done, &failed);
    drop(store);
    check(&EmbeddedStore::open(&data).unwrap(), &done, &failed);
}

fn check(store: &EmbeddedStore, done: &[usize], failed: &[usize]) {
    for number in done {
        for side in ["left", "right"] {
            assert!(store.get(&format!("/{side}/{number:06}")).is_some(), "{side} {number} is lost");
        }
    }
    for number in failed {
        for side in ["left", "right"] {
            assert!(
                store.get(&format!("/{side}/{number:06}")).is_none(),
                "{side} {number} was not acknowledged"
            );
        }
    }
    assert_eq!(store.range(RangeRequest::prefix("")).items.len(), 2 * done.len());
}
