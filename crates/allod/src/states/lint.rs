//! `allod states lint FILE…`.

use super::{FAILED, Lint};
use crate::output;
use anyhow::Context as _;
use serde_json::{Value, json};
use state_machine::lint::{self, Finding, MachineKind, Severity};
use state_machine::text;
use std::path::Path;
use std::process::ExitCode;

/// The exit status when there are errors.
const ERRORS: u8 = 1;

pub(super) fn run(options: &Lint) -> anyhow::Result<ExitCode> {
    let kind = if options.express { MachineKind::Express } else { MachineKind::Standard };
    let (mut errors, mut unread) = (false, false);
    let mut listed = Vec::new();
    for file in &options.files {
        let definition = match std::fs::read_to_string(file) {
            Ok(definition) => definition,
            Err(error) => {
                unread = true;
                output::complain(
                    &anyhow::Error::new(error).context(format!("{} cannot be read", file.display())),
                );
                continue;
            }
        };
        let named = (options.files.len() > 1).then_some(file.as_path());
        if options.statelint {
            let sentences = statelint(&definition);
            errors |= !sentences.is_empty();
            tell(&sentences, "error", named);
            continue;
        }
        let findings = lint::findings(&definition, kind);
        errors |= findings.iter().any(|finding| finding.diagnostic.severity == Severity::Error);
        if options.json {
            listed.extend(findings.iter().map(|finding| entry(file, &definition, finding)));
            continue;
        }
        for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
            let of = findings.iter().filter(|finding| finding.diagnostic.severity == severity);
            tell(&of.map(|finding| finding.sentence.clone()).collect::<Vec<_>>(), word, named);
        }
    }
    if options.json {
        output::say(&serde_json::to_string_pretty(&Value::from(listed)).context("the findings are no JSON")?);
    }
    Ok(match (unread, errors) {
        (true, _) => ExitCode::from(FAILED),
        (false, true) => ExitCode::from(ERRORS),
        (false, false) => ExitCode::SUCCESS,
    })
}

fn statelint(definition: &str) -> Vec<String> {
    match text::read(definition) {
        Ok(node) => lint::statelint(&node),
        Err(error) => vec![format!("Problem reading/parsing JSON: {error}")],
    }
}

/// The form is statelint's: a line with the number, then each sentence after a blank. The file is named when there are
/// several.
fn tell(sentences: &[String], word: &str, file: Option<&Path>) {
    let number = match sentences.len() {
        0 => return,
        1 => format!("One {word}"),
        many => format!("{many} {word}s"),
    };
    match file {
        Some(file) => output::say(&format!("{number} in {}:", file.display())),
        None => output::say(&format!("{number}:")),
    }
    for sentence in sentences {
        output::say(&format!(" {sentence}"));
    }
}

fn entry(file: &Path, definition: &str, finding: &Finding) -> Value {
    let diagnostic = &finding.diagnostic;
    let (line, column) = text::line_and_column(definition, diagnostic.span.start);
    json!({
        "file": file.display().to_string(),
        "line": line,
        "column": column,
        "severity": diagnostic.severity.name(),
        "code": diagnostic.code.name(),
        "location": diagnostic.location,
        "message": diagnostic.message,
        "sentence": finding.sentence,
    })
}
