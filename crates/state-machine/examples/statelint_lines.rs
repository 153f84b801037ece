//! Reads JSON lines `{"id", "text"}` and writes `{"id", "problems"}`: our side of the comparison with statelint
//! (`tests/statelint_differential.py`).
use std::io::{BufRead, Write};

fn main() {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let case: serde_json::Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let problems = match state_machine::text::read(case["text"].as_str().expect("a text")) {
            Ok(node) => state_machine::lint::statelint(&node),
            Err(error) => vec![format!("Problem reading/parsing JSON: {error}")],
        };
        let answer = serde_json::json!({ "id": case["id"], "problems": problems });
        writeln!(out, "{answer}").expect("stdout");
    }
}
