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
        for (rank, command) in commands.iter().enumerate() {
            let old = command.ended.is_some_and(|ended| ended + KEPT_FOR <= now);
            if !old && rank < KEPT {
                continue;
            }
            if let Err(fault) = remove(service, &scope, &command.id).await {
                tracing::warn!(%fault, command = command.id, "an old command stays until the next sweep");
            }
        }
    }
    remove_orphaned_output(service).await;
}

/// Invocations first, the command last: if this is cut short the next sweep finds it again.
async fn remove(service: &Ssm, scope: &Scope, id: &str) -> Result<(), Fault> {
    let invocations = service.platform.store.list_prefix::<Invocation>(scope, &format!("{id}/"));
    for batch in invocations.chunks(BATCH) {
        let run = |tx: &mut Tx<'_>| {
            for invocation in batch {
                tx.delete::<Invocation>(scope, &invocation.id);
            }
            Ok(())
        };
        service.platform.transact(run).await?;
    }
    let run = |tx: &mut Tx<'_>| {
        tx.delete::<Command>(scope, id);
        Ok(())
    };
    service.platform.transact(run).await.map(|_| ())
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
