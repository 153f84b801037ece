//! What a Task state may name as its resource.

use super::fault::{Code, Fault, Problems};
use crate::program::Resource;
use crate::text::Node;
use crate::trail::Trail;

/// The optimised integrations (developer guide, "Integrating services with Step Functions"): service and actions, without
/// `.sync` and `.waitForTaskToken`.
const OPTIMISED: &[(&str, &[&str])] = &[
    ("apigateway", &["invoke"]),
    ("athena", &["startQueryExecution", "stopQueryExecution", "getQueryExecution", "getQueryResults"]),
    ("batch", &["submitJob"]),
    ("bedrock", &["invokeModel", "createModelCustomizationJob"]),
    (
        "codebuild",
        &[
            "startBuild",
            "stopBuild",
            "batchDeleteBuilds",
            "batchGetReports",
            "startBuildBatch",
            "stopBuildBatch",
            "retryBuildBatch",
            "deleteBuildBatch",
        ],
    ),
    ("databrew", &["startJobRun"]),
    ("dynamodb", &["getItem", "putItem", "deleteItem", "updateItem"]),
    ("ecs", &["runTask"]),
    (
        "eks",
        &[
            "createCluster",
            "deleteCluster",
            "createFargateProfile",
            "deleteFargateProfile",
            "createNodegroup",
            "deleteNodegroup",
            "runJob",
            "call",
        ],
    ),
    (
        "elasticmapreduce",
        &[
            "createCluster",
            "setClusterTerminationProtection",
            "terminateCluster",
            "addStep",
            "cancelStep",
            "modifyInstanceFleetByName",
            "modifyInstanceGroupByName",
        ],
    ),
    ("emr-containers", &["createVirtualCluster", "deleteVirtualCluster", "startJobRun"]),
    (
        "emr-serverless",
        &[
            "createApplication",
            "startApplication",
            "stopApplication",
            "deleteApplication",
            "startJobRun",
            "cancelJobRun",
        ],
    ),
    ("events", &["putEvents"]),
    ("glue", &["startJobRun"]),
    ("http", &["invoke"]),
    ("lambda", &["invoke"]),
    ("mediaconvert", &["createJob"]),
    (
        "sagemaker",
        &[
            "createEndpoint",
            "createEndpointConfig",
            "createHyperParameterTuningJob",
            "createLabelingJob",
            "createModel",
            "createProcessingJob",
            "createTrainingJob",
            "createTransformJob",
            "updateEndpoint",
        ],
    ),
    ("s3", &["getObject", "listObjectsV2", "putObject"]),
    ("sns", &["publish"]),
    ("sqs", &["sendMessage"]),
    ("states", &["startExecution"]),
];

/// Whether the resource is one: an activity, a function, an optimised integration, an action of the SDK.
pub(super) fn is_recognized(arn: &str) -> bool {
    match Resource::parse(arn) {
        Some(Resource::Service { service, .. }) if service.starts_with("aws-sdk:") => true,
        Some(Resource::Service { service, action, .. }) => {
            OPTIMISED.iter().any(|(name, actions)| *name == &*service && actions.contains(&&*action))
        }
        Some(_) => true,
        None => false,
    }
}

/// What an Express state machine cannot do, in the state and all inside it.
pub(super) fn check_express(node: &Node, trail: &Trail<'_>, problems: &mut Problems) {
    let resource = node.get("Resource").filter(|_| node.get("Type").and_then(Node::as_str) == Some("Task"));
    if let Some((value, arn)) = resource.and_then(|value| Some((value, value.as_str()?))) {
        let pattern = arn.rsplit_once('.').map_or("", |(_, pattern)| pattern);
        let message = if matches!(pattern, "sync" | "sync:2") {
            Some("Express state machine does not support '.sync' service integration")
        } else if pattern == "waitForTaskToken" {
            // The blank at the end is the real service's.
            Some("Express state machine does not support '.waitForTaskToken' service integration ")
        } else if matches!(Resource::parse(arn), Some(Resource::Activity(_))) {
            Some("Express state machine does not support Activity resource")
        } else {
            None
        };
        if let Some(message) = message {
            let fault = Fault::own(Code::SchemaValidationFailed, message);
            problems.add(&trail.field("Resource"), &value.span, fault);
        }
    }
    for (key, value) in node.members() {
        let below = trail.field(&key.name);
        check_express(value, &below, problems);
        for (index, item) in value.items().iter().enumerate() {
            check_express(item, &below.index(index), problems);
        }
    }
}
