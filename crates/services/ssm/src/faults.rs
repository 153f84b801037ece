//! Every error of the service, with AWS's code and words (API reference of Systems Manager, `Errors` of each operation).

use aws_schema::Fault;

/// A request that breaks a rule the model does not hold.
pub(crate) fn validation(message: impl Into<String>) -> Fault {
    Fault::sender("ValidationException", message)
}

pub(crate) fn access_denied(message: impl Into<String>) -> Fault {
    Fault::sender("AccessDeniedException", message)
}

pub(crate) fn throttled(message: impl Into<String>) -> Fault {
    Fault::sender("ThrottlingException", message)
}

pub(crate) fn invalid_next_token() -> Fault {
    Fault::sender("InvalidNextToken", "The specified token isn't valid.")
}

pub(crate) fn sealed(error: &contracts::SealError) -> Fault {
    tracing::error!(%error, "a SecureString could not be handled");
    Fault::internal(format!("The SecureString could not be handled: {error}."))
}

// Parameters

pub(crate) fn parameter_not_found(name: &str) -> Fault {
    Fault::sender("ParameterNotFound", format!("Parameter {name} not found."))
}

pub(crate) fn parameter_version_not_found(name: &str, version: &str) -> Fault {
    let message = format!(
        "Systems Manager could not find version {version} of {name}. Verify the version and try again."
    );
    Fault::sender("ParameterVersionNotFound", message)
}

pub(crate) fn parameter_label_not_found(name: &str, label: &str) -> Fault {
    let message = format!(
        "Systems Manager could not find label {label} for parameter {name}. Verify the label and try again."
    );
    Fault::sender("ParameterVersionNotFound", message)
}

pub(crate) fn parameter_exists() -> Fault {
    Fault::sender(
        "ParameterAlreadyExists",
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    )
}

pub(crate) fn parameter_limit(tier: &str, limit: u32) -> Fault {
    let message = format!(
        "You have exceeded the number of parameters for this Amazon Web Services account. Delete one or more parameters \
         and try again. ({tier} tier: {limit})"
    );
    Fault::sender("ParameterLimitExceeded", message)
}

pub(crate) fn too_many_versions(name: &str, oldest: i64) -> Fault {
    let message = format!(
        "You attempted to create a new version of {name} by calling the PutParameter API with the overwrite flag. \
         Version {oldest}, the oldest version, can't be deleted because it has a label associated with it. Move the \
         label to another version of the parameter, and try again."
    );
    Fault::sender("ParameterMaxVersionLimitExceeded", message)
}

pub(crate) fn hierarchy_too_deep(levels: usize) -> Fault {
    let message = format!(
        "A hierarchy can have a maximum of {levels} levels. For more information, see Requirements and constraints for \
         parameter names in the Amazon Web Services Systems Manager User Guide."
    );
    Fault::sender("HierarchyLevelLimitExceededException", message)
}

pub(crate) fn type_mismatch() -> Fault {
    Fault::sender(
        "HierarchyTypeMismatchException",
        "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a \
         parameter from a String type to a SecureString type. You must create a new, unique parameter.",
    )
}

pub(crate) fn unsupported_parameter_type() -> Fault {
    Fault::sender("UnsupportedParameterType", "The parameter type isn't supported.")
}

pub(crate) fn invalid_allowed_pattern() -> Fault {
    Fault::sender(
        "InvalidAllowedPatternException",
        "The request does not meet the regular expression requirement.",
    )
}

pub(crate) fn pattern_mismatch(pattern: &str) -> Fault {
    let message = format!("Parameter value, cannot be validated against allowedPattern: {pattern}");
    Fault::sender("ParameterPatternMismatchException", message)
}

pub(crate) fn invalid_key_id(key_id: &str) -> Fault {
    Fault::sender("InvalidKeyId", format!("Invalid keyId {key_id}"))
}

pub(crate) fn too_many_policies(limit: usize) -> Fault {
    let message = format!(
        "You specified more than the maximum number of allowed policies for the parameter. The maximum is {limit}."
    );
    Fault::sender("PoliciesLimitExceededException", message)
}

pub(crate) fn invalid_policy_type() -> Fault {
    Fault::sender(
        "InvalidPolicyTypeException",
        "The policy type isn't supported. Parameter Store supports the following policy types: Expiration, \
         ExpirationNotification, and NoChangeNotification.",
    )
}

pub(crate) fn invalid_policy_attribute(what: &str) -> Fault {
    Fault::sender(
        "InvalidPolicyAttributeException",
        format!("A policy attribute or its value is invalid. {what}"),
    )
}

pub(crate) fn incompatible_policies() -> Fault {
    Fault::sender(
        "IncompatiblePolicyException",
        "There is a conflict in the policies specified for this parameter. You can't, for example, specify two \
         Expiration policies for a parameter. Review your policies, and try again.",
    )
}

pub(crate) fn too_many_labels() -> Fault {
    Fault::sender(
        "ParameterVersionLabelLimitExceeded",
        "A parameter version can have maximum 10 labels.Move one or more labels to another version and try again.",
    )
}

// Filters

pub(crate) fn invalid_filter_key(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidFilterKey", message)
}

pub(crate) fn invalid_filter_option(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidFilterOption", message)
}

pub(crate) fn invalid_filter_value(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidFilterValue", message)
}

// Tags and settings

pub(crate) fn invalid_resource_id() -> Fault {
    Fault::sender(
        "InvalidResourceId",
        "The resource ID isn't valid. Verify that you entered the correct ID and try again.",
    )
}

pub(crate) fn invalid_resource_type() -> Fault {
    Fault::sender(
        "InvalidResourceType",
        "The resource type isn't valid. For example, if you are attempting to tag an EC2 instance, the instance must be \
         a registered managed node.",
    )
}

pub(crate) fn too_many_tags() -> Fault {
    Fault::sender(
        "TooManyTagsError",
        "The Targets parameter includes too many tags. Remove one or more tags and try the command again.",
    )
}

pub(crate) fn setting_not_found(id: &str) -> Fault {
    let message = format!(
        "The specified service setting wasn't found. Either the service name or the setting hasn't been provisioned: {id}"
    );
    Fault::sender("ServiceSettingNotFound", message)
}

// Documents

pub(crate) fn invalid_document_content(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidDocumentContent", message)
}

pub(crate) fn invalid_document_schema(version: &str) -> Fault {
    let message = format!("The version of the document schema isn't supported: {version}");
    Fault::sender("InvalidDocumentSchemaVersion", message)
}

pub(crate) fn invalid_document(name: &str) -> Fault {
    Fault::sender("InvalidDocument", format!("Document with name {name} does not exist."))
}

pub(crate) fn document_hash_mismatch() -> Fault {
    Fault::sender("InvalidDocument", "The document's content does not have the hash given in the request.")
}

pub(crate) fn invalid_document_version() -> Fault {
    Fault::sender("InvalidDocumentVersion", "The document version isn't valid or doesn't exist.")
}

pub(crate) fn invalid_document_operation(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidDocumentOperation", message)
}

pub(crate) fn document_exists(name: &str) -> Fault {
    Fault::sender("DocumentAlreadyExists", format!("Document with same name {name} already exists"))
}

pub(crate) fn document_limit(limit: usize) -> Fault {
    Fault::sender("DocumentLimitExceeded", format!("You can have at most {limit} active SSM documents."))
}

pub(crate) fn document_version_limit() -> Fault {
    Fault::sender(
        "DocumentVersionLimitExceeded",
        "The document has too many versions. Delete one or more document versions and try again.",
    )
}

pub(crate) fn document_too_large() -> Fault {
    Fault::sender("MaxDocumentSizeExceeded", "The size limit of a document is 64 KB.")
}

pub(crate) fn duplicate_document_content() -> Fault {
    Fault::sender(
        "DuplicateDocumentContent",
        "The content of the association document matches another document. Change the content of the document and try \
         again.",
    )
}

pub(crate) fn duplicate_document_version_name() -> Fault {
    Fault::sender(
        "DuplicateDocumentVersionName",
        "The version name has already been used in this document. Specify a different version name, and then try again.",
    )
}

pub(crate) fn invalid_permission_type() -> Fault {
    Fault::sender(
        "InvalidPermissionType",
        "The permission type isn't supported. Share is the only supported permission type.",
    )
}

pub(crate) fn document_permission_limit(limit: usize) -> Fault {
    let message = format!(
        "The document can't be shared with more Amazon Web Services accounts. You can specify a maximum of {limit} \
         accounts per API operation to share a private document."
    );
    Fault::sender("DocumentPermissionLimit", message)
}

// Commands

pub(crate) fn invalid_parameters(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidParameters", message)
}

pub(crate) fn invalid_instances(ids: &[String], account: &str) -> Fault {
    let message = format!("Instances [[{}]] not in a valid state for account {account}", ids.join(", "));
    Fault::sender("InvalidInstanceId", message)
}

pub(crate) fn duplicate_instance(id: &str) -> Fault {
    Fault::sender("DuplicateInstanceId", format!("You can't specify an instance ID more than once: {id}"))
}

pub(crate) fn invalid_command_id() -> Fault {
    Fault::sender("InvalidCommandId", "The specified command ID isn't valid. Verify the ID and try again.")
}

pub(crate) fn invocation_does_not_exist() -> Fault {
    Fault::sender(
        "InvocationDoesNotExist",
        "The command ID and managed node ID you specified didn't match any invocations. Verify the command ID and the \
         managed node ID and try again.",
    )
}

pub(crate) fn invalid_plugin_name() -> Fault {
    Fault::sender("InvalidPluginName", "The plugin name isn't valid.")
}

pub(crate) fn unsupported_platform() -> Fault {
    Fault::sender(
        "UnsupportedPlatformType",
        "The document doesn't support the platform type of the given managed node IDs. For example, you sent a document \
         for a Windows managed node to a Linux node.",
    )
}

pub(crate) fn invalid_output_location() -> Fault {
    Fault::sender(
        "InvalidOutputFolder",
        "The S3 bucket doesn't exist: this cloud has no S3 yet. Leave OutputS3BucketName out; the whole output is kept in the data directory.",
    )
}

pub(crate) fn invalid_role() -> Fault {
    Fault::sender(
        "InvalidRole",
        "The role name can't contain invalid characters. Also verify that you specified an IAM role for notifications \
         that includes the required trust policy. (This cloud has no SNS yet; leave ServiceRoleArn out.)",
    )
}

pub(crate) fn invalid_notification_config() -> Fault {
    Fault::sender(
        "InvalidNotificationConfig",
        "One or more configuration items isn't valid. Verify that a valid Amazon Resource Name (ARN) was provided for an \
         Amazon Simple Notification Service topic. (This cloud has no SNS yet; leave NotificationConfig out.)",
    )
}

pub(crate) fn invalid_instance_filter(value: &str) -> Fault {
    Fault::sender(
        "InvalidInstanceInformationFilterValue",
        format!("The specified filter value isn't valid: {value}"),
    )
}
