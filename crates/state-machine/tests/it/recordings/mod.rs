//! What real AWS answered (`tests/recordings/stepfunctions`), replayed through the interpreter without a service: all
//! conversations that only create machines, start executions and read their histories, at a virtual clock.

mod borrowed;
mod compare;
mod list;
mod replay;
mod test_state;
mod wire;

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What became of one recording.
enum Verdict {
    Passed,
    /// It needs more than an interpreter.
    NotOurs(&'static str),
    Failed(String),
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recordings/stepfunctions")
}

fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for area in std::fs::read_dir(folder()).unwrap() {
        let area = area.unwrap().path();
        if area.is_dir() {
            found.extend(std::fs::read_dir(area).unwrap().map(|file| file.unwrap().path()));
        }
    }
    found.sort();
    found
}

/// `borrowed`: tasks are answered as the recording says.
fn judge(recording: &Value, borrowed: bool) -> Verdict {
    let steps = recording["steps"].as_array().unwrap();
    // A mock stands in for whatever a tested state needs.
    let tests_only = steps.iter().all(|step| step["op"] == "states.TestState");
    if recording["expected"].to_string().contains("Mock result schema validation error") {
        return Verdict::NotOurs("holds a mock against the schema of a service");
    }
    let mut replay = replay::Replay::new(borrowed);
    for step in steps {
        if let Err(reason) = replay.step(recording, step) {
            return Verdict::NotOurs(reason);
        }
    }
    if replay.executions() == 0 && !tests_only {
        return Verdict::NotOurs("starts nothing");
    }
    match compare::differences(recording, &replay) {
        Ok(None) => Verdict::Passed,
        Ok(Some(difference)) => Verdict::Failed(difference),
        Err(reason) => Verdict::NotOurs(reason),
    }
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Plays all recordings that a test is about and holds what differs against its list.
fn play(what: &str, borrowed: bool, least: usize, waiting: &[(&str, &str)]) {
    let only = std::env::var("RECORDING").ok();
    let (mut passed, mut not_ours, mut failed) = (0, 0, Vec::new());
    for file in files() {
        let name = file.strip_prefix(folder()).unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let recording = read(&file);
        // What passes without help is not played with it.
        if borrowed && !matches!(judge(&recording, false), Verdict::NotOurs(_)) {
            continue;
        }
        match judge(&recording, borrowed) {
            Verdict::Passed => passed += 1,
            Verdict::NotOurs(reason) => {
                if only.is_some() {
                    println!("{name}: not ours: {reason}");
                }
                not_ours += 1;
            }
            Verdict::Failed(difference) => failed.push((name, difference)),
        }
    }
    println!("{what}: {passed} passed, {} failed, {not_ours} need more than an interpreter", failed.len());
    let waiting: BTreeSet<&str> = waiting.iter().map(|(name, _)| *name).collect();
    let unexpected: Vec<_> = failed.iter().filter(|(name, _)| !waiting.contains(name.as_str())).collect();
    for (name, difference) in &unexpected {
        println!("{name}: {difference}");
    }
    assert!(unexpected.is_empty(), "{} recordings differ", unexpected.len());
    if only.is_none() {
        let names: BTreeSet<&str> = failed.iter().map(|(name, _)| name.as_str()).collect();
        let idle: Vec<_> = waiting.difference(&names).collect();
        assert!(idle.is_empty(), "these pass now, take them off the list: {idle:?}");
        assert!(passed >= least, "fewer recordings pass than before: {passed}");
    }
}

#[test]
fn histories_equal_those_of_aws() {
    play("recordings", false, list::PASSED, list::WAITING);
}

/// The services of these recordings are missing here: their answers are those that AWS's services gave, so that the
/// comparison is about everything else.
#[test]
fn histories_with_borrowed_answers_equal_those_of_aws() {
    play("recordings with borrowed answers", true, list::BORROWED_PASSED, list::BORROWED_WAITING);
}
