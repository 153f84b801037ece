//! Faults of Network Insights. The codes are those that AWS's own CloudFormation handlers for these resources know.

use aws_schema::Fault;

/// `NetworkInsightsSource.NotFound` or `NetworkInsightsDestination.NotFound`.
pub(super) fn no_end(which: Which, text: &str) -> Fault {
    let shown: String = text.chars().take(200).collect();
    let (code, name) = match which {
        Which::Source => ("NetworkInsightsSource.NotFound", "source"),
        Which::Destination => ("NetworkInsightsDestination.NotFound", "destination"),
    };
    Fault::sender(code, format!("The {name} '{shown}' does not exist"))
}

/// One of the two ends of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Source,
    Destination,
}

impl Which {
    /// The member's name as messages write it.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Which::Source => "source",
            Which::Destination => "destination",
        }
    }
}

/// `NetworkInsightsPath.LimitExceeded`.
pub(super) fn too_many_paths(limit: usize) -> Fault {
    let message = format!("The maximum number of network insights paths has been reached ({limit}).");
    Fault::sender("NetworkInsightsPath.LimitExceeded", message)
}

/// `NetworkInsightsAnalysis.LimitExceeded`.
pub(super) fn too_many_analyses(limit: usize, running: bool) -> Fault {
    let what = if running { "concurrent network insights analyses" } else { "network insights analyses" };
    let message = format!("The maximum number of {what} has been reached ({limit}).");
    Fault::sender("NetworkInsightsAnalysis.LimitExceeded", message)
}

/// `AnalysisExistsForNetworkInsightsPath`: a path with analyses stays.
pub(super) fn analysis_exists(path_id: &str) -> Fault {
    Fault::sender(
        "AnalysisExistsForNetworkInsightsPath",
        format!("The network insights path '{path_id}' has analyses. Delete them first."),
    )
}
