//! What a request claims about its signature, before anything is proven.

use std::borrow::Cow;

use crate::{CredentialScope, RequestParts, SignatureError, Timestamp, parse_header, parse_query};

/// How the signature travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In the `Authorization` header.
    Header,
    /// In the query: a presigned request.
    Presigned {
        /// Its life in seconds from the signed time; `None` if it names none.
        expires: Option<i64>,
    },
}

/// The parsed claim of a request: who signed it, for which scope, over which headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented<'a> {
    /// Key id, date, region and service.
    pub scope: CredentialScope<'a>,
    /// Names of the signed headers, separated by `;`, as sent.
    pub signed_headers: Cow<'a, str>,
    /// The signature, as sent.
    pub signature: Cow<'a, str>,
    /// The time of signing.
    pub timestamp: Timestamp,
    /// The session token, if temporary credentials were used.
    pub session_token: Option<Cow<'a, str>>,
    /// Header or query.
    pub form: Form,
}

/// Reads the claim of a request; `None` if the request carries no signature.
///
/// # Errors
/// Whatever AWS would report about a malformed claim, before it looks at any key.
pub fn parse<'a>(parts: &RequestParts<'a>) -> Result<Option<Presented<'a>>, SignatureError> {
    let query_claim = parse_query::names_algorithm(parts.query);
    match (parts.header("authorization"), query_claim) {
        (None, false) => Ok(None),
        (Some(_), true) => Err(SignatureError::TwoMechanisms),
        (Some(header), false) => parse_header::parse(parts, header).map(Some),
        (None, true) => parse_query::parse(parts.query).map(Some),
    }
}
