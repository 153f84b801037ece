//! `allod coverage`: which operations are built.

use crate::arguments::Coverage;
use crate::{output, services};
use contracts::ServiceTable;
use std::process::ExitCode;

struct Row {
    service: &'static str,
    operation: &'static str,
    state: &'static str,
}

pub(crate) fn run(options: Coverage) -> anyhow::Result<ExitCode> {
    let tables = services::assemble(&services::detached_platform(), std::path::PathBuf::new()).tables;
    let tables: Vec<&ServiceTable> =
        tables.iter().filter(|t| options.service.as_deref().is_none_or(|s| s == t.spec.id)).collect();
    anyhow::ensure!(
        !tables.is_empty(),
        "there is no service {}; see `allod coverage` for those there are",
        options.service.as_deref().unwrap_or_default()
    );
    let rows: Vec<Row> = tables.iter().flat_map(|table| rows(table, options.all)).collect();
    if options.json {
        let list: Vec<_> = rows
            .iter()
            .map(|r| serde_json::json!({"service": r.service, "operation": r.operation, "state": r.state}))
            .collect();
        output::say(&serde_json::to_string_pretty(&list)?);
        return Ok(ExitCode::SUCCESS);
    }
    for table in tables {
        let built = table.spec.operations.iter().filter(|o| table.is_built(o.name)).count();
        let (modelled, all) = (table.spec.operations.len(), table.spec.all_operations.len());
        // AWS has nothing to compare the cloud's own extension with.
        let whole = if table.spec.id == "allod" { "its own".to_owned() } else { format!("{all} in AWS") };
        output::say(&format!("{}: {built} built of {modelled} modelled ({whole})", table.spec.id));
        for row in rows.iter().filter(|r| r.service == table.spec.id) {
            let mark = match row.state {
                "built" => "✓",
                "modelled" => "·",
                _ => " ",
            };
            output::say(&format!("  {mark} {}", row.operation));
        }
    }
    output::say("✓ built   · modelled, answers NotImplemented");
    Ok(ExitCode::SUCCESS)
}

fn rows(table: &ServiceTable, all: bool) -> Vec<Row> {
    let state = |name: &str| match (table.is_built(name), table.spec.operation(name).is_some()) {
        (true, _) => "built",
        (false, true) => "modelled",
        (false, false) => "unknown",
    };
    let names: Vec<&'static str> = if all {
        table.spec.all_operations.to_vec()
    } else {
        table.spec.operations.iter().map(|o| o.name).collect()
    };
    names
        .into_iter()
        .map(|operation| Row { service: table.spec.id, operation, state: state(operation) })
        .collect()
}
