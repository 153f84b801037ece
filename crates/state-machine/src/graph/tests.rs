//! Pictures: nothing overlaps, everything is there, colours follow the events.

use super::*;
use crate::text::read;
use std::fmt::Write as _;

const TOUR: &str = r#"{"StartAt": "Hello", "States": {
  "Hello": {"Type": "Pass", "Next": "Both"},
  "Both": {"Type": "Parallel", "Next": "Good Bye", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}], "Branches": [
    {"StartAt": "p1", "States": {"p1": {"Type": "Task", "Resource": "r", "End": true}}},
    {"StartAt": "p2", "States": {"p2": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "p3"}], "Default": "p4"},
       "p3": {"Type": "Wait", "Seconds": 1, "Next": "p2"}, "p4": {"Type": "Succeed"}}}]},
  "Good Bye": {"Type": "Pass", "End": true},
  "Sorry": {"Type": "Fail"}}}"#;

/// Boxes of a machine stay apart, inside their parent, and lines end at their boxes.
fn check(machine: &Machine) {
    for (index, one) in machine.places.iter().enumerate() {
        assert!(one.x >= machine.x && one.x + one.width <= machine.x + machine.width, "{}", one.name);
        assert!(one.y >= machine.y && one.y + one.height <= machine.y + machine.height, "{}", one.name);
        for other in &machine.places[index + 1..] {
            let apart = one.x + one.width <= other.x
                || other.x + other.width <= one.x
                || one.y + one.height <= other.y
                || other.y + other.height <= one.y;
            assert!(apart, "{} and {} overlap", one.name, other.name);
        }
        one.inner.iter().for_each(check);
    }
    for line in &machine.lines {
        let touches = |place: &Place, (x, y): (i32, i32)| {
            (place.x..=place.x + place.width).contains(&x) && (y == place.y || y == place.y + place.height)
        };
        assert!(touches(&machine.places[line.from], line.points[0]));
        assert!(touches(&machine.places[line.to], *line.points.last().unwrap()));
    }
}

#[test]
fn nothing_overlaps_and_everything_is_there() {
    let node = read(TOUR).unwrap();
    for measures in [Measures::SVG, Measures::TEXT] {
        let machine = layout(&node, measures).unwrap();
        check(&machine);
        assert_eq!(machine.states().len(), 8);
    }
    let picture = svg(&layout(&node, Measures::SVG).unwrap(), None);
    for id in ["state-Hello", "state-Good%20Bye", "state-p3"] {
        assert!(picture.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert_eq!(picture.matches("line catch").count(), 1);
    let text = text(&layout(&node, Measures::TEXT).unwrap(), None).unwrap();
    for name in ["Start", "Hello", " Both Parallel ", "Good Bye", "p4", "Sorry", "▲", "┄"] {
        assert!(text.contains(name), "{name}:\n{text}");
    }
}

#[test]
fn two_states_in_characters() {
    let node =
        read(r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Succeed"}}}"#).unwrap();
    let text = text(&layout(&node, Measures::TEXT).unwrap(), None).unwrap();
    let expected = "\
╭───────╮
│ Start │
╰───────╯
    │
    │
    ▼
  ┌───┐
  │ A │
  └───┘
    │
    │
    ▼
  ┌───┐
  │ B │
  └───┘
    │
    │
    ▼
 ╭─────╮
 │ End │
 ╰─────╯
";
    assert_eq!(text, expected, "\n{text}");
}

fn mark(id: u64, previous: u64, kind: &str, state: &str) -> Mark {
    let state = (!state.is_empty()).then(|| state.into());
    Mark { id, previous, at: i64::try_from(id).unwrap() * 10, kind: kind.into(), state }
}

#[test]
fn colours_of_a_caught_failure_inside_a_parallel_state() {
    let events = [
        mark(1, 0, "ExecutionStarted", ""),
        mark(2, 1, "PassStateEntered", "Hello"),
        mark(3, 2, "PassStateExited", "Hello"),
        mark(4, 3, "ParallelStateEntered", "Both"),
        mark(5, 4, "ParallelStateStarted", ""),
        mark(6, 5, "TaskStateEntered", "p1"),
        mark(7, 6, "TaskScheduled", ""),
        mark(8, 5, "WaitStateEntered", "p2"),
        mark(9, 7, "TaskFailed", ""),
        mark(10, 9, "ParallelStateFailed", ""),
        mark(11, 10, "ParallelStateExited", "Both"),
        mark(12, 11, "WaitStateEntered", "Sorry"),
    ];
    let colours = colour(events.clone());
    let status = |name: &str| colours.states[name];
    assert_eq!(status("Hello"), Status::Succeeded);
    assert_eq!(status("p1"), Status::Failed);
    assert_eq!(status("Both"), Status::Caught);
    assert_eq!(status("Sorry"), Status::Running);
    assert_eq!(colours.timeline[0].to, Some(30));
    let mut ended = events.to_vec();
    ended.push(mark(13, 12, "ExecutionAborted", ""));
    assert_eq!(colour(ended).states["Sorry"], Status::Aborted);
    let picture = svg(&layout(&read(TOUR).unwrap(), Measures::SVG).unwrap(), Some(&colours));
    assert!(picture.contains("id=\"state-Both\" class=\"state caught\""));
    assert!(picture.contains("id=\"timeline\""));
}

#[test]
fn a_retry_that_works_is_a_success() {
    let events = [
        mark(1, 0, "ExecutionStarted", ""),
        mark(2, 1, "TaskStateEntered", "T"),
        mark(3, 2, "TaskScheduled", ""),
        mark(4, 3, "TaskFailed", ""),
        mark(5, 4, "TaskScheduled", ""),
        mark(6, 5, "TaskSucceeded", ""),
        mark(7, 6, "TaskStateExited", "T"),
    ];
    assert_eq!(colour(events).states["T"], Status::Succeeded);
}

#[test]
fn long_wide_and_absurd_machines() {
    let mut states = String::new();
    for index in 0..300 {
        let _ = write!(
            states,
            r#""s{index}":{{"Type":"Task","Next":"s{}","Catch":[{{"Next":"s300"}},{{"Next":"s0"}}]}},"#,
            index + 1
        );
    }
    let text = format!(r#"{{"StartAt":"s0","States":{{{states}"s300":{{"Type":"Fail"}}}}}}"#);
    check_sizes(&layout(&read(&text).unwrap(), Measures::SVG).unwrap());
    for absurd in ["{}", "[]", r#"{"States":1}"#] {
        assert_eq!(layout(&read(absurd).unwrap(), Measures::SVG), Err(GraphError::NoStates));
    }
    for odd in [r#"{"States":{}}"#, r#"{"StartAt":"x","States":{"a":{"Next":"a"},"b":null}}"#] {
        check(&layout(&read(odd).unwrap(), Measures::TEXT).unwrap());
    }
    let many: Vec<String> = (0..2_001).map(|index| format!(r#""s{index}":{{}}"#)).collect();
    let text = format!(r#"{{"States":{{{}}}}}"#, many.join(","));
    assert_eq!(layout(&read(&text).unwrap(), Measures::SVG), Err(GraphError::TooMany));
}

fn check_sizes(machine: &Machine) {
    assert_eq!(machine.states().len(), 301);
    assert!(machine.width < 2_000, "{}", machine.width);
}
