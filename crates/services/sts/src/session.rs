//! Making temporary keys.

use aws_schema::Fault;
use contracts::seams::SessionCredentials;
use contracts::{Platform, access_key_id, secret_text};
use records::Millis;
use records::iam::{Session, SessionPolicies};
use state_store::typed::{Scope, Tx};
use std::collections::BTreeMap;

/// Live sessions of one account. AWS names no such number; here it keeps a caller from filling the memory.
const SESSIONS: usize = 20_000;
/// Random bytes of a session token, unless the caller wants a longer one.
const TOKEN: usize = 180;

/// Where sessions live: they must be found by their key id alone.
pub(crate) fn sessions_scope() -> Scope {
    Scope::global("allod")
}

/// Who a session acts as. The keys come with [`mint`].
pub(crate) struct Actor {
    pub(crate) account: String,
    /// `role`, `user`, `root` or `federated`.
    pub(crate) kind: &'static str,
    /// Of the role, user or federated user.
    pub(crate) name: String,
    /// Name of a role's session.
    pub(crate) session_name: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
    /// Unique id of the user or role whose end ends the session.
    pub(crate) bound_to: Option<String>,
    pub(crate) policies: SessionPolicies,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) transitive_tags: Vec<String>,
    pub(crate) source_identity: Option<String>,
}

/// Fresh keys, and the sealed form they are kept in.
pub(crate) struct Keys {
    pub(crate) open: SessionCredentials,
    sealed_secret: Vec<u8>,
    sealed_token: Vec<u8>,
    created: Millis,
}

/// Makes keys that last `seconds`; the token has at least `token_size` characters.
pub(crate) fn mint(
    platform: &Platform,
    account: &str,
    seconds: i64,
    token_size: usize,
) -> Result<Keys, Fault> {
    let created = platform.clock.now();
    let open = SessionCredentials {
        access_key_id: access_key_id("ASIA", account),
        secret_access_key: secret_text(30),
        // Base 64 makes four characters of three bytes.
        session_token: secret_text(TOKEN.max((token_size * 3).div_ceil(4))),
        expiration: created + seconds * 1000,
    };
    let seal = |text: &str| {
        let sealed = platform.sealer.seal(&open.access_key_id, text.as_bytes());
        sealed.map_err(|error| Fault::internal(error.to_string()))
    };
    let (sealed_secret, sealed_token) = (seal(&open.secret_access_key)?, seal(&open.session_token)?);
    Ok(Keys { open, sealed_secret, sealed_token, created })
}

/// Refuses when the account has too many sessions already.
pub(crate) fn check_room(platform: &Platform, account: &str) -> Result<(), Fault> {
    let sessions = platform.store.by_index::<Session>(&sessions_scope(), "account", account).len();
    if sessions >= SESSIONS { Err(Fault::sender("Throttling", "Rate exceeded")) } else { Ok(()) }
}

/// Writes the session.
pub(crate) fn put(tx: &mut Tx<'_>, keys: &Keys, actor: Actor) {
    let session = Session {
        id: keys.open.access_key_id.clone(),
        account: actor.account,
        arn: actor.arn,
        user_id: actor.user_id,
        kind: actor.kind.to_owned(),
        name: actor.name,
        session_name: actor.session_name,
        sealed_secret: keys.sealed_secret.clone(),
        sealed_token: keys.sealed_token.clone(),
        created: keys.created,
        expires: keys.open.expiration,
        bound_to: actor.bound_to,
        policies: actor.policies,
        tags: actor.tags,
        transitive_tags: actor.transitive_tags,
        source_identity: actor.source_identity,
    };
    tx.put(&sessions_scope(), session);
}
