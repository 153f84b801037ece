//! What must hold of histories.

use state_machine::history::{Event, EventKind, StateKind};
use std::collections::BTreeMap;

/// Histories by name of the execution; only those of steady machines are compared with others.
pub(super) struct Ended {
    pub(super) histories: BTreeMap<String, (bool, Vec<Event>)>,
}

/// Steady executions do the same with and without troubles.
pub(super) fn same(expected: &Ended, found: &Ended) -> Result<(), String> {
    if expected.histories.len() != found.histories.len() {
        return Err("not every execution is there".to_owned());
    }
    for (name, (steady, events)) in &expected.histories {
        let Some((_, others)) = found.histories.get(name) else {
            return Err(format!("{name} is lost"));
        };
        if *steady && telling(events) != telling(others) {
            return Err(format!("{name} did {:?} instead of {:?}", telling(others), telling(events)));
        }
    }
    Ok(())
}

/// A history without what chance and time decide.
fn telling(events: &[Event]) -> Vec<(u64, u64, String)> {
    let kind = |event: &Event| match &event.kind {
        EventKind::MapRunStarted { .. } => "MapRunStarted".to_owned(),
        EventKind::MapRunRedriven { count, .. } => format!("MapRunRedriven {count}"),
        kind => format!("{kind:?}"),
    };
    events.iter().map(|event| (event.id, event.previous, kind(event))).collect()
}

/// What was seen of a history stays as it was.
pub(super) fn grows(name: &str, seen: &[Event], now: &[Event]) -> Result<(), String> {
    if now.starts_with(seen) {
        return Ok(());
    }
    Err(format!("{name} had {} events, and has {} others now: {seen:?} {now:?}", seen.len(), now.len()))
}

/// Ids without gaps, time that does not go backwards, waits that are not too short.
pub(super) fn sound(name: &str, events: &[Event]) -> Result<(), String> {
    let mut last = 0;
    let mut entered = BTreeMap::new();
    for (id, event) in (1..).zip(events) {
        if event.id != id || event.previous >= id || event.at < last {
            return Err(format!("{name}: event {id} is {event:?} after {last}"));
        }
        last = event.at;
        match &event.kind {
            EventKind::ExecutionFailed(failure)
                if failure.cause.as_ref().is_some_and(|cause| cause.contains("run again")) =>
            {
                return Err(format!("{name} did something else when it was run again: {event:?}"));
            }
            EventKind::StateEntered { kind: StateKind::Wait, .. } => drop(entered.insert(id, event.at)),
            EventKind::StateExited { kind: StateKind::Wait, name: state, .. } => {
                let seconds = match (&**state, name.split('-').next()) {
                    ("B", _) => 3,
                    ("C", _) => 1,
                    ("W", Some("parallel")) => 2,
                    _ => 1,
                };
                let begun = entered.get(&event.previous).copied().unwrap_or(event.at);
                if event.at < begun + seconds * 1_000 {
                    return Err(format!("{name}: {state} waited {} ms", event.at - begun));
                }
            }
            _ => {}
        }
    }
    Ok(())
}
