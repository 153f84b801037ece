//! What is wrong with a document, in AWS's words (the messages of `MalformedPolicyDocument`).

/// Why a text is no policy of the wanted use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No JSON at all.
    #[error("This policy contains invalid Json")]
    Json,
    /// JSON of another shape, or an unknown element.
    #[error("Syntax errors in policy.")]
    Syntax,
    /// `Version` is neither 2008-10-17 nor 2012-10-17.
    #[error("The policy must contain a valid version string")]
    Version,
    /// A required element is missing.
    #[error("Missing required field {0}")]
    Missing(&'static str),
    /// An element this use of policies does not have.
    #[error("Has prohibited field {0}")]
    Prohibited(&'static str),
    /// `Principal` in a policy that belongs to an identity.
    #[error("Policy document should not specify a principal.")]
    PrincipalInIdentityPolicy,
    /// Neither `Allow` nor `Deny`.
    #[error("Invalid effect: {0}")]
    Effect(String),
    /// Neither `Action` nor `NotAction`.
    #[error("Policy statement must contain actions.")]
    NoActions,
    /// Neither `Resource` nor `NotResource`.
    #[error("Policy statement must contain resources.")]
    NoResources,
    /// An action without `service:`.
    #[error("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")]
    NoVendor,
    /// The part before the colon cannot be a service.
    #[error("Vendor {0} is not valid")]
    Vendor(String),
    /// A trust policy is only about assuming the role.
    #[error("AssumeRole policy may only specify STS AssumeRole actions.")]
    TrustAction,
    /// Neither `*` nor an ARN.
    #[error("Resource {0} must be in ARN format or \"*\".")]
    Resource(String),
    /// Two statements with one name.
    #[error("Statement IDs (SID) in a single policy must be unique.")]
    SidTwice,
    /// A statement's name with other characters.
    #[error(
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
    )]
    Sid,
    /// An operator nobody knows.
    #[error("Invalid Condition type : {0}")]
    Operator(String),
    /// A principal that is none, or does not exist.
    #[error("Invalid principal in policy: \"{kind}\":\"{name}\"")]
    Principal {
        /// `AWS`, `SERVICE` or `FEDERATED`.
        kind: String,
        /// As written.
        name: String,
    },
}
