//! `allod doctor`: what this machine offers, and what to do about what is missing.

use crate::arguments::Format;
use crate::output;
use std::process::ExitCode;

struct Finding {
    area: &'static str,
    name: String,
    present: bool,
    why: String,
}

pub(crate) fn run(format: Format) -> anyhow::Result<ExitCode> {
    let network = network_apply::probe().into_iter().map(|f| Finding {
        area: "network",
        name: f.name.to_string(),
        present: f.present,
        why: f.why,
    });
    let findings: Vec<Finding> = network.collect();
    if format.json {
        let list: Vec<_> = findings
            .iter()
            .map(|f| serde_json::json!({"area": f.area, "name": f.name, "present": f.present, "why": f.why}))
            .collect();
        output::say(&serde_json::to_string_pretty(&list)?);
    } else {
        for finding in &findings {
            let mark = if finding.present { "✓" } else { "✗" };
            let why = if finding.why.is_empty() { String::new() } else { format!(" — {}", finding.why) };
            output::say(&format!("{mark} {:<9} {}{why}", finding.area, finding.name));
        }
    }
    Ok(ExitCode::SUCCESS)
}
