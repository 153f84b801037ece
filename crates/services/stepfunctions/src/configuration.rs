//! Logging, tracing and encryption configurations, between requests and records.

use crate::faults;
use api_stepfunctions::{
    CloudWatchLogsLogGroup, EncryptionConfiguration, EncryptionType, LogDestination, LogLevel,
    LoggingConfiguration, TracingConfiguration,
};
use aws_schema::Fault;
use records::stepfunctions::{Encryption, Logging};

/// The logging of a request; `InvalidLoggingConfiguration` without a destination where something shall be logged.
pub(crate) fn logging(asked: Option<&LoggingConfiguration>) -> Result<Logging, Fault> {
    let Some(asked) = asked else { return Ok(Logging { level: "OFF".to_owned(), ..Logging::default() }) };
    let level = asked.level.as_ref().map_or("OFF", |level| level.as_str());
    let groups = asked.destinations.iter().flatten().map(|destination| {
        let group = destination.cloud_watch_logs_log_group.as_ref();
        group.and_then(|group| group.log_group_arn.clone()).unwrap_or_default()
    });
    let destinations: Vec<String> = groups.collect();
    let known = |arn: &String| arn.starts_with("arn:aws:logs:") && arn.contains(":log-group:");
    if destinations.len() > 1 || (level != "OFF" && destinations.is_empty()) {
        return Err(faults::invalid_logging("Must specify exactly one Log Destination."));
    }
    if !destinations.iter().all(known) {
        return Err(faults::invalid_logging("Log Destination is not a valid Log Group ARN."));
    }
    let include_execution_data = asked.include_execution_data.unwrap_or(false);
    Ok(Logging { level: level.to_owned(), include_execution_data, destinations })
}

/// The logging of an answer.
pub(crate) fn show_logging(logging: &Logging) -> LoggingConfiguration {
    let destinations = logging.destinations.iter().map(|arn| LogDestination {
        cloud_watch_logs_log_group: Some(CloudWatchLogsLogGroup { log_group_arn: Some(arn.clone()) }),
    });
    LoggingConfiguration {
        level: Some(LogLevel::from(logging.level.clone())),
        include_execution_data: Some(logging.include_execution_data),
        destinations: (!logging.destinations.is_empty()).then(|| destinations.collect()),
    }
}

/// The tracing of an answer.
pub(crate) fn show_tracing(enabled: bool) -> TracingConfiguration {
    TracingConfiguration { enabled: Some(enabled) }
}

/// The encryption of a request. Keys of customers are refused: there is no key service to keep them.
pub(crate) fn encryption(asked: Option<&EncryptionConfiguration>) -> Result<Option<Encryption>, Fault> {
    let Some(asked) = asked else { return Ok(None) };
    let kind = asked.type_.as_ref().map_or("", |kind| kind.as_str());
    if kind == EncryptionType::CUSTOMER_MANAGED_KMS_KEY.as_str() {
        let why = if asked.kms_key_id.is_some() {
            "The KMS key does not exist, or cannot be used."
        } else {
            "KmsKeyId must be specified for a customer managed key."
        };
        return Err(faults::invalid_encryption(why));
    }
    if asked.kms_key_id.is_some() || asked.kms_data_key_reuse_period_seconds.is_some() {
        return Err(faults::invalid_encryption("A key owned by AWS takes no KmsKeyId and no reuse period."));
    }
    Ok(Some(Encryption { kind: kind.to_owned(), kms_key_id: None, reuse_seconds: None }))
}

/// The encryption of an answer: a key of the service's own where none was named.
pub(crate) fn show_encryption(encryption: Option<&Encryption>) -> Option<EncryptionConfiguration> {
    let kind =
        encryption.map_or(EncryptionType::AWS_OWNED_KEY, |named| EncryptionType::from(named.kind.clone()));
    Some(EncryptionConfiguration {
        kms_key_id: encryption.and_then(|named| named.kms_key_id.clone()),
        kms_data_key_reuse_period_seconds: encryption.and_then(|named| named.reuse_seconds),
        type_: Some(kind),
    })
}
