//! Old commands go: after 30 days (AWS's history), and the oldest beyond a fixed number per account and region.

use super::output::component;
use crate::service::Ssm;
use aws_schema::Fault;
use records::Millis;
use records::ssm::{Command, Invocation};
use state_store::typed::{Scope, Tx};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// How long an ended command is kept.
const KEPT_FOR: Millis = 30 * 24 * 3600 * 1000;
/// How many ended commands an account and region keeps.
pub(super) const KEPT: usize = 10_000;
/// Records removed in one transaction.
const BATCH: usize = 100;

/// Removes what is too old or too much, records first, then output no record points at.
pub(super) async fn sweep(service: &Arc<Ssm>) {
    let now = service.now();
    let mut by_scope: BTreeMap<Scope, Vec<Arc<Command>>> = BTreeMap::new();
    for (scope, command) in service.platform.store.list_all::<Command>() {
        by_scope.entry(scope).or_default().push(command);
    }
    for (scope, mut commands) in by_scope {
        commands.retain(|c| c.ended.is_some());
        commands.sort_by_key(|c| std::cmp::Reverse(c.requested));
        let old = |c: &Command| c.ended.is_some_and(|ended| ended + KEPT_FOR <= now);
        let gone = commands.iter().enumerate().filter(|(rank, c)| *rank >= KEPT || old(c));
        let gone: Vec<&str> = gone.map(|(_, c)| c.id.as_str()).collect();
        if let Err(fault) = remove(service, &scope, &gone).await {
            tracing::warn!(%fault, "old commands stay until the next sweep");
        }
    }
    remove_orphaned_output(service).await;
}

/// Of each command the invocations first, the command last: if this is cut short the next sweep finds it again.
async fn remove(service: &Ssm, scope: &Scope, commands: &[&str]) -> Result<(), Fault> {
    let mut records = Vec::new();
    for command in commands {
        let invocations = service.platform.store.list_prefix::<Invocation>(scope, &format!("{command}/"));
        records.extend(invocations.iter().map(|i| (true, i.id.clone())));
        records.push((false, (*command).to_owned()));
    }
    for batch in records.chunks(BATCH) {
        let run = |tx: &mut Tx<'_>| {
            for (is_invocation, id) in batch {
                if *is_invocation {
                    tx.delete::<Invocation>(scope, id);
                } else {
                    tx.delete::<Command>(scope, id);
                }
            }
            Ok(())
        };
        service.platform.transact(run).await?;
    }
    Ok(())
}

/// Folders are listed before records, so that a folder made meanwhile is never taken for an orphan.
async fn remove_orphaned_output(service: &Arc<Ssm>) {
    let for_listing = service.clone();
    let folders =
        tokio::task::spawn_blocking(move || folders(&for_listing.outputs, 3)).await.unwrap_or_default();
    if folders.is_empty() {
        return;
    }
    let known: HashSet<String> =
        service.platform.store.list_all::<Command>().iter().map(|(_, c)| component(&c.id)).collect();
    for folder in folders {
        let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if known.contains(name) || service.live.holds(name) {
            continue;
        }
        if let Err(error) = tokio::fs::remove_dir_all(&folder).await {
            tracing::warn!(%error, folder = %folder.display(), "old output cannot be removed");
        }
    }
}

/// The folders `depth` levels below.
fn folders(below: &Path, depth: usize) -> Vec<std::path::PathBuf> {
    if depth == 0 {
        return vec![below.to_owned()];
    }
    let Ok(entries) = std::fs::read_dir(below) else { return Vec::new() };
    let inner = entries.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_dir()));
    inner.flat_map(|entry| folders(&entry.path(), depth - 1)).collect()
}
