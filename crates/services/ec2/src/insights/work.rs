//! Analyses at work, in the background.

use super::analyse::{Failure, analyse};
use super::answer::Answer;
use crate::Ec2;
use aws_schema::Fault;
use parking_lot::Mutex;
use records::{InsightsAnalysis, InsightsPath};
use state_store::typed::Scope;
use std::collections::BTreeSet;
use std::sync::Arc;

/// `running`.
pub(super) const RUNNING: &str = "running";
/// `succeeded`.
pub(super) const SUCCEEDED: &str = "succeeded";
/// `failed`.
pub(super) const FAILED: &str = "failed";

/// The analyses that this process works on.
#[derive(Default)]
pub(crate) struct Analyses {
    live: Mutex<BTreeSet<(Scope, String)>>,
}

/// Takes an analysis off the list when its work ends, however it ends.
struct Work {
    ec2: Arc<Ec2>,
    scope: Scope,
    id: String,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.ec2.analyses.live.lock().remove(&(self.scope.clone(), std::mem::take(&mut self.id)));
    }
}

/// Begins the work on an analysis, unless it is under way.
pub(super) fn begin(ec2: Arc<Ec2>, scope: &Scope, id: &str) {
    if !ec2.analyses.live.lock().insert((scope.clone(), id.to_owned())) {
        return;
    }
    let work = Work { ec2, scope: scope.clone(), id: id.to_owned() };
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends by itself, the search being bounded; what a stop interrupts, the next request begins anew"
    )]
    tokio::spawn(async move {
        if let Err(fault) = run(&work).await {
            tracing::error!(analysis = work.id, %fault, "the result of an analysis could not be kept");
        }
    });
}

/// Begins anew what a stop of the control plane has interrupted.
pub(super) fn resume(ec2: &Arc<Ec2>, scope: &Scope) {
    for analysis in ec2.store().list::<InsightsAnalysis>(scope).iter().filter(|a| a.status == RUNNING) {
        begin(ec2.clone(), scope, &analysis.id);
    }
}

async fn run(work: &Work) -> Result<(), Fault> {
    let (store, scope) = (work.ec2.store().clone(), work.scope.clone());
    let Some(analysis) = store.get::<InsightsAnalysis>(&scope, &work.id) else { return Ok(()) };
    let Some(path) = store.get::<InsightsPath>(&scope, &analysis.path_id) else { return Ok(()) };
    let searched = tokio::task::spawn_blocking(move || analyse(&store, &scope, &path, &analysis)).await;
    let (status, message, answer) = match searched {
        Ok(Ok(answer)) => (SUCCEEDED, None, Some(answer)),
        Ok(Err(failure @ (Failure::Question(_) | Failure::Space(_)))) => {
            (FAILED, Some(failure.to_string()), None)
        }
        Err(error) => {
            tracing::error!(analysis = work.id, %error, "an analysis broke off");
            (FAILED, Some("The analysis broke off; the log of the cloud tells more.".to_owned()), None)
        }
    };
    let kept = answer.as_ref().map(serde_json::to_string).transpose();
    let kept = kept.map_err(|error| crate::faults::internal(error.to_string()))?.unwrap_or_default();
    let done = work.ec2.platform.transact(|tx| {
        tx.update::<InsightsAnalysis>(&work.scope, &work.id, |record| {
            status.clone_into(&mut record.status);
            record.status_message.clone_from(&message);
            record.found = answer.as_ref().map(|answer: &Answer| answer.found);
            record.answer.clone_from(&kept);
        });
        Ok(())
    });
    done.await.map(drop)
}
