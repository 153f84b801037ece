//! Where services differ: S3 and everybody else.

/// How the path enters the canonical request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathRule {
    /// As it was sent (S3: object keys may contain `//` and `..`, and are encoded once).
    AsSent,
    /// Dot segments and empty segments removed, then every segment encoded again.
    Normalised,
}

/// What is peculiar to a service in the computation of its signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How the path is made canonical.
    pub path: PathRule,
    /// Whether `UNSIGNED-PAYLOAD` and the streaming forms are accepted as payload hash.
    pub unsigned_payload: bool,
    /// Whether a presigned request leaves its payload unsigned unless it says otherwise.
    pub presigned_without_payload: bool,
    /// Seconds a presigned request lives when it names no `X-Amz-Expires`; `None` refuses it.
    pub presigned_default_seconds: Option<i64>,
}

impl Rules {
    /// The rules of S3 and its relatives.
    pub const S3: Self = Self {
        path: PathRule::AsSent,
        unsigned_payload: true,
        presigned_without_payload: true,
        presigned_default_seconds: None,
    };

    /// The rules of every other service.
    pub const COMMON: Self = Self {
        path: PathRule::Normalised,
        unsigned_payload: false,
        presigned_without_payload: false,
        presigned_default_seconds: Some(crate::CLOCK_SKEW_SECONDS),
    };

    /// The rules of the service with this signing name.
    pub fn for_service(signing_name: &str) -> Self {
        if is_s3(signing_name) { Self::S3 } else { Self::COMMON }
    }
}

/// Whether the signing name belongs to the S3 family.
pub fn is_s3(signing_name: &str) -> bool {
    matches!(signing_name, "s3" | "s3express" | "s3-object-lambda" | "s3-outposts")
}
