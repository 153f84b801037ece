//! Reads JSON lines `{"id", "text"}` and writes `{"id", "problems"}`: our side of the comparison with statelint
//! (`tests/test_states_statelint.py`).
use std::io::{BufRead, Result, Write};

fn main() -> Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let case: serde_json::Value = serde_json::from_str(&line?)?;
        let problems = match state_machine::text::read(case["text"].as_str().unwrap_or_default()) {
            Ok(node) => state_machine::lint::statelint(&node),
            Err(error) => vec![format!("Problem reading/parsing JSON: {error}")],
        };
        writeln!(out, "{}", serde_json::json!({ "id": case["id"], "problems": problems }))?;
    }
    Ok(())
}
