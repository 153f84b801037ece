//! What real AWS answered (`tests/recordings/stepfunctions`), replayed through the interpreter without a service: all
//! conversations that only create machines, start executions and read their histories, at a virtual clock.

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

fn judge(recording: &Value) -> Verdict {
    let steps = recording["steps"].as_array().unwrap();
    // A mock stands in for whatever a tested state needs.
    let tests_only = steps.iter().all(|step| step["op"] == "states.TestState");
    if !tests_only && recording["needs"].as_array().is_none_or(|needs| !needs.is_empty()) {
        return Verdict::NotOurs("needs another service");
    }
    if recording["expected"].to_string().contains("Mock result schema validation error") {
        return Verdict::NotOurs("holds a mock against the schema of a service");
    }
    let mut replay = replay::Replay::default();
    for step in steps {
        if let Err(reason) = replay.step(step) {
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

#[test]
fn histories_equal_those_of_aws() {
    let only = std::env::var("RECORDING").ok();
    let (mut passed, mut not_ours, mut failed) = (0, 0, Vec::new());
    for file in files() {
        let name = file.strip_prefix(folder()).unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let recording: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        match judge(&recording) {
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
    println!(
        "recordings: {passed} passed, {} failed, {not_ours} need more than an interpreter",
        failed.len()
    );
    let waiting: BTreeSet<&str> = list::WAITING.iter().map(|(name, _)| *name).collect();
    let unexpected: Vec<_> = failed.iter().filter(|(name, _)| !waiting.contains(name.as_str())).collect();
    for (name, difference) in &unexpected {
        println!("{name}: {difference}");
    }
    assert!(unexpected.is_empty(), "{} recordings differ", unexpected.len());
    if only.is_none() {
        let names: BTreeSet<&str> = failed.iter().map(|(name, _)| name.as_str()).collect();
        let idle: Vec<_> = waiting.difference(&names).collect();
        assert!(idle.is_empty(), "these pass now, take them off the list: {idle:?}");
        assert!(passed >= list::PASSED, "fewer recordings pass than before: {passed}");
    }
}
