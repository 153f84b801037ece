//! `allod doctor`: what this machine offers, and what to do about what is missing.

use crate::arguments::Format;
use crate::output;
use crate::rootless::Ground;
use std::process::ExitCode;

/// Something this machine has or lacks.
pub(crate) struct Finding {
    area: &'static str,
    pub(crate) name: &'static str,
    present: bool,
    /// Machines with networks cannot do without it.
    required: bool,
    pub(crate) why: String,
}

/// Files that a thousand addresses with name servers, their routers and their clients need.
const ENOUGH_FILES: u64 = 16_384;
/// What a machine cannot be made without.
const MACHINES_NEED: &[&str] = &["user namespaces", "PID namespaces", "network namespaces", "overlay"];

/// Tries everything; takes some milliseconds and leaves nothing behind.
pub(crate) fn findings() -> Vec<Finding> {
    let machines = machine::probe::probe().into_iter().map(|f| Finding {
        area: "machines",
        name: f.name,
        present: f.present,
        required: MACHINES_NEED.contains(&f.name),
        why: f.why,
    });
    let network = network_apply::probe().into_iter().map(|f| Finding {
        area: "network",
        name: f.name,
        present: f.present,
        required: f.required,
        why: f.why,
    });
    std::iter::once(open_files()).chain(machines).chain(network).collect()
}

/// How many files the cloud may open: `allod up` raises the soft limit to the hard one by itself.
fn open_files() -> Finding {
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    let words = most.map_or("as many as wanted".to_owned(), |most| format!("at most {most}"));
    let present = most.is_none_or(|most| most >= ENOUGH_FILES);
    let advice =
        if present { "" } else { "; raise the hard limit (ulimit -Hn) for more than some hundred addresses" };
    Finding { area: "host", name: "open files", present, required: false, why: format!("{words}{advice}") }
}

impl Finding {
    /// Nothing works without it.
    pub(crate) fn stops_everything(&self) -> bool {
        self.required && !self.present
    }
}

pub(crate) fn run(format: Format) -> anyhow::Result<ExitCode> {
    // A user's machines would live in namespaces of the user's own: that is where things are tried.
    let refused = Ground::fresh().err();
    let mut findings = findings();
    if let Some(error) = refused {
        findings.insert(
            0,
            Finding {
                area: "host",
                name: "root or a user namespace",
                present: false,
                required: true,
                why: format!("{error:#}"),
            },
        );
    }
    if format.json {
        let list: Vec<_> = findings
            .iter()
            .map(|f| serde_json::json!({"area": f.area, "name": f.name, "present": f.present, "required": f.required, "why": f.why}))
            .collect();
        output::say(&serde_json::to_string_pretty(&list)?);
    } else {
        for finding in &findings {
            let mark = match (finding.present, finding.required) {
                (true, _) => "✓",
                (false, true) => "✗",
                (false, false) => "·",
            };
            let why = if finding.why.is_empty() { String::new() } else { format!(" — {}", finding.why) };
            output::say(&format!("{mark} {:<9} {}{why}", finding.area, finding.name));
        }
        output::say("✓ there   · absent, some things are not possible   ✗ absent, nothing works without it");
    }
    Ok(if findings.iter().any(Finding::stops_everything) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
