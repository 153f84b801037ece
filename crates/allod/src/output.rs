//! Words for people, JSON for programs.

use crate::arguments::{Env, Format};
use std::io::Write as _;
use std::process::ExitCode;

/// Writes a line to standard output; a closed pipe is no error of ours.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes an error as one sentence, then what led to it.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "error: {error}");
    for cause in error.chain().skip(1) {
        let _ = writeln!(err, "  because: {cause}");
    }
}

/// `allod env`.
pub(crate) fn env(options: &Env) -> anyhow::Result<ExitCode> {
    let variables = [
        ("AWS_ENDPOINT_URL", options.endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", options.region.as_str()),
        // StartSyncExecution has a host prefix, and no name server knows `sync-127.0.0.1` (AWS SDKs and Tools Reference
        // Guide, "Host prefix injection").
        ("AWS_DISABLE_HOST_PREFIX_INJECTION", "true"),
    ];
    if options.json {
        let object: serde_json::Map<_, _> =
            variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
        say(&serde_json::to_string_pretty(&object)?);
    } else {
        for (name, value) in variables {
            say(&format!("export {name}={value}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `allod version`.
pub(crate) fn version(format: Format) -> anyhow::Result<ExitCode> {
    let version = env!("CARGO_PKG_VERSION");
    if format.json {
        say(&serde_json::json!({ "version": version }).to_string());
    } else {
        say(&format!("allod {version}"));
    }
    Ok(ExitCode::SUCCESS)
}
