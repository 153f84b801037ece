//! Torn and damaged journals: the store opens with everything up to the damage, or says clearly that it
//! cannot; it never shows half a transaction.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use state_store::conformance::Random;
use state_store::{Operation, RangeRequest, StateStore, StoreError, Transaction};
use state_store_embedded::EmbeddedStore;

/// Transactions in the journal under test; number `n` writes `n` to `/left/n` and `/right/n`.
const COUNT: u64 = 40;

/// In memory where possible: these tests damage files themselves and need no honest disk.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            copy_without_trailing_zeros(&entry.path(), &target);
        }
    }
}

/// The journal is preallocated: copying 64 MiB of zeros per case would be a waste, the length is kept though.
fn copy_without_trailing_zeros(from: &Path, to: &Path) {
    let length = fs::metadata(from).unwrap().len();
    let mut data = Vec::new();
    fs::File::open(from).unwrap().take(4 * 1024 * 1024).read_to_end(&mut data).unwrap();
    let end = data.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    assert!((end as u64) < 3 * 1024 * 1024, "the journal under test is expected to be small");
    let mut file = fs::File::create(to).unwrap();
    file.write_all(&data[..end]).unwrap();
    file.set_len(length).unwrap();
}

/// Writes the transactions and copies the files while the store still runs, as a power cut would leave them
/// when every sync had been honest.
fn record() -> tempfile::TempDir {
    let directory = scratch();
    let live = directory.path().join("live");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = EmbeddedStore::open(&live).unwrap();
    runtime.block_on(async {
        for number in 1..=COUNT {
            let value = format!("{number} {}", "x".repeat(usize::try_from(number * 37 % 500).unwrap()));
            let sides =
                ["left", "right"].map(|side| Operation::put(format!("/{side}/{number}"), value.clone()));
            store.transaction(Transaction::of(sides.to_vec())).await.unwrap();
        }
    });
    copy(&live, &directory.path().join("image"));
    directory
}

fn journal(image: &Path) -> PathBuf {
    let mut journals: Vec<PathBuf> = fs::read_dir(image.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jnl"))
        .collect();
    journals.sort();
    journals.pop().unwrap()
}

fn data_end(journal: &Path) -> u64 {
    let mut data = Vec::new();
    fs::File::open(journal).unwrap().take(4 * 1024 * 1024).read_to_end(&mut data).unwrap();
    data.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
}

/// How many transactions a damaged image still holds; `None` if it was refused with a clear error.
fn survivors(recorded: &Path, damage: impl FnOnce(&Path)) -> Option<u64> {
    let scratch = scratch();
    let image = scratch.path().join("image");
    copy(&recorded.join("image"), &image);
    damage(&journal(&image));
    let store = match EmbeddedStore::open(&image) {
        Ok(store) => store,
        Err(StoreError::Open { reason, .. }) => {
            println!("refused: {reason}");
            return None;
        }
        Err(other) => panic!("{other}"),
    };
    let revision = store.revision();
    let count = store.range(RangeRequest::prefix("/left/")).items.len() as u64;
    assert_eq!(count, revision, "a prefix of the history has as many records as revisions");
    for number in 1..=revision {
        let [left, right] = ["left", "right"].map(|side| store.get(&format!("/{side}/{number}")).unwrap());
        assert_eq!((left.bytes(), left.modified_revision), (right.bytes(), number));
    }
    assert_eq!(store.range(RangeRequest::prefix("/")).items.len() as u64, 2 * revision);
    // It is not merely readable: it goes on working, and what it writes now is found again.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let next = store.transaction(Transaction::of(vec![Operation::put("/after", "x")]));
    assert_eq!(runtime.block_on(next).unwrap().revision, revision + 1);
    drop(store);
    let store = EmbeddedStore::open(&image).unwrap();
    assert!(store.get("/after").is_some());
    assert_eq!(store.range(RangeRequest::prefix("/left/")).items.len() as u64, revision);
    Some(revision)
}

#[test]
fn an_undamaged_image_holds_everything() {
    let recorded = record();
    assert_eq!(survivors(recorded.path(), |_| {}), Some(COUNT));
}

#[test]
fn a_truncated_journal_holds_everything_before_the_cut() {
    let recorded = record();
    let end = data_end(&journal(&recorded.path().join("image")));
    let cut = |at: u64| {
        let shorten =
            |path: &Path| OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(at));
        survivors(recorded.path(), |path| shorten(path).unwrap())
    };
    assert_eq!(cut(end), Some(COUNT));
    let mut random = Random::new(7);
    let mut last = COUNT;
    let mut at = end;
    // From the end to the beginning: later cuts can only keep more.
    while at > 100 {
        at = at.saturating_sub(1 + random.below(1_500)).max(100);
        let kept = cut(at).expect("a cut is an ordinary accident and must not need a human");
        assert!(kept <= last, "cut at {at} keeps {kept}, a later one {last}");
        last = kept;
    }
    assert!(last < COUNT / 4);
}

#[test]
fn a_torn_last_page_costs_the_last_transactions_only() {
    let recorded = record();
    let end = data_end(&journal(&recorded.path().join("image")));
    // Parts of the end read as zeros although the file kept its length: pages that never reached the disk.
    for (from_end, lost) in [(1, 1), (4, 4), (9, 9), (20, 20), (200, 200), (60, 40), (300, 100), (500, 499)] {
        let kept = survivors(recorded.path(), |path| {
            let mut file = OpenOptions::new().write(true).open(path).unwrap();
            file.seek(SeekFrom::Start(end - from_end)).unwrap();
            file.write_all(&vec![0; lost]).unwrap();
        });
        assert_eq!(kept, Some(COUNT - 1), "{lost} bytes lost {from_end} before the end");
    }
}

#[test]
fn flipped_bits_never_show_a_false_state() {
    let recorded = record();
    let end = data_end(&journal(&recorded.path().join("image")));
    let mut random = Random::new(11);
    let (mut refused, mut opened) = (0, 0);
    for _ in 0..40 {
        let at = random.below(end);
        let bit = 1_u8 << random.below(8);
        let kept = survivors(recorded.path(), |path| {
            let mut file = OpenOptions::new().read(true).write(true).open(path).unwrap();
            let mut byte = [0];
            file.seek(SeekFrom::Start(at)).unwrap();
            file.read_exact(&mut byte).unwrap();
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(&[byte[0] ^ bit]).unwrap();
        });
        match kept {
            None => refused += 1,
            // `survivors` has compared every record with what was written.
            Some(_) => opened += 1,
        }
    }
    println!("{refused} refused, {opened} opened with what was before the damage");
}
