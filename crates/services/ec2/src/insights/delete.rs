//! DeleteNetworkInsightsPath and DeleteNetworkInsightsAnalysis.

use super::faults::analysis_exists;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup, tags};
use api_ec2::{
    DeleteNetworkInsightsAnalysisRequest, DeleteNetworkInsightsAnalysisResult,
    DeleteNetworkInsightsPathRequest, DeleteNetworkInsightsPathResult,
};
use contracts::{Call, Reply};
use records::{InsightsAnalysis, InsightsPath};

/// DeleteNetworkInsightsPath.
///
/// # Errors
/// `InvalidNetworkInsightsPathId.NotFound`, `AnalysisExistsForNetworkInsightsPath`.
pub(super) async fn delete_network_insights_path(
    call: Call<Ec2>,
    input: DeleteNetworkInsightsPathRequest,
) -> Reply<DeleteNetworkInsightsPathResult> {
    let id = faults::required(input.network_insights_path_id, "NetworkInsightsPathId")?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        lookup::find::<InsightsPath>(tx, scope, ResourceKind::InsightsPath, &id)?;
        if !tx.by_index::<InsightsAnalysis>(scope, "path", &id).is_empty() {
            return Err(analysis_exists(&id));
        }
        tags::delete(tx, scope, &id);
        tx.delete::<InsightsPath>(scope, &id);
        Ok(())
    });
    deleted.await?;
    Ok(DeleteNetworkInsightsPathResult { network_insights_path_id: Some(id) })
}

/// DeleteNetworkInsightsAnalysis. One that is at work is forgotten; what it finds is thrown away.
///
/// # Errors
/// `InvalidNetworkInsightsAnalysisId.NotFound`.
pub(super) async fn delete_network_insights_analysis(
    call: Call<Ec2>,
    input: DeleteNetworkInsightsAnalysisRequest,
) -> Reply<DeleteNetworkInsightsAnalysisResult> {
    let id = faults::required(input.network_insights_analysis_id, "NetworkInsightsAnalysisId")?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        lookup::find::<InsightsAnalysis>(tx, scope, ResourceKind::InsightsAnalysis, &id)?;
        tags::delete(tx, scope, &id);
        tx.delete::<InsightsAnalysis>(scope, &id);
        Ok(())
    });
    deleted.await?;
    Ok(DeleteNetworkInsightsAnalysisResult { network_insights_analysis_id: Some(id) })
}
