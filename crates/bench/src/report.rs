//! Rows of the report: a table for people, JSON for programs.

use crate::host::{self, Cpu};
use serde_json::{Value, json};

/// What a promise says about a value.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// The value must not be larger.
    AtMost(f64),
    /// The value must not be smaller.
    AtLeast(f64),
}

impl Target {
    /// How far a value lies on the wrong side, as a part of the target; `None` when the promise is kept.
    fn missed_by(self, value: f64) -> Option<f64> {
        let (limit, excess) = match self {
            Target::AtMost(limit) => (limit, value - limit),
            Target::AtLeast(limit) => (limit, limit - value),
        };
        (excess > 0.0).then_some(excess / limit)
    }

    fn text(self) -> String {
        match self {
            Target::AtMost(limit) => format!("≤ {limit}"),
            Target::AtLeast(limit) => format!("≥ {limit}"),
        }
    }
}

/// One measured value.
pub(crate) struct Row {
    what: String,
    /// None of what could not be measured here.
    value: Option<f64>,
    unit: &'static str,
    target: Option<Target>,
    cpu: Option<Cpu>,
    load: f64,
    peers: Vec<(&'static str, f64)>,
    note: String,
}

impl Row {
    /// A value with its unit; the load average is that of now.
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: &'static str) -> Row {
        Row {
            what: what.into(),
            value: Some(value),
            unit,
            target: None,
            cpu: None,
            load: host::load(),
            peers: Vec::new(),
            note: String::new(),
        }
    }

    /// What could not be measured on this host, with the reason: a row all the same, so that nothing is missing silently.
    pub(crate) fn absent(what: impl Into<String>, reason: impl AsRef<str>) -> Row {
        Row { value: None, ..Row::new(what, 0.0, "") }.note(reason)
    }

    /// The promise.
    pub(crate) fn target(mut self, target: Target) -> Row {
        self.target = Some(target);
        self
    }

    /// CPU time it took.
    pub(crate) fn cpu(mut self, cpu: Cpu) -> Row {
        self.cpu = Some(cpu);
        self
    }

    /// The same value of a peer, from the same run.
    pub(crate) fn peer(mut self, name: &'static str, value: f64) -> Row {
        self.peers.push((name, value));
        self
    }

    /// A remark, added to those already made.
    pub(crate) fn note(mut self, note: impl AsRef<str>) -> Row {
        if !self.note.is_empty() {
            self.note.push_str("; ");
        }
        self.note.push_str(note.as_ref());
        self
    }

    /// The promise, and the value it can be held against.
    fn promise(&self) -> Option<(Target, f64)> {
        self.target.zip(self.value)
    }

    fn verdict(&self) -> String {
        let missed = |part: f64| format!("missed by {:.0} %", part * 100.0);
        let verdict =
            |(target, value): (Target, f64)| target.missed_by(value).map_or("met".to_owned(), missed);
        self.promise().map(verdict).unwrap_or_default()
    }

    fn cells(&self) -> [String; 7] {
        let seconds = |value: f64| format!("{value:.2}");
        [
            self.what.clone(),
            self.value
                .map_or_else(|| "not here".to_owned(), |value| format!("{} {}", number(value), self.unit)),
            self.target.map(Target::text).unwrap_or_default(),
            self.verdict(),
            self.cpu.map(|cpu| seconds(cpu.server)).unwrap_or_default(),
            self.cpu.and_then(|cpu| cpu.keeper).map(seconds).unwrap_or_default(),
            format!("{:.1}", self.load),
        ]
    }

    /// Peers and remarks, below the row: they would make the table too wide.
    fn remarks(&self) -> Vec<String> {
        let ours = self.value.unwrap_or_default();
        let ratio = |value: f64| if ours > 0.0 { value / ours } else { 0.0 };
        let peer = |(name, value): &(&str, f64)| {
            format!("{name}: {} {} ({}× ours)", number(*value), self.unit, number(ratio(*value)))
        };
        self.peers.iter().map(peer).chain((!self.note.is_empty()).then(|| self.note.clone())).collect()
    }

    fn json(&self, measure: &str) -> Value {
        let (bound, limit) = match self.target {
            Some(Target::AtMost(limit)) => (Some("at most"), Some(limit)),
            Some(Target::AtLeast(limit)) => (Some("at least"), Some(limit)),
            None => (None, None),
        };
        let peers: serde_json::Map<String, Value> =
            self.peers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({
            "measure": measure,
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "target": limit,
            "target_is": bound,
            "met": self.promise().map(|(target, value)| target.missed_by(value).is_none()),
            "server_cpu_seconds": self.cpu.map(|cpu| cpu.server),
            "keeper_cpu_seconds": self.cpu.and_then(|cpu| cpu.keeper),
            "load_average": self.load,
            "peers": peers,
            "note": self.note,
        })
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        // Of a small ratio the first digits count.
        small if small > 0.0 && small < 0.1 => format!("{value:.4}"),
        _ => format!("{value:.2}"),
    }
}

/// What became of one measure.
enum Outcome {
    Taken(Vec<Row>),
    Skipped(String),
    Failed(String),
}

/// All of it.
#[derive(Default)]
pub(crate) struct Report {
    measures: Vec<(&'static str, Outcome)>,
}

impl Report {
    /// Takes one measure, unless something it needs is missing.
    pub(crate) fn take(
        &mut self,
        name: &'static str,
        missing: Option<String>,
        run: impl FnOnce() -> anyhow::Result<Vec<Row>>,
    ) {
        let outcome = match missing {
            Some(reason) => Outcome::Skipped(reason),
            None => run().map_or_else(|error| Outcome::Failed(format!("{error:#}")), Outcome::Taken),
        };
        self.measures.push((name, outcome));
    }

    /// No measure broke. A missed target is a result, not a failure.
    pub(crate) fn complete(&self) -> bool {
        !self.measures.iter().any(|(_, outcome)| matches!(outcome, Outcome::Failed(_)))
    }

    /// Prints it to standard output.
    #[allow(clippy::print_stdout, reason = "the report is what this program is for")]
    pub(crate) fn print(&self, as_json: bool) {
        if as_json {
            println!("{:#}", self.json());
        } else {
            print!("{}", self.table());
        }
    }

    fn json(&self) -> Value {
        let (mut rows, mut skipped, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for (name, outcome) in &self.measures {
            match outcome {
                Outcome::Taken(taken) => rows.extend(taken.iter().map(|row| row.json(name))),
                Outcome::Skipped(reason) => skipped.push(json!({ "measure": name, "reason": reason })),
                Outcome::Failed(error) => failed.push(json!({ "measure": name, "error": error })),
            }
        }
        json!({ "rows": rows, "skipped": skipped, "failed": failed })
    }

    fn table(&self) -> String {
        const HEAD: [&str; 7] = ["measure", "value", "target", "", "CPU-s", "keeper", "load"];
        let rows = || {
            self.measures.iter().filter_map(|(_, outcome)| match outcome {
                Outcome::Taken(rows) => Some(rows.iter()),
                _ => None,
            })
        };
        let mut widths = HEAD.map(|cell| cell.chars().count());
        for row in rows().flatten() {
            for (width, cell) in widths.iter_mut().zip(row.cells()) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = line(&HEAD.map(str::to_owned), &widths);
        for (name, outcome) in &self.measures {
            match outcome {
                Outcome::Taken(rows) => {
                    for row in rows {
                        text.push_str(&line(&row.cells(), &widths));
                        text.extend(row.remarks().iter().map(|remark| format!("    {remark}\n")));
                    }
                }
                Outcome::Skipped(reason) => text.extend([format!("{name}: skipped, {reason}\n")]),
                Outcome::Failed(error) => text.extend([format!("{name}: FAILED, {error}\n")]),
            }
        }
        text
    }
}

/// One line of cells, padded; the words stand left and the numbers right.
fn line(cells: &[String; 7], widths: &[usize; 7]) -> String {
    let mut text = String::new();
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let padding = " ".repeat(width - cell.chars().count().min(*width));
        let left = matches!(at, 0 | 3);
        let (first, second) = if left { (cell, &padding) } else { (&padding, cell) };
        text.extend([first, second, "  "]);
    }
    format!("{}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_is_told_in_parts_of_the_target() {
        let row = |value, target| Row::new("x", value, "ms").target(target).verdict();
        assert_eq!(row(15.0, Target::AtMost(15.0)), "met");
        assert_eq!(row(18.0, Target::AtMost(15.0)), "missed by 20 %");
        assert_eq!(row(40_000.0, Target::AtLeast(30_000.0)), "met");
        assert_eq!(row(15_000.0, Target::AtLeast(30_000.0)), "missed by 50 %");
    }

    #[test]
    fn columns_stand_below_each_other_and_nothing_is_lost() {
        let mut report = Report::default();
        report.take("a", None, || {
            let row =
                Row::new("première", 2.0, "ms").target(Target::AtMost(1.0)).peer("moto", 5.0).note("few");
            Ok(vec![row, Row::new("b", 12345.0, "µs"), Row::absent("e", "no node")])
        });
        report.take("c", Some("needs root".to_owned()), || Ok(Vec::new()));
        report.take("d", None, || anyhow::bail!("broke"));
        let table = report.table();
        let ends: Vec<usize> = table
            .lines()
            .filter_map(|l| l.find("ms ").or(l.find("µs ")).map(|at| l[..at].chars().count()))
            .collect();
        assert_eq!(ends[0], *ends.last().unwrap(), "{table}");
        for part in [
            "missed by 100 %",
            "moto: 5.00 ms (2.50× ours)",
            "few",
            "not here",
            "    no node",
            "c: skipped, needs root",
            "d: FAILED, broke",
        ] {
            assert!(table.contains(part), "{part} is not in {table}");
        }
        assert!(!report.complete());
        let json = report.json();
        assert_eq!((json["rows"][0]["met"].as_bool(), json["rows"][1]["met"].is_null()), (Some(false), true));
        assert!(json["rows"][2]["value"].is_null() && json["rows"][2]["note"] == "no node", "{json}");
        assert_eq!(json["skipped"][0]["measure"], "c");
    }
}
