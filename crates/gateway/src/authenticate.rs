//! Who calls: the claim of a signature, proven or (in open mode) believed.

use std::borrow::Cow;

use aws_schema::{Fault, Protocol, ServiceSpec};
use aws_signature::{
    ChunkDecoder, Dialect, PayloadCheck, Presented, SignatureError, SignatureFault, Timestamp, is_s3,
};
use contracts::seams::KnownKey;
use contracts::{Principal, PrincipalKind};

use crate::config::Mode;
use crate::gateway::Gateway;
use crate::head::Head;

/// Who calls, and where to.
pub(crate) struct Identity {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) principal: Principal,
    pub(crate) access_key_id: String,
    /// Proves the chunks of a chunked body.
    pub(crate) chunks: Option<Box<ChunkDecoder>>,
}

/// What the gateway knows of a service when it reports a signature error.
#[derive(Clone, Copy)]
pub(crate) struct Voice {
    pub(crate) protocol: Protocol,
    pub(crate) service: &'static ServiceSpec,
}

impl Voice {
    /// The words of this service for a signature error.
    pub(crate) fn signature_fault(self, error: &SignatureError) -> Fault {
        let SignatureFault { code, status, message } = error.fault(self.dialect());
        let fault = Fault { code: Cow::Borrowed(code), status, message, details: Vec::new() };
        self.with_rest_status(fault)
    }

    /// The key id is unknown, inactive, or comes with the wrong session token.
    fn unknown_key(self) -> Fault {
        let invalid = "The security token included in the request is invalid.";
        let fault = match self.dialect() {
            Dialect::Query => Fault::sender("InvalidClientTokenId", invalid).with_status(403),
            Dialect::Json => Fault::sender("UnrecognizedClientException", invalid),
            Dialect::Ec2 => {
                let message = "AWS was not able to validate the provided access credentials";
                Fault::sender("AuthFailure", message).with_status(401)
            }
            Dialect::S3 => {
                let message = "The AWS Access Key Id you provided does not exist in our records.";
                Fault::sender("InvalidAccessKeyId", message).with_status(403)
            }
        };
        self.with_rest_status(fault)
    }

    /// The life of a temporary key is over.
    fn expired_key(self) -> Fault {
        let expired = "The security token included in the request is expired";
        let fault = match self.dialect() {
            Dialect::Query => Fault::sender("ExpiredToken", expired).with_status(403),
            Dialect::Json => Fault::sender("ExpiredTokenException", expired),
            Dialect::Ec2 => Fault::sender("RequestExpired", "Request has expired."),
            Dialect::S3 => Fault::sender("ExpiredToken", "The provided token has expired."),
        };
        self.with_rest_status(fault)
    }

    fn dialect(self) -> Dialect {
        match self.protocol {
            Protocol::Ec2 => Dialect::Ec2,
            Protocol::RestXml if is_s3(self.service.signing_name) => Dialect::S3,
            Protocol::Query | Protocol::RestXml => Dialect::Query,
            Protocol::Json10 | Protocol::Json11 | Protocol::RestJson | Protocol::Cbor => Dialect::Json,
        }
    }

    /// REST services say 403 where the RPC ones say 400.
    fn with_rest_status(self, fault: Fault) -> Fault {
        if self.protocol == Protocol::RestJson { fault.with_status(403) } else { fault }
    }
}

/// The identity of a request: verified in enforced mode, taken from the key id in open mode.
///
/// A request without a claim is refused wherever AWS refuses it, in open mode too: a web page can
/// make a browser send unsigned requests.
pub(crate) fn identity(
    gateway: &Gateway,
    voice: Voice,
    head: &Head,
    body: &[u8],
    claim: Option<&Presented<'_>>,
    may_be_unsigned: bool,
) -> Result<Identity, Fault> {
    let Some(claim) = claim else {
        return if may_be_unsigned {
            Ok(anonymous(gateway))
        } else {
            Err(voice.signature_fault(&SignatureError::Missing))
        };
    };
    let region = region(claim).map_err(|error| voice.signature_fault(&error))?;
    let access_key_id = claim.scope.access_key_id();
    let known = gateway.keys.key(access_key_id);
    let (account, principal, chunks) = match (gateway.config.mode, known) {
        (Mode::Open, known) => believed(gateway, access_key_id, known),
        (Mode::Enforced, Some(known)) => proven(gateway, voice, head, body, claim, known)?,
        (Mode::Enforced, None) => return Err(voice.unknown_key()),
    };
    gateway.keys.used(access_key_id, claim.scope.service(), region);
    Ok(Identity {
        account,
        region: region.to_owned(),
        principal,
        access_key_id: access_key_id.to_owned(),
        chunks,
    })
}

/// Account, principal, and what proves the chunks of the body, if it has any.
type Known = (String, Principal, Option<Box<ChunkDecoder>>);

/// Open mode: an issued key is its owner, twelve digits are an account, all else is the default.
fn believed(gateway: &Gateway, access_key_id: &str, known: Option<KnownKey>) -> Known {
    if let Some(known) = known {
        return (known.account, known.principal, None);
    }
    let is_account = access_key_id.len() == 12 && access_key_id.bytes().all(|digit| digit.is_ascii_digit());
    let account = if is_account { access_key_id } else { &gateway.config.default_account };
    (account.to_owned(), Principal::root(account), None)
}

/// Enforced mode: signature, session token, life and state of the key.
fn proven(
    gateway: &Gateway,
    voice: Voice,
    head: &Head,
    body: &[u8],
    claim: &Presented<'_>,
    known: KnownKey,
) -> Result<Known, Fault> {
    if claim.session_token.as_deref() != known.session_token.as_deref() {
        return Err(voice.unknown_key());
    }
    let now = gateway.clock.now();
    let headers = head.headers();
    let parts = head.signature_parts(&headers, body);
    let at = Timestamp::from_unix(now.div_euclid(1_000));
    let verified = aws_signature::verify(&parts, claim, &known.secret, at, &gateway.signing_keys)
        .map_err(|error| voice.signature_fault(&error))?;
    if known.expires.is_some_and(|end| end <= now) {
        return Err(voice.expired_key());
    }
    if !known.active {
        return Err(voice.unknown_key());
    }
    let chunks = match verified.payload {
        PayloadCheck::Chunked(decoder) => Some(decoder),
        // The body was whole, so a promised hash has been compared already.
        PayloadCheck::Done | PayloadCheck::Sha256(_) | PayloadCheck::Unsigned => None,
    };
    Ok((known.account, known.principal, chunks))
}

/// The region of the scope. It becomes part of every record's key, so it must look like one.
fn region<'a>(claim: &'a Presented<'_>) -> Result<&'a str, SignatureError> {
    let region = claim.scope.region();
    let is_sound = region.len() <= 32
        && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_sound {
        return Err(SignatureError::WrongScope("Credential should be scoped to a valid region. ".to_owned()));
    }
    // The CLI signs so for services with one endpoint for all regions.
    Ok(if region == "aws-global" { "us-east-1" } else { region })
}

fn anonymous(gateway: &Gateway) -> Identity {
    Identity {
        account: gateway.config.default_account.clone(),
        region: gateway.config.default_region.clone(),
        principal: Principal { kind: PrincipalKind::Anonymous, arn: String::new(), user_id: String::new() },
        access_key_id: String::new(),
        chunks: None,
    }
}
