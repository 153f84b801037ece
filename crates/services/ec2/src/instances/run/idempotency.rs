//! Client tokens of launches (AWS: "Ensuring idempotency in Amazon EC2 API requests").

use crate::faults;
use api_ec2::RunInstancesRequest;
use aws_schema::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use records::{Instance, LaunchToken};
use sha2::{Digest as _, Sha256};
use state_store::typed::{Scope, Tx};

/// A token and the digest of the request it came with.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) token: String,
    digest: String,
}

impl Token {
    /// The request's token.
    ///
    /// # Errors
    /// `InvalidParameterValue` beyond 64 printable ASCII characters.
    pub(super) fn of(input: &RunInstancesRequest) -> Result<Option<Token>, Fault> {
        let Some(token) = input.client_token.clone().filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        if token.len() > 64 || !token.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            return Err(faults::invalid_value(
                "clientToken",
                &token,
                "The client token must be no longer than 64 ASCII characters.",
            ));
        }
        let mut hash = Sha256::new();
        // Sensitive members hide from `Debug`, so user data goes in by itself.
        let shown = RunInstancesRequest { client_token: None, user_data: None, ..input.clone() };
        hash.update(format!("{shown:?}"));
        hash.update([0]);
        hash.update(input.user_data.as_deref().unwrap_or_default());
        Ok(Some(Token { token, digest: STANDARD.encode(hash.finalize()) }))
    }

    /// The reservation an earlier request with this token made.
    ///
    /// # Errors
    /// `IdempotentParameterMismatch` when that request was another one.
    pub(super) fn earlier(&self, tx: &mut Tx<'_>, scope: &Scope) -> Result<Option<String>, Fault> {
        let Some(known) = tx.get::<LaunchToken>(scope, &self.token) else { return Ok(None) };
        if known.digest != self.digest {
            return Err(Fault::sender(
                "IdempotentParameterMismatch",
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
            ));
        }
        // The token outlives neither its instances nor their hour after termination.
        let alive = !tx.by_index::<Instance>(scope, "reservation", &known.reservation_id).is_empty();
        Ok(alive.then(|| known.reservation_id.clone()))
    }

    /// Remembers what the request made.
    pub(super) fn remember(&self, tx: &mut Tx<'_>, scope: &Scope, reservation: &str) {
        tx.put(
            scope,
            LaunchToken {
                id: self.token.clone(),
                digest: self.digest.clone(),
                reservation_id: reservation.to_owned(),
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(input: RunInstancesRequest) -> String {
        let input = RunInstancesRequest { client_token: Some("t".into()), ..input };
        Token::of(&input).unwrap().unwrap().digest
    }

    #[test]
    fn every_member_counts_but_the_token() {
        let plain = digest(RunInstancesRequest::default());
        let other_token = RunInstancesRequest { client_token: Some("u".into()), ..Default::default() };
        assert_eq!(Token::of(&other_token).unwrap().unwrap().digest, plain);
        for other in [
            RunInstancesRequest { max_count: Some(2), ..Default::default() },
            RunInstancesRequest { user_data: Some("YQ==".into()), ..Default::default() },
            RunInstancesRequest { key_name: Some("k".into()), ..Default::default() },
        ] {
            assert_ne!(digest(other.clone()), plain, "{other:?}");
        }
    }

    #[test]
    fn forms_of_tokens() {
        let of = |token: &str| {
            Token::of(&RunInstancesRequest { client_token: Some(token.into()), ..Default::default() })
        };
        assert!(of("").unwrap().is_none() && Token::of(&RunInstancesRequest::default()).unwrap().is_none());
        assert!(of(&"x".repeat(64)).is_ok());
        for bad in ["x".repeat(65), "ä".to_owned(), "a\nb".to_owned()] {
            assert_eq!(of(&bad).unwrap_err().code, "InvalidParameterValue");
        }
    }
}
