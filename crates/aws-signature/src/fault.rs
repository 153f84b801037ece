//! Signature errors as AWS names them: the code and status depend on the protocol of the service.

use crate::SignatureError;

/// The four vocabularies in which services report signature errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Query and REST-XML services: IAM, STS, SQS, CloudFront ("Common Errors" of each).
    Query,
    /// JSON and CBOR services, codes ending in `Exception`.
    Json,
    /// EC2: `AuthFailure` for most of it.
    Ec2,
    /// S3 and its relatives ("Error responses" of the S3 API reference).
    S3,
}

/// An error as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureFault {
    /// The error code, e.g. `SignatureDoesNotMatch`.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The message for people.
    pub message: String,
}

impl SignatureError {
    /// Code, status and message of this error in the vocabulary of `dialect`.
    pub fn fault(&self, dialect: Dialect) -> SignatureFault {
        match dialect {
            Dialect::Query => self.query_fault(),
            Dialect::Json => self.json_fault(),
            Dialect::Ec2 => self.ec2_fault(),
            Dialect::S3 => self.s3_fault(),
        }
    }

    fn query_fault(&self) -> SignatureFault {
        let (code, status) = match self {
            Self::Missing => ("MissingAuthenticationToken", 403),
            Self::Incomplete(_)
            | Self::UnsupportedAlgorithm(_)
            | Self::TwoMechanisms
            | Self::BadExpires(_) => ("IncompleteSignature", 400),
            _ => ("SignatureDoesNotMatch", 403),
        };
        SignatureFault { code, status, message: self.long_message() }
    }

    fn json_fault(&self) -> SignatureFault {
        let code = match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::Incomplete(_)
            | Self::UnsupportedAlgorithm(_)
            | Self::TwoMechanisms
            | Self::BadExpires(_) => "IncompleteSignatureException",
            _ => "InvalidSignatureException",
        };
        let message = match self {
            Self::Missing => "Missing Authentication Token".to_owned(),
            _ => self.long_message(),
        };
        SignatureFault { code, status: 400, message }
    }

    fn ec2_fault(&self) -> SignatureFault {
        let (code, status, message) = match self {
            Self::Missing => {
                ("MissingParameter", 400, "The request must contain the parameter AWSAccessKeyId".to_owned())
            }
            Self::Expired { .. } | Self::NotYetCurrent { .. } | Self::PresignExpired { .. } => {
                ("RequestExpired", 400, "Request has expired.".to_owned())
            }
            Self::Mismatch(_) => (
                "AuthFailure",
                401,
                "AWS was not able to validate the provided access credentials".to_owned(),
            ),
            Self::Incomplete(_)
            | Self::UnsupportedAlgorithm(_)
            | Self::TwoMechanisms
            | Self::BadExpires(_) => ("IncompleteSignature", 400, self.to_string()),
            _ => ("AuthFailure", 401, self.to_string()),
        };
        SignatureFault { code, status, message }
    }

    fn s3_fault(&self) -> SignatureFault {
        let (code, status, message) = match self {
            Self::Missing => ("AccessDenied", 403, "Access Denied".to_owned()),
            Self::Incomplete(_) => ("AuthorizationHeaderMalformed", 400, self.to_string()),
            Self::WrongScope(_) => ("AuthorizationHeaderMalformed", 400, self.to_string()),
            Self::BadExpires(_) => ("AuthorizationQueryParametersError", 400, self.to_string()),
            Self::UnsupportedAlgorithm(_) => (
                "InvalidRequest",
                400,
                "The authorization mechanism you have provided is not supported. Please use \
                 AWS4-HMAC-SHA256."
                    .to_owned(),
            ),
            Self::TwoMechanisms => ("InvalidArgument", 400, self.to_string()),
            Self::Expired { .. } | Self::NotYetCurrent { .. } => (
                "RequestTimeTooSkewed",
                403,
                "The difference between the request time and the current time is too large.".to_owned(),
            ),
            Self::PresignExpired { .. } => ("AccessDenied", 403, "Request has expired".to_owned()),
            Self::UnsignedHeader(_) | Self::HostNotSigned => (
                "AccessDenied",
                403,
                "There were headers present in the request which were not signed".to_owned(),
            ),
            Self::BadPayloadHash => ("InvalidArgument", 400, self.to_string()),
            Self::PayloadMismatch => ("XAmzContentSHA256Mismatch", 400, self.to_string()),
            Self::Mismatch(_) => (
                "SignatureDoesNotMatch",
                403,
                "The request signature we calculated does not match the signature you provided. Check your \
                 key and signing method."
                    .to_owned(),
            ),
        };
        SignatureFault { code, status, message }
    }

    /// The message, and after it what the server computed where there is something to show.
    fn long_message(&self) -> String {
        match self {
            Self::Mismatch(explanation) => format!("{self}\n\n{explanation}"),
            _ => self.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Explanation, Timestamp};

    fn mismatch() -> SignatureError {
        SignatureError::Mismatch(Box::new(Explanation {
            canonical_request: "GET\n/".into(),
            string_to_sign: "AWS4".into(),
        }))
    }

    #[test]
    fn each_dialect_has_its_own_words() {
        let codes = |error: &SignatureError| {
            [Dialect::Query, Dialect::Json, Dialect::Ec2, Dialect::S3].map(|dialect| {
                let fault = error.fault(dialect);
                (fault.code, fault.status)
            })
        };
        assert_eq!(
            codes(&mismatch()),
            [
                ("SignatureDoesNotMatch", 403),
                ("InvalidSignatureException", 400),
                ("AuthFailure", 401),
                ("SignatureDoesNotMatch", 403),
            ]
        );
        assert_eq!(
            codes(&SignatureError::Missing),
            [
                ("MissingAuthenticationToken", 403),
                ("MissingAuthenticationTokenException", 400),
                ("MissingParameter", 400),
                ("AccessDenied", 403),
            ]
        );
    }

    #[test]
    fn the_explanation_names_both_strings() {
        let message = mismatch().fault(Dialect::Query).message;
        assert!(
            message.contains("The Canonical String for this request should have been\n'GET\n/'"),
            "{message}"
        );
        assert!(message.contains("The String-to-Sign should have been\n'AWS4'"), "{message}");
        assert!(!mismatch().fault(Dialect::S3).message.contains("Canonical"));
    }

    #[test]
    fn skew_is_told_with_both_times() {
        let now = Timestamp::parse_basic("20150830T130000Z").unwrap();
        let error = SignatureError::Expired { signed: now.plus(-1_000), earliest: now.plus(-900), now };
        assert_eq!(
            error.to_string(),
            "Signature expired: 20150830T124320Z is now earlier than 20150830T124500Z (20150830T130000Z - 15 \
             min.)"
        );
        assert_eq!(error.fault(Dialect::Ec2).code, "RequestExpired");
        assert_eq!(error.fault(Dialect::S3).code, "RequestTimeTooSkewed");
    }
}
