//! Every error of the service, with AWS's code and words (API reference of Systems Manager, `Errors` of each operation).

use aws_schema::Fault;

/// A request that breaks a rule the model does not hold.
pub(crate) fn validation(message: impl Into<String>) -> Fault {
    Fault::sender("ValidationException", message)
}

/// A name or document that belongs to AWS.
pub(crate) fn access_denied(message: impl Into<String>) -> Fault {
    Fault::sender("AccessDeniedException", message)
}

/// Too much at once; SDKs try again by themselves.
pub(crate) fn throttled(message: impl Into<String>) -> Fault {
    Fault::sender("ThrottlingException", message)
}

/// A token no list here made, or one of another list.
pub(crate) fn invalid_next_token() -> Fault {
    Fault::sender("InvalidNextToken", "The specified token isn't valid.")
}

/// The key of the data directory does not open a value: damage, or a foreign data directory. Tells no secret.
pub(crate) fn sealed(error: &contracts::SealError) -> Fault {
    tracing::error!(%error, "a SecureString could not be handled");
    Fault::internal(format!("The SecureString could not be handled: {error}."))
}

// Parameters

/// No such parameter, or one that has expired.
pub(crate) fn parameter_not_found(name: &str) -> Fault {
    Fault::sender("ParameterNotFound", format!("Parameter {name} not found."))
}

/// The parameter exists, this version of it does not (any more).
pub(crate) fn parameter_version_not_found(name: &str, version: &str) -> Fault {
    let message = format!(
        "Systems Manager could not find version {version} of {name}. Verify the version and try again."
    );
    Fault::sender("ParameterVersionNotFound", message)
}

/// The parameter exists, no version of it carries the label.
pub(crate) fn parameter_label_not_found(name: &str, label: &str) -> Fault {
    let message = format!(
        "Systems Manager could not find label {label} for parameter {name}. Verify the label and try again."
    );
    Fault::sender("ParameterVersionNotFound", message)
}

/// PutParameter without `Overwrite` on a name that is taken.
pub(crate) fn parameter_exists() -> Fault {
    Fault::sender(
        "ParameterAlreadyExists",
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    )
}

/// The quota of a tier is used up.
pub(crate) fn parameter_limit(tier: &str, limit: u32) -> Fault {
    let message = format!(
        "You have exceeded the number of parameters for this Amazon Web Services account. Delete one or more parameters \
         and try again. ({tier} tier: {limit})"
    );
    Fault::sender("ParameterLimitExceeded", message)
}

/// The hundredth version would push out one that a label holds.
pub(crate) fn too_many_versions(name: &str, oldest: i64) -> Fault {
    let message = format!(
        "You attempted to create a new version of {name} by calling the PutParameter API with the overwrite flag. \
         Version {oldest}, the oldest version, can't be deleted because it has a label associated with it. Move the \
         label to another version of the parameter, and try again."
    );
    Fault::sender("ParameterMaxVersionLimitExceeded", message)
}

/// More than fifteen levels.
pub(crate) fn hierarchy_too_deep(levels: usize) -> Fault {
    let message = format!(
        "A hierarchy can have a maximum of {levels} levels. For more information, see Requirements and constraints for \
         parameter names in the Amazon Web Services Systems Manager User Guide."
    );
    Fault::sender("HierarchyLevelLimitExceededException", message)
}

/// A SecureString stays one, and nothing else becomes one.
pub(crate) fn type_mismatch() -> Fault {
    Fault::sender(
        "HierarchyTypeMismatchException",
        "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a \
         parameter from a String type to a SecureString type. You must create a new, unique parameter.",
    )
}

/// A type the API does not know.
pub(crate) fn unsupported_parameter_type() -> Fault {
    Fault::sender("UnsupportedParameterType", "The parameter type isn't supported.")
}

/// `AllowedPattern` is no regular expression.
pub(crate) fn invalid_allowed_pattern() -> Fault {
    Fault::sender(
        "InvalidAllowedPatternException",
        "The request does not meet the regular expression requirement.",
    )
}

/// The value is not what `AllowedPattern` describes. The message leaves the value out: it may be a secret.
pub(crate) fn pattern_mismatch(pattern: &str) -> Fault {
    let message = format!("Parameter value, cannot be validated against allowedPattern: {pattern}");
    Fault::sender("ParameterPatternMismatchException", message)
}

/// There is no such key.
pub(crate) fn invalid_key_id(key_id: &str) -> Fault {
    Fault::sender("InvalidKeyId", format!("Invalid keyId {key_id}"))
}

/// More than ten policies.
pub(crate) fn too_many_policies(limit: usize) -> Fault {
    let message = format!(
        "You specified more than the maximum number of allowed policies for the parameter. The maximum is {limit}."
    );
    Fault::sender("PoliciesLimitExceededException", message)
}

/// A policy of another type than the three that exist.
pub(crate) fn invalid_policy_type() -> Fault {
    Fault::sender(
        "InvalidPolicyTypeException",
        "The policy type isn't supported. Parameter Store supports the following policy types: Expiration, \
         ExpirationNotification, and NoChangeNotification.",
    )
}

/// An attribute of a policy is missing or out of range.
pub(crate) fn invalid_policy_attribute(what: &str) -> Fault {
    Fault::sender(
        "InvalidPolicyAttributeException",
        format!("A policy attribute or its value is invalid. {what}"),
    )
}

/// Two policies that cannot both hold.
pub(crate) fn incompatible_policies() -> Fault {
    Fault::sender(
        "IncompatiblePolicyException",
        "There is a conflict in the policies specified for this parameter. You can't, for example, specify two \
         Expiration policies for a parameter. Review your policies, and try again.",
    )
}

/// More than ten labels on one version. AWS's message has no space after its first sentence either.
pub(crate) fn too_many_labels() -> Fault {
    Fault::sender(
        "ParameterVersionLabelLimitExceeded",
        "A parameter version can have maximum 10 labels.Move one or more labels to another version and try again.",
    )
}

// Filters

/// An unknown filter, or the same one twice.
pub(crate) fn invalid_filter_key(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidFilterKey", message)
}

/// A comparison the filter does not have.
pub(crate) fn invalid_filter_option(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidFilterOption", message)
}

/// A filter without values, or with one that can never fit.
pub(crate) fn invalid_filter_value(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidFilterValue", message)
}

// Tags and settings

/// The resource to be tagged does not exist.
pub(crate) fn invalid_resource_id() -> Fault {
    Fault::sender(
        "InvalidResourceId",
        "The resource ID isn't valid. Verify that you entered the correct ID and try again.",
    )
}

/// A kind of resource that has no tags.
pub(crate) fn invalid_resource_type() -> Fault {
    Fault::sender(
        "InvalidResourceType",
        "The resource type isn't valid. For example, if you are attempting to tag an EC2 instance, the instance must be \
         a registered managed node.",
    )
}

/// More than fifty tags.
pub(crate) fn too_many_tags() -> Fault {
    Fault::sender(
        "TooManyTagsError",
        "The Targets parameter includes too many tags. Remove one or more tags and try the command again.",
    )
}

/// A setting that would change nothing here does not exist.
pub(crate) fn setting_not_found(id: &str) -> Fault {
    let message = format!(
        "The specified service setting wasn't found. Either the service name or the setting hasn't been provisioned: {id}"
    );
    Fault::sender("ServiceSettingNotFound", message)
}

// Documents

/// Content that is malformed, or that no machine of this cloud could run.
pub(crate) fn invalid_document_content(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidDocumentContent", message)
}

/// A schema version other than 1.2, 2.0 and 2.2.
pub(crate) fn invalid_document_schema(version: &str) -> Fault {
    let message = format!("The version of the document schema isn't supported: {version}");
    Fault::sender("InvalidDocumentSchemaVersion", message)
}

/// No such document, or one that is not shared with the caller.
pub(crate) fn invalid_document(name: &str) -> Fault {
    Fault::sender("InvalidDocument", format!("Document with name {name} does not exist."))
}

/// The content is not the one the caller vouches for.
pub(crate) fn document_hash_mismatch() -> Fault {
    Fault::sender("InvalidDocument", "The document's content does not have the hash given in the request.")
}

/// The document exists, this version of it does not.
pub(crate) fn invalid_document_version() -> Fault {
    Fault::sender("InvalidDocumentVersion", "The document version isn't valid or doesn't exist.")
}

/// Not allowed on this document, or not now.
pub(crate) fn invalid_document_operation(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidDocumentOperation", message)
}

/// CreateDocument on a name that is taken.
pub(crate) fn document_exists(name: &str) -> Fault {
    Fault::sender("DocumentAlreadyExists", format!("Document with same name {name} already exists"))
}

/// The quota of documents is used up.
pub(crate) fn document_limit(limit: usize) -> Fault {
    Fault::sender("DocumentLimitExceeded", format!("You can have at most {limit} active SSM documents."))
}

/// A thousand versions.
pub(crate) fn document_version_limit() -> Fault {
    Fault::sender(
        "DocumentVersionLimitExceeded",
        "The document has too many versions. Delete one or more document versions and try again.",
    )
}

/// More than 64 KiB of content.
pub(crate) fn document_too_large() -> Fault {
    Fault::sender("MaxDocumentSizeExceeded", "The size limit of a document is 64 KB.")
}

/// UpdateDocument with a content some version has already.
pub(crate) fn duplicate_document_content() -> Fault {
    Fault::sender(
        "DuplicateDocumentContent",
        "The content of the association document matches another document. Change the content of the document and try \
         again.",
    )
}

/// UpdateDocument with a version name that is taken.
pub(crate) fn duplicate_document_version_name() -> Fault {
    Fault::sender(
        "DuplicateDocumentVersionName",
        "The version name has already been used in this document. Specify a different version name, and then try again.",
    )
}

/// Anything but `Share`.
pub(crate) fn invalid_permission_type() -> Fault {
    Fault::sender(
        "InvalidPermissionType",
        "The permission type isn't supported. Share is the only supported permission type.",
    )
}

/// Too many accounts.
pub(crate) fn document_permission_limit(limit: usize) -> Fault {
    let message = format!(
        "The document can't be shared with more Amazon Web Services accounts. You can specify a maximum of {limit} \
         accounts per API operation to share a private document."
    );
    Fault::sender("DocumentPermissionLimit", message)
}

// Commands

/// What a command gives does not fit what its document declares.
pub(crate) fn invalid_parameters(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidParameters", message)
}

/// Instances that do not exist, are down for good, or are not part of the command.
pub(crate) fn invalid_instances(ids: &[String], account: &str) -> Fault {
    let message = format!("Instances [[{}]] not in a valid state for account {account}", ids.join(", "));
    Fault::sender("InvalidInstanceId", message)
}

/// The same instance twice in one list.
pub(crate) fn duplicate_instance(id: &str) -> Fault {
    Fault::sender("DuplicateInstanceId", format!("You can't specify an instance ID more than once: {id}"))
}

/// No such command.
pub(crate) fn invalid_command_id() -> Fault {
    Fault::sender("InvalidCommandId", "The specified command ID isn't valid. Verify the ID and try again.")
}

/// No such command, or it does not go to this instance.
pub(crate) fn invocation_does_not_exist() -> Fault {
    Fault::sender(
        "InvocationDoesNotExist",
        "The command ID and managed node ID you specified didn't match any invocations. Verify the command ID and the \
         managed node ID and try again.",
    )
}

/// The document has no such step, or has several and none was named.
pub(crate) fn invalid_plugin_name() -> Fault {
    Fault::sender("InvalidPluginName", "The plugin name isn't valid.")
}

/// A document for other systems than Linux.
pub(crate) fn unsupported_platform() -> Fault {
    Fault::sender(
        "UnsupportedPlatformType",
        "The document doesn't support the platform type of the given managed node IDs. For example, you sent a document \
         for a Windows managed node to a Linux node.",
    )
}

/// Output can go to S3 once there is an S3; a silent promise would lose it.
pub(crate) fn invalid_output_location() -> Fault {
    Fault::sender(
        "InvalidOutputFolder",
        "The S3 bucket doesn't exist: this cloud has no S3 yet. Leave OutputS3BucketName out; the whole output is kept in the data directory.",
    )
}

/// Roles for notifications, which do not exist yet.
pub(crate) fn invalid_role() -> Fault {
    Fault::sender(
        "InvalidRole",
        "The role name can't contain invalid characters. Also verify that you specified an IAM role for notifications \
         that includes the required trust policy. (This cloud has no SNS yet; leave ServiceRoleArn out.)",
    )
}

/// Notifications, which do not exist yet.
pub(crate) fn invalid_notification_config() -> Fault {
    Fault::sender(
        "InvalidNotificationConfig",
        "One or more configuration items isn't valid. Verify that a valid Amazon Resource Name (ARN) was provided for an \
         Amazon Simple Notification Service topic. (This cloud has no SNS yet; leave NotificationConfig out.)",
    )
}

/// A filter of DescribeInstanceInformation without values.
pub(crate) fn invalid_instance_filter(value: &str) -> Fault {
    Fault::sender(
        "InvalidInstanceInformationFilterValue",
        format!("The specified filter value isn't valid: {value}"),
    )
}
