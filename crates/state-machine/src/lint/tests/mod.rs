//! The linter against statelint's sample, the recordings, and noise.

mod noise;
mod recorded;

use super::*;

#[test]
fn the_sample_of_the_specification() {
    let text = r#"{"StartAt":"Hello","States":{"Hello":{"Type":"Pass","Next":"Goodbye"},"Goodbye":{"Type":"Pass"}}}"#;
    let expected = [
        "State Machine.States.Goodbye does not have required field \"Next\"",
        "No terminal state found in machine at State Machine.States",
    ];
    assert_eq!(statelint(&text::read(text).unwrap()), expected);
    let said: Vec<String> =
        findings(text, MachineKind::Standard).into_iter().map(|finding| finding.sentence).collect();
    assert_eq!(said, expected);
}
